# Prints how deep each route uses its fiber's stack, and fails when one comes near the 128 KiB there are.
export CLOUDSYNC_MEASURE_STACKS=1
mkdir config
printf '[jwt-key app]\nalgorithm = HS256\nsecret = an-app-secret-of-thirty-two-bytes-or-more\n' >config/10-keys.conf
start_node node --config config
most=$((96 * 1024))

mark ()  # what came before, at least what /metrics itself takes
{
  curl -s "$url/metrics" | sed -n 's/^cloudsync_fiber_stack_max_bytes \([0-9]*\).*/\1/p'
}

try ()  # curl's arguments
{
  local used
  ask -o "$dir/answer" -m 5 "$@" || true
  used=$(mark)
  printf '%7d  %s\n' "$used" "${*: -1}${2:+ ($1 $2)}" | sed "s|$url||"
  [ "$used" -gt 0 ] || fail "nothing was measured for $*"
  [ "$used" -le "$most" ] || fail "$used bytes of stack for $*"
}

mark >/dev/null
mark >/dev/null
python3 - >bulk.json <<'END'
import json
print (json.dumps ({'docs': [{'_id': 'd%d' % i, 'text': 'x' * 200} for i in range (500)]}))
END
python3 -c 'print ("{\"deep\":" + "[" * 400 + "]" * 400 + "}")' >deep.json
try -X PUT "$url/notes"
try -X PUT -d '{"a":1.25e-300}' "$url/notes/one"
try -X PUT -d @deep.json "$url/notes/deep"
try -X POST -H 'Content-Type: application/json' -d @bulk.json "$url/notes/_bulk_docs"
try -X POST -H 'Content-Type: application/json' -d '{"keys":["one","d1"]}' "$url/notes/_all_docs?include_docs=true"
try -X POST -H 'Content-Type: application/json' -d '{"one":["1-a"]}' "$url/notes/_revs_diff"
try -X POST -H 'Content-Type: application/json' -d '{"docs":[{"id":"one"}]}' "$url/notes/_bulk_get"
try -X PUT -H 'Content-Type: text/plain' -d hello "$url/notes/withfile/file.txt"
try -X PUT -d '{"n":1}' "$url/notes/_local/mine"
try -X GET "$url/notes/_changes?include_docs=true"
try -X GET --compressed "$url/notes/_all_docs?include_docs=true"

# A user with a password, a session, and a token as long and as full as may be.
try -X PUT -d '{"name":"ann","type":"user","roles":["staff"],"password":"pw-ann"}' "$url/_users/org.couchdb.user:ann"
try -X POST -H 'Content-Type: application/json' -d '{"name":"ann","password":"pw-ann"}' "$url/_session"
token=$(python3 - <<'END'
import base64, hashlib, hmac, json
part = lambda data: base64.urlsafe_b64encode (data).rstrip (b'=').decode ()
claims = {'sub': 's' * 200, 'exp': 9999999999, 'scope': 'sync:read ' * 90, '_couchdb.roles': ['role-%d' % i for i in range (100)]}
claims.update (('claim-%d' % i, [[[['x' * 10]]]]) for i in range (90))
signed = part (b'{"alg":"HS256","kid":"app"}') + '.' + part (json.dumps (claims).encode ())
print (signed + '.' + part (hmac.new (b'an-app-secret-of-thirty-two-bytes-or-more', signed.encode (), hashlib.sha256).digest ()))
END
)
contains "$(curl -s -H "Authorization: Bearer $token" "$url/_session")" '"authenticated":"jwt"'
try -X GET -H "Authorization: Bearer $token" "$url/_session"

# Selectors as deep as they may be, strings that ICU has to look at, keys of an index, an index made on the way.
python3 - <<'END'
import json
inner = {'text': {'$lt': '\u00e4' * 3000}}
for i in range (27):
    inner = {'$or': [inner, {'deep': {'$gte': [[[['\u00e9']]]]}}]}
json.dump ({'selector': inner, 'sort': ['text']}, open ('find.json', 'w'))
json.dump ({'selector': {'$not': inner}}, open ('select.json', 'w'))
json.dump ({'index': {'fields': ['text'], 'partial_filter_selector': inner}}, open ('index.json', 'w'))
json.dump ({'selector': {'text': {'$gte': '\u00e4' * 3000, '$lt': {'x': ['\u00e4' * 9000]}}}}, open ('range.json', 'w'))
END
try -X POST -H 'Content-Type: application/json' -d '{"index":{"fields":["text"]}}' "$url/notes/_index"
try -X POST -H 'Content-Type: application/json' -d @index.json "$url/notes/_index"
try -X POST -H 'Content-Type: application/json' -d @find.json "$url/notes/_find"
contains "$(cat answer)" '"docs":[' "a deep query"
try -X POST -H 'Content-Type: application/json' -d @range.json "$url/notes/_find"
try -X POST -H 'Content-Type: application/json' -d '{"selector":{"text":{"$regex":"^x"}},"limit":1000}' "$url/notes/_find"
try -X POST -H 'Content-Type: application/json' -d @find.json "$url/notes/_explain"
try -X POST -H 'Content-Type: application/json' -d @select.json "$url/notes/_changes?filter=_selector&style=all_docs"

curl -s "$url/openapi.json" | python3 -c '
import json, re, sys
for path, item in json.load (sys.stdin)["paths"].items ():
  if "get" in item:
    print (re.sub (r"\{[^}]*\}", "one", re.sub (r"\{(db|database)\}", "notes", path)))' >paths
[ "$(wc -l <paths)" -gt 5 ] || fail "few routes in openapi.json"
while read -r path; do
  try -X GET "$url$path?timeout=100"
done <paths
