# 1,000 handlers that sleep never exceed the admitted 100, on two workers; what cannot wait is refused at once.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import collections

def many (node, n, ms):
  clients = [node.client (timeout=30) for _ in range (n)]
  for c in clients:
    c.send (f'GET /probe/sleep?ms={ms} HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return clients, collections.Counter (c.answer ().status for c in clients)

with Node ('http.max-concurrent-requests=100', 'http.max-wait=20s', workers=2) as node:
  clients, statuses = many (node, 1000, 50)
  same (statuses, {200: 1000})
  same (node.state ()['most'], 100, 'handlers at once')
  clients, statuses = many (node, 1000, 20)
  same (statuses, {200: 1000})
  same (node.state ()['most'], 100, 'handlers at once')

with Node ('http.max-concurrent-requests=10', 'http.max-waiting-requests=20', 'http.max-wait=300ms') as node:
  busy = [node.client () for _ in range (30)]
  for c in busy:
    c.send ('GET /probe/sleep?ms=1500 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  time.sleep (0.1)
  with node.client () as c:
    times = []
    for _ in range (20):
      began = time.monotonic ()
      answer = c.ask ('GET', '/probe/sleep?ms=0')
      times.append (time.monotonic () - began)
      same (answer.status, 503)
      assert int (answer.headers['retry-after']) >= 1
    assert sorted (times)[10] < 0.001, f'refused after {sorted (times)[10] * 1000:.2f} ms'
    same (c.ask ('GET', '/probe/state').status, 200, 'a route that is always admitted')
  same (collections.Counter (c.answer ().status for c in busy), {200: 10, 503: 20})
PY
