# Whichever way a user's document comes in, its password is hashed before it is stored; what comes out verifies.
secret=pässw0rd-for-grep
start_node node --set log.level=debug
users=$url/_users
json=(-H 'Content-Type: application/json')
user () { printf '{"_id":"org.couchdb.user:%s","name":"%s","type":"user","roles":[],"password":"%s"}' "$1" "$1" "$secret"; }

same "$(status_of -u admin:password "$users")" 404 "before the first user"
same "$(status_of -u admin:password -X PUT "$users/org.couchdb.user:put" -d "$(user put)")" 201
same "$(status_of -u admin:password -X POST "${json[@]}" "$users" -d "$(user post)")" 201
ask -X POST "${json[@]}" "$users/_bulk_docs" -d "{\"docs\":[$(user bulk)]}" >bulk.json
contains "$(cat bulk.json)" '"ok":true'
graft=$(user graft)
ask -X POST "${json[@]}" "$users/_bulk_docs" -d "{\"new_edits\":false,\"docs\":[${graft%\}},\"_rev\":\"1-abc\"}]}" >graft.json
same "$(cat graft.json)" '[]'
same "$(status_of -u admin:password -X PUT "$users/org.couchdb.user:put2?new_edits=false" -d "${graft//graft/put2}" )" 400 "a graft without a revision"
doubled=$(user doubled)
same "$(status_of -u admin:password -X PUT "$users/org.couchdb.user:doubled" \
  -d "{\"passw\\u006frd\":\"first-$secret\",${doubled#\{}")" 201
{
  printf -- '--b\r\nContent-Type: application/json\r\n\r\n'
  related=$(user related)
  printf '%s' "${related%\}},\"_attachments\":{\"a\":{\"follows\":true,\"length\":1,\"content_type\":\"text/plain\"}}}"
  printf -- '\r\n--b\r\n\r\nx\r\n--b--'
} >body
same "$(status_of -u admin:password -X PUT -H 'Content-Type: multipart/related; boundary=b' --data-binary @body \
  "$users/org.couchdb.user:related")" 201
# A deletion that carries one, and an attachment, which writes the document anew.
rev=$(ask "$users/org.couchdb.user:post" | python3 -c 'import json, sys; print (json.load (sys.stdin)["_rev"])')
gone=$(user post)
same "$(status_of -u admin:password -X PUT "$users/org.couchdb.user:post" -d "${gone%\}},\"_deleted\":true,\"_rev\":\"$rev\"}")" 200
rev=$(ask "$users/org.couchdb.user:put" | python3 -c 'import json, sys; print (json.load (sys.stdin)["_rev"])')
same "$(status_of -u admin:password -X PUT "$users/org.couchdb.user:put/face?rev=$rev" -d x)" 201

for name in put bulk graft doubled related; do
  same "$(status_of -u "$name:$secret" "$url/_session")" 200 "$name logs in"
  document=$(ask "$users/org.couchdb.user:$name")
  contains "$document" '"password_scheme":"pbkdf2","pbkdf2_prf":"sha256"'
  if [[ $document == *'"password"'* || $document == *'"passw\u006frd"'* ]]; then fail "$name: a password is there: $document"; fi
done
same "$(status_of -u "post:$secret" "$url/_session")" 401 "one that was deleted"

# The hash is what CouchDB makes of it.
ask "$users/org.couchdb.user:bulk" >bulk.json
python3 - "$secret" <<'PY'
import hashlib, json, sys
user = json.load (open ("bulk.json"))
key = hashlib.pbkdf2_hmac ("sha256", sys.argv[1].encode (), user["salt"].encode (), user["iterations"])
assert key.hex () == user["derived_key"], user
PY

ask "$users/_changes?include_docs=true&style=all_docs&attachments=true" >everything
ask "$users/_all_docs?include_docs=true" >>everything
ask "$users/org.couchdb.user:put?open_revs=all&revs=true" >>everything
if grep -qF "$secret" everything; then fail "a password was answered"; fi
kill -TERM "$pid"
await_exit
if grep -rlaF "$secret" "$data"; then fail "a password is on disk"; fi
if grep -nF "$secret" node.log; then fail "a password was logged"; fi
