# After an unclean stop the background check finds a missing body: that database alone becomes read-only, and says so.
start_node node
for db in good bad; do
  ask -X PUT "$url/$db" >/dev/null
  ask -X PUT "$url/$db/a" -d '{"v":1}' >/dev/null
done
same "$("$cloudsyncctl" -s "$data/run/cloudsyncd.sock" check >check.out; echo $?)" 0 "check of a sound store"
contains "$(cat check.out)" '"integrity":"ok"'
kill -TERM "$pid"
await_exit
python3 - "$data/store-0.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect (sys.argv[1])
db.execute ("DELETE FROM body WHERE db = (SELECT db FROM database WHERE name = CAST ('bad' AS BLOB))")
db.commit ()
PY
echo "a log that was left behind" >"$data/store-0.db-wal"
"$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" \
  --set auth.admin=admin:password 2>again.log &
pid=$!
pids="$pids $pid"
wait_ready
for ((i = 0; i < 100; i++)); do grep -q "the file is checked" again.log && break; sleep 0.05; done
contains "$(cat again.log)" "failed its check and is now read-only"
contains "$(cat again.log)" "the body of record"
code=$(ask -o answer -w '%{http_code}' -X PUT "$url/bad/b" -d '{}')
[ "$code" -ge 403 ] || fail "a write to the read-only database was answered $code"
contains "$(cat answer)" "read-only"
same "$(ask -o /dev/null -w '%{http_code}' "$url/bad")" 200 "reading the read-only database"
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/good/b" -d '{}')" 201 "a write to the other database"
# Each engine is checked, whatever another has found.
none=$(printf '0%.0s' {1..64})
mkdir -p "$data/blobs/00"
head -c 500 /dev/zero >"$data/blobs/00/$none"
same "$("$cloudsyncctl" -s "$data/run/cloudsyncd.sock" check >check.out 2>&1; echo $?)" 1 "check of a damaged store"
contains "$(cat check.out)" "not what was written"
contains "$(cat check.out)" "objects are damaged: [\"$none\"]"
