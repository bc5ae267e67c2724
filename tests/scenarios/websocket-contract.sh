# The contract websocket=1 by an owner that does as it is told (sdk/examples/wsprobe): closes with code and reason, pings, pauses,
# kinds, subprotocols, each policy for a slow client, output with backpressure, a goodbye of its own.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *

class Guest (WebSocket):
  def __init__ (self, node, query='', headers=''):
    super ().__init__ (node.port, '/wsprobe' + query, headers)

  def tell (self, command):
    self.put (TEXT, command.encode ())

  def ask (self, command):
    self.tell (command)
    opcode, payload = self.message ()
    same (opcode, TEXT)
    return payload.decode ()

  def state (self):
    return dict (p.split ('=', 1) for p in self.ask ('state').split (' ') if '=' in p)

with ws_node (plugins='http,websocket,wsprobe,metrics') as node:
  # Who closes, and with what
  for code, sent in (1000, 1000), (4321, 4321), (1005, 1011), (1006, 1011), (999, 1011), (70000, 1011):
    with Guest (node) as g:
      g.tell (f'close {code} why')
      opcode, payload = g.message ()
      same ((opcode, payload), (CLOSE, struct.pack ('>H', sent) + b'why'))
      g.send (frame (TEXT, b'state') + frame (CLOSE, struct.pack ('>H', 1000)))
      same (g.rest (), b'', 'nothing is delivered or sent after the Close')
  with Guest (node) as g:
    g.tell ('close 4000 ' + 'ä' * 100)
    opcode, payload = g.message ()
    same (payload[2:].decode (), 'ä' * 61, 'a long reason is cut at a character')
  with Guest (node) as watcher:
    with Guest (node) as g:
      g.put (CLOSE, struct.pack ('>H', 4444) + b'mine')
      same (g.close_code (), 4444)
    eventually (lambda: (lambda s: (s['code'], s['reason'])) (watcher.state ()) == ('4444', 'mine'))
    with Guest (node) as g:
      g.put (CLOSE)
      same (g.close_code (), None)
    eventually (lambda: watcher.state ()['code'] == '1005')
    with Guest (node) as g:
      g.tell ('abort')
      same (g.rest (), b'', 'an abort has no Close')
    eventually (lambda: watcher.state ()['code'] == '1006')
    with Guest (node) as g:
      g.put (TEXT, b'x', rsv=1)
      same (g.close_code (), 1002)
    eventually (lambda: (lambda s: (s['code'], s['reason'])) (watcher.state ()) == ('1002', 'a'), what='the reason of a failure')
    with Guest (node) as g:
      pass
    eventually (lambda: watcher.state ()['code'] == '1006')

  # Pings, subprotocols, kinds, limits of the owner
  with Guest (node, headers='Sec-WebSocket-Protocol: zero, two, one\r\n') as g:
    same (g.head.headers['sec-websocket-protocol'], 'two')
    same (g.state ()['protocol'], 'two')
    g.tell ('ping hello')
    same (g.get ()[:2], (PING, b'hello'))
    same (g.message (), (TEXT, b'done'))
    g.put (PONG, b'hello')
    same (g.message (), (TEXT, b'pong hello'))
    same (g.ask ('ping ' + 'x' * 126), 'too large')
    s = g.state ()
    assert s['peer'].startswith ('127.0.0.1:') and (s['open'], s['compressed']) == ('1', '0'), s
    g.put (BINARY, b'x' * 1001)
    same (g.close_code (), 1009)
  with Guest (node, '?kinds=text') as g:
    same (g.ask ('nonsense'), 'what is nonsense?')
    g.put (BINARY, b'x')
    same (g.close_code (), 1003)

  # A pause holds messages back, and loses none
  with Guest (node) as g:
    began = time.monotonic ()
    g.send (frame (TEXT, b'pause') + b''.join (frame (TEXT, b'm%d' % i) for i in range (2000)))
    for i in range (2000):
      same (g.message (), (TEXT, b'what is m%d?' % i))
    assert time.monotonic () - began > 0.28
  with Guest (node) as watcher:
    before = int (watcher.state ()['closed'])
    with Guest (node) as g:
      g.tell ('pause')
      g.sock.setsockopt (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack ('ii', 1, 0))
    eventually (lambda: int (watcher.state ()['closed']) > before, 0.25, 'one that vanishes while paused')
    before += 1
    with node.client () as c:
      c.send (handshake ('/wsprobe').encode () + frame (TEXT, b'pause'))
      same (c.answer ().status, 101)
      c.sock.setsockopt (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack ('ii', 1, 0))
    eventually (lambda: int (watcher.state ()['closed']) > before, 0.25, 'one that paused in its first message')

  # The slow: 100,000 bytes may wait; the kernel takes some more
  def flooded (query):
    g = Guest (node, query)
    g.sock.setsockopt (socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    g.tell ('flood 2000')
    return g
  def counts ():
    line = [json.loads (l) for l in node.log ().splitlines () if '"flooded"' in l][-1]
    return line['sent'], line['overloaded'], line['closed']
  with flooded ('?slow=drop') as g:
    eventually (lambda: '"flooded"' in node.log ())
    sent, overloaded, closed = counts ()
    assert sent + overloaded == 2000 and sent == 10 and closed == 0, (sent, overloaded, closed)
    same ([g.message () for _ in range (sent)], [(BINARY, b'f' * 10000)] * sent)
    same (g.state ()['slow'], '0')
  seen = figures (node)['slow_dropped_total']
  same (seen, 1990)
  with flooded ('?slow=tell') as g:
    same ([g.message () for _ in range (10)], [(BINARY, b'f' * 10000)] * 10)
    same (g.state ()['slow'], '1990')
  with flooded ('?slow=close') as g:
    same ([g.message () for _ in range (10)], [(BINARY, b'f' * 10000)] * 10)
    opcode, payload = g.message ()
    same ((opcode, payload), (CLOSE, struct.pack ('>H', 4001) + b'too slow'))
    eventually (lambda: node.log ().count ('"flooded"') == 3)
    sent, overloaded, closed = counts ()
    same ((sent, overloaded, closed), (10, 1, 1989))

  # With backpressure nothing is lost, however slowly it is read
  with Guest (node) as g:
    g.tell ('pour 2000')
    time.sleep (0.3)
    assert figures (node)['queue_bytes'] <= 110000
    for i in range (2000):
      same (g.message (), (BINARY, b'p' * 10000))
    same (g.message (), (TEXT, b'poured'))
  with Guest (node) as g:
    g.tell ('pour 2000')
    time.sleep (0.1)
  eventually (lambda: figures (node)['connections'] == 0, what='one that left while it was written to')

  # Its own goodbye
  g = Guest (node)
  g.state ()
  node.process.send_signal (signal.SIGTERM)
  same (g.message (), (TEXT, b'goodbye'))
  same (g.message (), (CLOSE, struct.pack ('>H', 1012) + b'back in a moment'))
  g.put (CLOSE, struct.pack ('>H', 1012))
  same (g.rest (), b'')

# Dropped with the node, whatever `closed` does to the others: it is called for each
with ws_node ('node.drain-timeout=300ms', plugins='http,websocket,wsprobe,metrics') as node:
  guests = [Guest (node) for _ in range (30)]
  for g in guests:
    same (g.ask ('avenge'), 'avenging')
  node.process.send_signal (signal.SIGTERM)
  same (node.process.wait (10), 0)
  dropped = [json.loads (l) for l in node.log ().splitlines () if '"dropped"' in l][-1]
  same ((dropped['before'], dropped['after']), (30, 0))
PY
