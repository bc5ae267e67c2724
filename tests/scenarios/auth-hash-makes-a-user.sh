# A hash of `cloudsyncctl hash` makes a [user NAME]; a plain password in its place is refused, and not repeated.
start_node node
export CLOUDSYNC_SOCKET=$data/control.sock
[ -S "$CLOUDSYNC_SOCKET" ] || CLOUDSYNC_SOCKET=$(find "$data" -name '*.sock' | head -1)
hash=$(printf 'swordfish\n' | "$cloudsyncctl" --json hash - | python3 -c 'import json, sys; print (json.load (sys.stdin)["hash"])')
contains "$hash" scrypt:
kill -TERM "$pid"
await_exit

mkdir config
printf '[user ann]\npassword = %s\nroles = reader, writer\n' "$hash" >config/10-users.conf
start_node second --config config
same "$(status_of -u ann:swordfish "$url/_session")" 200
contains "$(curl -s -u ann:swordfish "$url/_session")" '"name":"ann"'
contains "$(curl -s -u ann:swordfish "$url/_session")" '"writer"'
same "$(status_of -u ann:sword "$url/_session")" 401
same "$(status_of -u ann:swordfish -X PUT "$url/notes")" 401 "a user who is no administrator"

printf '[user ann]\npassword = swordfish\n' >config/10-users.conf
if message=$("$cloudsyncd" --check --config config --set node.data-dir="$dir/x" 2>&1); then fail "a plain password was taken"; fi
contains "$message" "10-users.conf:1"
contains "$message" "cloudsyncctl hash"
if [[ $message == *swordfish* ]]; then fail "the password was repeated"; fi
