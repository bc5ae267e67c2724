# Compaction drops what only old revisions name: their bodies and attachments; leaves and shared attachments stay.
start_node compact
ask -X PUT "$url/db" >/dev/null
first=$(ask -X PUT "$url/db/doc" -d '{"v":1,"_attachments":{"kept":{"data":"AAEC"},"gone":{"data":"AwQF"}}}' \
  | python3 -c 'import json, sys; print (json.load (sys.stdin)["rev"])')
second=$(ask -X PUT "$url/db/doc" -d "{\"_rev\":\"$first\",\"v\":2,\"_attachments\":{\"kept\":{\"stub\":true}}}" \
  | python3 -c 'import json, sys; print (json.load (sys.stdin)["rev"])')
same "$(status_of -u admin:password "$url/db/doc?rev=$first")" 200 "an old revision before compaction"
before=$(ask "$url/db" | python3 -c 'import json, sys; print (json.load (sys.stdin)["sizes"]["active"])')

same "$(status_of -u admin:password -X POST -H 'Content-Type: application/json' "$url/db/_compact")" 202
for ((i = 0; i < 100; i++)); do
  contains "$(ask "$url/db")" '"compact_running":' "information"
  [[ $(ask "$url/db") == *'"compact_running":false'* ]] && break
  sleep 0.05
done
same "$(status_of -u admin:password "$url/db/doc?rev=$first")" 404 "the old revision's body"
contains "$(ask "$url/db/doc")" "\"_rev\":\"$second\"" "the leaf"
same "$(ask "$url/db/doc/kept" | od -An -tx1 | tr -d ' ')" 000102 "the attachment that the leaf names"
contains "$(ask "$url/db/doc?revs=true")" "\"start\":2" "the tree"
after=$(ask "$url/db" | python3 -c 'import json, sys; print (json.load (sys.stdin)["sizes"]["active"])')
[ "$after" -lt "$before" ] || fail "no space came back: $before bytes before, $after after"
