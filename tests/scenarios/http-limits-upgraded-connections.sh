# Upgraded connections have a limit of their own: beyond it 503 with Retry-After, and a closed one makes room. One that is
# upgraded behind answers that its client had yet to take leaves http's hands for good.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import re

ASK = 'GET /probe/upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

def ask (node):
  client = node.client ()
  client.send (ASK)
  return client, client.answer ()

with Node ('http.max-upgraded=2') as node:
  first, second = ask (node), ask (node)
  same ((first[1].status, second[1].status), (101, 101))
  refused = ask (node)[1]
  same ((refused.status, refused.headers['retry-after']), (503, '1'))
  first[0].sock.close ()
  eventually (lambda: ask (node)[1].status == 101)

def connections (node):
  with node.client () as c:
    text = c.ask ('GET', '/metrics').body.decode ()
  return float (re.search (r'^cloudsync_http_connections (\S+)', text, re.M)[1])

with Node ('http.output-high=16M', plugins='http,probe,metrics') as node:
  alone = connections (node)
  for _ in range (3):
    with node.client () as client:
      client.send ('GET /probe/big?bytes=40000000 HTTP/1.1\r\nHost: a\r\n\r\n')
      client.until (b'\r\n\r\n')
      client.take (26000000)  # the queue is below output-high again, but not empty
      client.send (ASK)
      time.sleep (0.1)
      client.take (14000000)
      same (client.answer ().status, 101)
      client.send ('echo?')
      same (client.take (5), b'echo?')
      same (connections (node), alone)
PY
