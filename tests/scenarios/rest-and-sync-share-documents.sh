# A collection is a database: attachments outlive plain writes, a deletion ends every conflicting version, odd revisions are
# usable versions, design documents are not listed, and what is written on one side is read on the other.
start_node node
json='Content-Type: application/json'
merge='Content-Type: application/merge-patch+json'
field () { python3 -c 'import json, sys; print (json.load (sys.stdin)[sys.argv[1]])' "$1"; }

# --- both ways
same "$(ask -X PUT "$url/v1/shared/plain" -H "$json" -d '{"from":"rest"}' -o made.json -w '%{http_code}')" 201
version=$(field version <made.json)
same "$(ask "$url/shared/plain")" "{\"_id\":\"plain\",\"_rev\":\"$version\",\"from\":\"rest\"}" "read by sync"
rev=$(ask -X PUT "$url/shared/synced" -d '{"from":"sync"}' | field rev)
same "$(ask -D head "$url/v1/shared/synced")" '{"from":"sync"}' "read by rest"
contains "$(cat head)" "ETag: \"$rev\"" "the version is the revision"
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/v1/shared/synced" -H "$json" -H "If-Match: \"$rev\"" -d '{"n":2}')" 200
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/shared/synced?rev=$rev" -d '{"n":3}')" 409 "a stale revision"

# --- attachments stay
rev=$(ask -X PUT "$url/shared/album/cover.txt" -H 'Content-Type: text/plain' -d 'a cover' | field rev)
ask -X PUT "$url/v1/shared/album" -H "$json" -d '{"title":"one"}' >/dev/null
ask -X PATCH "$url/v1/shared/album" -H "$merge" -d '{"year":1999}' >/dev/null
same "$(ask "$url/v1/shared/album")" '{"title":"one","year":1999}'
same "$(ask "$url/shared/album/cover.txt")" 'a cover' "the attachment after PUT and PATCH"
contains "$(ask "$url/shared/album")" '"revpos":1' "where it came in"
ask -X DELETE "$url/v1/shared/album"
same "$(ask -o /dev/null -w '%{http_code}' "$url/shared/album/cover.txt")" 404 "the attachment after DELETE"
ask -X PUT "$url/v1/shared/album" -H "$json" -d '{}' >/dev/null
same "$(ask "$url/shared/album" | grep -c _attachments || true)" 0 "attachments of a new document"

# --- conflicting versions
ask -X POST "$url/shared/_bulk_docs" -H "$json" -d '{"new_edits":false,"docs":[
  {"_id":"torn","_rev":"1-aa","side":"left"},{"_id":"torn","_rev":"1-bb","side":"right"},{"_id":"torn","_rev":"1-cc","_deleted":true}]}' >/dev/null
same "$(ask "$url/v1/shared/torn")" '{"side":"right"}' "the winner"
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/v1/shared/torn" -H "$json" -d '{"side":"both"}')" 200
contains "$(ask "$url/shared/torn?conflicts=true")" '"_conflicts":["1-aa"]' "the other version stays"
same "$(ask -o /dev/null -w '%{http_code}' -X DELETE "$url/v1/shared/torn")" 204
same "$(ask -o /dev/null -w '%{http_code}' "$url/v1/shared/torn")" 404 "after DELETE"
same "$(ask -o /dev/null -w '%{http_code}' "$url/shared/torn")" 404 "after DELETE, by sync"
same "$(ask "$url/shared/torn?open_revs=all" -H 'Accept: application/json' | grep -o '"_deleted":true' | wc -l)" 3 "ended leaves"
same "$(ask -o made.json -w '%{http_code}' -X PUT "$url/v1/shared/torn" -H "$json" -d '{"again":1}')" 201
same "$(ask "$url/v1/shared/torn")" '{"again":1}'

# --- revisions that end as the tags of compressed answers do
ask -X POST "$url/shared/_bulk_docs" -H "$json" -d '{"new_edits":false,"docs":[{"_id":"odd","_rev":"1-a%--gzip","n":1}]}' >/dev/null
tag=$(ask -i "$url/v1/shared/odd" | sed -n 's/^ETag: \(.*\)\r$/\1/p')
same "$tag" '"1-a%--gzip"' "the tag"
same "$(ask -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$url/v1/shared/odd")" 304
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/v1/shared/odd" -H "$json" -H "If-Match: $tag" -d '{"n":2}')" 200

# --- the server's own documents
ask -X PUT "$url/shared/_design/d" -d '{"language":"query"}' >/dev/null
ask -X PUT "$url/shared/_local/l" -d '{}' >/dev/null
same "$(ask "$url/v1/shared" | python3 -c 'import json, sys; print (sorted (i["id"] for i in json.load (sys.stdin)["items"]))')" \
  "['album', 'odd', 'plain', 'synced', 'torn']" "list"

# --- many writers of one document: none is refused, no patch is lost
ask -X PUT "$url/v1/shared/counters" -H "$json" -d '{}' >/dev/null
same "$(seq 200 | xargs -P 16 -I@ curl -s -u admin:password -o /dev/null -w '%{http_code}\n' -X PATCH "$url/v1/shared/counters" \
  -H "$merge" -d '{"c@":@}' | sort | uniq -c | sed 's/^ *//')" "200 200" "answers to 200 patches"
same "$(ask "$url/v1/shared/counters" | python3 -c 'import json, sys; print (sum (json.load (sys.stdin).values ()))')" 20100 "their sum"
