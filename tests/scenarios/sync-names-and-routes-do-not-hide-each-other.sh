# A database that another plugin's route would hide is refused with the reason; a route that would hide a
# database stops the start, naming both and the remedy; elsewhere (sync.mount) both live together.
start_node first
answer=$(ask -X PUT "$url/hello")
contains "$answer" "'hello'" "the plugin's name"
contains "$answer" "sync.mount" "remedy"
same "$(status_of -u admin:password -X PUT "$url/hello")" 412
kill -TERM "$pid"
await_exit

without=http,auth,memory,sqlite,sync,metrics
start_node first --plugins "$without"
same "$(status_of -u admin:password -X PUT "$url/hello")" 201 "without the route the name is free"
kill -TERM "$pid"
await_exit

code=0
"$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" \
  --set auth.admin=admin:password 2>shadow.log || code=$?
same "$code" 3 "exit code of a start that would hide a database"
contains "$(cat shadow.log)" "would hide the database 'hello'" "message"
contains "$(cat shadow.log)" "sync.mount" "remedy"

start_node first --set sync.mount=/couch
same "$(curl -s "$url/hello")" "hello, world"
contains "$(ask "$url/couch/hello")" '"db_name":"hello"' "the database below its mount"
contains "$(ask -i -X PUT "$url/couch/hello/x" -d '{}')" "Location: $url/couch/hello/x" "location"
