# Passwords, Authorization values, cookies, tokens and keys appear in no log line, at the most talkative level, nor in `config`.
secret=s3cr3t-for-grep
mkdir config
export CLOUDSYNC_SOCKET
key=csk_$(printf 'k%.0s' $(seq 43))
cat >config/10-auth.conf <<CONF
[auth]
secret = $secret-that-signs-the-sessions
[jwt-key app]
algorithm = HS256
secret = $secret-that-signs-the-tokens
[api-key robot]
hash = sha256:$(printf '%s' "$key" | sha256sum | cut -d' ' -f1)
CONF
CLOUDSYNC_AUTH__ADMIN=admin:$secret start_node node --config config --set log.level=debug --set http.access-log=on
CLOUDSYNC_SOCKET=$(find "$data" -name '*.sock' | head -1)
basic=$(printf 'admin:%s' "$secret" | base64)
same "$(curl -s -o /dev/null -w '%{http_code}' -u "admin:$secret" -X PUT "$url/db")" 201
curl -s -u "admin:$secret-wrong" "$url/db" >/dev/null
curl -s -u "admin:$secret" "$url/db?token=$secret" >/dev/null
"$cloudsyncctl" --help >/dev/null

cookie=$(curl -s -D - -o /dev/null -d "name=admin&password=$secret" "$url/_session" | sed -n 's/^[Ss]et-[Cc]ookie: AuthSession=\([^;]*\).*/\1/p')
[ -n "$cookie" ] || fail "no session"
same "$(status_of -b "AuthSession=$cookie" "$url/db")" 200
curl -s -b "AuthSession=${cookie%?????}" "$url/db" >/dev/null
b64 () { openssl base64 -A | tr '+/' '-_' | tr -d =; }
input=$(printf '{"alg":"HS256"}' | b64).$(printf '{"sub":"eve","exp":9999999999,"x":"%s"}' "$secret" | b64)
signature=$(printf '%s' "$input" | openssl dgst -sha256 -hmac "$secret-that-signs-the-tokens" -binary | b64)
same "$(status_of -H "Authorization: Bearer $input.$signature" "$url/_session")" 200
same "$(status_of -H "Authorization: Bearer $input.A$signature" "$url/_session")" 401
same "$(status_of -H "X-API-Key: $key" "$url/_session")" 200
same "$(status_of -H "X-API-Key: ${key%?}x" "$url/_session")" 401
printf '%s-of-eve\n' "$secret" | "$cloudsyncctl" user add eve >/dev/null
printf '%s-of-eve-too\n' "$secret" | "$cloudsyncctl" user passwd eve >/dev/null
made=$("$cloudsyncctl" --json key | python3 -c 'import json, sys; print (json.load (sys.stdin)["key"])')
"$cloudsyncctl" --json config >config.json
kill -TERM "$pid"
await_exit
grep -q . node.log || fail "nothing was logged"
for word in "$secret" "$basic" "$cookie" "$input" "$signature" "$key" "${key%?}" "$made" "$(printf '%s' "$secret" | b64)"; do
  if grep -nF -e "$word" node.log config.json; then fail "a secret was shown"; fi
done
