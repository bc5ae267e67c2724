# Passwords and Authorization values appear in no log line, at the most talkative level.
secret=s3cr3t-for-grep
CLOUDSYNC_AUTH__ADMIN=admin:$secret start_node node --set log.level=debug --set http.access-log=on
basic=$(printf 'admin:%s' "$secret" | base64)
same "$(curl -s -o /dev/null -w '%{http_code}' -u "admin:$secret" -X PUT "$url/db")" 201
curl -s -u "admin:$secret-wrong" "$url/db" >/dev/null
curl -s -u "admin:$secret" "$url/db?token=$secret" >/dev/null
"$cloudsyncctl" --help >/dev/null
kill -TERM "$pid"
await_exit
grep -q . node.log || fail "nothing was logged"
if grep -nF -e "$secret" -e "$basic" node.log; then fail "a secret was logged"; fi
