# Two nodes on one data directory would write over each other: the second one refuses.
start_node first
code=0
"$cloudsyncd" --role all --set "http.listen=127.0.0.1:$(free_port)" --set "node.data-dir=$data" \
  --set auth.admin=admin:password 2>second.log || code=$?
same "$code" 3 "exit code"
contains "$(cat second.log)" "$data" "message"
