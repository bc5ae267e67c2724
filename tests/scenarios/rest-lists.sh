# Lists of plain documents: pages, filters by user and time, cursors that stay good while others write.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import base64, datetime, urllib.parse

JSON = 'Content-Type: application/json\r\n'


def user (name, password):
  return 'Authorization: Basic ' + base64.b64encode (f'{name}:{password}'.encode ()).decode () + '\r\n'


ADMIN = user ('root', 'secret')
node = Node ('auth.admin=root:secret', 'rest.page-size=10', 'rest.max-page-size=50',
             plugins='http,auth,memory,sqlite,sync,rest')
node.write_config (f'[user ann]\npassword = {hash_of ("pw")}\n')
with node, node.client () as c:
  def put (target, body='{}', who=ADMIN):
    answer = c.ask ('PUT', target, who + JSON, body.encode ())
    assert answer.status in (200, 201), answer.body
    return answer.json ()

  def page (query='', status=200, who=ADMIN):
    answer = c.ask ('GET', '/v1/things' + query, who)
    same (answer.status, status, answer.body)
    return answer

  def walk (query=''):
    items, target, pages = [], '/v1/things' + query, 0
    while target:
      answer = c.ask ('GET', target, ADMIN)
      same (answer.status, 200, answer.body)
      items += answer.json ()['items']
      pages += 1
      link = answer.headers.get ('link')
      same (link is not None, answer.json ()['next'] is not None, 'link and next')
      target = link and link[1:].split ('>')[0]
    return items, pages

  page (status=404)
  first = put ('/v1/things/t00', '{"n":0}')
  same (page ().json (), { 'items': [{ **first, 'user_id': 'root', 'document': { 'n': 0 } }], 'next': None })
  assert c.ask ('PUT', '/things/_security', ADMIN, b'{"members":{"names":["ann"]}}').status == 200
  for n in range (1, 25):
    put (f'/v1/things/t{n:02}', f'{{"n":{n}}}')
  items, pages = walk ()
  same ([i['id'] for i in items], [f't{n:02}' for n in range (25)])
  same (pages, 3)
  same (len (page ('?limit=50').json ()['items']), 25)
  same (len (page ('?limit=1').json ()['items']), 1)
  items, pages = walk ('?limit=7')
  same ((len (items), pages), (25, 4))

  # --- documents that are written meanwhile come again, none is missed
  begin = page ('?limit=20').json ()
  put ('/v1/things/t03', '{"n":"new"}')
  c.ask ('DELETE', '/v1/things/t21', ADMIN)
  rest = page ('?limit=20&cursor=' + urllib.parse.quote (begin['next'])).json ()
  same ([i['id'] for i in rest['items']], ['t20', 't22', 't23', 't24', 't03'])
  same (rest['items'][-1]['document'], { 'n': 'new' })
  same (rest['next'], None)
  # The cursor is a place in the feed of the sync API.
  feed = c.ask ('GET', '/things/_changes?since=' + urllib.parse.quote (begin['next']), ADMIN).json ()
  same (sorted (r['id'] for r in feed['results']), ['t03', 't20', 't21', 't22', 't23', 't24'])

  # --- by user
  for n in (2, 5):
    put (f'/v1/things/t{n:02}', '{"by":"ann"}', user ('ann', 'pw'))
  same ([i['id'] for i in walk ('?user_id=ann&limit=1')[0]], ['t02', 't05'])
  same (len (walk ('?user_id=root')[0]), 22)
  same (walk ('?user_id=nobody')[0], [])
  same (len (page ('', who=user ('ann', 'pw')).json ()['items']), 10)

  # --- by time; an offset's plus that was not encoded is understood
  written = put ('/v1/things/t09')
  made = put ('/v1/things/new')
  quote = urllib.parse.quote
  same ([i['id'] for i in walk ('?updated_after=' + written['updated_at'])[0]], ['new'])
  same ([i['id'] for i in walk ('?created_after=' + written['updated_at'])[0]], ['new'])
  same (walk ('?created_after=' + made['created_at'])[0], [])
  stamp = datetime.datetime.fromisoformat (written['updated_at'].replace ('Z', '+00:00'))
  east = stamp.astimezone (datetime.timezone (datetime.timedelta (hours=5, minutes=30))).isoformat ()
  same ([i['id'] for i in walk ('?updated_after=' + east)[0]], ['new'])
  same ([i['id'] for i in walk ('?updated_after=' + quote (east))[0]], ['new'])
  same (len (walk ('?created_after=1970-01-01T00:00:00Z&updated_after=1999-12-31T23:59:60.5Z&user_id=root')[0]), 23)

  # --- what is malformed
  for query, word in (('?limit=0', '1 to 50'), ('?limit=51', '1 to 50'), ('?limit=x', '1 to 50'), ('?limit=', '1 to 50'),
                      ('?limit=99999999999999999999', '1 to 50'), ('?cursor=x', 'cursor'), ('?cursor=1-zz', 'cursor'),
                      ('?cursor=', 'cursor'), ('?userid=ann', 'userid'), ('?user_id=a&user_id=b', 'twice'),
                      ('?created_after=yesterday', 'RFC 3339'), ('?updated_after=2026-02-30T00:00:00Z', 'RFC 3339'),
                      ('?updated_after=2026-01-01', 'RFC 3339')):
    refused = page (query, 400).json ()
    assert word in refused['detail'], (query, refused)
PY
