# Attachments are read wherever they were put: thresholds may change, and without blob=1 the small ones are still there,
# while the large ones say what is missing. The search for unnamed objects comes by itself.
python3 -c 'print ("x" * 100000, end="")' >content
start_node moved --set sync.blob-threshold=1M
ask -X PUT "$url/db" >/dev/null
ask -X PUT "$url/db/inline/att" --data-binary @content >/dev/null
stop () { kill -TERM "$pid"; await_exit; same "$code" 0 "exit"; }
objects () { find "$data/blobs" -type f -name '????????????????????????????????*' | wc -l; }
same "$(objects)" 0 "below the threshold"
stop
start_node moved --set sync.blob-threshold=1K --set sync.blob-collect=1s --set sync.blob-grace=1s
same "$(ask "$url/db/inline/att" | md5sum)" "$(md5sum <content)" "of before, when it was in the store"
rev=$(ask -X PUT "$url/db/large/att" --data-binary @content | sed 's/.*"rev":"\([^"]*\)".*/\1/')
same "$(objects)" 1 "above the threshold"
# A document that has one of each, by an update that keeps the one of before.
ask "$url/db/inline" | python3 -c 'import base64, json, sys
document = json.load (sys.stdin)
document["_attachments"]["second"] = {"data": base64.b64encode (open ("content", "rb").read ()).decode ()}
json.dump (document, open ("document", "w"))'
contains "$(ask -X PUT "$url/db/inline" --data-binary @document)" '"ok":true' "an update"
same "$(ask "$url/db/inline/att" | md5sum)" "$(md5sum <content)"
same "$(ask "$url/db/inline/second" | md5sum)" "$(md5sum <content)"
ask -X DELETE "$url/db/large?rev=$rev" >/dev/null
ask -X PUT "$url/db/gone/att" -d "$(head -c 3000 /dev/urandom | base64 -w0)" >/dev/null
same "$(objects)" 2 "before the database of one goes"
ask -X PUT "$url/other" >/dev/null
ask -X PUT "$url/other/third/att" -d "$(head -c 3000 /dev/urandom | base64 -w0)" >/dev/null
same "$(objects)" 3 "objects"
ask -X DELETE "$url/other" >/dev/null
for ((i = 0; i < 100; i++)); do [ "$(objects)" = 2 ] && break; sleep 0.1; done
same "$(objects)" 2 "after searches that came by themselves"
stop
start_node moved --plugins http,auth,memory,sqlite,sync,metrics
same "$(ask "$url/db/inline/att" | md5sum)" "$(md5sum <content)" "without blob=1"
same "$(ask -o answer -w '%{http_code}' "$url/db/inline/second")" 500
contains "$(cat answer)" '[bind] blob = files'
same "$(ask -o answer -w '%{http_code}' -X PUT "$url/db/new/att" --data-binary @content)" 201 "$(cat answer)"
same "$(ask "$url/db/new/att" | md5sum)" "$(md5sum <content)"
