# Bombs, a million tiny frames, fragments of one byte, promises of huge frames, floods of pings: the right close code,
# bounded memory, and a neighbour that notices nothing.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *
import threading

pmd = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

class Reader (threading.Thread):
  """Reads everything, as a client that is not slow does."""

  def __init__ (self, ws):
    super ().__init__ (daemon=True)
    self.ws, self.count = ws, 0
    self.start ()

  def run (self):
    try:
      while data := self.ws.sock.recv (1 << 18):
        self.count += len (data)
    except OSError:
      pass

class Neighbour (threading.Thread):
  """One that talks all the time; its slowest answer."""

  def __init__ (self, node):
    super ().__init__ (daemon=True)
    self.ws, self.slowest, self.over = WebSocket (node.port), 0, False
    self.start ()

  def run (self):
    while not self.over:
      began = time.monotonic ()
      self.ws.put (TEXT, b'anybody there?')
      same (self.ws.message (), (TEXT, b'anybody there?'))
      self.slowest = max (self.slowest, time.monotonic () - began)
      time.sleep (0.005)

  def end (self):
    self.over = True
    self.join ()
    assert self.slowest < 2, f'an answer took {self.slowest:.3f} s'

with ws_node ('echo.max-message=1M', 'websocket.compression-level=1') as node:
  with WebSocket (node.port) as ws:
    ws.put (TEXT, b'x' * (1 << 20))
    ws.message ()
    ws.end ()
  neighbour = Neighbour (node)
  before = node.resident ()

  # 1 GB of zeros in 1 MB, in one message
  packer = zlib.compressobj (9, zlib.DEFLATED, -15)
  bomb = b''.join (packer.compress (bytes (1 << 20)) for _ in range (1024)) + packer.flush (zlib.Z_SYNC_FLUSH)
  for pieces in 1, 500:
    size = len (bomb) // pieces + 1
    with WebSocket (node.port, headers=pmd) as ws:
      try:
        for i in range (0, len (bomb), size):
          ws.put (BINARY if i == 0 else 0, bomb[i:i + size], fin=i + size >= len (bomb), rsv=4 if i == 0 else 0)
      except OSError:
        pass
      same (ws.close_code (), 1009)
  # many bombs at once, each held within a message that never ends
  held = [WebSocket (node.port, headers=pmd) for _ in range (50)]
  for ws in held:
    ws.put (BINARY, bomb[:500], fin=False, rsv=4)
  grown = node.resident () - before
  assert grown < 50 * (1024 + 100), f'{grown} KiB more'
  for ws in held:
    ws.sock.close ()

  # frames that promise 1 MB and bring one byte
  held = [WebSocket (node.port) for _ in range (200)]
  before = node.resident ()
  for ws in held:
    ws.send (b'\x82\xff' + struct.pack ('>Q', 1 << 20) + b'mask' + b'x')
  time.sleep (0.3)
  assert node.resident () - before < 1024, 'promises take memory'
  for ws in held:
    ws.sock.close ()
  with WebSocket (node.port) as ws:
    ws.send (b'\x82\xff' + struct.pack ('>Q', (1 << 20) + 1) + b'mask')
    same (ws.close_code (), 1009)

  # a million frames: empty ones as messages, as fragments, pings
  before = node.resident ()
  for opcode, first, last in ((TEXT, b'', b''), (0, frame (TEXT, b'', fin=False), frame (0, b'.')), (PING, b'', b'')):
    with WebSocket (node.port) as ws:
      reader = Reader (ws)
      tiny = frame (opcode, b'', fin=opcode != 0) * 10000
      ws.send (first)
      for _ in range (100):
        ws.send (tiny)
      ws.send (last + frame (CLOSE, b'\x03\xe8'))
      reader.join (60)
      same (reader.count, 2000004 if opcode else 7, 'bytes of the answers')
  # a message in a million fragments of one byte
  with WebSocket (node.port) as ws:
    reader = Reader (ws)
    ws.put (TEXT, b'x', fin=False)
    ones = frame (0, b'x', fin=False) * 10000
    for _ in range (100):
      ws.send (ones)
    ws.send (frame (0, b'x') + frame (CLOSE, b'\x03\xe8'))
    reader.join (60)
    same (reader.count, 10 + 1000002 + 4)
  grown = node.resident () - before
  assert grown < 8192, f'{grown} KiB more'
  neighbour.end ()

  # One that sends pings and messages but reads nothing is not read from, and holds up nobody.
  neighbour = Neighbour (node)
  deaf = WebSocket (node.port)
  deaf.sock.settimeout (1)
  load = (frame (TEXT, b'y' * 1000) + frame (PING, b'z' * 100)) * 100
  try:
    for _ in range (1000):
      deaf.send (load)
    raise AssertionError ('100 MB were read from one that reads nothing')
  except TimeoutError:
    pass
  assert node.resident () - before < 16384
  neighbour.end ()
  eventually (lambda: figures (node)['queue_bytes'] > 100000, what='the queue is counted')
  deaf.sock.close ()
  eventually (lambda: figures (node)['queue_bytes'] == 0)

# A message that keeps its handler busy is kept once: the handler's.
with ws_node () as node:
  held = [WebSocket (node.port, '/ws/slow?ms=60000') for _ in range (20)]
  before = node.resident ()
  for ws in held:
    ws.put (BINARY, bytes (500000), fin=False)
    ws.put (0, bytes (500000))
  eventually (lambda: figures (node)['messages_received_total'] == 20, what='the messages')
  grown = node.resident () - before
  assert grown < 30 * 1000, f'{grown} KiB more'
  for ws in held:
    ws.sock.close ()
PY
