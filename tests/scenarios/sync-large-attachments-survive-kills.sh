# Uploads, deletions, purges and compaction of the same few contents beside searches for what nobody names, and kill -9 in
# the middle of it, again and again: every attachment that was acknowledged is there and right, and in the end there is no
# object too many.
cat >party.py <<'EOP'
import base64, hashlib, http.client, json, random, subprocess, sys, threading, time, urllib.parse
url, pid, known_path, ctl = urllib.parse.urlsplit (sys.argv[1]), int (sys.argv[2]), sys.argv[3], sys.argv[4:]
auth = {'Authorization': 'Basic ' + base64.b64encode (b'admin:password').decode ()}
contents = [random.Random (i).randbytes (n) for i, n in enumerate ((70_000, 262_144, 300_000, 65_536, 900_000, 66_000))]
known = json.load (open (known_path))   # document -> [revision, content] as acknowledged
over = threading.Event ()
counts = {'puts': 0, 'deleted': 0, 'purged': 0, 'collections': 0}


def call (connection, method, path, body=None, **headers):
  connection.request (method, path, body, {**auth, **headers})
  answer = connection.getresponse ()
  return answer.status, json.loads (answer.read ())


# What is not answered may have happened or not: its document is forgotten before it is asked for.
def write (me):
  rng = random.Random (f'{me}-{pid}')
  connection = http.client.HTTPConnection (url.hostname, url.port)
  try:
    while not over.is_set ():
      doc = f'd{me}-{rng.randrange (12)}'
      rev, content = known.pop (doc, (None, None))
      kind = rng.randrange (6)
      if rev is not None and kind == 0:
        status, answer = call (connection, 'DELETE', f'/db/{doc}?rev={rev}')
        assert status == 200, (status, answer)
        counts['deleted'] += 1
      elif rev is not None and kind == 1:
        status, answer = call (connection, 'POST', '/db/_purge', json.dumps ({doc: [rev]}),
                               **{'Content-Type': 'application/json'})
        assert status in (201, 503), (status, answer)
        if status == 503: known[doc] = (rev, content)
        else: counts['purged'] += 1
      else:
        content = rng.randrange (len (contents))
        status, answer = call (connection, 'PUT', f'/db/{doc}/att' + (f'?rev={rev}' if rev else ''), contents[content])
        # A document whose fate nobody knows is in the way of a first revision.
        if status == 201:
          known[doc] = (answer['rev'], content)
          counts['puts'] += 1
        else: assert status == 409, (status, answer)
  except (OSError, http.client.HTTPException): pass


def collect ():
  connection = http.client.HTTPConnection (url.hostname, url.port)
  try:
    while not over.is_set ():
      call (connection, 'POST', '/db/_compact', '{}', **{'Content-Type': 'application/json'})
      if subprocess.run (ctl + ['collect-blobs', 'now'], capture_output=True).returncode == 0: counts['collections'] += 1
  except (OSError, http.client.HTTPException): pass


threads = [threading.Thread (target=write, args=(i,)) for i in range (5)] + [threading.Thread (target=collect)]
for thread in threads: thread.start ()
time.sleep (random.uniform (1, 2.5))
subprocess.run (['kill', '-KILL', str (pid)])
over.set ()
for thread in threads: thread.join ()
json.dump (known, open (known_path, 'w'))
print (*counts.values ())
EOP
cat >judge.py <<'EOP'
import base64, http.client, json, random, sys, urllib.parse
url, known = urllib.parse.urlsplit (sys.argv[1]), json.load (open (sys.argv[2]))
auth = {'Authorization': 'Basic ' + base64.b64encode (b'admin:password').decode ()}
contents = [random.Random (i).randbytes (n) for i, n in enumerate ((70_000, 262_144, 300_000, 65_536, 900_000, 66_000))]
connection = http.client.HTTPConnection (url.hostname, url.port)


def get (path):
  connection.request ('GET', path, headers=auth)
  answer = connection.getresponse ()
  return answer.status, answer.read ()


for doc, (rev, content) in known.items ():
  status, body = get (f'/db/{doc}/att?rev={rev}')
  assert status == 200 and body == contents[content], (doc, rev, status, len (body))
# Also of those whose answer was never seen: a document that is there has its attachment.
rows = json.loads (get ('/db/_all_docs?include_docs=true')[1])['rows']
digests = set ()
for row in rows:
  for name, stub in row['doc'].get ('_attachments', {}).items ():
    status, body = get (f"/db/{row['id']}/{name}")
    assert status == 200 and body in contents, (row, status)
    digests.add (stub['digest'])
print (len (digests))
EOP
echo '{}' >known.json
start_node party
ask -X PUT "$url/db" >/dev/null
socket=$data/run/cloudsyncd.sock
for ((round = 0; round < 6; round++)); do
  python3 party.py "$url" "$pid" known.json "$cloudsyncctl" --socket "$socket" --json >>counts ||
    fail "round $round: $(tail -3 party.log)"
  wait "$pid" || true
  start_node party
  python3 judge.py "$url" known.json >/dev/null || fail "after kill $round"
done
awk '{ for (i = 1; i <= 4; i++) sum[i] += $i } END { exit !(sum[1] && sum[2] && sum[3] && sum[4]) }' counts ||
  fail "something was never done (puts, deletions, purges, collections): $(paste -sd';' counts)"
ask -X POST -H 'Content-Type: application/json' "$url/db/_compact" >/dev/null
for ((i = 0; i < 100; i++)); do [[ $(ask "$url/db") == *'"compact_running":false'* ]] && break; sleep 0.05; done
"$cloudsyncctl" --socket "$socket" collect-blobs now >/dev/null
same "$(find "$data/blobs" -type f -name '????????????????????????????????*' | wc -l)" "$(python3 judge.py "$url" known.json)" \
  "objects, and contents that documents name"
same "$(find "$data/blobs/tmp" -type f | wc -l)" 0 "what the kills left"
"$cloudsyncctl" --socket "$socket" check >/dev/null 2>&1 || fail "check"
