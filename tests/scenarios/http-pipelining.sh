# Pipelined requests are answered in order and leave together; garbage behind them is refused, not guessed at.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

with Node () as node:
  with node.client () as c:
    n = 500
    c.send (''.join (f'GET /probe/item/{i} HTTP/1.1\r\nHost: localhost\r\n\r\n' for i in range (n)))
    for i in range (n):
      same (c.answer ().body, f'{i}\n'.encode ())
  with node.client () as c:
    c.send ('GET /probe/sleep?ms=50 HTTP/1.1\r\nHost: localhost\r\n\r\n'
            'POST /probe/body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc'
            'POST /probe/ignore HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
            'GET /probe/item/last HTTP/1.1\r\nHost: localhost\r\n\r\n'
            '\x01\x02\x03 garbage\r\n\r\n')
    same (c.answer ().status, 200)
    same (c.answer ().body, b'a9993e364706816aba3e25717850c26c9cd0d89d')
    same (c.answer ().status, 200)
    same (c.answer ().body, b'last\n')
    same (c.answer ().status, 400)
    assert c.closed ()
  with node.client () as c:  # what one turn answers leaves in one write
    c.send ('GET /probe/item/a HTTP/1.1\r\nHost: localhost\r\n\r\n' * 20)
    c.more ()
    assert c.buffer.count (b'HTTP/1.1 200') >= 15, c.buffer.count (b'HTTP/1.1 200')
PY
