# A damaged, foreign or unwritable store: one clear line, exit code 3, no crash, and the file stays as it was.
refused ()  # expected text
{
  code=0
  timeout 20 "$cloudsyncd" --role all --set "http.listen=127.0.0.1:$(free_port)" --set "node.data-dir=$data" \
    --set auth.admin=admin:password 2>refused.log || code=$?
  same "$code" 3 "exit code with: $1"
  contains "$(cat refused.log)" "$1"
  contains "$(cat refused.log)" "$data"
}
start_node node
ask -X PUT "$url/db" >/dev/null
ask -X PUT "$url/db/a" -d '{}' >/dev/null
kill -TERM "$pid"
await_exit
file=$data/store-0.db
cp "$file" good
printf 'this was a store file once' | dd of="$file" conv=notrunc status=none
cp "$file" bad
refused "is damaged"
cmp "$file" bad || fail "the damaged file was changed"
python3 - "$file" <<'PY'
import os, sqlite3, sys
os.unlink (sys.argv[1])
sqlite3.connect (sys.argv[1]).executescript ('CREATE TABLE theirs (x)')
PY
refused "database of another program"
cp good "$file"
python3 -c 'import sqlite3, sys; sqlite3.connect (sys.argv[1]).execute ("PRAGMA user_version = 99")' "$file"
refused "run the newer server"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o ro tmpfs "$data" 2>/dev/null; then
  refused "Read-only file system"
  umount "$data"
fi
