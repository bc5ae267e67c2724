# Every head or body that two parties could frame differently is refused and the connection closed.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

P = 'POST /probe/body HTTP/1.1\r\nHost: localhost\r\n'
cases = {
  'length and coding': (P + 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
  'two lengths': (P + 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc', 400),
  'length +3': (P + 'Content-Length: +3\r\n\r\nabc', 400),
  'length -1': (P + 'Content-Length: -1\r\n\r\n', 400),
  'length 0x1': (P + 'Content-Length: 0x1\r\n\r\na', 400),
  'length 1_0': (P + 'Content-Length: 1_0\r\n\r\n0123456789', 400),
  'length empty': (P + 'Content-Length:\r\n\r\n', 400),
  'length overflow': (P + 'Content-Length: 99999999999999999999\r\n\r\n', 400),
  'space before colon': (P + 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n', 400),
  'chunked, identity': (P + 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n', 400),
  'xchunked': (P + 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', 501),
  'double chunked': (P + 'Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n', 400),
  'coding on 1.0': ('POST /probe/body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
  'obs-fold': (P + 'X: 1\r\n 2\r\n\r\n', 400),
  'bare LF': ('GET /probe/state HTTP/1.1\nHost: localhost\n\n', 400),
  'bare CR': (P + 'X: a\rb\r\n\r\n', 400),
  'NUL': (P + 'X: a\0b\r\n\r\n', 400),
  'two hosts': (P + 'Host: localhost\r\n\r\n', 400),
  'no host': ('GET /probe/state HTTP/1.1\r\n\r\n', 400),
  'space in target': ('GET /probe/ state HTTP/1.1\r\nHost: localhost\r\n\r\n', 400),
  'other host in target': ('GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 400),
  'method bytes': ('G@T / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400),
  'name bytes': (P + 'X@: 1\r\n\r\n', 400),
  'HTTP/2.0': ('GET / HTTP/2.0\r\nHost: localhost\r\n\r\n', 505),
}
C = P + 'Transfer-Encoding: chunked\r\n\r\n'
for name, body in {
  'overflow': '10000000000000001\r\na\r\n0\r\n\r\n', 'plus': '+1\r\na\r\n0\r\n\r\n',
  'minus': '-1\r\na\r\n0\r\n\r\n', '0x': '0x1\r\na\r\n0\r\n\r\n', 'LF only': '1\na\n0\n\n',
  'no final CRLF': '1\r\naX0\r\n\r\n', 'space': '1 \r\na\r\n0\r\n\r\n', 'empty size': '\r\na\r\n0\r\n\r\n',
  'longer than its size': '1\r\nab\r\n0\r\n\r\n',
}.items ():
  cases['chunk ' + name] = (C + body, 400)

with Node () as node:
  for name, (text, status) in cases.items ():
    for pieces in (False, True):
      with node.client () as c:
        try:
          for part in ([text[i:i + 1] for i in range (len (text))] if pieces else [text]):
            c.send (part.encode ('latin-1'))
        except (BrokenPipeError, ConnectionResetError):
          pass
        same (c.answer ().status, status, name)
        assert c.closed (), name + ': still open'
  eventually (lambda: node.descriptors () < 40, what='connections freed')
PY
