# A feed that waits is sent nothing more once its user may not read any more: deleted, another password, other rules, a token
# that expired. Others on the same database go on.
mkdir config
printf '[jwt-key app]\nalgorithm = HS256\nsecret = an-app-secret-of-thirty-two-bytes-or-more\nleeway = 0s\n' >config/10-keys.conf
start_node node --config config
for name in ann bob eve; do
  same "$(status_of -u admin:password -X PUT "$url/_users/org.couchdb.user:$name" -d "{\"name\":\"$name\",\"type\":\"user\",\"roles\":[\"staff\"],\"password\":\"pw\"}")" 201
done
same "$(status_of -u admin:password -X PUT "$url/notes")" 201
allow () { same "$(ask -X PUT "$url/notes/_security" -d "{\"members\":{\"names\":[$1],\"roles\":[]}}")" '{"ok":true}'; }
allow '"ann","bob","eve","app"'
b64 () { openssl base64 -A | tr '+/' '-_' | tr -d =; }
input=$(printf '{"alg":"HS256"}' | b64).$(printf '{"sub":"app","exp":%s}' $(($(date +%s) + 8)) | b64)
token=$input.$(printf '%s' "$input" | openssl dgst -sha256 -hmac an-app-secret-of-thirty-two-bytes-or-more -binary | b64)

feed () { local name=$1; shift; curl -s -N --max-time 60 "$@" "$url/notes/_changes?feed=continuous&heartbeat=500" >"feed.$name" & eval "feed_$name=$!"; }
feed ann -u ann:pw
feed bob -u bob:pw
feed eve -u eve:pw
feed app -H "Authorization: Bearer $token"
feed admin -u admin:password
write () { same "$(status_of -u admin:password -X PUT "$url/notes/$1" -d '{}')" 201; }
sleep 1
await_line () { local i; for ((i = 0; i < 100; i++)); do grep -q "\"$2\"" "feed.$1" && return 0; sleep 0.05; done; fail "feed $1 was not told $2"; }
ended () { local i pid_name=feed_$1; for ((i = 0; i < 300; i++)); do kill -0 "${!pid_name}" 2>/dev/null || return 0; sleep 0.05; done; fail "feed $1 goes on"; }
write first
for name in ann bob eve app admin; do await_line $name first; done

rev=$(ask "$url/_users/org.couchdb.user:ann" | python3 -c 'import json, sys; print (json.load (sys.stdin)["_rev"])')
same "$(status_of -u admin:password -X DELETE "$url/_users/org.couchdb.user:ann?rev=$rev")" 200
write second
ended ann
for name in bob eve admin; do await_line $name second; done
if grep -q '"second"' feed.ann; then fail "a deleted user was told"; fi
contains "$(tail -1 feed.ann)" last_seq

allow '"bob","app"'
write third
ended eve
for name in bob admin; do await_line $name third; done
if grep -q '"third"' feed.eve; then fail "a user who may not read was told"; fi

ended app # by a heartbeat, at the latest
rev=$(ask "$url/_users/org.couchdb.user:bob" | python3 -c 'import json, sys; print (json.load (sys.stdin)["_rev"])')
same "$(status_of -u bob:pw -X PUT "$url/_users/org.couchdb.user:bob" -d "{\"_rev\":\"$rev\",\"name\":\"bob\",\"type\":\"user\",\"roles\":[\"staff\"],\"password\":\"new\"}")" 201
write fourth
ended bob
await_line admin fourth
if grep -q '"fourth"' feed.bob; then fail "an old password was told"; fi
kill "$feed_admin" 2>/dev/null || true
