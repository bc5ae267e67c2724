# A user reads and changes his own document; no other route of _users shows him anything.
start_node node
users=$url/_users
json=(-H 'Content-Type: application/json')
rev_of () { ask "$users/org.couchdb.user:$1" | python3 -c 'import json, sys; print (json.load (sys.stdin)["_rev"])'; }
add () { same "$(status_of -u admin:password -X PUT "$users/org.couchdb.user:$1" -d "{\"name\":\"$1\",\"type\":\"user\",\"roles\":[\"staff\"],\"password\":\"pw-$1\"}")" 201; }
add ann
add bob
as_ann=(-u ann:pw-ann)

same "$(status_of "${as_ann[@]}" "$users/org.couchdb.user:ann")" 200
contains "$(curl -s "${as_ann[@]}" "$users/org.couchdb.user:ann")" '"name":"ann"'
for path in org.couchdb.user:bob org.couchdb.user:nobody "org.couchdb.user:bob?open_revs=all" _design%2Fx; do
  same "$(status_of "${as_ann[@]}" "$users/$path")" 404 "$path"
done
for path in "" /_all_docs /_changes "/_changes?feed=continuous&timeout=100" "/_changes?filter=_doc_ids&doc_ids=%5B%22org.couchdb.user:bob%22%5D" \
  /_design_docs /_local_docs /_local/x /_security /_revs_limit /_design/x /_index /_shards; do
  same "$(status_of "${as_ann[@]}" "$users$path")" 401 "GET $path"
  same "$(status_of "$users$path")" 401 "GET $path, anonymous"
done
for path in /_all_docs /_bulk_get /_bulk_docs /_revs_diff /_missing_revs /_find /_explain /_index /_purge /_compact /_changes /_local_docs \
  /_all_docs/queries /_ensure_full_commit /_view_cleanup ""; do
  same "$(status_of "${as_ann[@]}" -X POST "${json[@]}" "$users$path" \
    -d '{"docs":[{"id":"org.couchdb.user:bob"}],"keys":["org.couchdb.user:bob"],"selector":{}}')" 401 "POST $path"
done
same "$(status_of "$users/org.couchdb.user:ann")" 401 "anonymous"

for to in _local/x _design/x org.couchdb.user:eve; do
  same "$(status_of "${as_ann[@]}" -X COPY -H "Destination: $to" "$users/org.couchdb.user:ann")" 403 "a copy as $to"
done
same "$(status_of -u admin:password "$users/_local/x")" 404

put () { curl -s "$@" -X PUT; }
doc () { printf '{"_rev":"%s","name":"ann","type":"user","roles":%s,"password":"%s"%s}' "$(rev_of ann)" "$1" "$2" "${3:-}"; }
contains "$(put "${as_ann[@]}" "$users/org.couchdb.user:ann" -d "$(doc '["staff","boss"]' x)")" 'Only _admin may edit roles'
contains "$(put "${as_ann[@]}" "$users/org.couchdb.user:ann" -d "$(doc '["staff"]' x ',"tenant":"acme"')")" 'Only _admin may edit the tenant'
contains "$(put "${as_ann[@]}" "$users/org.couchdb.user:bob" -d "$(doc '["staff"]' x)")" '"forbidden"'
contains "$(put "${as_ann[@]}" "$users/org.couchdb.user:eve" -d '{"name":"eve","type":"user","roles":[],"password":"x"}')" '"forbidden"'
contains "$(put "${as_ann[@]}" "$users/org.couchdb.user:ann?new_edits=false" -d '{"_rev":"9-a","name":"ann","type":"user","roles":["boss"]}')" '"forbidden"'
contains "$(put "${as_ann[@]}" "$users/_security" -d '{}')" 'unauthorized'

# Her own new password holds at once, and the old one does not; so do sessions.
cookie=$(curl -s -D - -o /dev/null -d 'name=ann&password=pw-ann' "$url/_session" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
contains "$(curl -s -b "$cookie" "$url/_session")" '"name":"ann"'
contains "$(put "${as_ann[@]}" "$users/org.couchdb.user:ann" -d "$(doc '["staff"]' another)")" '"ok":true'
for _ in 1 2 3 4; do same "$(status_of "${as_ann[@]}" "$url/_session")" 401 "the old password"; done
contains "$(curl -s -b "$cookie" "$url/_session")" '"name":null' "the session of the old password"
contains "$(curl -s -u ann:another "$url/_session")" '"staff"'

# What nobody may write.
while IFS='|' read -r why document; do
  contains "$(ask -X PUT "$users/org.couchdb.user:eve" -d "$document")" "$why"
done <<'LIST'
doc.type must be user|{"name":"eve","roles":[]}
doc.name is required|{"type":"user","roles":[]}
doc.roles must exist|{"type":"user","name":"eve"}
doc.roles must be an array|{"type":"user","name":"eve","roles":{}}
doc.roles can only contain strings|{"type":"user","name":"eve","roles":[1]}
No system roles (starting with underscore) in users db.|{"type":"user","name":"eve","roles":["_admin"]}
Doc ID must be of the form org.couchdb.user:name|{"type":"user","name":"adam","roles":[]}
iterations must be a number.|{"type":"user","name":"eve","roles":[],"password_scheme":"pbkdf2","derived_key":"x"}
The password must be a string.|{"type":"user","name":"eve","roles":[],"password":7}
The password has a NUL character.|{"type":"user","name":"eve","roles":[],"password":"a\u0000b"}
doc.tenant must be|{"type":"user","name":"eve","roles":[],"tenant":"a/b"}
LIST
contains "$(ask -X PUT "$users/eve" -d '{"type":"user","name":"eve","roles":[]}')" 'Doc ID must be of the form'
contains "$(ask -X POST "${json[@]}" "$users/_bulk_docs" -d '{"docs":[{"_id":"org.couchdb.user:eve","name":"eve","roles":[]}]}')" '"error":"forbidden"'

contains "$(ask -X PUT "$users/_security" -d '{"members":{"names":["ann"]}}')" "You can't edit the security object"

# A purge and the end of the database are changes too.
same "$(status_of -u bob:pw-bob "$url/_session")" 200
rev=$(rev_of bob)
contains "$(ask -X POST "${json[@]}" "$users/_purge" -d "{\"org.couchdb.user:bob\":[\"$rev\"]}")" "$rev"
same "$(status_of -u bob:pw-bob "$url/_session")" 401 "a purged user"
same "$(status_of -u ann:another "$url/_session")" 200
same "$(status_of -u admin:password -X DELETE "$users")" 200
same "$(status_of -u ann:another "$url/_session")" 401 "without _users"
