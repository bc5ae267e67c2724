# Walks /openapi.json of a node with role all, and tries each route with each method as those who may not: nobody, a user
# without rights in the database, users and administrators of another tenant, tokens that are too narrow, and tokens that are
# none. All are refused, no answer holds anything of what is kept from them, and nothing has changed afterwards.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import base64, hashlib, hmac, urllib.parse

KEY = 'a secret of the tests that is long enough for HS256'
MARKS = [b'SECRET-BODY', b'SECRET-ATTACHMENT', b'SECRET-DESIGN', b'SECRET-LOCAL', b'SECRET-RULES', b'SECRET-ROLE']
METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'COPY']

# Routes about no database that anybody may call, with the methods that then succeed. Everything else is refused.
PUBLIC = {
  '/': ['GET', 'HEAD'], '/_up': ['GET', 'HEAD'], '/_uuids': ['GET', 'HEAD'], '/_session': ['GET', 'HEAD', 'DELETE'],
  '/healthz': ['GET', 'HEAD'], '/readyz': ['GET', 'HEAD'], '/openapi.json': ['GET', 'HEAD'],
  '/metrics': ['GET', 'HEAD'], '/_cloudsync/stats.json': ['GET', 'HEAD'],   # for clients on this machine, as this test is
  '/hello': ['GET', 'HEAD'], '/hello/slow': ['GET', 'HEAD'],
}


def part (data):
  return base64.urlsafe_b64encode (data).rstrip (b'=').decode ()


def token (claims, key=KEY, alg='HS256'):
  kid = 'tenants' if 'tenant' in claims else 'tests'
  signed = part (json.dumps ({ 'alg': alg, 'typ': 'JWT', 'kid': kid }).encode ()) + '.' \
           + part (json.dumps ({ 'exp': int (time.time ()) + 600, **claims }).encode ())
  mark = hmac.new (key.encode (), signed.encode (), hashlib.sha256).digest () if alg != 'none' else b''
  return f'Authorization: Bearer {signed}.{part (mark)}\r\n'


def basic (name, password):
  return 'Authorization: Basic ' + base64.b64encode (f'{name}:{password}'.encode ()).decode () + '\r\n'


ADMIN = basic ('root', 'secret')
ANN = { 'sub': 'ann' }
EVE = { 'sub': 'eve' }
MALLORY = { 'sub': 'mallory', 'tenant': 'other' }
node = Node ('auth.admin=root:secret', 'node.workers=2')
node.args[1:3] = ['--role', 'all']
node.write_config (f'''[jwt-key tests]
algorithm = HS256
secret = {KEY}

[jwt-key tenants]
algorithm = HS256
secret = {KEY}
tenant-claim = tenant
admin = true
''')
node.start ()
c = node.client ()


def ask (method, target, who, body=None, headers=''):
  global c
  for attempt in range (2):
    try:
      return c.ask (method, target, who + headers, body or b'')
    except (EOFError, ConnectionError):   # an error answer may have closed it
      c = node.client ()
  raise AssertionError (f'{method} {target}: no answer')


def made (method, target, body, headers=''):
  answer = ask (method, target, ADMIN, body if isinstance (body, bytes) else json.dumps (body).encode (), headers)
  assert answer.status in (200, 201), (method, target, answer.status, answer.body)
  return answer.json ()


# --- what is to be kept
made ('PUT', '/vault', b'')
made ('PUT', '/vault/_security', { 'members': { 'names': ['ann'] }, 'admins': { 'roles': ['SECRET-RULES'] } })
rev = made ('PUT', '/vault/doc', { 'marker': 'SECRET-BODY' })['rev']
rev = made ('PUT', f'/vault/doc/att?rev={rev}', b'SECRET-ATTACHMENT', 'Content-Type: text/plain\r\n')['rev']
made ('PUT', '/vault/_design/idx', { 'language': 'query', 'note': 'SECRET-DESIGN', 'views': {} })
made ('PUT', '/vault/_local/loc', { 'marker': 'SECRET-LOCAL' })
made ('PUT', '/_users/org.couchdb.user:ann',
      { '_id': 'org.couchdb.user:ann', 'name': 'ann', 'type': 'user', 'password': 'pw', 'roles': ['SECRET-ROLE'] })
document = ask ('GET', '/openapi.json', '').json ()
paths = sorted (document['paths'])
assert len (paths) > 45, len (paths)


def state ():
  """Everything that a write of a stranger could have changed."""
  info = ask ('GET', '/vault', ADMIN).json ()
  users = ask ('GET', '/_users', ADMIN).json ()
  return [info['update_seq'], info['doc_count'], info['purge_seq'], users['update_seq'], users['doc_count'],
          *(ask ('GET', '/vault/' + place, ADMIN).body
            for place in ('_security', '_revs_limit', '_purged_infos_limit', '_local/loc', 'doc/att', '_all_docs'))]


def databases ():
  return [n for n in ask ('GET', '/_all_dbs', ADMIN).json () if not n.startswith ('@other/')]


def fill (path, database):
  document = 'org.couchdb.user:ann' if database == '_users' else 'doc'
  place = path.replace ('{db}', database).replace ('{collection}', database).replace ('{node}', '_local')
  place = place.replace ('_design/{id}', '_design/idx').replace ('_local/{id}', '_local/loc').replace ('{id}', document)
  return place.replace ('{name}', 'att')


# One body that would do harm on any route which takes one, and a query that would show the most.
BODY = json.dumps ({
  'keys': ['doc', '_design/idx', '_local/loc', 'org.couchdb.user:ann'], 'docs': [{ '_id': 'intruder', 'id': 'doc' }], 'doc': [rev],
  'queries': [{ 'include_docs': True }], 'selector': {}, 'index': { 'fields': ['marker'] }, 'name': 'eve', 'password': 'pw',
  'members': { 'names': ['eve'] }, 'marker': 'intruder' }).encode ()


def requests (path, method):
  """Each way to ask: with each name, and with the body of each media type that routes take."""
  for database in ('vault', '_users') if '{db}' in path or '{collection}' in path else ('',):
    target = fill (path, database)
    query = f'?include_docs=true&attachments=true&rev={rev}' if path not in ('/{db}', '/_session') else ''
    if method not in ('POST', 'PUT', 'PATCH') or path.startswith ('/v1/'):
      query = query if method == 'GET' and not path.startswith ('/v1/') or method == 'DELETE' and path != '/{db}' else ''
    kind = 'application/merge-patch+json' if method == 'PATCH' else 'application/json'
    body = BODY if method in ('POST', 'PUT', 'PATCH') else None
    headers = f'Content-Type: {kind}\r\n' if body else ''
    if method == 'COPY':
      headers = 'Destination: intruder\r\n'
    yield database, target + query, body, headers


def told (answer):
  """The reason that a refusal gives, as recorded of CouchDB or as problem details."""
  if not answer.body:
    return None
  said = answer.json ()
  return said.get ('reason') or said.get ('detail')


REASONS = {
  401: ('You are not authorized to access this db.', 'You are not a server or db admin.', 'You are not a server admin.',
        'You are not an administrator of the node.', 'credentials are required', 'Name or password is incorrect.'),
  403: ('You are not allowed to access this db.', 'You may only update your own user document.', 'you are not allowed to use this collection', 'administrators only'),
  404: ('Database does not exist.', 'missing', 'there is no collection'),
}
reached = {}
tried = 0


def walk (name, who, judge):
  global tried
  for path in paths:
    for method in METHODS:
      for database, target, body, headers in requests (path, method):
        answer = ask (method, target, who, body, headers)
        where = f'{name}: {method} {target}: {answer.status} {answer.body[:200]}'
        seen = [m for m in MARKS if m in answer.body or any (m.decode () in v for v in answer.headers.values ())]
        if seen:
          reached.setdefault (name, set ()).add ((path, method))
        judge (path, method, database, answer, where, seen)
        tried += 1


def refused (statuses):
  def judge (path, method, database, answer, where, seen):
    assert not seen, f'it tells a secret: {where}'
    if path in PUBLIC:
      assert method in PUBLIC[path] or answer.status >= 400, f'it succeeds: {where}'
      return
    if answer.status == 501 or answer.status == 405 and (database == '' or path == '/{db}' or path.startswith ('/v1/')):
      return   # it looks at nothing
    if answer.status == 404 and database == '_users':
      return   # other users are not there, and it is no collection for anybody
    assert answer.status in statuses, f'it is not refused: {where}'
    if answer.body and not any (told (answer).startswith (r) for r in REASONS[answer.status]):
      raise AssertionError (f'it is refused with another reason: {where}')
  return judge


def quiet (path, method, database, answer, where, seen):
  assert not seen, f'it tells a secret: {where}'


def no_credentials (path, method, database, answer, where, seen):
  quiet (path, method, database, answer, where, seen)
  if answer.status != 405 or path not in PUBLIC:   # a method without any route comes before who asks
    assert answer.status in (400, 401), f'the token is taken: {where}'


# --- those who may: else the walk would prove nothing
walk_of_ann = lambda path, method, database, answer, where, seen: None
for path in paths:
  for database, target, body, headers in requests (path, 'GET'):
    answer = ask ('GET', target, ADMIN, body, headers)
    for mark in MARKS:
      if mark in answer.body:
        reached.setdefault (mark, set ()).add (path)
for mark in MARKS:
  assert reached.get (mark), f'the walk of an administrator does not meet {mark}'
print ('an administrator meets:', { m.decode (): sorted (reached[m]) for m in MARKS })

before, names = state (), databases ()
walk ('nobody', '', refused ((401, 403)))
walk ('without rights', token (EVE), refused ((401, 403)))
walk ('another tenant', token (MALLORY), refused ((401, 403, 404)))
walk ('administrator of another tenant', token ({ **MALLORY, '_couchdb.roles': ['_admin'] }), quiet)
same (state (), before, 'what the vault holds')
same (databases (), names, 'the databases')
REASONS[403] += ('The credentials lack the scope', 'you are not allowed to use this collection')
walk ('a member whose token is for another database', token ({ **ANN, 'scope': 'sync:read sync:write sync:admin db:other' }),
      refused ((401, 403, 404)))
same (state (), before, 'what the vault holds')
walk ('a member whose token is for reading', token ({ **ANN, 'scope': 'sync:read' }),
      lambda path, method, database, answer, where, seen: None)
same (state (), before, 'what the vault holds')
assert ('/{db}/{id}', 'GET') in reached['a member whose token is for reading']
assert ('/v1/{collection}', 'GET') in reached['a member whose token is for reading']
walk ('forged', token (ANN, key='another key that is long enough for HS256 too'), no_credentials)
walk ('expired', token ({ **ANN, 'exp': int (time.time ()) - 600 }), no_credentials)
walk ('without a signature', token (ANN, alg='none'), no_credentials)
walk ('a key that nobody gave out', 'X-API-Key: csk_' + 'A' * 43 + '\r\n', no_credentials)
walk ('a session of its own making', 'Cookie: AuthSession=' + part (b'ann:7FFFFFFF:' + b'x' * 32) + '\r\n', no_credentials)
same (state (), before, 'what the vault holds')
same (databases (), names, 'the databases')
print (f'{len (paths)} paths, {tried} requests')
c.sock.close ()
node.__exit__ (None)
PY
