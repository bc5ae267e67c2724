# Heads and bodies that trickle in are answered 408 and freed; memory stays bounded meanwhile.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

with Node ('http.head-timeout=1s', 'http.body-timeout=1s', 'http.idle-timeout=2s') as node:
  node.state ()
  before, open_before = node.resident (), node.descriptors ()
  slow = [node.client () for _ in range (300)]
  for c in slow:
    c.send ('GET /probe/state HTTP/1.1\r\nHost: localhost\r\nX: ')
  bodies = [node.client () for _ in range (100)]
  for c in bodies:
    c.send ('POST /probe/body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n')
  began = time.monotonic ()
  while time.monotonic () - began < 1.5:
    for c in slow + bodies:
      try:
        c.send ('a')
      except OSError:
        pass
    time.sleep (0.1)
  grown = node.resident () - before
  assert grown < 400 * 16, f'{grown} KiB for 400 slow clients'
  for c in slow + bodies:
    same (c.answer ().status, 408)
    assert c.closed ()
  idle = [node.client () for _ in range (50)]
  for c in idle[:25]:
    same (c.ask ('GET', '/probe/item/x').status, 200)
  for c in idle:
    assert c.closed (4), 'an idle connection stays'
  eventually (lambda: node.descriptors () <= open_before + 1, what='connections freed')
PY
