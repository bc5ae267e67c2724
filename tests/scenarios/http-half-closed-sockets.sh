# A client that ends its side after a request still gets the answer; one that says nothing is freed at once.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

with Node () as node:
  for target in ('/probe/state', '/probe/sleep?ms=200', '/probe/stream?n=5&ms=20'):
    with node.client () as c:
      c.send (f'GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n')
      c.sock.shutdown (socket.SHUT_WR)
      same (c.answer ().status, 200, target)
      assert c.closed (2), target
  for text in ('', 'GET / HT', 'POST /probe/body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc'):
    with node.client () as c:
      c.send (text)
      c.sock.shutdown (socket.SHUT_WR)
      assert c.closed (2), text
  eventually (lambda: node.state ()['running'] == 0, what='handlers ended')
PY
