# What /metrics says passes promtool and is OpenMetrics when asked for; the figures are those of what was done.
command -v promtool >/dev/null || skip "promtool is not installed (Debian: prometheus)"
start_node node
ask -X PUT "$url/notes" >/dev/null
for i in 1 2 3; do ask -X PUT "$url/notes/$i" -H 'Content-Type: application/json' -d '{}' >/dev/null; done
curl -s "$url/metrics" >classic
promtool check metrics <classic || fail "promtool: $?"
contains "$(curl -sI "$url/metrics")" "text/plain; version=0.0.4"
contains "$(cat classic)" 'cloudsync_sync_documents_written_total 3'
contains "$(cat classic)" 'cloudsync_plugin_info{plugin="sync"'
contains "$(cat classic)" 'cloudsync_build_info{version='
# names of databases and documents make no series
if grep -q notes classic; then fail "a database's name is in the figures"; fi

accept='application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
curl -s -H "Accept: $accept" -D head "$url/metrics" >open
contains "$(cat head)" "application/openmetrics-text; version=1.0.0"
same "$(tail -1 open)" "# EOF"
contains "$(cat open)" '# TYPE cloudsync_sync_documents_written counter'
contains "$(curl -s -H 'Accept-Encoding: gzip' -D - -o zipped "$url/metrics")" "gzip"
gzip -dc <zipped | promtool check metrics
