# A second daemon on the same port must say so and end with 3; the first goes on serving.
start_node first
first_port=$port
code=0
"$cloudsyncd" --role all --set "http.listen=127.0.0.1:$first_port" --set "node.data-dir=$dir/second" \
  --set auth.admin=admin:password 2>second.log || code=$?
same "$code" 3 "exit code"
contains "$(cat second.log)" "$first_port" "message"
same "$(status_of "$url/readyz")" 200
