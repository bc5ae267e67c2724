# Feeds filtered by a selector pass over what does not match while they wait, with and without an expression.
start_node selector
json='Content-Type: application/json'
ask -X PUT "$url/db" >/dev/null
for ((i = 0; i < 300; i++)); do echo "{\"_id\":\"d$i\",\"n\":$i,\"name\":\"n$i\"}"; done \
  | python3 -c 'import json, sys; print (json.dumps ({"docs": [json.loads (line) for line in sys.stdin]}))' >bulk.json
ask -X POST -H "$json" "$url/db/_bulk_docs" -d @bulk.json >/dev/null

ids () { python3 -c 'import json, sys; print (" ".join (r["id"] for r in json.load (sys.stdin)["results"]))'; }

# More than a page of rows, of which few match; limit counts those.
all=$(ask -X POST -H "$json" "$url/db/_changes?filter=_selector" -d '{"selector":{"n":{"$mod":[100,50]}}}' | ids)
same "$all" "d50 d150 d250" "a selector over several pages"
same "$(ask -X POST -H "$json" "$url/db/_changes?filter=_selector&limit=2" -d '{"selector":{"name":{"$regex":"^n[12]50$"}}}' | ids)" \
  "d150 d250" "an expression"
same "$(ask -X POST -H "$json" "$url/db/_changes?filter=_selector&descending=true&limit=1" -d '{"selector":{"n":{"$lt":9}}}' | ids)" \
  "d8" "descending"

for selector in '{"kind":"wanted"}' '{"kind":{"$regex":"^want"}}'; do
  for feed in longpoll continuous eventsource; do
    curl -s -N -u admin:password -m 20 -X POST -H "$json" -d "{\"selector\":$selector}" \
      "$url/db/_changes?filter=_selector&since=now&limit=1&feed=$feed" >"$feed.out" &
    waiting=$!
    for ((i = 0; i < 200; i++)); do
      contains "$(curl -s "$url/metrics")" sync_feeds_waiting "metrics"
      [[ $(curl -s "$url/metrics") == *"sync_feeds_waiting 1"* ]] && break
      sleep 0.02
    done
    id=$feed-$RANDOM$RANDOM
    ask -X PUT "$url/db/no-$id" -d '{"kind":"other"}' >/dev/null
    sleep 0.1
    kill -0 "$waiting" 2>/dev/null || fail "$feed ended at a document that does not match: $(cat "$feed.out")"
    ask -X PUT "$url/db/yes-$id" -d '{"kind":"wanted"}' >/dev/null
    wait "$waiting" || fail "$feed did not end after its limit: $(cat "$feed.out")"
    contains "$(cat "$feed.out")" "yes-$id" "$feed"
    [[ $(cat "$feed.out") != *"no-$id"* ]] || fail "$feed gave a document that does not match"
  done
done
