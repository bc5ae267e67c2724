# A route that says nothing is for identities: 401 without, refused at start without auth; open mode is for loopback.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import base64

def basic (name, password):
  return 'Authorization: Basic ' + base64.b64encode (f'{name}:{password}'.encode ()).decode () + '\r\n'

def refused (node, *words):
  done = subprocess.run (node.args, capture_output=True, text=True, timeout=20)
  same (done.returncode, 3, 'exit code')
  for word in words:
    assert word in done.stderr, f'{word!r} is not in {done.stderr!r}'

with Node ('probe.closed=true', 'auth.admin=root:secret', plugins='http,auth,probe') as node, node.client () as c:
  answer = c.ask ('GET', '/probe/identity')
  same (answer.status, 401)
  assert answer.headers['www-authenticate'].startswith ('Basic ')
  same (c.ask ('GET', '/probe/identity', basic ('root', 'secret')).body, b'root')
  same (c.ask ('GET', '/probe/admin', basic ('root', 'secret')).status, 200)
  same (c.ask ('GET', '/probe/identity', basic ('root', 'wrong')).status, 401)
  same (c.ask ('GET', '/probe/item/x', basic ('root', 'wrong')).status, 401, 'bad credentials on a public route')
  same (c.ask ('GET', '/probe/item/x').status, 200)
  same (c.ask ('HEAD', '/probe/identity').status, 401)

with Node ('probe.closed=true', 'auth.open=true', plugins='http,auth,probe') as node, node.client () as c:
  same (c.ask ('GET', '/probe/identity').status, 200)
  for host in ('127.0.0.1:80', 'localhost', '[::1]:8080', 'x.localhost'):
    c.send (f'GET /probe/item/x HTTP/1.1\r\nHost: {host}\r\n\r\n')
    same (c.answer ().status, 200, host)
  for host in ('example.org', '127.0.0.1.example.org', 'localhost.example.org', '10.0.0.1'):
    c.send (f'GET /probe/item/x HTTP/1.1\r\nHost: {host}\r\n\r\n')
    same (c.answer ().status, 403, host)

refused (Node ('probe.closed=true', plugins='http,probe'), '/probe/identity', 'auth')
refused (Node ('auth.open=true', plugins='http,auth,probe', listen=f'0.0.0.0:{free_port ()}'), 'auth.open', '0.0.0.0')
PY
