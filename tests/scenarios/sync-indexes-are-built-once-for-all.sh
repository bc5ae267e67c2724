# A build is one for all who wait, is shown while it lasts, and goes on when the one who asked is gone.
start_node build --set node.workers=2
json='Content-Type: application/json'
ask -X PUT "$url/db" >/dev/null
python3 - <<'END' >bulk.json
import json
print (json.dumps ({'docs': [{'n': i, 's': 'station %d' % i, 'pad': 'x' * 100} for i in range (5000)]}))
END
for _ in 1 2 3 4 5 6; do ask -X POST -H "$json" "$url/db/_bulk_docs" -d @bulk.json >/dev/null; done
ask -X POST -H "$json" "$url/db/_index" -d '{"index":{"fields":["s","n"]},"ddoc":"by-s","name":"by-s"}' >/dev/null

metric () { curl -s "$url/metrics" | sed -n "s/^cloudsync_$1 //p"; }

query='{"selector":{"s":"station 7","n":7},"limit":1000}'
! curl -s -o /dev/null -m 0.1 -u admin:password -X POST -H "$json" "$url/db/_find" -d "$query" ||
  fail "it was built in 0.1 s: nothing to see"
seen=""
for ((i = 0; i < 400; i++)); do
  tasks=$(ask "$url/_active_tasks")
  [[ $tasks != *'"type":"indexer"'* ]] || { seen=$tasks; break; }
done
contains "$seen" '"database":"db","design_document":"_design/by-s"' "the task"
contains "$seen" '"total_changes":30001' "the task"
waiting=""
for i in 1 2 3 4 5 6 7 8; do
  ask -X POST -H "$json" "$url/db/_find" -d "$query" >"answer.$i" &
  waiting="$waiting $!"
done
for p in $waiting; do wait "$p"; done
for answer in answer.*; do same "$(grep -c '"station 7"' "$answer")" 6 "$answer"; done
same "$(ask "$url/_active_tasks")" '[]' "tasks afterwards"
# Each document was read once, whoever waited.
same "$(metric sync_indexed_documents_total)" 30001 "documents that went into the index"
