# Feeds whose filter waits, for the pool that runs its expression, are more than there are fibers: each is woken all the same,
# once a fiber is free.
start_node few --set node.max-fibers=16 --set node.workers=1
ask -X PUT "$url/db" >/dev/null

waiting () { ask "$url/metrics" | sed -n 's/^cloudsync_sync_feeds_waiting[^ ]* //p'; }
until_waiting ()  # count
{
  local i
  for ((i = 0; i < 200; i++)); do [ "$(waiting)" = "$1" ] && return 0; sleep 0.05; done
  fail "only $(waiting) of $1 feeds wait"
}

feeds=""
for i in $(seq 80); do
  ask -m 40 -X POST -H 'Content-Type: application/json' "$url/db/_changes?feed=longpoll&since=now&timeout=35000&filter=_selector" \
    -d '{"selector":{"text":{"$regex":"^new"}}}' >"feed$i" &
  feeds="$feeds $!"
  [ $((i % 4)) != 0 ] || until_waiting "$i"
done
before=$(date +%s%N)
ask -X PUT "$url/db/d" -d '{"text":"news"}' >/dev/null
# shellcheck disable=SC2086
wait $feeds
took=$((($(date +%s%N) - before) / 1000000))
same "$(grep -l '"id":"d"' feed* | wc -l)" 80 "feeds that have the row"
[ "$took" -lt 20000 ] || fail "the last feed was woken after $took ms"
