# A user has a database of his own, made with his document, or when he first asks for it.
hex () { printf '%s' "$1" | od -An -tx1 | tr -d ' \n'; }
mkdir config
printf '[jwt-key app]\nalgorithm = HS256\nsecret = an-app-secret-of-thirty-two-bytes-or-more\ntenant = acme\n' >config/10-keys.conf
start_node node --config config --set sync.per-user-databases=true --set sync.per-user-delete=true
add () { same "$(status_of -u admin:password -X PUT "$url/_users/org.couchdb.user:$1" -d "{\"name\":\"$1\",\"type\":\"user\",\"roles\":[],\"password\":\"pw\"}")" 201; }
add ann
add bob
ann=$url/userdb-$(hex ann)
contains "$(ask "$url/_all_dbs")" "userdb-$(hex ann)"
same "$(ask "$ann/_security")" '{"admins":{"names":["ann"],"roles":[]},"members":{"names":["ann"],"roles":[]}}'
same "$(status_of -u ann:pw -X PUT "$ann/a" -d '{}')" 201
same "$(status_of -u ann:pw -X PUT "$ann/_design/q" -d '{"language":"query"}')" 201 "its administrator"
same "$(status_of -u bob:pw "$ann/a")" 403
same "$(status_of "$ann/a")" 401
same "$(status_of -u bob:pw -X PUT "$url/userdb-$(hex bo)")" 401 "no other of that kind"
same "$(status_of -u bob:pw "$url/userdb-$(hex eve)")" 404

# By token, in the token's tenant.
b64 () { openssl base64 -A | tr '+/' '-_' | tr -d =; }
input=$(printf '{"alg":"HS256"}' | b64).$(printf '{"sub":"ann","exp":%s}' $(($(date +%s) + 600)) | b64)
token=$input.$(printf '%s' "$input" | openssl dgst -sha256 -hmac an-app-secret-of-thirty-two-bytes-or-more -binary | b64)
bearer=(-H "Authorization: Bearer $token")
same "$(status_of "${bearer[@]}" "$ann")" 200
same "$(status_of "${bearer[@]}" "$ann/a")" 404 "the other ann's document"
same "$(status_of "${bearer[@]}" -X PUT "$ann/mine" -d '{}')" 201
same "$(status_of -u ann:pw "$ann/mine")" 404
contains "$(ask "$url/_all_dbs")" "@acme/userdb-$(hex ann)"

# Deleted revisions that end no user: a losing one, that of a user who was never here.
same "$(status_of -u bob:pw -X PUT "$url/userdb-$(hex bob)/b" -d '{}')" 201
same "$(status_of -u admin:password -X PUT "$url/_users/org.couchdb.user:bob?new_edits=false" \
  -d '{"_rev":"1-00000000000000000000000000000000","name":"bob","type":"user","roles":[]}')" 201
same "$(status_of -u admin:password -X DELETE "$url/_users/org.couchdb.user:bob?rev=1-00000000000000000000000000000000")" 200
same "$(status_of -u bob:pw "$url/userdb-$(hex bob)/b")" 200 "bob goes on"
same "$(status_of -u admin:password -X PUT "$url/userdb-$(hex eve)")" 201
same "$(status_of -u admin:password -X PUT "$url/_users/org.couchdb.user:eve?new_edits=false" \
  -d '{"_rev":"2-00000000000000000000000000000000","_deleted":true}')" 200
same "$(status_of -u admin:password "$url/userdb-$(hex eve)")" 200 "nobody's user was deleted"

rev=$(ask "$url/_users/org.couchdb.user:ann" | python3 -c 'import json, sys; print (json.load (sys.stdin)["_rev"])')
same "$(status_of -u admin:password -X DELETE "$url/_users/org.couchdb.user:ann?rev=$rev")" 200
same "$(status_of -u admin:password "$ann")" 404 "deleted with the user"
same "$(status_of "${bearer[@]}" "$ann/mine")" 200 "the other tenant's stays"
