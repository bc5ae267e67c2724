# A channel `db:NAME` gives exactly the rows of `_changes`, each once and in order, and its positions are `_changes`'s tokens: while writers
# run, on two workers, over kill -9, with the rules and the end of the database.
plugins=http,auth,memory,sqlite,sync,metrics,follow
port=$(free_port)
bob=()
url=http://127.0.0.1:$port

start ()  # starts the node again on the same data
{
  CLOUDSYNC_AUTH__ADMIN=admin:password "$cloudsyncd" --plugins $plugins --set "http.listen=127.0.0.1:$port" \
    --set "node.data-dir=$dir/data" --set node.workers=2 "${bob[@]}" 2>>"$dir/node.log" &
  pid=$!
  pids="$pids $pid"
  wait_ready
}

follow ()  # file query…: follows db:notes into the file, in the background
{
  local file=$1 query=$2 as=${3:-admin:password}
  curl -sN -u "$as" "$url/follow?channel=db:notes$query" >"$file" &
  pids="$pids $!"
  for ((i = 0; i < 200; i++)); do grep -q '^at ' "$file" && return 0; sleep 0.05; done
  fail "the follower did not begin: $(cat "$file")"
}

line_comes ()  # file pattern
{
  local i
  for ((i = 0; i < 200; i++)); do grep -q -- "$2" "$1" && return 0; sleep 0.05; done
  fail "'$2' did not come in $1: $(tail -3 "$1")"
}

write_some ()  # prefix: documents in batches, each changed again by later batches
{
  local n
  for ((n = 1; n <= 25; n++)); do
    ask -X POST "$url/notes/_bulk_docs" -H 'Content-Type: application/json' -d "{\"docs\":[
      {\"_id\":\"$1-$n\",\"n\":$n},{\"_id\":\"$1-x-$n\",\"n\":$n},{\"_id\":\"$1-y-$n\",\"n\":$n}]}" >/dev/null
    ask -X DELETE "$url/notes/$1-$n?rev=$(ask -I "$url/notes/$1-$n" | sed -n 's/^ETag: "\(.*\)".*/\1/Ip')" >/dev/null
  done
}

# What a follower got: positions rise, every row is one that _changes gave or has since replaced, and the last
# of each document is what _changes has now.
check ()  # file [first position that may be missing]
{
  ask "$url/notes/_changes?since=${2:-0}" >now.json
  python3 - "$1" <<'PY' || fail "$1 is not the database's feed"
import json, sys
now = {row['id']: row for row in json.load (open ('now.json'))['results']}
last, seen = -1, {}
for line in open (sys.argv[1]):
    if line.startswith ('at '):
        continue
    position, row = line.split (' ', 1)
    row = json.loads (row)
    assert row['seq'] == position, (row, position)
    number = int (position.split ('-')[0])
    assert number > last, ('not rising', number, last)
    last = number
    seen[row['id']] = row
assert seen.keys () >= now.keys (), now.keys () - seen.keys ()
for id, row in now.items ():
    assert seen[id] == row, (seen[id], row)
assert len (seen) > 0
PY
}

start
hash=$(printf 'secret\n' | "$cloudsyncctl" --socket "$dir/data/run/cloudsyncd.sock" --json hash - |
  python3 -c 'import json, sys; print (json.load (sys.stdin)["hash"])')
bob=(--set "user bob.password=$hash")
same "$(ask -X PUT "$url/notes")" '{"ok":true}' "creation"
ask -X PUT "$url/notes/first" -d '{"v":1}' >first.json
token=$(ask "$url/notes/_changes" | sed -n 's/^"last_seq":"\([^"]*\)".*/\1/p')
epoch=${token#*-}

# Two follow from the beginning, on whichever workers, while two write; a third comes in the middle.
follow a.txt "&since=0-$epoch"
contains "$(cat a.txt)" 'recovered=true' "from the beginning"
write_some p & writers=$!
write_some q & writers="$writers $!"
follow b.txt "&since=0-$epoch"
sleep 0.3
follow c.txt "&since=$token"
# shellcheck disable=SC2086
wait $writers
ask -X PUT "$url/notes/mark" -d '{}' >mark.json
for f in a b c; do line_comes $f.txt '"mark"'; done
check a.txt
check b.txt
check c.txt "$token"
same "$(sort a.txt | grep -cv '^at ')" "$(sort -u a.txt | grep -cv '^at ')" "rows that came twice"

# Many pages, from the beginning and from the middle.
python3 -c 'import json; print (json.dumps ({"docs": [{"_id": f"many-{n}"} for n in range (700)]}))' |
  ask -X POST "$url/notes/_bulk_docs" -H 'Content-Type: application/json' -d @- >many.json
follow k.txt "&since=0-$epoch"
contains "$(grep '^at ' k.txt)" 'recovered=true' "many pages"
check k.txt
middle=$(sed -n '300s/ .*//p' k.txt)
follow l.txt "&since=$middle"
same "$(grep -v '^at ' l.txt)" "$(grep -v '^at ' k.txt | sed 1,300d)" "rows after the middle"
line_comes a.txt '"many-699"'
check a.txt

# Without a position: from now on; with the documents, exactly as include_docs has them.
follow d.txt "&docs=1"
contains "$(cat d.txt)" 'recovered=none' "from now on"
ask -X PUT "$url/notes/late" -d '{"text":"ü"}' >late.json
line_comes d.txt '"late"'
same "$(grep '"late"' d.txt | cut -d' ' -f2-)" \
  "$(ask "$url/notes/_changes?include_docs=true" | grep '"late"' | sed 's/,$//')" "row with its document"

# kill -9: the position that the follower last saw is good after it.
line_comes a.txt '"late"'
last=$(tail -1 a.txt | cut -d' ' -f1)
kill -KILL "$pid"
await_exit
start
ask -X PUT "$url/notes/after-1" -d '{}' >after.json
ask -X PUT "$url/notes/after-2" -d '{}' >after.json
follow e.txt "&since=$last"
contains "$(cat e.txt)" 'recovered=true' "after kill -9"
same "$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' e.txt | paste -sd' ')" "after-1 after-2" "rows since then"
check e.txt "$last"
# What `_changes` says is a position too, and the other way round.
same "$(ask "$url/notes/_changes?since=$(sed -n 's/^at \([^ ]*\) .*/\1/p' e.txt)" | grep -c '"id"' || true)" 0 \
  "rows after the channel's position"
follow f.txt "&since=999999-$epoch"
contains "$(cat f.txt)" 'recovered=false' "a position of the future"
follow g.txt "&since=1-abc"
contains "$(cat g.txt)" 'recovered=false' "another database's position"

# Who may: the database's members.
same "$(status_of "$url/follow?channel=db:notes")" 403 "a stranger"
same "$(status_of -u admin:password "$url/follow?channel=db:nothing")" 404 "no such database"
ask -X PUT "$url/notes/_security" -d '{"members":{"names":["bob"]}}' >security.json
follow h.txt "" bob:secret
ask -X PUT "$url/notes/for-bob" -d '{}' >bob.json
line_comes h.txt '"for-bob"'
ask -X PUT "$url/notes/_security" -d '{"members":{"names":["ann"]}}' >security.json
line_comes h.txt '^denied'
ask -X PUT "$url/notes/not-for-bob" -d '{}' >bob.json
line_comes e.txt '"not-for-bob"'
same "$(grep -c not-for-bob h.txt || true)" 0 "rows after the rules had changed"

# A user who is gone reads no more.
ask -X PUT "$url/_users/org.couchdb.user:eve" -d '{"name":"eve","password":"apple","roles":[],"type":"user"}' >eve.json
ask -X PUT "$url/notes/_security" -d '{"members":{"names":["eve"]}}' >security.json
follow j.txt "" eve:apple
ask -X PUT "$url/notes/for-eve" -d '{}' >eve-reads.json
line_comes j.txt '"for-eve"'
rev=$(sed -n 's/.*"rev":"\([^"]*\)".*/\1/p' eve.json)
ask -X DELETE "$url/_users/org.couchdb.user:eve?rev=$rev" >eve.json
ask -X PUT "$url/notes/not-for-eve" -d '{}' >eve-reads.json
line_comes j.txt '^denied'
line_comes e.txt '"not-for-eve"'
same "$(grep -c not-for-eve j.txt || true)" 0 "rows after the user was gone"

# The database goes, and its followers are told.
same "$(ask -X DELETE "$url/notes")" '{"ok":true}' "deletion"
line_comes e.txt '^ended'
same "$(ask "$url/metrics" | sed -n 's/^cloudsync_sync_channels{*.*}* \([0-9]*\)$/\1/p')" 0 "channels that are still open"
ask -X PUT "$url/notes" >again.json
follow i.txt "&since=$last"
contains "$(cat i.txt)" 'recovered=false' "a position of the database before"
kill -TERM "$pid"
await_exit
same "$code" 0 "exit code"
same "$(grep -c leak node.log || true)" 0 "leaks told"
same "$(grep -c 'left behind' node.log || true)" 0 "subscriptions left behind"
