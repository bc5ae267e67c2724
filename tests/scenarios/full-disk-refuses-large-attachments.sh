# A large attachment that does not fit is answered 507, before it is sent where its length tells, and leaves nothing; the node
# goes on, also to write small documents, since the reserve is theirs.
[ "$(id -u)" = 0 ] || skip "needs to mount a tmpfs"
mkdir disk
mount -t tmpfs -o size=40m tmpfs disk || skip "a tmpfs cannot be mounted here"
trap 'kill -KILL $pids; wait; umount disk' EXIT
data=$dir/disk
port=$(free_port)
url=http://127.0.0.1:$port
start () { "$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" \
  --set auth.admin=admin:password --set files.reserve=8M 2>node.log & pid=$!; pids="$pids $pid"; wait_ready; }
start
ask -X PUT "$url/db" >/dev/null
put () { ask -o answer -w '%{http_code}' -X PUT -T "$2" "${@:3}" "$url/db/$1/att"; }
left () { find "$data/blobs" -type f ! -name lock | wc -l; }
head -c 12000000 /dev/urandom >fits
head -c 30000000 /dev/urandom >huge
same "$(put fits fits)" 201 "what fits"
# Told by its length, and found out on the way.
same "$(put huge huge)" 507 "$(cat answer)"
contains "$(cat answer)" '"error":"insufficient_storage"'
same "$(put unsized - -H 'Transfer-Encoding: chunked' <huge)" 507 "in chunks: $(cat answer)"
same "$(left)" 1 "files of objects"
same "$(ask -o /dev/null -w '%{http_code}' "$url/db/unsized")" 404 "the refused document"
# Several at once fill it together: none of those that failed leaves anything.
for i in 1 2 3 4; do (head -c 9000000 /dev/urandom >part$i; put part$i part$i >code$i) & uploads="${uploads:-} $!"; done
# shellcheck disable=SC2086
wait $uploads
good=$(cat code? | grep -o 201 | wc -l)
same "$(cat code1 code2 code3 code4 | sed 's/201//g; s/507//g')" "" "answers"
if [ "$good" = 0 ] || [ "$good" = 4 ]; then fail "$good of four were stored"; fi
same "$(left)" $((1 + good)) "files of objects"
same "$(ask -o /dev/null -w '%{http_code}' -X PUT "$url/db/small" -d '{"text":"small"}')" 201 "a small document"
same "$(ask "$url/db/fits/att" | md5sum)" "$(md5sum <fits)"
mount -o remount,size=100m disk
same "$(put huge huge)" 201 "when there is room again"
same "$(ask "$url/db/huge/att" | md5sum)" "$(md5sum <huge)"
