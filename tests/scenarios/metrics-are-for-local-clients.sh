# What /metrics and the page tell answer local clients; through a proxy on the same machine only metrics.allow lets in.
start_node node
same "$(status_of "$url/metrics")" 200
same "$(status_of "$url/_cloudsync/stats.json")" 200
for header in 'X-Forwarded-For: 203.0.113.9' 'Forwarded: for=203.0.113.9'; do
  same "$(status_of -H "$header" "$url/metrics")" 403 "$header"
  same "$(status_of -H "$header" "$url/_cloudsync/stats.json")" 403 "$header"
done
same "$(status_of -H 'X-Forwarded-For: 203.0.113.9' "$url/readyz")" 200
kill -TERM "$pid"
await_exit

start_node allowed --set metrics.allow=127.0.0.0/8
same "$(status_of -H 'X-Forwarded-For: 203.0.113.9' "$url/metrics")" 200
same "$(status_of -H 'X-Forwarded-For: 203.0.113.9' "$url/_cloudsync/stats.json")" 200
kill -TERM "$pid"
await_exit

if message=$("$cloudsyncd" --check --role all --set metrics.allow=10.0.0.1/8 --set node.data-dir="$dir/x" 2>&1); then
  fail "a range with bits beyond its mask was taken"
fi
contains "$message" "no address range"
