# A browser gets a self-contained page at /, every other client CouchDB's welcome; the page shows the node only to local clients.
start_node node
browser='text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
curl -s -H "Accept: $browser" -D head "$url/" >page
contains "$(cat head)" "text/html"
contains "$(cat head)" "default-src 'none'"
contains "$(cat page)" '"plugins":[{"name":'
contains "$(cat page)" "$url</span>/notes"
contains "$(cat page)" "curl -u admin -X PUT"
contains "$(curl -s "$url/")" '"couchdb":"Welcome"'
contains "$(curl -s -H 'Accept: application/json' "$url/")" '"couchdb":"Welcome"'
contains "$(curl -s -H 'Accept: text/html' "$url/")" '"couchdb":"Welcome"' "a program that is no browser"
curl -s -H "Accept: $browser" -H 'X-Forwarded-For: 203.0.113.9' "$url/" >far
if grep -q '"name":"sqlite"' far; then fail "a client behind a proxy sees the plugins"; fi
contains "$(cat far)" 'id="first">null<'
contains "$(curl -s "$url/_cloudsync/stats.json")" '"ready":true'
