# Every series of role all stands in docs/metrics.md, and the document names none that is not there.
start_node node
ask -X PUT "$url/notes" >/dev/null
curl -s "$url/metrics" | awk '$1 == "#" && $2 == "TYPE" { print $3 }' | sort >now
same "$(uniq -d now)" "" "families that are declared twice"
curl -s -H 'Accept: application/openmetrics-text' "$url/metrics" | awk '$1 == "#" && $2 == "TYPE" { print $3 }' | sort | uniq -d >twice
same "$(cat twice)" "" "families that OpenMetrics would take for one"
grep '^| `' "$here/../../docs/metrics.md" | cut -d'|' -f2 | grep -o '`[a-z_]*`' | tr -d '`' | grep _ | sort -u >said
same "$(comm -23 now said)" "" "series without documentation"
same "$(comm -13 now said)" "" "documented series that do not exist"
