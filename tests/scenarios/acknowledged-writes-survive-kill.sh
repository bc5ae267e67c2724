# What was answered 201 is there after kill -9, and the sequence goes on rising.
start_node node
ask -X PUT "$url/db" >/dev/null
for i in 1 2 3 4 5; do same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/db/d$i" -d '{"n":1}')" 201; done
kill -KILL "$pid"
wait "$pid" || true
"$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" \
  --set auth.admin=admin:password 2>again.log &
pid=$!
pids="$pids $pid"
wait_ready
for i in 1 2 3 4 5; do same "$(ask -o /dev/null -w '%{http_code}' "$url/db/d$i")" 200; done
seq=$(ask "$url/db" | python3 -c 'import json, sys; print (str (json.load (sys.stdin)["update_seq"]).split ("-")[0])')
[ "$seq" -ge 5 ] || fail "update_seq is $seq after five writes"
