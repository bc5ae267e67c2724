# The filters _doc_ids and _design, by GET and by POST, on each kind of feed: rows that are there, and rows that come.
json='Content-Type: application/json'
start_node filters
ask -X PUT "$url/db" >/dev/null
for id in a b c _design/d; do ask -X PUT "$url/db/$id" -d '{}' >/dev/null; done

ids () { grep -oE '"id":"[^"]*"' | cut -d'"' -f4 | paste -sd' '; }
get () { ask -m 10 "$url/db/_changes?timeout=300&$1" | ids; }
post () { ask -m 10 -X POST -H "$json" "$url/db/_changes?timeout=300&filter=_doc_ids&$1" -d '{"doc_ids":["c","a","none"]}' | ids; }
for feed in normal longpoll continuous eventsource; do
  same "$(get "feed=$feed&filter=_doc_ids&doc_ids=%5B%22b%22%5D")" "b" "$feed, _doc_ids by GET"
  same "$(post "feed=$feed")" "a c" "$feed, _doc_ids by POST"
  same "$(post "feed=$feed&limit=1")" "a" "$feed with a limit"
  same "$(get "feed=$feed&filter=_design")" "_design/d" "$feed, _design"
done

# Waiting: what does not pass wakes nobody.
for feed in longpoll continuous eventsource; do
  ask -m 10 -X POST -H "$json" "$url/db/_changes?since=now&limit=1&filter=_doc_ids&feed=$feed" -d '{"doc_ids":["w'$feed'"]}' >"$feed.out" &
  waiting=$!
  ask -m 10 "$url/db/_changes?since=now&limit=1&filter=_design&feed=$feed" >"$feed.design" &
  design=$!
  sleep 0.4
  ask -X PUT "$url/db/x$feed" -d '{}' >/dev/null
  sleep 0.2
  same "$(ids <"$feed.out")$(ids <"$feed.design")" "" "$feed: another document"
  ask -X PUT "$url/db/w$feed" -d '{}' >/dev/null
  ask -X PUT "$url/db/_design/w$feed" -d '{}' >/dev/null
  wait "$waiting" "$design"
  same "$(ids <"$feed.out")" "w$feed" "$feed: the document"
  same "$(ids <"$feed.design")" "_design/w$feed" "$feed: the design document"
done
same "$(status_of -u admin:password -X POST -H "$json" "$url/db/_changes?filter=_doc_ids" -d '{"doc_ids":"a"}')" 400 "doc_ids that are no list"
