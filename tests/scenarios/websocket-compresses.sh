# permessage-deflate (RFC 7692) on the wire: each combination of windows and takeover, fragments, messages in both
# directions that refer to earlier ones, and what must not be compressed.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *
import itertools, random

random.seed (5)
words = [bytes (random.choices (b'abcdefghijklmnopqrstuvwxyz', k=random.randint (2, 9))) for _ in range (400)]

library = b' '.join (random.choice (words) for _ in range (40000))

def text (n):
  at = random.randrange (len (library) - n)
  return library[at:at + n]

def agreed (node, offer):
  with node.client () as c:
    c.send (handshake (headers=f'Sec-WebSocket-Extensions: {offer}\r\n' if offer else ''))
    answer = c.answer ()
    same (answer.status, 101)
    return answer.headers.get ('sec-websocket-extensions')

def talk (node, offer):
  """Messages of all sizes through a connection with that offer; whether any answer was compressed."""
  with WebSocket (node.port, headers=f'Sec-WebSocket-Extensions: {offer}\r\n') as ws:
    got = dict ((p.strip ().split ('=') + [''])[:2] for p in ws.head.headers['sec-websocket-extensions'].split (';'))
    z = Deflate (int (got.get ('client_max_window_bits') or 15), int (got.get ('server_max_window_bits') or 15),
                 'client_no_context_takeover' not in got, 'server_no_context_takeover' not in got)
    packed = 0
    for n in 0, 1, 10, 200, 1000, 1000, 5000, 5000, 40000, 300:
      data = text (n)
      bytes_ = z.pack (data)
      if n % 3 == 0:
        ws.put (TEXT, data)
      elif n % 5 == 0:
        cut = len (bytes_) // 3
        ws.send (frame (TEXT, bytes_[:cut], fin=False, rsv=4) + frame (PING, b'between') +
                 frame (0, bytes_[cut:2 * cut], fin=False) + frame (0, bytes_[2 * cut:]))
        same (ws.message (), (PONG, b'between'))
      else:
        ws.put (TEXT, bytes_, rsv=4)
      opcode, payload, rsv, fin = ws.get ()
      assert (opcode, fin) == (TEXT, 1) and rsv in (0, 4)
      packed += rsv == 4
      same (z.unpack (payload) if rsv else payload, data)
    noise = os.urandom (3000)
    ws.put (BINARY, noise)
    same (ws.get (), (BINARY, noise, 0, 1), 'what does not get smaller')
    ws.put (TEXT, z.pack (text (4000)), rsv=4)
    opcode, payload, rsv, fin = ws.get ()
    same (len (z.unpack (payload) if rsv else payload), 4000)
    ws.end ()
    return packed

pmd = 'permessage-deflate'
with ws_node ('websocket.compression-min=100') as node:
  both = '; server_no_context_takeover; client_no_context_takeover'
  same (agreed (node, ''), None)
  same (agreed (node, pmd), pmd + both)
  same (agreed (node, 'x-unknown; p=1, ' + pmd), pmd + both)
  same (agreed (node, f'{pmd}; server_max_window_bits=99, {pmd}; client_max_window_bits=10, {pmd}'),
        pmd + both + '; client_max_window_bits=10')
  same (agreed (node, pmd + '; server_max_window_bits=7'), None)
  assert talk (node, pmd) > 4

with ws_node ('websocket.compression-min=0', 'websocket.context-takeover=true') as node:
  same (agreed (node, pmd + '; client_max_window_bits'), pmd)
  for server, client, snot, cnot in itertools.product ((None, 8, 9, 12), (None, '', 8, 10), (0, 1), (0, 1)):
    offer = pmd + (f'; server_max_window_bits={server}' if server else '')
    offer += '' if client is None else '; client_max_window_bits' + (f'={client}' if client else '')
    offer += '; server_no_context_takeover' * snot + '; client_no_context_takeover' * cnot
    assert talk (node, offer) > 4, offer
  # With history the same message costs next to nothing the second time.
  with WebSocket (node.port, headers=f'Sec-WebSocket-Extensions: {pmd}\r\n') as ws:
    z, sizes, data = Deflate (), [], bytes (random.choices (b'abcdefghijklmnop', k=2000))
    for _ in range (3):
      ws.put (TEXT, z.pack (data), rsv=4)
      opcode, payload, rsv, fin = ws.get ()
      same (z.unpack (payload), data)
      sizes.append (len (payload))
    assert sizes[1] < 40 and sizes[2] < 40, sizes

with ws_node ('websocket.compression=false') as node:
  same (agreed (node, pmd), None)
  with WebSocket (node.port, headers=f'Sec-WebSocket-Extensions: {pmd}\r\n') as ws:
    ws.put (TEXT, Deflate ().pack (b'x' * 100), rsv=4)
    same (ws.close_code (), 1002)

# What cannot be decompressed, and what was not agreed upon.
with ws_node () as node:
  def bad (code, *frames):
    with WebSocket (node.port, headers=f'Sec-WebSocket-Extensions: {pmd}\r\n') as ws:
      ws.send (b''.join (frames))
      same (ws.close_code (), code)
  hello = Deflate ().pack (b'hello, hello, hello')
  bad (1007, frame (TEXT, b'\xff' * 20, rsv=4))
  bad (1007, frame (TEXT, hello[:-2], rsv=4))
  bad (1007, frame (TEXT, Deflate ().pack (b'\xff\xfe' * 50), rsv=4))
  bad (1002, frame (TEXT, hello, rsv=6))
  bad (1002, frame (TEXT, hello[:3], fin=False, rsv=4) + frame (0, hello[3:], rsv=4))
  bad (1002, frame (PING, b'x', rsv=4))
PY
