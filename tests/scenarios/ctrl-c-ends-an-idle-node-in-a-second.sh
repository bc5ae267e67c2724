# SIGINT on an idle node with open keep-alive connections and a waiting feed ends it within a second, exit 0.
start_node node
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/db")" 201
ask -N "$url/db/_changes?feed=longpoll&timeout=60000&since=now" >feed.out &
exec 3<>"/dev/tcp/127.0.0.1/$port"
sleep 0.3
kill -INT "$pid"
await_exit
same "$code" 0 "exit code"
[ "$took_ms" -le 1000 ] || fail "ended after $took_ms ms"
