# A design document with validate_doc_update is an access rule that nobody would enforce: refused by every way in, each
# other row of its request is stored, and sync.unenforced-validation = store stores it and says so in the log.
json='Content-Type: application/json'
rule='"validate_doc_update":"function (doc) { throw ({forbidden: 1}) }"'
write () { ask -w '%{http_code}' "$@"; }
bulk () { write -X POST -H "$json" "$url/db/_bulk_docs" -d "$1"; }

start_node rules
ask -X PUT "$url/db" >/dev/null
refused='"error":"forbidden","reason":"The member validate_doc_update'

answer=$(write -X PUT "$url/db/_design/put" -d "{$rule}")
contains "$answer" "$refused" "PUT"
contains "$answer" 403 "PUT's status"
contains "$(write -X PUT "$url/db/_design%2Fput" -d "{$rule}")" 403 "PUT of an encoded id"
contains "$(write -X PUT "$url/db/_design/put" -d '{"\u0076alidate_doc_update":null}')" 403 "the name in escapes"
contains "$(write -X PUT "$url/db/_design/put?new_edits=false" -d "{\"_rev\":\"1-a\",$rule}")" 403 "a replicated PUT"
contains "$(write -X POST -H "$json" "$url/db" -d "{\"_id\":\"_design/post\",$rule}")" 403 "POST"
printf -- '--x\r\nContent-Type: application/json\r\n\r\n{%s}\r\n--x--' "$rule" >related
contains "$(write -X PUT -H 'Content-Type: multipart/related; boundary=x' "$url/db/_design/parts" \
  --data-binary @related)" 403 "multipart/related"

answer=$(bulk "{\"docs\":[{\"_id\":\"a\"},{\"_id\":\"_design/bulk\",$rule},{\"_id\":\"b\"}]}")
contains "$answer" "{\"id\":\"_design/bulk\",$refused" "_bulk_docs"
contains "$answer" '"ok":true,"id":"b"' "the row behind it"
answer=$(bulk "{\"new_edits\":false,\"docs\":[{\"_id\":\"_design/bulk\",\"_rev\":\"1-a\",$rule},{\"_id\":\"c\",\"_rev\":\"1-a\"}]}")
contains "$answer" "[{\"id\":\"_design/bulk\",$refused" "replicated _bulk_docs"
contains "$answer" ',"name":"forbidden"}]' "and it is the only row"
contains "$(ask "$url/db/_all_docs")" '"total_rows":3' "a, b and c are stored, no rule is"

contains "$(write -X PUT "$url/db/ordinary" -d "{$rule}")" 201 "another document may have such a member"
contains "$(write -X COPY -H 'Destination: _design/copied' "$url/db/ordinary")" 403 "nor by a copy"
contains "$(write -X PUT "$url/db/_design/gone?new_edits=false" -d "{\"_rev\":\"2-a\",\"_deleted\":true,$rule}")" 20 \
  "a deleted design document rules nothing"
contains "$(write -X PUT "$url/db/_design/plain" -d '{"views":{}}')" 201 "a design document without the member"

start_node store --set sync.unenforced-validation=store
ask -X PUT "$url/db" >/dev/null
contains "$(write -X PUT "$url/db/_design/kept" -d "{$rule}")" 201 "stored when the administrator says so"
contains "$(ask "$url/db/_design/kept")" "$rule" "as it came"
contains "$(cat store.log)" "validate_doc_update is stored and not enforced" "told in the log"
contains "$(cat store.log)" "_design/kept" "with its name"
