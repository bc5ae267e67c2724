# SIGTERM ends waiting feeds at once: a longpoll and a continuous feed get their last line, and the node is gone
# within a second.
start_node feeds
ask -X PUT "$url/db" >/dev/null
ask -N "$url/db/_changes?feed=longpoll&since=0" >longpoll.json &
longpoll=$!
ask -N "$url/db/_changes?feed=continuous&since=0&heartbeat=10000" >continuous.jsonl &
continuous=$!
pids="$pids $longpoll $continuous"
ask -X PUT "$url/db/first" -d '{}' >/dev/null
wait "$longpoll" || fail "the longpoll was cut"
contains "$(cat longpoll.json)" '"id":"first"' "woken by the commit"

ask -N "$url/db/_changes?feed=longpoll&since=now" >longpoll.json &
longpoll=$!
pids="$pids $longpoll"
for ((i = 0; i < 100; i++)); do
  [ "$(ask "$url/metrics" | awk '/^cloudsync_sync_feeds_waiting /{print $2}')" = 2 ] && break
  sleep 0.05
done
kill -TERM "$pid"
wait "$longpoll" || fail "the waiting longpoll was cut"
wait "$continuous" || fail "the continuous feed was cut"
await_exit
same "$code" 0 "exit code"
[ "$took_ms" -lt 1000 ] || fail "the node took $took_ms ms to end"
python3 - <<'PY'
import json
assert json.load (open ('longpoll.json'))['results'] == []
lines = [json.loads (line) for line in open ('continuous.jsonl') if line.strip ()]
assert lines[0]['id'] == 'first' and lines[-1]['last_seq'] == lines[0]['seq'], lines
PY
