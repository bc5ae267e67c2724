# Bearer tokens and API keys open databases as their section says; what is forged, expired or confused opens nothing.
mkdir config
export CLOUDSYNC_SOCKET
start_node first
CLOUDSYNC_SOCKET=$(find "$data" -name '*.sock' | head -1)
"$cloudsyncctl" --json key >key.json
key=$(python3 -c 'import json; print (json.load (open ("key.json"))["key"])')
hash=$(python3 -c 'import json; print (json.load (open ("key.json"))["hash"])')
contains "$("$cloudsyncctl" key)" '[api-key NAME]'
kill -TERM "$pid"
await_exit
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl pkey -in rsa.pem -pubout -out rsa.pub
cat >config/10-keys.conf <<CONF
[jwt-key app]
algorithm = HS256
secret = an-app-secret-of-thirty-two-bytes-or-more
issuer = https://id.example
audience = api

[jwt-key id]
algorithm = RS256
public-key = file:$dir/rsa.pub
roles-claim = roles

[api-key robot]
hash = $hash
scopes = sync:read, db:notes
CONF
start_node node --config config
same "$(status_of -u admin:password -X PUT "$url/notes")" 201
same "$(status_of -u admin:password -X PUT "$url/others")" 201
for db in notes others; do
  same "$(ask -X PUT "$url/$db/_security" -d '{"members":{"names":["maria","robot"],"roles":["reader"]}}')" '{"ok":true}'
done
same "$(status_of -u admin:password -X PUT "$url/notes/a" -d '{}')" 201

b64 () { openssl base64 -A | tr '+/' '-_' | tr -d =; }
hs () { local input; input=$(printf '%s' "$1" | b64).$(printf '%s' "$2" | b64); printf '%s.%s' "$input" "$(printf '%s' "$input" | openssl dgst -sha256 -hmac "${3:-an-app-secret-of-thirty-two-bytes-or-more}" -binary | b64)"; }
rs () { local input; input=$(printf '%s' "$1" | b64).$(printf '%s' "$2" | b64); printf '%s.%s' "$input" "$(printf '%s' "$input" | openssl dgst -sha256 -sign rsa.pem -binary | b64)"; }
now=$(date +%s)
good=$(hs '{"alg":"HS256","typ":"JWT","kid":"app"}' "{\"sub\":\"maria\",\"iss\":\"https://id.example\",\"aud\":\"api\",\"exp\":$((now + 600))}")
signed=$(rs '{"alg":"RS256","kid":"id"}' "{\"sub\":\"eva\",\"roles\":[\"reader\"],\"scope\":\"sync:read\",\"exp\":$((now + 600))}")
with () { local token=$1; shift; status_of -H "Authorization: Bearer $token" "$@"; }

same "$(with "$good" "$url/notes/a")" 200
same "$(with "$good" -X PUT "$url/notes/b" -d '{}')" 201
contains "$(curl -s -H "Authorization: Bearer $good" "$url/_session")" '"authenticated":"jwt"'
contains "$(ask "$url/notes/_all_docs?include_docs=true")" '"b"'
same "$(with "$signed" "$url/notes/a")" 200
same "$(with "$signed" -X PUT "$url/notes/c" -d '{}')" 403 "a token to read"
contains "$(curl -s -X PUT -H "Authorization: Bearer $signed" "$url/notes/c" -d '{}')" 'sync:write'
same "$(with "$signed" "$url/_all_dbs")" 401

refused () { same "$(with "$2" "$url/notes/a")" 401 "$1"; same "$(with "$2" "$url/")" 401 "$1, on the root"; }
claims="{\"sub\":\"maria\",\"iss\":\"https://id.example\",\"aud\":\"api\",\"exp\":$((now + 600))}"
refused forged "$(hs '{"alg":"HS256","kid":"app"}' "$claims" another-app-secret-of-thirty-two-bytes)"
refused expired "$(hs '{"alg":"HS256","kid":"app"}' "{\"sub\":\"maria\",\"iss\":\"https://id.example\",\"aud\":\"api\",\"exp\":$((now - 60))}")"
refused "alg none" "$(printf '{"alg":"none","kid":"app"}' | b64).$(printf '%s' "$claims" | b64)."
refused "key-confused" "$(hs '{"alg":"HS256","kid":"id"}' "$claims" "$(cat rsa.pub)")"
refused "another audience" "$(hs '{"alg":"HS256","kid":"app"}' "{\"sub\":\"maria\",\"iss\":\"https://id.example\",\"aud\":\"web\",\"exp\":$((now + 600))}")"
refused garbage x.y.z
contains "$(curl -s -D - -o /dev/null -H 'Authorization: Bearer x' "$url/notes")" 'WWW-Authenticate: Bearer realm="cloudsync", error="invalid_token"'

same "$(status_of -H "X-API-Key: $key" "$url/notes/a")" 200
same "$(with "$key" "$url/notes/_all_docs")" 200
same "$(with "$key" "$url/others")" 403 "a key for another database"
same "$(with "$key" -X PUT "$url/notes/d" -d '{}')" 403
same "$(status_of -H "X-API-Key: ${key%?}x" "$url/notes/a")" 401
# A reload without the section ends the key and the tokens on every worker.
printf '[jwt-key other]\nalgorithm = HS256\nsecret = another-app-secret-of-thirty-two-bytes\n' >config/10-keys.conf
kill -HUP "$pid"
for _ in $(seq 100); do grep -q reloaded node.log && break; sleep 0.05; done
for _ in 1 2 3 4; do
  same "$(status_of -H "X-API-Key: $key" "$url/notes/a")" 401 "after a reload"
  same "$(with "$good" "$url/notes/a")" 401 "after a reload"
done
