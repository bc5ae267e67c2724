# SIGTERM: idle connections end at once, feeds with their goodbye, requests in progress are answered.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

with Node () as node:
  idle, busy, feed = node.client (), node.client (), node.client ()
  same (idle.ask ('GET', '/probe/item/x').status, 200)
  feed.send ('GET /probe/park HTTP/1.1\r\nHost: localhost\r\n\r\n')
  busy.send ('GET /probe/sleep?ms=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  eventually (lambda: node.state ()['running'] == 1 and node.state ()['parked'] == 1)
  began = time.monotonic ()
  node.process.send_signal (signal.SIGTERM)
  assert idle.closed (0.7), 'idle connection stays'
  same (feed.answer ().body, b'goodbye\n')
  assert time.monotonic () - began < 0.8
  answer = busy.answer ()
  same ((answer.status, answer.headers['connection']), (200, 'close'))
  same (node.process.wait (5), 0)
PY
