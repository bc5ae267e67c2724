# A full disk: writes are answered 507 and store nothing, reading goes on, and writing too once there is room.
[ "$(id -u)" = 0 ] || skip "needs to mount a tmpfs"
mkdir disk
mount -t tmpfs -o size=4m tmpfs disk || skip "a tmpfs cannot be mounted here"
trap 'kill -KILL $pids; wait; umount disk' EXIT
data=$dir/disk
port=$(free_port)
url=http://127.0.0.1:$port
start () { "$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" \
  --set auth.admin=admin:password 2>node.log & pid=$!; pids="$pids $pid"; wait_ready; }
start
ask -X PUT "$url/db" >/dev/null
text=$(printf '%8000s' x)
stored=0
for ((i = 0; i < 1000; i++)); do
  code=$(ask -o answer -w '%{http_code}' -X PUT "$url/db/d$i" -d "{\"text\":\"$text\"}")
  [ "$code" = 201 ] || break
  stored=$((stored + 1))
done
same "$code" 507 "a write on a full disk: $(cat answer)"
contains "$(cat answer)" '"error"'
[ "$stored" -gt 10 ] || fail "only $stored documents were stored"
# Nothing half-written, all that was answered is there, and the node lives.
same "$(status_of "$url/hello")" 200
same "$(ask -o /dev/null -w '%{http_code}' "$url/db/d$stored")" 404 "the refused document"
expect_all ()
{
  contains "$(ask "$url/db")" "\"doc_count\":$stored"
  for ((i = 0; i < stored; i += 7)); do same "$(ask -o /dev/null -w '%{http_code}' "$url/db/d$i")" 200 "document d$i"; done
}
expect_all
kill -KILL "$pid"; wait "$pid" || true
start
expect_all
mount -o remount,size=40m disk
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/db/room" -d '{}')" 201 "a write when there is room again"
