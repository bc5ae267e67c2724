# Large attachments are streamed to files of their own and back, in every form that clients use; they go when no document
# names them, and damage to them is seen before it is sent.
start_node large
ask -X PUT "$url/db" >/dev/null
cat >large.py <<'EOP'
import base64, hashlib, http.client, json, os, sys, urllib.parse
url, data = urllib.parse.urlsplit (sys.argv[1]), sys.argv[2]
auth = {'Authorization': 'Basic ' + base64.b64encode (b'admin:password').decode ()}


def call (method, path, body=None, **headers):
  connection = http.client.HTTPConnection (url.hostname, url.port)
  headers = {name.replace ('_', '-'): value for name, value in headers.items ()}
  connection.request (method, path, body, {**auth, **headers}, encode_chunked=hasattr (body, '__next__'))
  answer = connection.getresponse ()
  return answer.status, answer.headers, answer.read ()


def ask (method, path, body=None, **headers):
  status, headers, text = call (method, path, json.dumps (body) if body is not None else None,
                                Content_Type='application/json', **headers)
  assert status < 300, (method, path, status, text)
  return json.loads (text)


def same (got, wanted, what=''):
  assert got == wanted, f'{what}: {repr (got)[:200]} where {repr (wanted)[:200]} was expected'


def objects ():
  return sorted (name for folder, _, names in os.walk (data + '/blobs') for name in names if len (name) == 64)


def digest (content): return 'md5-' + base64.b64encode (hashlib.md5 (content).digest ()).decode ()


def pieces (content, n): return (content[at:at + n] for at in range (0, len (content), n))


def stub_of (doc, name): return ask ('GET', '/db/' + doc)['_attachments'][name]


big = os.urandom (3_000_000) + b'\r\n--XX' + bytes (500_000)
sizes = [0, 1, 65535, 65536, 262144, 262145, 5_000_000]

# ---- by themselves, with and without a length ----
for n in sizes:
  for chunked in False, True:
    content = os.urandom (n)
    doc = f'alone-{n}-{chunked}'
    body = pieces (content, 70_001) if chunked else content
    headers = {'Transfer-Encoding': 'chunked'} if chunked else {}
    status, answer, text = call ('PUT', f'/db/{doc}/att', body, Content_Type='image/x', **headers)
    same (status, 201, text)
    stub = stub_of (doc, 'att')
    same ((stub['length'], stub['digest'], stub['stub']), (n, digest (content), True))
    status, answer, text = call ('GET', f'/db/{doc}/att')
    same ((status, answer['Content-Type'], answer['Content-Length']), (200, 'image/x', str (n)))
    same (text, content, 'content')
    same (answer['ETag'], '"' + digest (content)[4:] + '"')
    same (call ('GET', f'/db/{doc}/att', If_None_Match=answer['ETag'])[0], 304)
    status, answer, text = call ('HEAD', f'/db/{doc}/att')
    same ((status, answer['Content-Length'], text), (200, str (n), b''))
same (len (objects ()), 2 * len ([n for n in sizes if n >= 65536]), 'objects')

# ---- ranges ----
same (call ('PUT', '/db/big/att', big)[0], 201)
for first, last in (0, 0), (0, 99), (262143, 262144), (1_000_000, 2_999_999), (len (big) - 1, len (big) - 1):
  status, answer, text = call ('GET', '/db/big/att', Range=f'bytes={first}-{last}')
  same ((status, answer['Content-Range']), (206, f'bytes {first}-{last}/{len (big)}'))
  same (text, big[first:last + 1], 'range')
same (call ('GET', '/db/big/att', Range='bytes=-1000')[2], big[-1000:])
status, answer, text = call ('GET', '/db/big/att', Range=f'bytes={len (big)}-')
same ((status, answer['Content-Range'], b'"error"' in text), (416, f'bytes */{len (big)}', True))

# ---- gzipped, and what is no gzip ----
import gzip
plain = b'text ' * 400_000
same (call ('PUT', '/db/packed/att', gzip.compress (plain), Content_Encoding='gzip')[0], 201)
same (call ('GET', '/db/packed/att')[2], plain)
same (call ('PUT', '/db/packed2/att', gzip.compress (plain)[:-9], Content_Encoding='gzip')[0], 400)
same (call ('PUT', '/db/packed2/att', os.urandom (100_000), Content_Encoding='gzip')[0], 400)
same (call ('GET', '/db/packed2')[0], 404)

# ---- inline ----
inline = {'_id': 'inline', '_attachments': {
  'big': {'content_type': 'a/b', 'data': base64.b64encode (big).decode ()},
  'small': {'data': base64.b64encode (b'small').decode ()}}}
before = len (objects ())
rev = ask ('PUT', '/db/inline', inline)['rev']
same (len (objects ()), before, 'one content is one object')
status, _, text = call ('PUT', '/db/inline2', json.dumps (
  {'_attachments': {'bad': {'data': base64.b64encode (big).decode ()[:200_000] + '=' + 'A' * 200_003}}}))
same ((status, b'bad' in text), (400, True))
whole = ask ('GET', '/db/inline?attachments=true')
same (base64.b64decode (whole['_attachments']['big']['data']), big, 'inline')
same (base64.b64decode (whole['_attachments']['small']['data']), b'small')
got = ask ('POST', '/db/_bulk_get?attachments=true', {'docs': [{'id': 'inline', 'rev': rev}, {'id': 'big'}]})
for row, name in zip (got['results'], ('big', 'att')):
  same (base64.b64decode (row['docs'][0]['ok']['_attachments'][name]['data']), big, '_bulk_get')
got = ask ('GET', '/db/_all_docs?include_docs=true&attachments=true&keys=["inline"]')
same (base64.b64decode (got['rows'][0]['doc']['_attachments']['big']['data']), big, '_all_docs')
got = ask ('GET', '/db/_changes?include_docs=true&attachments=true')
docs = {row['id']: row['doc'] for row in got['results']}
same (base64.b64decode (docs['inline']['_attachments']['big']['data']), big, '_changes')
copy = {**whole, '_id': 'copy'}
rows = ask ('POST', '/db/_bulk_docs', {'docs': [copy, {'_id': 'beside', '_rev': '1-abc'}], 'new_edits': False})
same (rows, [])
same (call ('GET', '/db/copy/big')[2], big)
ask ('POST', '/db/_bulk_docs', {'docs': [{**copy, '_rev': '1-abc'}], 'new_edits': False})
revs = urllib.parse.quote (json.dumps ([copy['_rev'], '9-abc', '1-abc']))
status, answer, text = call ('GET', f'/db/copy?open_revs={revs}&attachments=true', Accept='application/json')
same ((status, answer['Content-Length']), (200, None), 'open_revs are streamed')
leaves = json.loads (text)
same ([leaf.get ('missing') or leaf['ok']['_rev'] for leaf in leaves], [copy['_rev'], '9-abc', '1-abc'])
for leaf in (leaves[0], leaves[2]):
  same (base64.b64decode (leaf['ok']['_attachments']['big']['data']), big, 'open_revs')

# ---- an update with a stub, and another attachment beside ----
document = ask ('GET', '/db/inline')
rev = ask ('PUT', '/db/inline', {**document, 'changed': True})['rev']
same (call ('PUT', '/db/inline/third?rev=' + rev, os.urandom (100_000))[0], 201)
same (call ('GET', '/db/inline/big')[2], big)

# ---- in parts ----
follows = {'follows': True, 'length': len (big), 'digest': digest (big)}
squeezed = gzip.compress (plain)
packed = {'follows': True, 'length': len (plain), 'encoding': 'gzip', 'encoded_length': len (squeezed),
          'digest': digest (squeezed)}
body = b'--YY\r\nContent-Type: application/json\r\n\r\n'
body += json.dumps ({'_attachments': {'a': follows, 'b': packed}}).encode ()
body += b'\r\n--YY\r\n\r\n' + big + b'\r\n--YY\r\n\r\n' + squeezed + b'\r\n--YY--'
parts = {'Content-Type': 'multipart/related; boundary=YY', 'Transfer-Encoding': 'chunked'}
same (call ('PUT', '/db/parts', pieces (body, 50_000), **parts)[0], 201)
same (call ('GET', '/db/parts/a')[2], big)
same (call ('GET', '/db/parts/b')[2], plain)
wrong = body.replace (digest (big).encode (), digest (b'else').encode ())
same (call ('PUT', '/db/parts2', pieces (wrong, 50_000), **parts)[0], 400)
for path, accept in (('/db/parts?attachments=true', 'multipart/related'),
                     ('/db/parts?open_revs=all', 'multipart/mixed')):
  status, answer, text = call ('GET', path, Accept=accept)
  same (status, 200)
  assert big in text and plain in text, path

# ---- limits ----
same (call ('PUT', '/db/huge/att', pieces (bytes (6_000_001), 100_000), **{'Transfer-Encoding': 'chunked'})[0], 413)
same (call ('PUT', '/db/huge/att', bytes (6_000_001))[0], 413)
same (call ('GET', '/db/huge')[0], 404)
EOP
kill -TERM "$pid"; await_exit
start_node large --set sync.max-attachment=6000000
python3 large.py "$url" "$data" || fail "large attachments"
same "$(find "$data/blobs/tmp" -type f | wc -l)" 0 "unfinished objects"

# Whatever was there is there after kill -9.
before=$(find "$data/blobs" -type f -name '????????????????????????????????*' | wc -l)
kill -KILL "$pid"; wait "$pid" || true
start_node large --set sync.max-attachment=6000000
same "$(ask "$url/db/big/att" | md5sum)" "$(ask "$url/db/inline/big" | md5sum)" "after a kill"
ctl () { "$cloudsyncctl" --socket "$data/run/cloudsyncd.sock" --json "$@"; }
removed () { ctl collect-blobs now | python3 -c 'import json, sys; print (json.load (sys.stdin)["removed"])'; }
same "$(find "$data/blobs" -type f -name '????????????????????????????????*' | wc -l)" "$before" "objects after a kill"
contains "$(ctl check 2>&1)" '"damaged" : 0'

# What no document names goes, and only that.
same "$(removed)" 0 "nothing to collect"
same "$(ask "$url/db/big/att" | md5sum)" "$(ask "$url/db/inline/big" | md5sum)" "after a collection"
before=$(find "$data/blobs" -type f -name '????????????????????????????????*' | wc -l)
head -c 200000 /dev/urandom >content
rev=$(ask -X PUT "$url/db/gone/att" --data-binary @content | sed 's/.*"rev":"\([^"]*\)".*/\1/')
rev=$(ask -X DELETE "$url/db/gone/att?rev=$rev" | sed 's/.*"rev":"\([^"]*\)".*/\1/')
same "$(removed)" 0 "an old revision names it still"
ask -X POST -H 'Content-Type: application/json' "$url/db/_compact" >/dev/null
for ((i = 0; i < 100; i++)); do [[ $(ask "$url/db") == *'"compact_running":false'* ]] && break; sleep 0.05; done
same "$(removed)" 1 "after compaction"
same "$(find "$data/blobs" -type f -name '????????????????????????????????*' | wc -l)" "$before" "objects after a collection"
ask -X PUT "$url/db/again/att" --data-binary @content >/dev/null
same "$(ask "$url/db/again/att" | md5sum)" "$(md5sum <content)" "the same content again"

# Damage: no byte of it goes out, it is told, and the same content mends it.
file=$(find "$data/blobs" -type f -size -300k -size +190k -newer content | head -1)
[ -n "$file" ] || fail "the object is not found"
printf X | dd of="$file" bs=1 seek=100 conv=notrunc status=none
same "$(ask -o answer -w '%{http_code}' "$url/db/again/att")" 500 "a damaged object"
contains "$(cat answer)" '"error":"damaged"'
if ctl check >out 2>&1; then fail "check saw nothing"; fi
contains "$(cat out)" "$(basename "$file")"
contains "$(curl -s "$url/metrics")" 'cloudsync_files_damaged_total 1'
ask -X PUT "$url/db/mended/att" --data-binary @content >/dev/null
same "$(ask "$url/db/again/att" | md5sum)" "$(md5sum <content)" "mended"
contains "$(ctl check 2>&1)" '"damaged" : 0'

# A dropped database lets go of all of its objects.
ask -X DELETE "$url/db" >/dev/null
for ((i = 0; i < 100; i++)); do removed >/dev/null; [ -z "$(find "$data/blobs" -type f -name '????????????????????????????????*')" ] && break; sleep 0.1; done
same "$(find "$data/blobs" -type f -name '????????????????????????????????*')" "" "objects of a dropped database"
