# A session by /_session: form, JSON, next, logout; its cookie; it outlives the node, and its secret is nobody else's.
start_node node --set auth.session-timeout=3s
login () { curl -s -D head -o body "$@" "$url/_session"; cookie=$(sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p' head | tr -d '\r'); }

login -d 'name=admin&password=pass%77ord'
contains "$(cat body)" '"roles":["_admin"]'
contains "$(cat head)" 'Max-Age=3; Path=/; HttpOnly; SameSite=Lax'
if grep -qi 'Secure' head; then fail "a cookie for TLS only, without TLS"; fi
contains "$(curl -s -b "$cookie" "$url/_session")" '"authenticated":"cookie"'
same "$(status_of -b "$cookie" "$url/_all_dbs")" 200
login -H 'Content-Type: application/json' -d '{"name":"admin","password":"password"}'
contains "$(cat body)" '"name":"admin"'

login_next () { curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -d 'name=admin&password=password' "$url/_session?next=$1"; }
same "$(login_next %2Fnotes%2Fa)" "302 $url/notes/a"
for elsewhere in https%3A%2F%2Fevil.example %2F%2Fevil.example %2F%5Cevil.example notes %2Fa%0d%0aX-Y%3Az; do
  same "$(login_next "$elsewhere")" "200 " "next=$elsewhere"
done
login -d 'name=admin&password=wrong'
same "$cookie" AuthSession=
contains "$(cat body)" 'Name or password is incorrect.'
same "$({ printf 'name=admin&password='; head -c 20000 /dev/zero | tr '\0' x; } | status_of --data-binary @- "$url/_session")" 413 "more than a login"
curl -s -D head -o body -X DELETE "$url/_session"
contains "$(cat head)" 'AuthSession=;'

# Renewed by use after a tenth of its time, over without.
login -d 'name=admin&password=password'
sleep 1
curl -s -D head -o /dev/null -b "$cookie" "$url/_session"
contains "$(cat head)" 'AuthSession=' "a renewed cookie"
renewed=$(sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p' head | tr -d '\r')
sleep 2.2
contains "$(curl -s -b "$cookie" "$url/_session")" '"name":null' "the first is over"
contains "$(curl -s -b "$renewed" "$url/_session")" '"name":"admin"' "the renewed one is not"
same "$(status_of -b "$cookie" "$url/_all_dbs")" 401

same "$(stat -c %a "$data/auth-secret")" 600
login -d 'name=admin&password=password'
kill -TERM "$pid"
await_exit
CLOUDSYNC_AUTH__ADMIN=admin:password "$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" \
  --set auth.session-timeout=60s 2>>node.log &
pid=$!
pids="$pids $pid"
wait_ready
contains "$(curl -s -b "$cookie" "$url/_session")" '"name":"admin"' "after a restart"
kill -TERM "$pid"
await_exit
chmod 644 "$data/auth-secret"
if "$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" --set "node.data-dir=$data" 2>refused; then fail "a secret that others can read"; fi
contains "$(cat refused)" "chmod 600"
