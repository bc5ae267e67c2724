# SIGTERM: every connection is told 1001, idle ones at once, many at drain-rate; messages in progress come through. A reload
# before changes limits and drops nobody.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *
import resource

def ends_with (node, sockets, within):
  began = time.monotonic ()
  node.process.send_signal (signal.SIGTERM)
  times = []
  for ws in sockets:
    opcode, payload = ws.message ()
    same ((opcode, payload[:2]), (CLOSE, struct.pack ('>H', 1001)))
    times.append (time.monotonic () - began)
    ws.put (CLOSE, payload)
    same (ws.rest (), b'')
  same (node.process.wait (10), 0)
  took = time.monotonic () - began
  assert within[0] <= took <= within[1], took
  return times

for workers in 1, 3:
  with ws_node (workers=workers) as node:
    ends_with (node, [WebSocket (node.port) for _ in range (30)], (0, 1))

with ws_node ('websocket.drain-rate=100') as node:
  times = ends_with (node, [WebSocket (node.port) for _ in range (100)], (0.8, 2))

# One that does not answer is given up after close-timeout.
with ws_node ('websocket.close-timeout=300ms') as node:
  ws = WebSocket (node.port)
  began = time.monotonic ()
  node.process.send_signal (signal.SIGTERM)
  same (node.process.wait (10), 0)
  assert 0.25 < time.monotonic () - began < 1.5

# Reloads, with 1,000 connections and 20 of them; with CLOUDSYNC_LONG 10,000 and 100
pmd = 'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n'
n_sockets, n_reloads = (10000, 100) if os.environ.get ('CLOUDSYNC_LONG') else (1000, 20)
hard = resource.getrlimit (resource.RLIMIT_NOFILE)[1]
resource.setrlimit (resource.RLIMIT_NOFILE, (hard, hard))
node = ws_node ('node.run-dir=' + tempfile.mkdtemp (), workers=2)
node.write_config ('[websocket]\nmax-message = 1M\nping-interval = 20s\n')
with node:
  sockets = [WebSocket (node.port, headers=pmd) for _ in range (n_sockets)]
  half = WebSocket (node.port)
  half.put (TEXT, b'half of ', fin=False)
  for i in range (n_reloads):
    node.write_config (f'[websocket]\nmax-message = 1M\nping-interval = {i + 20}s\ncompression = {"yes" if i % 2 else "no"}\n')
    node.process.send_signal (signal.SIGHUP)
    eventually (lambda: open (node.log_path).read ().count ('"reloaded"') > i, what='the reload')
    for ws in sockets[i::n_reloads]:
      ws.put (TEXT, Deflate ().pack (b'still there ' * 200), rsv=4)
      opcode, payload, rsv, fin = ws.get ()
      same (Deflate ().unpack (payload) if rsv else payload, b'still there ' * 200)
  half.put (0, b'a message')
  same (half.message (), (TEXT, b'half of a message'))
  same (figures (node)['connections'], n_sockets + 1)
PY
