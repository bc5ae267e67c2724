# A silent client is pinged, and dropped when it does not answer; one that answers or talks stays. A Close that is not
# answered ends after close-timeout. A client that vanishes is told to the handler that waits for it.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *

with ws_node ('websocket.ping-interval=400ms', 'websocket.pong-timeout=300ms') as node:
  dead, alive, busy = (WebSocket (node.port) for _ in range (3))
  began, pings, lost = time.monotonic (), 0, None
  for ws in dead, alive, busy:
    ws.sock.settimeout (0.02)
  while time.monotonic () - began < 3:
    try:
      opcode, payload = alive.message ()
      same (opcode, PING)
      alive.put (PONG, payload)
      pings += 1
    except TimeoutError:
      pass
    busy.put (TEXT, b'x')
    busy.sock.settimeout (1)
    same (busy.message (), (TEXT, b'x'), 'one that talks is not pinged')
    if lost is None:
      try:
        if dead.sock.recv (100) == b'':
          lost = time.monotonic () - began
      except TimeoutError:
        pass
      except ConnectionResetError:
        lost = time.monotonic () - began
  assert lost is not None and 0.4 < lost < 1.2, lost
  assert 3 <= pings <= 9, pings
  now = figures (node)
  same ((now['connections'], now['timeouts_total'], now['closed_total{code="1006"}']), (2, 1, 1))

# 1009, but the client does not answer: the core's linger ends it. A client that closes is answered at once.
with ws_node ('websocket.close-timeout=200ms', 'echo.room=true', 'websocket.max-queue=4K') as node:
  with WebSocket (node.port) as ws:
    ws.put (CLOSE, b'\x03\xe8')
    began = time.monotonic ()
    same (ws.close_code (), 1000)
    assert time.monotonic () - began < 0.2

# Handlers that wait
with ws_node () as node:
  with WebSocket (node.port, '/ws/slow?ms=50') as ws:
    began = time.monotonic ()
    ws.send (b''.join (frame (TEXT, b'%d' % i) for i in range (10)))
    same ([ws.message ()[1] for _ in range (10)], [b'%d' % i for i in range (10)])
    assert time.monotonic () - began > 0.45, 'one after the other'
    ws.end ()
  with WebSocket (node.port, '/ws/slow') as ws:
    ws.send (b''.join (frame (TEXT, b'%d' % i) for i in range (10000)))
    same ([ws.message ()[1] for _ in range (10000)], [b'%d' % i for i in range (10000)])
    ws.end ()
  many = [WebSocket (node.port, '/ws/slow?ms=60000') for _ in range (20)]
  for ws in many:
    ws.send (frame (TEXT, b'never answered') * 3)
  time.sleep (0.2)
  for ws in many:
    ws.sock.close ()
  eventually (lambda: figures (node)['connections'] == 0, 5, 'those whose clients vanished')
PY
