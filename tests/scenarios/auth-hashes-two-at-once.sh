# Logins with the same credentials are hashed once; hashing stalls no worker; a flood is answered 503, not queued for ever.
start_node node --set auth.max-waiting=2 --set auth.max-wait=300ms --set node.workers=1
for i in $(seq 24); do status_of -u "admin:password" "$url/_session" >"same.$i" & clients="${clients:-} $!"; done
# shellcheck disable=SC2086
wait $clients
same "$(cat same.* | sed 's/200/\n200/g' | sort -u | tr -d '\n')" 200 "together with the same password"
hashed=$(curl -s "$url/metrics" | sed -n 's/^cloudsync_auth_hash_seconds_count //p')
same "$hashed" 1 "passwords hashed"

clients=
for i in $(seq 16); do status_of -u "user$i:x" "$url/_session" >"other.$i" & clients="$clients $!"; done
hello=$(for _ in 1 2 3; do curl -s -o /dev/null -w '%{time_total}\n' "$url/hello"; done | sort | head -1)
# shellcheck disable=SC2086
wait $clients
awk -v t="$hello" 'BEGIN { exit !(t < 0.1) }' || fail "/hello took $hello s while passwords were hashed"
for i in $(seq 16); do
  code=$(cat "other.$i")
  [ "$code" = 401 ] || [ "$code" = 503 ] || fail "got $code"
done
grep -lq 503 other.* || fail "nobody was told to come back"
grep -lq 401 other.* || fail "nobody was checked"
