# A purged revision is gone without a tombstone, its bodies and attachments too; purge_seq counts over a restart.
start_node purge
member () { python3 -c 'import json, sys; print (eval ("x" + sys.argv[1], {"x": json.load (sys.stdin)}))' "$1"; }
ask -X PUT "$url/db" >/dev/null
empty=$(ask "$url/db" | member '["sizes"]["active"]')
first=$(ask -X PUT "$url/db/doc" -d '{"v":1,"_attachments":{"kept":{"data":"AAEC"}}}' | member '["rev"]')
second=$(ask -X PUT "$url/db/doc" -d "{\"_rev\":\"$first\",\"v\":2,\"_attachments\":{\"kept\":{\"stub\":true}}}" \
  | member '["rev"]')
same "$(ask -X POST -H "Content-Type: application/json" "$url/db/_purge" -d "{\"doc\":[\"$first\"]}" | member '["purged"]["doc"]')" '[]' "an inner revision"
same "$(ask -X POST -H "Content-Type: application/json" "$url/db/_purge" -d "{\"doc\":[\"$second\"]}" | member '["purged"]["doc"]')" "['$second']" "a leaf"
same "$(status_of -u admin:password "$url/db/doc?rev=$first")" 404 "an ancestor of no other leaf"
same "$(ask "$url/db/_changes" | member '["results"]')" '[]' "the feed"
same "$(ask "$url/db" | member '["doc_del_count"]')" 0 "no tombstone"
same "$(ask "$url/db" | member '["sizes"]["active"]')" "$empty" "bytes left"

ask -X PUT "$url/db/_purged_infos_limit" -d 77 >/dev/null
kill -TERM "$pid"
await_exit
same "$code" 0 "exit code"
start_node purge
same "$(ask "$url/db" | member '["purge_seq"].split ("-")[0]')" 1 "purge_seq after a restart"
same "$(ask "$url/db/_purged_infos_limit")" 77 "the limit after a restart"
ask -X PUT "$url/db/doc" -d '{"v":3}' | member '["rev"]' >/dev/null
contains "$(ask "$url/db/doc")" '"v":3' "a new document of that id"
