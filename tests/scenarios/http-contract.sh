# What the http contract promises: methods, bodies both ways, Expect, HTTP/1.0, HEAD, gzip, ranges, filters, upgrade.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import gzip

with Node () as node, node.client () as c:
  # routes
  same (c.ask ('GET', '/probe/item/a%2Fb%20c').body, b'a/b c\n')
  same (c.ask ('GET', '/probe/rest/a/b%2Fc/').body, b'a/b/c/\n')
  same (c.ask ('GET', '/%70robe/item/x').body, b'x\n')
  same (c.ask ('GET', '/probe/item/%zz').status, 400)
with Node () as node, node.client () as c:
  same (c.ask ('GET', '/nowhere').status, 404)
  answer = c.ask ('POST', '/probe/state')
  same ((answer.status, answer.headers['allow']), (405, 'GET, HEAD, OPTIONS'))
  answer = c.ask ('OPTIONS', '/probe/state')
  same ((answer.status, answer.headers['allow']), (204, 'GET, HEAD, OPTIONS'))
  same (c.ask ('OPTIONS', '*').status, 204)
  same (c.ask ('GET', 'http://localhost/probe/item/x').body, b'x\n')
  head = c.ask ('HEAD', '/probe/big?bytes=5000')
  same ((head.status, head.headers['content-length']), (200, '5000'))
  assert 'date' in head.headers
  same (c.ask ('GET', '/probe/nothing').status, 500)
  assert 'x-request-id' in c.ask ('GET', '/probe/nothing').headers
  same (c.ask ('GET', '/probe/item/x', 'X-Request-Id: abc-1\r\n').headers['x-request-id'], 'abc-1')
  same (c.ask ('GET', '/probe/short?ms=5000').status, 503, 'deadline')
  same (c.ask ('GET', '/probe/local').body, b'nobody')

  # filters
  answer = c.ask ('GET', '/probe/forbidden')
  same ((answer.status, answer.headers['x-probe']), (403, 'yes'))
  same (c.ask ('GET', '/probe/%66orbidden').status, 403, 'the prefix, encoded')

  # bodies
  big = bytes (range (256)) * 20000
  import hashlib
  same (c.ask ('POST', '/probe/body', body=big).body.decode (), hashlib.sha1 (big).hexdigest ())
  same (c.ask ('POST', '/probe/echo', body=big).body == big, True, 'echo')
  c.send (b'POST /probe/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
  for i in range (0, len (big), 99999):
    part = big[i:i + 99999]
    c.send (b'%x;ext=1\r\n%s\r\n' % (len (part), part))
  c.send (b'0\r\nTrailer: x\r\n\r\n')
  same (c.answer ().body == big, True, 'chunked echo')
  same (c.ask ('GET', '/probe/stream?n=3').body, b'line 0 of the stream\nline 1 of the stream\nline 2 of the stream\n')

  # Expect
  c.send ('POST /probe/body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n')
  same (c.until (b'\r\n\r\n'), b'HTTP/1.1 100 Continue')
  c.send ('abc')
  same (c.answer ().body, b'a9993e364706816aba3e25717850c26c9cd0d89d')

  # gzip
  plain = c.ask ('GET', '/probe/big?bytes=20000')
  assert 'content-encoding' not in plain.headers
  packed = c.ask ('GET', '/probe/big?bytes=20000', 'Accept-Encoding: gzip\r\n')
  same ((packed.headers['content-encoding'], packed.headers['vary']), ('gzip', 'Accept-Encoding'))
  same (gzip.decompress (packed.body) == plain.body, True)
  same (packed.headers['etag'], 'W/"big"')
  assert len (packed.body) < 2000
  same (gzip.decompress (c.ask ('GET', '/probe/stream?n=1000', 'Accept-Encoding: gzip\r\n').body).count (b'\n'), 1000)
  assert 'content-encoding' not in c.ask ('GET', '/probe/big?bytes=500', 'Accept-Encoding: gzip\r\n').headers
  assert 'content-encoding' not in c.ask ('GET', '/probe/big?bytes=20000', 'Accept-Encoding: gzip;q=0\r\n').headers

  # ranges
  whole = c.ask ('GET', '/probe/ranges?bytes=1000')
  same (whole.headers['accept-ranges'], 'bytes')
  part = c.ask ('GET', '/probe/ranges?bytes=1000', 'Range: bytes=10-19\r\n')
  same ((part.status, part.headers['content-range'], part.body), (206, 'bytes 10-19/1000', whole.body[10:20]))
  same (c.ask ('GET', '/probe/ranges?bytes=1000', 'Range: bytes=-5\r\n').body, whole.body[-5:])
  part = c.ask ('GET', '/probe/ranges?bytes=1000', 'Range: bytes=1000-\r\n')
  same ((part.status, part.headers['content-range']), (416, 'bytes */1000'))
  assert b'not satisfiable' in part.body
  same (c.ask ('GET', '/probe/ranges?bytes=1000', 'Range: bytes=0-1\r\nIf-Range: "other"\r\n').status, 200)
  same (c.ask ('GET', '/probe/ranges?bytes=1000', 'Range: bytes=0-1\r\nIf-Range: "big"\r\n').status, 206)
  same (c.ask ('GET', '/probe/big?bytes=1000', 'Range: bytes=0-1\r\n').status, 200)

  # HTTP/1.0 and closing
  for text, closes in (('GET /probe/stream HTTP/1.0\r\n\r\n', True), ('GET /probe/item/x HTTP/1.0\r\n\r\n', True),
                       ('GET /probe/item/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', True)):
    with node.client () as one:
      one.send (text)
      answer = one.answer ()
      same ((answer.status, answer.headers['connection']), (200, 'close'))
      assert 'transfer-encoding' not in answer.headers
      assert one.closed ()
  with node.client () as one:
    for _ in range (2):
      one.send ('GET /probe/item/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
      same (one.answer ().headers['connection'], 'keep-alive')

  # upgrade
  with node.client () as one:
    one.send ('GET /probe/upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ')
    answer = one.answer ()
    same ((answer.status, answer.headers['upgrade'], answer.headers['connection']), (101, 'echo', 'Upgrade'))
    one.send ('late')
    same (one.take (10), b'early late')
  refused = c.ask ('GET', '/probe/upgrade')
  same ((refused.status, refused.headers['upgrade']), (426, 'echo'))

  # a body that nobody reads: skipped when it is here, else the connection closes
  same (c.ask ('POST', '/probe/ignore', body=b'x' * 100).status, 200)
  same (c.ask ('GET', '/probe/item/x').status, 200)
  with node.client () as one:
    one.send ('POST /probe/ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc')
    same (one.answer ().headers['connection'], 'close')
    assert one.closed ()
  assert node.state ()['logged'] > 30
PY
