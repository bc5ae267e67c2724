# A section of auth that is weak or makes no sense is refused by --check with its place and the remedy, and no secret is repeated.
mkdir config
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem 2>/dev/null
openssl pkey -in weak.pem -pubout -out weak.pub
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
openssl pkey -in ec.pem -pubout -out ec.pub

refused ()  # expected, text…
{
  local expected=$1 text=$2 message
  printf '%b' "$text" >config/10-test.conf
  if message=$("$cloudsyncd" --check --role all --config config --set node.data-dir="$dir/x" 2>&1); then fail "taken: $text"; fi
  contains "$message" "10-test.conf:" "$text"
  contains "$message" "$expected" "$text"
  if [[ $message == *hush* ]]; then fail "a secret was repeated: $message"; fi
}
taken ()  # text
{
  printf '%b' "$1" >config/10-test.conf
  "$cloudsyncd" --check --role all --config config --set node.data-dir="$dir/x" >checked 2>&1 || fail "refused: $1: $(cat checked)"
}

refused "at least 32 bytes (RFC 7518" '[jwt-key a]\nalgorithm = HS256\nsecret = hush\n'
refused "at least 64 bytes" '[jwt-key a]\nalgorithm = HS512\nsecret = hush-hush-hush-hush-hush-hush-hush\n'
refused "needs \`secret\`" '[jwt-key a]\nalgorithm = HS256\n'
refused "algorithm" '[jwt-key a]\nsecret = hush-hush-hush-hush-hush-hush-hush\n'
refused "'none' is not known" '[jwt-key a]\nalgorithm = none\n'
refused "takes a public key, not a secret" '[jwt-key a]\nalgorithm = RS256\nsecret = hush-hush-hush-hush-hush-hush-hush\n'
refused "takes a secret, not a public key" "[jwt-key a]\nalgorithm = HS256\npublic-key = file:$dir/ec.pub\nsecret = hush-hush-hush-hush-hush-hush-hush\n"
refused "at least 2048 bits" "[jwt-key a]\nalgorithm = RS256\npublic-key = file:$dir/weak.pub\n"
refused "another curve" "[jwt-key a]\nalgorithm = ES384\npublic-key = file:$dir/ec.pub\n"
refused "another kind of key" "[jwt-key a]\nalgorithm = EdDSA\npublic-key = file:$dir/ec.pub\n"
refused "BEGIN PUBLIC KEY" "[jwt-key a]\nalgorithm = ES256\npublic-key = file:$dir/ec.pem\n"
refused "no tenant's name" "[jwt-key a]\nalgorithm = ES256\npublic-key = file:$dir/ec.pub\ntenant = a/b\n"
refused "leave out one of the two" "[jwt-key a]\nalgorithm = ES256\npublic-key = file:$dir/ec.pub\ntenant = a\ntenant-claim = org\n"
taken "[jwt-key a]\nalgorithm = ES256\npublic-key = file:$dir/ec.pub\n"
refused "cloudsyncctl key" '[api-key a]\nhash = csk_hush-hush-hush-hush-hush-hush-hush-hush-hush\n'
refused "admin = true" "[api-key a]\nhash = sha256:$(printf '0%.0s' $(seq 64))\nroles = _admin\n"
taken "[api-key a]\nhash = sha256:$(printf '0%.0s' $(seq 64))\n"
refused "secret: is shorter than 32" '[auth]\nsecret = hush\n'
refused "no tenant's name" '[user a]\npassword = pbkdf2:sha256:10$salt$'"$(printf '0%.0s' $(seq 64))"'\ntenant = @a\n'
refused "malformed or too costly" '[user a]\npassword = pbkdf2:sha256:99999999$salt$'"$(printf '0%.0s' $(seq 64))"'\n'
taken '[user a]\npassword = pbkdf2:sha256:600000$salt$'"$(printf '0%.0s' $(seq 64))"'\n'
