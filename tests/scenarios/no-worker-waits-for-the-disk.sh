# With a disk that takes 100 ms for everything, p99 of /hello on the same worker stays within 5 ms under reads and writes.
slow=$CLOUDSYNC_BUILD/tests/preload/slow-disk.so
loadgen=$CLOUDSYNC_BUILD/tests/bench/loadgen
if [ ! -f "$slow" ] || [ ! -x "$loadgen" ]; then skip "this build has no slow-disk.so or no load programs"; fi
export SLOW_DISK_WHILE=$dir/slow
LD_PRELOAD=$slow start_node node --set node.workers=1 --set sqlite.reader-cache-size=256K
ask -X PUT "$url/db" >/dev/null
"$loadgen" --port "$port" --method POST --path /db/_bulk_docs --bulk 500 --requests 10 --connections 1 \
  --basic admin:password --body '{"text":"some words"}' >fill.out
touch "$SLOW_DISK_WHILE"
load () { "$loadgen" --port "$port" --seconds 4 --warmup 0.2 --basic admin:password "$@"; }
load --connections 16 --method PUT --path '/db/{id}' --body '{"n":1}' --random-ids >put.out &
puts=$!
load --connections 16 --path '/db/_all_docs?limit=20&include_docs=true' >get.out &
gets=$!
load --connections 4 --path /hello >hello.out
wait $puts $gets
rm "$SLOW_DISK_WHILE"
value () { sed -nE "s/.*\b$1=([0-9.]+).*/\1/p" "$2"; }
p99=$(value p99_us hello.out)
echo "hello: $(cat hello.out)"
echo "puts: $(cat put.out)"
echo "gets: $(cat get.out)"
awk -v us="$p99" 'BEGIN { exit !(us <= 5000) }' || fail "p99 of /hello is $p99 us: $(cat hello.out)"
# Not one answer waited for even one such call (p99 alone hides a single long stop).
awk -v us="$(value max_us hello.out)" 'BEGIN { exit !(us < 100000) }' || fail "/hello once waited: $(cat hello.out)"
# The disk was slow indeed, and both loads went through it.
awk -v us="$(value p50_us put.out)" 'BEGIN { exit !(us >= 100000) }' || fail "writes were not slow: $(cat put.out)"
awk -v n="$(ask "$url/metrics" | sed -nE 's/^cloudsync_sqlite_reads_redone_total(\{[^}]*\})? ([0-9]+)$/\2/p')" \
  'BEGIN { exit !(n > 0) }' || fail "no reading went to the pool"
