# In a room of many one reads nothing: beyond max-queue it alone is closed with 1013; the others get every message, and the
# server's memory stays.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *
import threading

N, GUESTS, SIZE = 800, 6, 16000

class Guest (threading.Thread):
  def __init__ (self, node):
    super ().__init__ (daemon=True)
    self.ws, self.seen, self.wrong = WebSocket (node.port, '/ws/room', timeout=60), 0, 0
    self.start ()

  def run (self):
    while self.seen < N:
      opcode, payload = self.ws.message ()
      self.wrong += int (payload[:8]) != self.seen or len (payload) != SIZE
      self.seen += 1

def read_all (ws):
  try:
    while ws.sock.recv (1 << 18):
      pass
  except OSError:
    pass

for workers in 1, 3:
  with ws_node ('echo.room=true', 'websocket.max-queue=512K', 'websocket.close-timeout=60s', workers=workers) as node:
    slow = WebSocket (node.port, '/ws/room')
    slow.sock.setsockopt (socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    guests = [Guest (node) for _ in range (GUESTS)]
    before = node.resident ()
    speaker = WebSocket (node.port, '/ws/room')
    threading.Thread (target=read_all, args=(speaker,), daemon=True).start ()
    for i in range (N):
      speaker.put (BINARY, b'%08d' % i + b'.' * (SIZE - 8))
      if i % 10 == 0:
        while min (g.seen for g in guests) < i - 10:
          time.sleep (0.002)
    for guest in guests:
      guest.join (60)
      same ((guest.seen, guest.wrong), (N, 0))
    eventually (lambda: figures (node)['slow_closed_total'] == 1)
    assert node.resident () - before < 8192, f'{node.resident () - before} KiB more'
    # What had been queued before comes whole, then the code that tells why.
    got = 0
    while True:
      opcode, payload, rsv, fin = slow.get ()
      if opcode == CLOSE:
        break
      same (int (payload[:8]), got)
      got += 1
    same (struct.unpack ('>H', payload[:2])[0], 1013)
    assert 30 < got < N, got
    slow.put (CLOSE, payload)
    same (slow.rest (), b'')
    eventually (lambda: figures (node)['closed_total{code="1013"}'] == 1)
    eventually (lambda: figures (node)['queue_bytes'] == 0)
    for ws in speaker, *(g.ws for g in guests):
      ws.sock.shutdown (socket.SHUT_RDWR)
PY
