# A database goes out as JSON lines and comes back the same: conflicts, deletions, attachments, rules; what is cut, damaged or refused
# is told with its line, and a second run mends it.
start_node node --set sync.blob-threshold=64K
socket=$data/run/cloudsyncd.sock
ctl () { "$cloudsyncctl" --socket "$socket" "$@"; }
refused () { local text=$1; shift; code=0; ctl "$@" >out 2>&1 || code=$?; same "$code" 1 "exit code of $*"; contains "$(cat out)" "$text"; }

cat >common.py <<'PY'
import base64, json, os, random, sys, urllib.error, urllib.request
url = os.environ['URL']
auth = 'Basic ' + base64.b64encode (b'admin:password').decode ()

def ask (method, path, body=None, type='application/json', accept='application/json'):
  data = body if body is None or isinstance (body, bytes) else json.dumps (body, indent=1).encode ()
  request = urllib.request.Request (url + path, data, {'Content-Type': type, 'Authorization': auth, 'Accept': accept}, method=method)
  try:
    with urllib.request.urlopen (request) as answer:
      return answer.read ()
  except urllib.error.HTTPError as e:
    sys.exit (f'{method} {path}: {e.code} {e.read ()[:200]}')

def get (path):
  return json.loads (ask ('GET', path))

def everything (db):
  """Every leaf of every document with its history and its attachments' bytes; local documents; the rules."""
  found = {}
  for row in get (f'/{db}/_changes?style=all_docs')['results']:
    id = row['id'].replace ('/', '%2F') if not row['id'].startswith ('_design/') else row['id']
    leaves = [leaf['ok'] for leaf in get (f'/{db}/{id}?open_revs=all&revs=true&attachments=true')]
    found[row['id']] = sorted (leaves, key=lambda leaf: leaf['_rev'])
  local = get (f'/{db}/_local_docs?include_docs=true')['rows']
  return found, local, get (f'/{db}/_security'), get (f'/{db}/_revs_limit')
PY
export URL=$url PYTHONPATH=$dir
python3 - <<'PY'
from common import *
ask ('PUT', '/one')
ask ('PUT', '/one/_security', {'admins': {'names': ['a']}, 'members': {'roles': ['r']}})
ask ('PUT', '/one/_revs_limit', b'50')
docs = [{'_id': f'd{i:04}', 'n': i, 'text': 'line\nline \u00e9 \u2028'} for i in range (700)]
ask ('POST', '/one/_bulk_docs', {'docs': docs})
for i in range (5):
  rev = get ('/one/d0001')['_rev']
  ask ('PUT', '/one/d0001', {'_rev': rev, 'n': [i]})
ask ('DELETE', '/one/d0002?rev=' + get ('/one/d0002')['_rev'])
ask ('POST', '/one/_bulk_docs', {'new_edits': False, 'docs': [
  {'_id': 'd0003', '_rev': '2-bbb', '_revisions': {'start': 2, 'ids': ['bbb', 'aaa']}, 'other': True},
  {'_id': 'd0003', '_rev': '2-ccc', '_deleted': True, '_revisions': {'start': 2, 'ids': ['ccc', 'aaa']}}]})
ask ('PUT', '/one/_design/d', {'language': 'javascript', 'views': {'v': {'map': 'function (doc) { emit (doc.n); }'}}})
ask ('PUT', '/one/_local/point', {'last': 7})
ask ('PUT', '/one/with', {'_attachments': {'small.txt': {'content_type': 'text/plain', 'data': base64.b64encode (b'tiny').decode ()},
                                           'empty': {'content_type': 'a/b', 'data': ''}}})
large = random.Random (1).randbytes (3000000)
ask ('PUT', '/one/with/large?rev=' + get ('/one/with')['_rev'], large, 'application/octet-stream')
PY

same "$(wc -c <"$(ctl export one file 2>told; echo file)" | awk '{ print ($1 > 4000000) }')" 1 "size of the export"
contains "$(cat told)" "702 documents in 704 revisions, 1 local ones, up to sequence"
same "$(stat -c %a file)" 600
refused "it is there already" export one file
python3 - <<'PY'
import json
lines = [json.loads (line) for line in open ('file', newline='\n')]
assert lines[0]['cloudsync_export'] == 1 and lines[0]['db_name'] == 'one' and lines[0]['_security']['members'] == {'roles': ['r']}, lines[0]
assert lines[-1]['cloudsync_export_end']['revisions'] == 704 and len (lines) == 707, lines[-1]
assert all ('_revisions' in line for line in lines[1:-2]) and lines[-2]['_id'] == '_local/point'
PY
# to standard output, through a pipe whose reader is slow
"$cloudsyncctl" --socket "$socket" export one 2>/dev/null | (sleep 0.5; cat) >piped
cmp file piped || fail "a pipe got something else"

contains "$(ctl import two file 2>/dev/null)" "two (new): 704 revisions, 704 of them new, 1 local"
contains "$(ctl import two 2>/dev/null <file)" "two: 704 revisions, 0 of them new, 0 local"
python3 - <<'PY'
from common import *
one, two = everything ('one'), everything ('two')
assert one == two, [key for key in one[0] if one[0][key] != two[0].get (key)][:3] + list (one[1:]) + list (two[1:])
assert len (one[0]) == 702 and len (one[0]['d0003']) == 3
assert ask ('GET', '/two/with/large') == random.Random (1).randbytes (3000000)
# each line is what _bulk_docs takes
ask ('PUT', '/three')
docs = [json.loads (line) for line in open ('file', newline='\n')][1:-2]
assert json.loads (ask ('POST', '/three/_bulk_docs', {'new_edits': False, 'docs': docs})) == []
assert everything ('three')[0] == one[0]
PY

# only what changed
since=$(ask "$url/one" | python3 -c "import json, sys; print (json.load (sys.stdin)['update_seq'])")
ask -X PUT "$url/one/new" -d '{"x":1}' >/dev/null
same "$(ctl export one --since "$since" 2>/dev/null | python3 -c "import json, sys; print ([json.loads (l).get ('_id') for l in sys.stdin])")" "[None, 'new', None]"
refused "not a sequence" export one --since nonsense
refused "not found" export nowhere
code=0; ctl status --since 3 >out 2>&1 || code=$?
same "$code" 2 "exit code of --since elsewhere"
code=0; ctl export >out 2>&1 || code=$?
same "$code" 2 "exit code without a database"
[ ! -e nowhere-file ] || fail "a file was made"
refused "not found" export nowhere nowhere-file
[ ! -e nowhere-file ] || fail "the file of an export that failed is left"

# what is wrong with a file
head -n 400 file >shortened
refused "line 401: the export is cut short: its last line is missing (399 revisions before it are stored" import four shortened
contains "$(ctl import four file 2>/dev/null)" "four: 704 revisions, 305 of them new"
sed 5d file >lost
refused "lines are missing before the end" import five lost
(head -n 20 file; echo '{"_id":"x",'; tail -n +21 file) >broken
refused "line 21: not a JSON object" import six broken
(head -n 20 file; echo '{"_id":"x","_rev":"1-a","_other":1}') >special
refused "line 21: Bad special document member: _other" import six special
(head -n 20 file; echo '{"_id":"x","n":1}') >norev
refused "line 21: When \`new_edits: false\`, the document needs" import six norev
echo '{"_id":"_design/v","_rev":"1-a","validate_doc_update":"function () {}"}' >rule
refused "line 1: The member validate_doc_update is an access rule" import six rule
echo '{"_id":"s","_rev":"2-a","_attachments":{"a":{"stub":true,"content_type":"a/b"}}}' >stub
refused "line 1: an attachment is a stub" import six stub
echo '{"_id":"s","_rev":"2-a","_attachments":{"a":{"content_type":"a/b","data":"????"}}}' >notbase64
refused "line 1: " import six notbase64
python3 -c "print ('{\"_id\":\"s\",\"_rev\":\"2-a\",\"_attachments\":{\"a\":{\"content_type\":\"a/b\",\"data\":\"' + 'AAAA' * 30000 + '?AAA\"}}}')" >notbase64
refused "line 1: attachment 'a': not base64" import six notbase64
echo '{"cloudsync_export":2}' >later
refused "line 1: an export of a later version" import six later
refused "no database can have that name" import Six file
printf '{"_id":"bare","_rev":"1-a"}\r\n\n{"_id":"bare2","_rev":"1-a"}' >bare
contains "$(ctl import six bare 2>/dev/null)" "six: 2 revisions, 2 of them new, 0 local documents; the file has no end line"

# a user's password does not arrive as it is written
echo '{"_id":"org.couchdb.user:imported","_rev":"1-a","name":"imported","type":"user","roles":[],"password":"clear-for-grep"}' >users
contains "$(ctl import _users users 2>/dev/null)" "1 revisions, 1 of them new"
contains "$(ask "$url/_users/org.couchdb.user:imported")" '"derived_key"'
contains "$(curl -s -u imported:clear-for-grep "$url/_session")" '"name":"imported"'
if ask "$url/_users/org.couchdb.user:imported" | grep -F clear-for-grep; then fail "the password is given out"; fi
if grep -rlF clear-for-grep "$data"; then fail "the password is stored"; fi

# who goes away does not leave a thread waiting
mkfifo pipe
(exec 9<>pipe; sleep 20) &
pids="$pids $!"
"$cloudsyncctl" --socket "$socket" import six pipe >out 2>&1 &
client=$!
sleep 0.5
kill -TERM $client; wait $client || true
for ((i = 0; i < 40; i++)); do [ "$(find /proc/"$pid"/task/*/comm -exec grep -lx command {} + | wc -l)" != 0 ] || break; sleep 0.1; done
same "$(find /proc/"$pid"/task/*/comm -exec grep -lx command {} + | wc -l)" 0 "threads of commands that nobody waits for"
kill -TERM "$pid"; await_exit
same "$code" 0 "exit code"
