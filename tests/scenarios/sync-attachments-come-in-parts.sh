# A document and its attachments travel as multipart/related, in pieces of any size; what is cut short, longer or
# damaged leaves nothing behind.
start_node parts
ask -X PUT "$url/db" >/dev/null
cat >parts.py <<'EOF'
import base64, hashlib, http.client, json, sys, urllib.parse
url = urllib.parse.urlsplit (sys.argv[1])
auth = {'Authorization': 'Basic ' + base64.b64encode (b'admin:password').decode ()}
big = bytes (range (256)) * 20000 + b'\r\n--XX'


def call (method, path, body=None, **headers):
  connection = http.client.HTTPConnection (url.hostname, url.port)
  connection.request (method, path, body, {**auth, **headers}, encode_chunked=hasattr (body, '__next__'))
  answer = connection.getresponse ()
  return answer.status, answer.getheader ('Content-Type'), answer.read ()


def put (name, table, *contents, end=b'\r\n--YY--', **headers):
  document = json.dumps ({'n': name, '_attachments': table}).encode ()
  body = b'--YY\r\nContent-Type: application/json\r\n\r\n' + document
  body += b''.join (b'\r\n--YY\r\nX: y\r\n\r\n' + content for content in contents) + end
  pieces = [body[at:at + 700] for at in range (0, len (body), 700)]
  headers = {'Content-Type': 'multipart/related; boundary=YY', 'Transfer-Encoding': 'chunked'}
  return call ('PUT', '/db/' + name, iter (pieces), **headers)


def entry (content, **more):
  digest = base64.b64encode (hashlib.md5 (content).digest ()).decode ()
  return {'follows': True, 'length': len (content), 'digest': 'md5-' + digest, **more}


def same (got, wanted):
  assert got == wanted, f'{got!r} where {wanted!r} was expected'


same (put ('good', {'big': entry (big), 'empty': entry (b'')}, big, b'')[0], 201)
same (call ('GET', '/db/good/big')[2], big)
status, type_, body = call ('GET', '/db/good?attachments=true', Accept='multipart/related')
same (status, 200)
boundary = b'--' + type_.split ('boundary="')[1].rstrip ('"').encode ()
parts = [part.split (b'\r\n\r\n', 1)[1][:-2] for part in body.split (boundary)[1:-1]]
same (len (parts), 3)
same (parts[1:], [big, b''])

refused = {
  'shorter': ({'a': entry (b'four', length=5)}, b'four'),
  'longer': ({'a': entry (b'four', length=3)}, b'four'),
  'damaged': ({'a': {**entry (b'four'), 'digest': entry (b'five')['digest']}}, b'four'),
  'missing': ({'a': entry (b'four'), 'b': entry (b'four')}, b'four'),
  'unasked': ({'a': entry (b'four')}, b'four', b'four'),
  'not gzip': ({'a': entry (b'four', encoding='gzip', encoded_length=4)}, b'four'),
  'no length': ({'a': {'follows': True}}, b'four'),
}
for name, (table, *contents) in refused.items ():
  path = name.replace (' ', '-')
  same ((name, put (path, table, *contents)[0]), (name, 400))
  same (call ('GET', '/db/' + path)[0], 404)
same (put ('cut', {'a': entry (b'four')}, b'four', end=b'\r\n--YY-')[0], 400)
same (call ('GET', '/db/cut')[0], 404)
same (put ('huge', {'a': {'follows': True, 'length': 1 << 40}}, b'four')[0], 413)
same (call ('PUT', '/db/plain', json.dumps ({'_attachments': {'a': entry (b'x')}}),
            **{'Content-Type': 'application/json'})[0], 400)
EOF
python3 parts.py "$url" || fail "documents in parts"
