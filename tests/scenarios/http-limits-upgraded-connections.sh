# Upgraded connections have a limit of their own: beyond it 503 with Retry-After, and a closed one makes room.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

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
PY
