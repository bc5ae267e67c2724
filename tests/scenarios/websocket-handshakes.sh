# The opening handshake (RFC 6455 §4.2): what is answered 101, and each thing that is refused, with its status and the
# headers that tell the client why; upgrade-rate, max-pending-upgrades and http.max-upgraded answer 503 with Retry-After.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *
import threading

def ask (node, text):
  with node.client () as c:
    c.send (text)
    return c.answer ()

def status (node, *args, **kwargs):
  return ask (node, handshake (*args, **kwargs)).status

with ws_node () as node:
  good = ask (node, handshake ())
  same ((good.status, good.headers['sec-websocket-accept'], good.headers['upgrade'], good.headers['connection']),
        (101, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'websocket', 'Upgrade'))
  assert 'sec-websocket-extensions' not in good.headers and 'sec-websocket-protocol' not in good.headers
  same (status (node, headers='Sec-WebSocket-Protocol: chat, other\r\n'), 101)

  for version in '12', '14', '8', '013', '13, 13', '':
    answer = ask (node, handshake (version=version))
    same ((answer.status, answer.headers['sec-websocket-version']), (426, '13'), version)
    same ((answer.headers['upgrade'], answer.headers['connection']), ('websocket', 'Upgrade'))
  for key in '', 'short', KEY + 'x', KEY[:-1], 'dGhlIHNhbXBsZSBub25jZQ*=', KEY + '\r\nSec-WebSocket-Key: ' + KEY:
    same (status (node, key=key), 400, key)
  for header in ('Sec-WebSocket-Extensions: permessage-deflate;', 'Sec-WebSocket-Extensions: a b',
                 'Sec-WebSocket-Protocol: a b', 'Sec-WebSocket-Protocol: a, a'):
    same (status (node, headers=header + '\r\n'), 400, header)
  no_upgrade = ask (node, 'GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n')
  same ((no_upgrade.status, no_upgrade.headers['upgrade']), (426, 'websocket'))
  same (ask (node, handshake ().replace ('Upgrade: websocket', 'Upgrade: h2c')).status, 426)
  closed = ask (node, handshake ().replace ('Connection: Upgrade', 'Connection: close'))
  same ((closed.status, closed.headers['connection']), (426, 'Upgrade, close'))
  same (ask (node, handshake ().replace ('HTTP/1.1', 'HTTP/1.0')).status, 426)
  same (ask (node, handshake ().replace ('GET', 'POST')).status, 405)
  same (ask (node, handshake ().replace ('Connection: Upgrade', 'connection: keep-alive, uPGRADE')
             .replace ('Upgrade: websocket', 'upgrade: WebSocket')).status, 101)
  same (figures (node)['refused_total{reason="handshake"}'], 20)

  # Bytes that come with the handshake are the first frames.
  with node.client () as c:
    ws = WebSocket.__new__ (WebSocket)
    ws.__dict__ = c.__dict__
    ws.send (handshake ().encode () + frame (TEXT, b'early') + frame (PING, b'x')[:3])
    same (ws.answer ().status, 101)
    same (ws.message (), (TEXT, b'early'))
    ws.send (frame (TEXT, b'')[:0])

# Origins: by default the page's own host; room is checked, echo is not.
with ws_node ('echo.room=true') as node:
  origin = lambda value, path='/ws/room': status (node, path, f'Origin: {value}\r\n')
  same (origin ('http://localhost'), 101)
  same (origin ('http://evil.example'), 403)
  same (origin ('http://evil.example', '/ws'), 101)
  same (status (node, '/ws/room'), 101)
  same (figures (node)['refused_total{reason="origin"}'], 1)
with ws_node ('echo.room=true', 'websocket.origins=https://*.example.com,https://b.example') as node:
  for value, expected in ('https://a.example.com', 101), ('https://b.example', 101), ('http://localhost', 403):
    same (status (node, '/ws/room', f'Origin: {value}\r\n'), expected, value)

# Ten a second with a burst of one; refused before the handshake is looked at.
with ws_node ('websocket.upgrade-rate=10') as node:
  began, taken = time.monotonic (), 0
  while time.monotonic () - began < 1:
    answer = ask (node, handshake (key='bad'))
    taken += answer.status == 400
    assert answer.status == 400 or (answer.status, answer.headers['retry-after']) == (503, '1'), answer.status
  assert 9 <= taken <= 12, taken
  same (ask (node, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n').status, 200)
  assert figures (node)['refused_total{reason="rate"}'] > 10

# Two may wait, the third may not; they finish, and there is room again.
with ws_node ('websocket.max-pending-upgrades=2') as node:
  waiting = [node.client () for _ in range (2)]
  for c in waiting:
    c.send (handshake ('/ws/slow?before=600'))
  eventually (lambda: figures (node)['pending'] == 2)
  answer = ask (node, handshake ())
  same ((answer.status, answer.headers['retry-after']), (503, '1'))
  same ([c.answer ().status for c in waiting], [101, 101])
  eventually (lambda: figures (node)['pending'] == 0)
  same (status (node), 101)
  # One that leaves before it is answered gives its place back too.
  with node.client () as c:
    c.send (handshake ('/ws/slow?before=60000'))
    eventually (lambda: figures (node)['pending'] == 1)
    c.sock.setsockopt (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack ('ii', 1, 0))   # a reset, not a mere end
  eventually (lambda: figures (node)['pending'] == 0)
  same (figures (node)['refused_total{reason="pending"}'], 1)

# What cannot become a WebSocket, or is answered otherwise, holds no place.
with ws_node ('websocket.max-pending-upgrades=1', plugins='http,websocket,echo,probe,metrics') as node:
  post = handshake ('/probe/body').replace ('GET', 'POST').replace ('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\n')
  with node.client () as c, node.client () as feed:
    c.send (post)
    feed.send (handshake ('/probe/park'))
    eventually (lambda: node.state ()['parked'] == 1)
    same (status (node), 101)
    c.send ('ab')
    same (c.answer ().status, 200)

with ws_node ('http.max-upgraded=1') as node:
  with WebSocket (node.port) as ws:
    same (status (node), 503)
    ws.end ()
  eventually (lambda: status (node) == 101)
  assert figures (node)['refused_total{reason="limit"}'] >= 1
PY
