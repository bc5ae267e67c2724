# A feed whose client goes away ends at once; slow readers of a stream are held back, then dropped.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

with Node ('http.write-timeout=1s', 'http.output-high=64K') as node:
  node.state ()
  before = node.resident ()
  clients = [node.client () for _ in range (200)]
  for c in clients:
    c.send ('GET /probe/park HTTP/1.1\r\nHost: localhost\r\n\r\n')
  eventually (lambda: node.state ()['parked'] == 200)
  for c in clients[:100]:
    c.sock.close ()
  eventually (lambda: node.state ()['parked'] == 100, 2)
  for c in clients[100:150]:  # reset instead of closed
    c.sock.setsockopt (socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    c.sock.close ()
  eventually (lambda: node.state ()['parked'] == 50, 2)
  with node.client () as c:
    same (c.ask ('POST', '/probe/wake').status, 200)
  for c in clients[150:]:
    same (c.answer ().body, b'awake\n')
    same (c.ask ('GET', '/probe/item/again').body, b'again\n')
  same (node.state ()['parked'], 0)

  open_before = node.descriptors ()
  readers = [node.client () for _ in range (20)]
  for c in readers:
    c.sock.setsockopt (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.send ('GET /probe/stream?n=100000000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  time.sleep (1)
  grown = node.resident () - before
  assert grown < 20 * 512, f'{grown} KiB for 20 slow readers'
  eventually (lambda: node.descriptors () <= open_before, 10, 'slow readers dropped')

  with node.client () as c:  # reset in the middle of a handler: it is cancelled
    cancelled = node.state ()['cancelled']
    c.send ('GET /probe/sleep?ms=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    time.sleep (0.1)
    c.sock.setsockopt (socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    c.sock.close ()
    eventually (lambda: node.state ()['cancelled'] == cancelled + 1, 2)
PY
