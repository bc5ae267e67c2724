# A backup is taken while documents are written, refuses to write over anything, and comes back whole after a restart.
start_node node
ctl () { "$cloudsyncctl" --socket "$data/run/cloudsyncd.sock" "$@"; }
json () { python3 -c "import json, sys; v = json.load (sys.stdin); print ($1)"; }
refused () { local text=$1; shift; code=0; ctl "$@" >out 2>&1 || code=$?; same "$code" 1 "exit code of $*"; contains "$(cat out)" "$text"; }

ask -X PUT "$url/notes" >/dev/null
python3 - "$url" <<'PY'
import base64, json, sys, urllib.request
auth = 'Basic ' + base64.b64encode (b'admin:password').decode ()
docs = [{'_id': f'd{i:05}', 'n': i, 'text': 'x' * 500} for i in range (3000)]
docs[8]['_attachments'] = {'large': {'content_type': 'a/b', 'data': base64.b64encode (bytes (range (256)) * 2000).decode ()}}
docs[7]['_attachments'] = {'a.txt': {'content_type': 'text/plain', 'data': base64.b64encode (b'attached').decode ()}}
urllib.request.urlopen (urllib.request.Request (sys.argv[1] + '/notes/_bulk_docs', json.dumps ({'docs': docs}).encode (),
  {'Content-Type': 'application/json', 'Authorization': auth})).read ()
PY
# a writer, beside the backup
(i=0; while [ ! -e stop ]; do i=$((i + 1)); ask -X PUT "$url/notes/w$i" -d '{}' >>written; done) &
writer=$!
sleep 0.3
answered=$(grep -c '"ok":true' written)
same "$(ctl backup b1 --json 2>told | json "v['verified'], v['databases'], v['records'] >= 3000 + $answered")" "True 1 True" backup
contains "$(cat told)" '{"progress":{"what":"copying store-0.db"' "progress"
contains "$(cat told)" '"what":"records of store-0.db"' "progress of the verification"
touch stop; wait $writer
same "$(stat -c %a b1 b1/store-0.db b1/manifest.json | tr '\n' ' ')" "700 600 600 "
refused "is there and not an empty directory" backup b1
refused "No such file or directory" backup no/such/parent
refused "usage: backup" backup
refused "usage: backup" backup b1 b2 b3
contains "$(ctl backup b2 b1)" "verified"
code=0; ctl backup b3 --replace >out 2>&1 || code=$?
same "$code" 2 "exit code of an option that is not for the command"

# what comes after the backup is not in it, and a client that saw it is told where to go on
before=$(ask "$url/notes" | json "v['update_seq']")
ask -X PUT "$url/notes/after" -d '{"v":1}' >/dev/null
ask -X PUT "$url/later" >/dev/null
seen=$(ask "$url/notes" | json "v['update_seq']")
refused "this node has databases with documents: with --replace" restore b2
refused "it is not a backup, or one that did not end" restore .
refused "nowhere has no manifest.json" restore nowhere
contains "$(ctl restore b2 --replace)" "Restart the node"
refused "a restore is staged already" restore b2 --replace
same "$(status_of -u admin:password "$url/notes/after")" 200 "until the restart"

kill -TERM "$pid"; await_exit; same "$code" 0
start_node node
contains "$(cat node.log)" "restored; the former files are kept"
same "$(status_of -u admin:password "$url/notes/after")" 404
same "$(status_of -u admin:password "$url/later")" 404
same "$(ask "$url/notes/d00007/a.txt")" attached "an attachment"
now=$(ask "$url/notes" | json "v['update_seq']")
same "${now%%-*}" "${before%%-*}" "the last number"
[ "${now#*-}" != "${before#*-}" ] || fail "no new epoch began"
ask -X PUT "$url/notes/again" -d '{}' >/dev/null
contains "$(ask "$url/notes/_changes?since=$seen")" '"id":"again"' "what was written under a number that had been shown"
same "$(ctl check --json 2>/dev/null | json "v['sqlite'][0]['ok']")" True check

# damage
cp -r b1 b4
python3 - <<'PY'
with open ('b4/store-0.db', 'r+b') as f:
  f.seek (30000); byte = f.read (1); f.seek (30000); f.write (bytes ([byte[0] ^ 1]))
PY
refused "b4/store-0.db is damaged" restore b4 --replace
[ ! -e "$data/restore.new" ] || fail "a refused restore leaves something"

# who interrupts a backup leaves nothing
kill -TERM "$pid"; await_exit
start_node node --set sqlite.backup-rate=100K
"$cloudsyncctl" --socket "$data/run/cloudsyncd.sock" backup b5 2>/dev/null &
client=$!
for ((i = 0; i < 100; i++)); do [ ! -e b5/store-0.db ] || break; sleep 0.02; done
[ -e b5/store-0.db ] || fail "no backup began"
kill -TERM $client; wait $client || true
for ((i = 0; i < 100; i++)); do [ -e b5 ] || break; sleep 0.05; done
[ ! -e b5 ] || fail "an interrupted backup is left: $(ls b5)"
# nor does a node that stops wait for one
"$cloudsyncctl" --socket "$data/run/cloudsyncd.sock" backup b6 >out 2>&1 &
for ((i = 0; i < 100; i++)); do [ ! -e b6/store-0.db ] || break; sleep 0.02; done
kill -TERM "$pid"; await_exit
same "$code" 0 "exit code under a backup"
[ "$took_ms" -lt 3000 ] || fail "a stop waited $took_ms ms for a backup"
[ ! -e b6 ] || fail "a backup of a node that stopped is left"

# another machine: an empty node takes it, with the objects that it has not
sum=$(python3 -c "import sys; sys.stdout.buffer.write (bytes (range (256)) * 2000)" | md5sum)
[ "$(find b1/objects -type f | wc -l)" = 1 ] || fail "the large attachment is not in the backup"
start_node other
contains "$(ctl restore b1)" "1 objects"
kill -TERM "$pid"; await_exit
start_node other
same "$(ask "$url/notes/d00008/large" | md5sum)" "$sum" "a large attachment on another machine"
same "$(ctl check --json 2>/dev/null | python3 -c "import json, sys; v = json.load (sys.stdin); print (v['sqlite'][0]['ok'], v['files']['objects'] if 'objects' in v['files'] else v['files'])" | cut -d' ' -f1)" True check
kill -TERM "$pid"; await_exit
start_node third
object=$(find b1/objects -type f)
python3 - "$object" <<'PY'
import os, sys
os.chmod (sys.argv[1], 0o600)
with open (sys.argv[1], 'r+b') as f:
  f.seek (1000); byte = f.read (1); f.seek (1000); f.write (bytes ([byte[0] ^ 1]))
PY
refused "is damaged: its content is not that of its name" restore b1
