# A good reload takes effect and drops no connection; a refused one changes nothing and says why.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

def body (client, n):
  return client.ask ('POST', '/probe/body', body=b'x' * n).status

def hang_up (node, word):
  before = node.log ().count (word)
  node.process.send_signal (signal.SIGHUP)
  eventually (lambda: node.log ().count (word) > before, what=word)

node = Node (workers=2)
node.write_config ('[http]\nmax-body = 1K\n')
with node:
  clients = [node.client () for _ in range (50)]
  for client in clients:
    same (client.ask ('GET', '/probe/item/x').status, 200)
  with node.client () as c:
    same (body (c, 2000), 413, 'before')

  busy = node.client ()
  busy.send ('GET /probe/sleep?ms=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  feed = node.client ()
  feed.send ('GET /probe/park HTTP/1.1\r\nHost: localhost\r\n\r\n')
  eventually (lambda: node.state ()['parked'] == 1)
  for limit in (4, 8, 16):
    node.write_config (f'[http]\nmax-body = {limit}K\n')
    hang_up (node, '"reloaded"')
  for client in clients:
    same (body (client, 12000), 200, 'after the reload, on the old connection')

  for bad, words in (('max-body = 1 sack', 'is no size'), ('max-bodie = 2K', "did you mean 'max-body'?"),
                     ('[node]\npool-threads = 3', 'cannot change while the node runs')):
    node.write_config (f'[http]\nmax-body = 1K\n{bad}\n' if 'max-body' not in bad else f'[http]\n{bad}\n')
    hang_up (node, words)
    same (node.log ().count ('"reloaded"'), 3, 'reloads')
    for client in clients[:5]:
      same (body (client, 12000), 200, 'after a refused reload')

  same (busy.answer ().status, 200)
  with node.client () as c:
    same (c.ask ('POST', '/probe/wake').status // 100, 2)
  same (feed.answer ().status, 200)
PY
