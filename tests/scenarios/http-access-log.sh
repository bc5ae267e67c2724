# The access log: off by default, a line for each request, or one in N and every 5xx; never the query.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

def lines (node):
  return [line for line in open (node.log_path) if '/probe/item/' in line or '/probe/nothing' in line]

def ask_ten (node):
  with node.client () as c:
    for i in range (10):
      same (c.ask ('GET', f'/probe/item/{i}?token=hush').status, 200)
    same (c.ask ('GET', '/probe/nothing').status, 500)

for mode, expected in (('off', 0), ('on', 11), ('sampled', 3)):
  with Node (f'http.access-log={mode}', 'http.access-log-sample=5') as node:
    ask_ten (node)
    eventually (lambda: len (lines (node)) >= expected, 3, 'lines')
    time.sleep (0.2)
    same (len (lines (node)), expected, mode)
    for line in lines (node):
      assert 'hush' not in line and '200' in line or '500' in line, line
PY
