# Prints how deep each route uses its fiber's stack, and fails when one comes near the 128 KiB there are.
export CLOUDSYNC_MEASURE_STACKS=1
start_node node
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
