# Every route of /openapi.json, walked by strangers: another tenant's administrator, a key for another database, tokens that
# are forged, expired, of no algorithm or of a confused one. None of them gets or changes anything.
mkdir config
export CLOUDSYNC_SOCKET
key_of () { python3 -c 'import json, sys; print (json.load (sys.stdin)[sys.argv[1]])' "$1"; }
start_node first
CLOUDSYNC_SOCKET=$(find "$data" -name '*.sock' | head -1)
for name in stranger boss other reader; do "$cloudsyncctl" --json key >$name.json; done
kill -TERM "$pid"
await_exit
cat >config/10-keys.conf <<CONF
[api-key stranger]
hash = $(key_of hash <stranger.json)
tenant = other
user = maria

[api-key boss]
hash = $(key_of hash <boss.json)
tenant = third
admin = true

[api-key other]
hash = $(key_of hash <other.json)
admin = true
scopes = sync:read, sync:write, sync:admin, db:elsewhere

[api-key reader]
hash = $(key_of hash <reader.json)
admin = true
scopes = sync:read

[jwt-key app]
algorithm = HS256
secret = an-app-secret-of-thirty-two-bytes-or-more
admin = true
CONF
start_node node --config config
json=(-H 'Content-Type: application/json')
same "$(status_of -u admin:password -X PUT "$url/notes")" 201
same "$(ask -X PUT "$url/notes/_security" -d '{"members":{"names":["maria"],"roles":[]}}')" '{"ok":true}'
same "$(status_of -u admin:password -X PUT "$url/notes/secret" -d '{"text":"s3cret-of-notes","user_id":"u"}')" 201
same "$(status_of -u admin:password -X PUT "$url/notes/_local/secret" -d '{"text":"s3cret-of-notes"}')" 201
rev=$(ask "$url/notes/secret" | key_of _rev)
same "$(status_of -u admin:password -X PUT -H 'Content-Type: text/plain' "$url/notes/secret/file?rev=$rev" -d s3cret-of-notes)" 201
before=$(ask "$url/notes" | key_of update_seq)

b64 () { openssl base64 -A | tr '+/' '-_' | tr -d =; }
sign () { local input; input=$(printf '%s' "$1" | b64).$(printf '%s' "$2" | b64); printf '%s.%s' "$input" "$(printf '%s' "$input" | openssl dgst -sha256 -hmac "$3" -binary | b64)"; }
now=$(date +%s)
admin="{\"sub\":\"maria\",\"_couchdb.roles\":[\"_admin\"],\"exp\":$((now + 600))}"
right=an-app-secret-of-thirty-two-bytes-or-more
cat >strangers.json <<LIST
{"stranger": ["X-API-Key: $(key_of key <stranger.json)", "another tenant"],
 "boss": ["X-API-Key: $(key_of key <boss.json)", "a third tenant's administrator"],
 "other": ["X-API-Key: $(key_of key <other.json)", "another database"],
 "reader": ["X-API-Key: $(key_of key <reader.json)", "a reader"],
 "forged": ["Authorization: Bearer $(sign '{"alg":"HS256"}' "$admin" not-the-secret-that-the-server-has-got)", "no identity"],
 "expired": ["Authorization: Bearer $(sign '{"alg":"HS256"}' "{\"sub\":\"maria\",\"_couchdb.roles\":[\"_admin\"],\"exp\":$((now - 600))}" $right)", "no identity"],
 "none": ["Authorization: Bearer $(printf '{"alg":"none"}' | b64).$(printf '%s' "$admin" | b64).", "no identity"],
 "confused": ["Authorization: Bearer $(sign '{"alg":"RS256"}' "$admin" $right)", "no identity"],
 "forged cookie": ["Cookie: AuthSession=$(printf 'admin:FFFFFFFF:0000000000000000000000000000' | b64)", "no identity"],
 "wrong password": ["Authorization: Basic $(printf 'maria:wrong' | openssl base64)", "no identity"]}
LIST
cat >walk.py <<'PY'
import http.client, json, re, sys
host, strangers = sys.argv[1], json.load (open ("strangers.json"))
def ask (method, path, header, body=None):
    connection = http.client.HTTPConnection (host, timeout=10)
    name, value = header.split (": ", 1)
    headers = {name: value, "Content-Type": "application/json", "Accept": "application/json"}
    connection.request (method, path, body=body, headers=headers)
    answer = connection.getresponse ()
    text = answer.read ().decode ("utf-8", "replace")
    connection.close ()
    return answer.status, text
status, text = ask ("GET", "/openapi.json", "X-Nobody: x")
assert status == 200, status
BODY = json.dumps ({"docs": [{"id": "secret", "_id": "new"}], "keys": ["notes", "secret"], "selector": {}, "queries": [{}],
                    "secret": [], "index": {"fields": ["text"]}, "text": "x", "doc_ids": ["secret"], "name": "maria", "password": "x"})
FILL = {"db": "notes", "collection": "notes", "id": "secret", "name": "file", "node": "_local", "rest": "x", "docid": "secret"}
# What anybody may ask: it says nothing of a database.
OPEN = {"/", "/_up", "/_uuids", "/_session", "/openapi.json", "/healthz", "/readyz", "/metrics", "/hello", "/_cloudsync"}
walked = problems = 0
def problem (text):
    global problems
    problems += 1
    print (text)
for template, item in sorted (json.loads (text)["paths"].items ()):
    path = template
    for name, value in FILL.items ():
        path = path.replace ("{%s}" % name, value).replace ("{%s...}" % name, value)
    path = re.sub (r"\{[a-z]+(\.\.\.)?\}", "x", path)
    for method in sorted (item):
        if method not in ("get", "put", "post", "delete", "patch"): continue
        if path.endswith ("_changes"): path += "?feed=normal"
        for who, (header, kind) in strangers.items ():
            status, answer = ask (method.upper (), path, header, None if method == "get" else BODY)
            walked += 1
            if "s3cret-of-notes" in answer and who != "reader": problem ("%s %s as %s: read a secret" % (method, path, who))
            if template in OPEN or template.startswith ("/_cloudsync"): continue
            about_notes = "notes" in path
            if kind == "no identity" and status not in (400, 401, 403, 404, 405): problem ("%s %s as %s: %s" % (method, path, who, status))
            if kind == "no identity" and about_notes and status not in {"forged cookie": (400,), "wrong password": (401, 403)}.get (who, (401,)): problem ("%s %s as %s: %s" % (method, path, who, status))
            if kind == "another tenant" and about_notes and status not in ((401,) if path == "/notes" and method in ("put", "delete") else (404, 405, 501)): problem ("%s %s as %s: %s" % (method, path, who, status))
            if kind == "another database" and about_notes and status not in (403, 405, 501): problem ("%s %s as %s: %s %s" % (method, path, who, status, answer))
            if kind == "a reader" and about_notes and method in ("put", "delete", "patch") and status not in (403, 405): problem ("%s %s as %s: %s" % (method, path, who, status))
print (walked, "requests,", problems, "problems")
assert walked > 200
sys.exit (problems != 0)
PY
python3 walk.py "127.0.0.1:$port"
same "$(ask "$url/notes" | key_of update_seq)" "$before" "nothing was changed"
contains "$(ask "$url/notes/secret")" s3cret-of-notes
# What the other tenant's administrator made in the walk are notes of his own.
same "$(status_of -H "X-API-Key: $(key_of key <boss.json)" -X PUT "$url/own")" 201
contains "$(ask "$url/_all_dbs")" '"@third/own"'
same "$(curl -s -H "X-API-Key: $(key_of key <boss.json)" "$url/_all_dbs" | grep -c '@' || true)" 0
same "$(status_of -u admin:password "$url/@third%2Fown")" 200 "the node's administrator"
same "$(status_of -H "X-API-Key: $(key_of key <boss.json)" "$url/@third%2Fown")" 404
same "$(status_of -H "X-API-Key: $(key_of key <boss.json)" "$url/own")" 200

# Each is told the name that he has for it, whoever was first to open it; so is his feed.
boss=(-H "X-API-Key: $(key_of key <boss.json)")
for _ in 1 2 3 4 5 6 7 8; do same "$(ask "$url/@third%2Fown" | key_of db_name)" @third/own; done
for _ in 1 2 3 4 5 6 7 8; do same "$(curl -s "${boss[@]}" "$url/own" | key_of db_name)" own; done
contains "$(curl -s -i "${boss[@]}" "${json[@]}" -d '{"_id":"first"}' "$url/own")" "/own/first"
since=$(curl -s "${boss[@]}" "$url/own" | key_of update_seq)
curl -s -m 20 "${boss[@]}" "$url/own/_changes?feed=longpoll&since=$since" >feed &
feed=$!
sleep 0.5
same "$(status_of -u admin:password -X PUT "$url/another")" 201
same "$(status_of "${boss[@]}" -X PUT "$url/own/second" -d '{}')" 201
wait "$feed"
contains "$(cat feed)" '"id":"second"'
