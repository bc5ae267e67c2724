# Documents that no parser should trust: too deep, doubled special members, bad UTF-8, too large. Nothing is
# stored, and the node goes on.
start_node bad --set sync.max-document=64K
ask -X PUT "$url/db" >/dev/null
python3 - <<'PY'
open ('deep.json', 'w').write ('{"a":' + '[' * 10000 + ']' * 10000 + '}')
open ('twice.json', 'w').write ('{"_deleted":false,"a":1,"_deleted":true}')
open ('utf8.json', 'wb').write (b'{"a":"\xc3("}')
open ('large.json', 'w').write ('{"a":"' + 'x' * 70000 + '"}')
open ('bulk.json', 'w').write ('{"docs":[{"_id":"good"},{"_id":"bad","a":' + '{"b":' * 10000 + '1' + '}' * 10000 + '}]}')
PY
for file in deep twice utf8; do
  same "$(status_of -u admin:password -X PUT "$url/db/$file" --data-binary "@$file.json")" 400 "$file"
done
same "$(status_of -u admin:password -X PUT "$url/db/large" --data-binary @large.json)" 413 "large"
same "$(status_of -u admin:password -X POST -H 'Content-Type: application/json' "$url/db/_bulk_docs" \
  --data-binary @bulk.json)" 400 "one bad row fails the whole request"
same "$(status_of -u admin:password -X PUT "$url/db/_local/large" --data-binary @large.json)" 413 "large and local"
contains "$(ask "$url/db")" '"doc_count":0' "nothing was stored"
same "$(status_of -u admin:password "$url/db/_all_docs")" 200
