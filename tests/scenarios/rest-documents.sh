# Plain documents: what each method answers, versions and preconditions, and what is refused with which reason.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import base64, gzip

JSON = 'Content-Type: application/json\r\n'
MERGE = 'Content-Type: application/merge-patch+json\r\n'


def user (name, password):
  return 'Authorization: Basic ' + base64.b64encode (f'{name}:{password}'.encode ()).decode () + '\r\n'


ADMIN = user ('root', 'secret')
node = Node ('auth.admin=root:secret', 'node.workers=2', 'sync.cors-origins=https://app.example', plugins='http,auth,memory,sqlite,sync,rest,metrics')
with node, node.client () as c:
  def ask (method, target, body=None, headers='', who=ADMIN):
    return c.ask (method, target, who + headers, body.encode () if isinstance (body, str) else body or b'')

  def put (target, body, headers=''):
    return ask ('PUT', target, body, JSON + headers)

  def problem (answer, status, *words):
    same (answer.status, status, answer.body)
    same (answer.headers['content-type'], 'application/problem+json')
    told = answer.json ()
    same (told['status'], status)
    for word in words:
      assert word in told['detail'], f'{word!r} is not in {told["detail"]!r}'
    return answer

  # --- the first write of an administrator makes the collection
  problem (ask ('GET', '/v1/user_config/42'), 404, 'user_config', 'administrator')
  for target, body, status, headers in (('42', '{', 400, ''), ('42', '[]', 422, ''), ('42', '{"_id":"x"}', 422, ''),
                                        ('_x', '{}', 422, ''), ('42', '{}', 412, 'If-Match: *\r\n'),
                                        ('42', '{}', 412, 'If-Match: "1-a"\r\n')):
    problem (put ('/v1/user_config/' + target, body, headers), status)
  problem (ask ('POST', '/v1/user_config', '{', JSON), 400)
  same (ask ('GET', '/user_config').status, 404)   # what was refused made nothing
  made = put ('/v1/user_config/42', '{"theme":"dark","sizes":[1,2]}')
  same (made.status, 201)
  same (made.headers['location'], '/v1/user_config/42')
  told = made.json ()
  same (sorted (told), ['created_at', 'id', 'updated_at', 'version'])
  same (made.headers['etag'], f'"{told["version"]}"')
  got = ask ('GET', '/v1/user_config/42')
  same (got.body, b'{"theme":"dark","sizes":[1,2]}\n')
  same (got.headers['etag'], made.headers['etag'])
  same (got.headers['last-modified'], made.headers['last-modified'])
  same (got.headers['cache-control'], 'private, no-cache')
  head = ask ('HEAD', '/v1/user_config/42')
  same ((head.status, head.body, head.headers['etag']), (200, b'', made.headers['etag']))
  same (ask ('PUT', '/v1/user_config/42', '{"theme":"light"}', JSON).status, 200)

  # --- ids: anything but a leading underscore, encoded in the path and in Location
  odd = put ('/v1/user_config/a%2Fb%20%C3%A9%22', '{"odd":true}')
  same (odd.headers['location'], '/v1/user_config/a%2Fb%20%C3%A9%22')
  same (ask ('GET', odd.headers['location']).body, b'{"odd":true}\n')
  same (odd.json ()['id'], 'a/b é"')
  problem (put ('/v1/user_config/_design%2Fx', '{}'), 422, 'begin with _')
  problem (ask ('GET', '/v1/user_config/_design%2Fx'), 404)
  problem (put ('/v1/user_config/%FF', '{}'), 422)
  fresh = ask ('POST', '/v1/user_config', '{"n":1}', JSON)
  same (fresh.status, 201)
  same (ask ('GET', fresh.headers['location']).body, b'{"n":1}\n')
  same (fresh.headers['location'], '/v1/user_config/' + fresh.json ()['id'])

  # --- bodies
  problem (put ('/v1/user_config/1', '{'), 400, 'JSON')
  problem (put ('/v1/user_config/1', b'{"a":"\xff"}'), 400, 'UTF-8')
  problem (put ('/v1/user_config/1', '[]'), 422, 'object')
  problem (put ('/v1/user_config/1', '{"_rev":"1-a"}'), 422, '_')
  problem (ask ('PUT', '/v1/user_config/1', '{}'), 415, 'application/json')
  problem (ask ('PUT', '/v1/user_config/1', 'a=1', 'Content-Type: application/x-www-form-urlencoded\r\n'), 415)
  problem (ask ('POST', '/v1/user_config', '{}', 'Content-Type: text/plain\r\n'), 415)
  same (put ('/v1/user_config/charset', '{}').status, 201)
  same (ask ('PUT', '/v1/user_config/charset', '{}', 'Content-Type: application/json; charset=utf-8\r\n').status, 200)
  same (ask ('GET', '/v1/user_config/1').status, 404)
  large = json.dumps ({ 'text': 'x' * (9 << 20) })
  problem (put ('/v1/user_config/large', large), 413)
  c = node.client ()
  problem (put ('/v1/user_config/large', '[' * (17 << 20)), 413)   # too large to be looked at

  c = node.client ()   # the refusal of a large body closes the connection
  # --- versions
  one = put ('/v1/c/x', '{"n":1}')
  tag = one.headers['etag']
  problem (put ('/v1/c/x', '{"n":9}', 'If-None-Match: *\r\n'), 412, 'version')
  problem (put ('/v1/c/x', '{"n":9}', 'If-Match: "no"\r\n'), 412)
  problem (put ('/v1/c/x', '{"n":9}', f'If-Match: W/{tag}\r\n'), 412)
  problem (put ('/v1/c/x', '{"n":9}', f'If-None-Match: {tag}\r\n'), 412)
  problem (put ('/v1/c/x', '{"n":9}', f'If-None-Match: W/{tag}\r\n'), 412)
  same (problem (put ('/v1/c/x', '{"n":9}', 'If-Match: "no"\r\n'), 412).headers['etag'], tag)
  problem (put ('/v1/c/x', '{"n":9}', f'If-Match: {tag.strip (chr (34))}\r\n'), 400, 'double quotes')
  problem (put ('/v1/c/x', '{"n":9}', f'If-Match: {tag} {tag}\r\n'), 400)
  problem (put ('/v1/c/x', '{"n":9}', f'If-Match: {tag}\r\nIf-None-Match: *\r\n'), 400)
  problem (put ('/v1/c/y', '{"n":9}', 'If-Match: *\r\n'), 412, 'no such document')
  same (ask ('GET', '/v1/c/x').body, b'{"n":1}\n')
  two = put ('/v1/c/x', '{"n":2}', f'If-Match: "no", {tag}\r\n')
  same (two.status, 200)
  problem (put ('/v1/c/x', '{"n":9}', f'If-Match: {tag}\r\n'), 412)
  same (put ('/v1/c/x', '{"n":3}', 'If-Match: *\r\n').status, 200)
  same (put ('/v1/c/x', '{"n":4}').status, 200)   # the last write wins
  same (put ('/v1/c/x', '{"n":4}', f'If-None-Match: {tag}\r\n').status, 200)
  old = 'Sun, 06 Nov 1994 08:49:37 GMT'
  problem (put ('/v1/c/x', '{"n":9}', f'If-Unmodified-Since: {old}\r\n'), 412)
  now = ask ('GET', '/v1/c/x')
  same (put ('/v1/c/x', '{"n":5}', f'If-Unmodified-Since: {now.headers["last-modified"]}\r\n').status, 200)

  now = ask ('GET', '/v1/c/x')
  tag = now.headers['etag']
  for headers, status in ((f'If-None-Match: {tag}', 304), (f'If-None-Match: W/{tag}', 304), ('If-None-Match: *', 304),
                          (f'If-None-Match: "a", {tag}', 304), ('If-None-Match: "a"', 200), (f'If-Match: {tag}', 200),
                          ('If-Match: "a"', 412), ('If-Match: *', 200), (f'If-Match: W/{tag}', 412),
                          (f'If-Modified-Since: {now.headers["last-modified"]}', 304),
                          (f'If-Modified-Since: {old}', 200), ('If-Modified-Since: whenever', 200),
                          (f'If-Unmodified-Since: {old}', 412), ('If-None-Match: nonsense', 400),
                          (f'If-None-Match: "a"\r\nIf-Modified-Since: {now.headers["last-modified"]}', 200)):
    got = ask ('GET', '/v1/c/x', headers=headers + '\r\n')
    same (got.status, status, headers)
    if status == 304:
      same ((got.headers['etag'], got.body), (tag, b''), headers)
  problem (ask ('GET', '/v1/c/none', headers='If-Match: *\r\n'), 412)

  # --- a compressed answer's tag is another one, strong, and good for a write
  long = json.dumps ({ 'text': 'word ' * 2000 }, separators=(',', ':'))
  plain = put ('/v1/c/long', long).headers['etag']
  zipped = ask ('GET', '/v1/c/long', headers='Accept-Encoding: gzip\r\n')
  same (zipped.headers['content-encoding'], 'gzip')
  same (gzip.decompress (zipped.body).decode (), long + '\n')
  assert zipped.headers['etag'] != plain and zipped.headers['etag'].startswith ('"'), zipped.headers['etag']
  same (ask ('GET', '/v1/c/long', headers=f'Accept-Encoding: gzip\r\nIf-None-Match: {zipped.headers["etag"]}\r\n').status, 304)
  same (put ('/v1/c/long', '{}', f'If-Match: {zipped.headers["etag"]}\r\n').status, 200)

  # --- PATCH
  put ('/v1/c/p', '{"a":1,"b":{"c":1,"d":2}}')
  problem (ask ('PATCH', '/v1/c/none', '{}', MERGE), 404)
  same (problem (ask ('PATCH', '/v1/c/p', '{}', JSON), 415).headers['accept-patch'], 'application/merge-patch+json')
  problem (ask ('PATCH', '/v1/c/p', '[]', MERGE), 422)
  problem (ask ('PATCH', '/v1/c/p', '{"_id":"x"}', MERGE), 422)
  problem (ask ('PATCH', '/v1/c/p', '{"a":2}', MERGE + 'If-Match: "no"\r\n'), 412)
  patched = ask ('PATCH', '/v1/c/p', '{"a":null,"b":{"d":null,"e":[null]}}', MERGE)
  same (patched.status, 200)
  same (ask ('GET', '/v1/c/p').body, b'{"b":{"c":1,"e":[null]}}\n')
  same (ask ('PATCH', '/v1/c/p', '{"b":1}', MERGE + f'If-Match: {patched.headers["etag"]}\r\n').status, 200)

  # --- DELETE
  problem (ask ('DELETE', '/v1/c/p', headers=f'If-Match: {patched.headers["etag"]}\r\n'), 412)
  gone = ask ('DELETE', '/v1/c/p')
  same ((gone.status, gone.body), (204, b''))
  problem (ask ('GET', '/v1/c/p'), 404)
  problem (ask ('DELETE', '/v1/c/p'), 404)
  problem (ask ('DELETE', '/v1/missing/p'), 404, 'missing')
  problem (ask ('PATCH', '/v1/missing/p', '{}', MERGE), 404, 'missing')
  same (ask ('GET', '/missing').status, 404)
  same (put ('/v1/c/p', '{}', 'If-None-Match: *\r\n').status, 201)

  # --- methods and paths
  refused = problem (ask ('POST', '/v1/c/p', '{}', JSON), 405)
  same (refused.headers['allow'], 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS')
  same (problem (ask ('DELETE', '/v1/c'), 405).headers['allow'], 'GET, HEAD, POST, OPTIONS')
  options = ask ('OPTIONS', '/v1/c/p')
  same ((options.status, options.headers['accept-patch']), (204, 'application/merge-patch+json'))
  problem (ask ('GET', '/v1/c/p/more'), 404, '%2F')
  problem (ask ('GET', '/v1'), 404)
  problem (put ('/v1/Bad%20Name/x', '{}'), 400, 'no name')
  problem (put ('/v1/metrics/x', '{}'), 409, 'hidden')
  problem (put ('/v1/_users/x', '{}'), 404, 'no collections')
  problem (ask ('GET', '/v1/_users/x'), 404)
  # The mount's own name can be no database, now or after a restart.
  same (ask ('PUT', '/v1').status, 404)

  # --- a page of another origin
  origin = 'Origin: https://app.example\r\n'

  def preflight (method, target, header='content-type'):
    return c.ask ('OPTIONS', target, f'{origin}Access-Control-Request-Method: {method}\r\n'
                                     f'Access-Control-Request-Headers: {header}\r\n').headers.get ('access-control-allow-methods', '')

  assert 'PATCH' in preflight ('PATCH', '/v1/c/x') and 'DELETE' in preflight ('DELETE', '/v1/c/x')
  same (preflight ('PATCH', '/c/x'), '', 'CouchDB has no PATCH')
  assert 'COPY' in preflight ('COPY', '/c/x', 'destination')
  put ('/v1/c/from-a-page', '{}', origin)
  for method, status in (('GET', 200), ('DELETE', 204), ('GET', 404)):
    answer = ask (method, '/v1/c/from-a-page', headers=origin)
    same ((answer.status, answer.headers.get ('access-control-allow-origin')), (status, 'https://app.example'), method)

  # --- who
  problem (c.ask ('GET', '/v1/c/x'), 401)
  problem (c.ask ('GET', '/v1/c/x', user ('root', 'wrong')), 401)
  assert 'www-authenticate' in c.ask ('GET', '/v1/c').headers
PY
