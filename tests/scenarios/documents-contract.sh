# Every promise of the contract documents=1, asked by a plugin in C (sdk/examples/documents-check), on two workers.
port=$(free_port)
url=http://127.0.0.1:$port
CLOUDSYNC_AUTH__ADMIN=admin:password "$cloudsyncd" --plugins http,auth,memory,sqlite,sync,metrics,documents-check \
  --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$dir/data" --set node.workers=2 2>"$dir/node.log" &
pid=$!
pids="$pids $pid"
wait_ready
same "$(ask -X PUT "$url/checked")" '{"ok":true}' "creation"
ask -X PUT "$url/checked/_security" -d '{"members":{"names":["ann"]}}' >checked.json
ask -X PUT "$url/checked/_design/hidden" -d '{"language":"query"}' >design.json
ask -X POST "$url/checked/_index" -H 'Content-Type: application/json' -d '{"index":{"fields":["age"]}}' >index.json
ask "$url/documents-check" >report.txt
same "$(cat report.txt)" "0 failures" "report"
# Documents of the server's own are not in its lists, but in its feed for replicators.
contains "$(ask "$url/checked/_changes")" '_design/hidden' "changes"
kill -TERM "$pid"
await_exit
same "$code" 0 "exit code"
same "$(grep -c leak node.log || true)" 0 "leaks told"
