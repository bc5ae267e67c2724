# RFC 6455 on the wire, case by case: echoes, fragments, pings in between, UTF-8, closes, and what must be refused; and
# the next connection is served after each.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *

def each_chop (data):
  """The bytes whole, one by one, and in two parts."""
  yield [data]
  yield [data[i:i + 1] for i in range (len (data))]
  for i in {1, 2, 3, len (data) // 2, len (data) - 1}:
    if 0 < i < len (data):
      yield [data[:i], data[i:]]

def send_parts (ws, parts):
  for part in parts[:2000]:
    ws.send (part)
  ws.send (b''.join (parts[2000:]))

def check (node, data, expected):
  """`expected` are (opcode, payload) in order; a number at the end is the code of the Close."""
  for parts in each_chop (data):
    with WebSocket (node.port) as ws:
      try:
        send_parts (ws, parts)
      except (BrokenPipeError, ConnectionResetError):
        pass
      for want in expected:
        if isinstance (want, int):
          same (ws.close_code (), want, repr (data[:40]))
          break
        same (ws.message (), want, repr (data[:40]))
      else:
        ws.end ()

def echoes (node, sizes):
  with WebSocket (node.port) as ws:
    for n in sizes:
      for opcode, payload in (TEXT, b'*' * n), (BINARY, bytes (range (256)) * (n // 256 + 1)):
        payload = payload[:n]
        ws.put (opcode, payload)
        same (ws.message (), (opcode, payload), f'{n} bytes')
    ws.end ()

def fragmented (node, payload, piece, opcode=TEXT):
  parts = [payload[i:i + piece] for i in range (0, len (payload), piece)]
  with WebSocket (node.port) as ws:
    ws.send (b''.join (frame (opcode if i == 0 else 0, p, fin=i + 1 == len (parts)) for i, p in enumerate (parts)))
    same (ws.message (), (opcode, payload))
    ws.end ()

with ws_node () as node:
  # Framing (Autobahn's groups 1, 2, 9)
  echoes (node, [0, 1, 124, 125, 126, 127, 128, 65535, 65536, 65537, 300000])
  echoes (node, [4 << 20])
  check (node, frame (PING), [(PONG, b'')])
  check (node, frame (PING, bytes (range (125))), [(PONG, bytes (range (125)))])
  check (node, frame (PING, b'\0\xff\xfe') + frame (TEXT, b'after'), [(PONG, b'\0\xff\xfe'), (TEXT, b'after')])
  check (node, frame (PONG, b'unasked') + frame (TEXT, b'x'), [(TEXT, b'x')])
  check (node, b''.join (frame (PING, b'%d' % i) for i in range (10)), [(PONG, b'%d' % i) for i in range (10)])
  check (node, frame (TEXT, b'zero mask', mask=b'\0\0\0\0'), [(TEXT, b'zero mask')])

  # Reserved bits and opcodes (3, 4), masks, lengths
  for rsv in range (1, 8):
    check (node, frame (TEXT, b'x', rsv=rsv), [1002])
    check (node, frame (PING, b'x', rsv=rsv), [1002])
    check (node, frame (TEXT, b'first') + frame (TEXT, b'x', rsv=rsv), [(TEXT, b'first'), 1002])
  for opcode in 3, 4, 5, 6, 7, 11, 12, 13, 14, 15:
    check (node, frame (opcode), [1002])
    check (node, frame (TEXT, b'first') + frame (opcode, b'x') + frame (PING), [(TEXT, b'first'), 1002])
  check (node, frame (TEXT, b'naked', masked=False), [1002])
  check (node, frame (PING, b'', masked=False), [1002])
  check (node, frame (TEXT, b'x' * 100, length=3), [1002])
  check (node, frame (TEXT, b'x' * 100, length=9), [1002])
  check (node, frame (BINARY, b'x' * 1000, length=9), [1002])
  check (node, b'\x82\xff\x80\0\0\0\0\0\0\0' + b'mask', [1002])

  # Fragments (5)
  check (node, frame (TEXT, b'frag', fin=False) + frame (0, b'ment'), [(TEXT, b'fragment')])
  check (node, frame (TEXT, b'a', fin=False) + frame (PING, b'p') + frame (0, b'b', fin=False) + frame (PING, b'q') +
         frame (0, b'c'), [(PONG, b'p'), (PONG, b'q'), (TEXT, b'abc')])
  check (node, frame (PING, b'x', fin=False), [1002])
  check (node, frame (PONG, b'x', fin=False) + frame (0, b'y'), [1002])
  check (node, frame (0, b'none', fin=True), [1002])
  check (node, frame (0, b'none', fin=False) + frame (TEXT, b'x'), [1002])
  check (node, frame (TEXT, b'a', fin=False) + frame (TEXT, b'b'), [1002])
  check (node, frame (TEXT, b'a', fin=False) + frame (0, b'b') + frame (0, b'c'), [(TEXT, b'ab'), 1002])
  check (node, frame (PING, b'x' * 126), [1002])
  fragmented (node, 'κόσμε, ein Text'.encode () * 50, 1)
  fragmented (node, b'0123456789' * 6554, 64)
  fragmented (node, os.urandom (1 << 20), 1024, BINARY)

  # UTF-8 (6): at every split of a character, and refused at the first bad byte, before the message ends
  good = 'Hello-µ@ßöäüàá-UTF-8!! κόσμε \U0001f600 \ufffd \U0010ffff'.encode ()
  for i in range (len (good)):
    with WebSocket (node.port) as ws:
      ws.send (frame (TEXT, good[:i], fin=False) + frame (0, b'', fin=False) + frame (0, good[i:]))
      same (ws.message (), (TEXT, good))
  for bad in (b'\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited', b'\xf4\x90\x80\x80', b'\x80', b'\xff', b'\xc0\xaf',
              b'\xe0\x80\xaf', b'\xfc\x80\x80\x80\x80\xaf', b'\xed\xbf\xbf', b'\xf8\x88\x80\x80\x80'):
    check (node, frame (TEXT, bad), [1007])
    check (node, frame (BINARY, bad), [(BINARY, bad)])
    with WebSocket (node.port) as ws:
      ws.send (frame (TEXT, b'ok' + bad + b'x' * 500)[:10 + len (bad)])
      same (ws.close_code (), 1007, 'in the middle of a frame')
  check (node, frame (TEXT, b'\xf0\x9f\x98'), [1007])

  # Closing (7)
  for payload, code in (b'', None), (b'\x03\xe8', 1000), (b'\x03\xe8bye', 1000), (b'\x03\xe8' + b'r' * 123, 1000):
    with WebSocket (node.port) as ws:
      ws.send (frame (CLOSE, payload) + frame (TEXT, b'too late') + frame (PING))
      same (ws.close_code (), code)
  for code in 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999:
    check (node, frame (CLOSE, struct.pack ('>H', code)), [code])
  for code in 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535:
    check (node, frame (CLOSE, struct.pack ('>H', code)), [1002])
  check (node, frame (CLOSE, b'\x03'), [1002])
  check (node, frame (CLOSE, b'\x03\xe8' + b'x' * 124), [1002])
  check (node, frame (CLOSE, b'\x03\xe8\xce\xba\xe1\xbd\xb9\xed\xa0'), [1007])
  check (node, frame (TEXT, b'a', fin=False) + frame (CLOSE, b'\x03\xe8') + frame (0, b'b'), [1000])
  check (node, frame (TEXT, b'last') + frame (CLOSE, b'\x03\xe8'), [(TEXT, b'last'), 1000])

  eventually (lambda: figures (node)['connections'] == 0, what='all connections closed')
  now = figures (node)
  assert now['closed_total{code="1002"}'] > 100 and now['closed_total{code="1007"}'] > 10, now
  same (now['accepted_total'], sum (v for k, v in now.items () if k.startswith ('closed_total')))
PY
