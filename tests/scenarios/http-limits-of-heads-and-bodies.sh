# 100,000 header bytes are 431, a long target 414, bodies over the limit 413, and none of it is kept in memory.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

def send_all (c, data):
  try:
    c.send (data)
  except OSError:
    pass

with Node ('http.max-body=1M') as node:
  node.state ()
  before = node.resident ()
  for head, status in (('GET / HTTP/1.1\r\nHost: localhost\r\nX: ' + 'a' * 100000 + '\r\n\r\n', 431),
                       ('GET / HTTP/1.1\r\nHost: localhost\r\n' + 'X: 1\r\n' * 20000 + '\r\n', 431),
                       ('GET /' + 'a' * 9000 + ' HTTP/1.1\r\nHost: localhost\r\n\r\n', 414),
                       ('A' * 100000, 501)):
    with node.client () as c:
      send_all (c, head)
      same (c.answer ().status, status)
      assert c.closed ()
  with node.client () as c:
    c.send ('POST /probe/body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n')
    same (c.answer ().status, 413)
    for _ in range (200):
      send_all (c, b'x' * 65536)
    assert c.closed ()
  with node.client () as c:
    c.send ('POST /probe/body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
    for _ in range (64):
      send_all (c, b'10000\r\n' + b'x' * 65536 + b'\r\n')
    same (c.answer ().status, 413)
    assert c.closed ()
  with node.client () as c:
    same (c.ask ('POST', '/probe/small', body=b'x' * 1000).status, 200)
    same (c.ask ('POST', '/probe/small', body=b'x' * 1001).status, 413)
  grown = node.resident () - before
  assert grown < 8192, f'{grown} KiB more'
PY
