# COPY makes a document under another id, with attachments of its own: small ones, and large ones that lie in blob=1.
json='Content-Type: application/json'
start_node copy
ask -X PUT "$url/db" >/dev/null
copy () { ask -X COPY -H "Destination: $2" -w '\n%{http_code}' "$url/db/$1"; }
rev_of () { sed -nE 's/.*"rev":"([^"]+)".*/\1/p' <<<"$1"; }

head -c 3000000 /dev/urandom >large
echo small >small
answer=$(ask -X PUT "$url/db/from" -d '{"n":1,"text":"é"}')
answer=$(ask -X PUT -H 'Content-Type: text/plain' --data-binary @small "$url/db/from/small?rev=$(rev_of "$answer")")
answer=$(ask -X PUT -H 'Content-Type: application/x-large' --data-binary @large "$url/db/from/large?rev=$(rev_of "$answer")")
from_rev=$(rev_of "$answer")

answer=$(copy from 'to%2Fb')
contains "$answer" '{"ok":true,"id":"to/b","rev":"1-' "the answer"
same "${answer##*$'\n'}" 201 "the status"
contains "$(ask "$url/db/to%2Fb")" '"n":1,"text":"é"' "the members"
contains "$(ask "$url/db/to%2Fb")" '"revpos":1' "attachments are the copy's own"
ask "$url/db/to%2Fb/large" | cmp - large
contains "$(copy from 'to%2Fb')" 409 "a copy replaces nothing by itself"
to_rev=$(ask "$url/db/to%2Fb" | sed -nE 's/.*"_rev":"([^"]+)".*/\1/p')
contains "$(copy "from?rev=1-$(ask "$url/db/from?revs=true" | sed -nE 's/.*"ids":\[("[^"]*",)*"([^"]*)"\].*/\2/p')" "to%2Fb?rev=$to_rev")" \
  '"rev":"2-' "an old revision over the copy's present one"
same "$(status_of -u admin:password "$url/db/to%2Fb/large")" 404 "which had no attachments then"

# The bytes of each are its own: the source may go.
copy from kept >/dev/null
ask -X DELETE "$url/db/from?rev=$from_rev" >/dev/null
ask -X POST -H "$json" "$url/db/_compact" >/dev/null
for i in $(seq 50); do [[ $(ask "$url/db") == *'"compact_running":false'* ]] && break; sleep 0.1; done
ask "$url/db/kept/large" | cmp - large
ask "$url/db/kept/small" | cmp - small
contains "$(copy from other)" '"reason":"deleted"' "a deleted source"
contains "$(copy none other)" '"reason":"missing"' "no source"
contains "$(copy kept '_bad')" 400 "a bad id"
contains "$(copy kept 'http://127.0.0.1/db/x')" "must be relative" "a URL"
contains "$(ask -X COPY "$url/db/kept")" "Destination header is mandatory" "without it"
contains "$(copy kept '_design/d')" 201 "as a design document"
contains "$(copy _design/d back)" 201 "and back"
contains "$(copy kept '_local/l')" '"rev":"0-1"' "as a local one"
same "$(status_of -X COPY -H 'Destination: x' "$url/db/kept")" 401 "a stranger copies nothing"
