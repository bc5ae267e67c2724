# Lists with the documents of a database much larger than a page come whole, and the node holds little of them at a time.
start_node node --set node.workers=1
pid=$pid URL=$url python3 - <<'PY'
import base64, json, os, urllib.request
url = os.environ['URL'] + '/large'
N, SIZE = 100, 1000000

def ask (method, path='', body=None):
  headers = {'Content-Type': 'application/json', 'Authorization': 'Basic ' + base64.b64encode (b'admin:password').decode ()}
  data = None if body is None else json.dumps (body).encode ()
  with urllib.request.urlopen (urllib.request.Request (url + path, data, headers, method=method)) as answer:
    return json.load (answer)

def peak ():
  return next (int (line.split ()[1]) for line in open (f'/proc/{os.environ["pid"]}/status') if line.startswith ('VmHWM:')) * 1024

def complete (docs, what):
  docs = list (docs)
  assert sorted (doc['_id'] for doc in docs) == [f'd{i:03}' for i in range (N)], (what, len (docs))
  assert all (len (doc['text']) == SIZE for doc in docs), what

ask ('PUT')
for i in range (N):
  ask ('PUT', f'/d{i:03}', {'n': i, 'text': 'x' * SIZE})
with open (f'/proc/{os.environ["pid"]}/clear_refs', 'w') as file:
  file.write ('5')
before = peak ()
complete ((row['doc'] for row in ask ('GET', '/_all_docs?include_docs=true')['rows']), 'ids')
complete ((row['doc'] for row in ask ('GET', '/_all_docs?include_docs=true&descending=true')['rows']), 'ids downwards')
complete ((row['doc'] for row in ask ('GET', '/_changes?include_docs=true')['results']), 'changes')
complete ((row['doc'] for row in ask ('GET', '/_changes?include_docs=true&descending=true')['results']), 'changes downwards')
grown = peak () - before
assert grown < 80 * 1000000, f'{grown} bytes more at the peak'
assert len (ask ('GET', '/_all_docs?include_docs=true&limit=7&skip=50')['rows']) == 7
assert len (ask ('GET', '/_changes?include_docs=true&limit=7')['results']) == 7
complete (ask ('POST', '/_find', {'selector': {'n': {'$gte': 0}}, 'limit': 1000})['docs'], 'all')
ask ('POST', '/_index', {'index': {'fields': ['n']}, 'ddoc': 'by-n', 'name': 'by-n'})
complete (ask ('POST', '/_find', {'selector': {'n': {'$gte': 0}}, 'sort': ['n'], 'limit': 1000})['docs'], 'index')
print (grown)
PY
kill -TERM "$pid"; await_exit
same "$code" 0 "exit code"
