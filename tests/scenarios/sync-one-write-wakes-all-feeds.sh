# Feeds that wait at the same place share one reading: each of many kinds gets, whole and once, the rows that it would read for
# itself; clients that leave in between, limits and quick writes do not mix them up.
start_node wake
ask -X PUT "$url/db" >/dev/null
ask -X PUT "$url/db/_security" -d '{}' >/dev/null
python3 - "$port" <<'PY'
import asyncio, base64, json, sys

port, basic = int (sys.argv[1]), base64.b64encode (b"admin:password").decode ()


async def ask (method, path, body=None):
    reader, writer = await asyncio.open_connection ("127.0.0.1", port, limit=1 << 24)
    data = json.dumps (body).encode () if body is not None else b""
    writer.write (f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {basic}\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len (data)}\r\n\r\n".encode () + data)
    answer = await read_answer (reader)
    writer.close ()
    return json.loads (answer)


# The body of an answer to its end, or as far as `enough` wants it.
async def read_answer (reader, enough=lambda body: False):
    head = await reader.readuntil (b"\r\n\r\n")
    assert head.startswith (b"HTTP/1.1 20"), head
    if b"content-length" in head.lower ():
        length = int (head.lower ().split (b"content-length: ")[1].split (b"\r\n")[0])
        return await reader.readexactly (length)
    body = b""
    while not enough (body):
        size = int (await reader.readline (), 16)
        body += await reader.readexactly (size)
        await reader.readexactly (2)
        if size == 0:
            break
    return body


class Feed:
    def __init__ (self, query):
        self.query = query

    async def open (self, since):
        self.reader, self.writer = await asyncio.open_connection ("127.0.0.1", port, limit=1 << 24)
        self.writer.write (f"GET /db/_changes?since={since}&{self.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode ())

    async def rows (self, ids):
        def enough (body):
            return "longpoll" not in self.query and all (f'"id":"{i}"'.encode () in body for i in ids) and body.endswith (b"\n")
        body = (await asyncio.wait_for (read_answer (self.reader, enough), 20)).decode ()
        if "longpoll" in self.query:
            answer = json.loads (body)
            assert answer["pending"] >= 0 and int (answer["last_seq"].split ("-")[0]) > 0, answer
            return answer["results"]
        if "eventsource" in self.query:
            return [json.loads (l[6:]) for l in body.split ("\n") if l.startswith ("data: {")]
        return [json.loads (l) for l in body.split ("\n") if l]


kinds = ["feed=longpoll", "feed=longpoll&style=all_docs", "feed=longpoll&include_docs=true", "feed=longpoll&limit=1",
         "feed=longpoll&style=all_docs&include_docs=true&conflicts=true", "feed=longpoll&limit=25&seq_interval=25",
         "feed=continuous&timeout=9000", "feed=continuous&include_docs=true&heartbeat=5000", "feed=eventsource&heartbeat=5000",
         "feed=longpoll&filter=_design"]


async def one_round (n, docs, repeat):
    since = (await ask ("GET", "/db"))["update_seq"]
    feeds = [Feed (kinds[i % len (kinds)]) for i in range (repeat * len (kinds))]
    for feed in feeds:
        await feed.open (since)
    await asyncio.sleep (0.3)
    gone = [f for i, f in enumerate (feeds) if i % 17 == 3]
    for feed in gone[:len (gone) // 2]:
        feed.writer.close ()
    ids = [f"r{n}-{i}" for i in range (docs)]
    write = asyncio.gather (*(ask ("PUT", f"/db/{i}", {"n": n, "text": "x" * 300}) for i in ids))
    for feed in gone[len (gone) // 2:]:
        feed.writer.close ()
    await write
    for feed in feeds:
        if feed in gone:
            continue
        if "_design" in feed.query:
            feed.writer.close ()
            continue
        rows = await feed.rows (ids)
        got = [r["id"] for r in rows]
        assert len (got) == len (set (got)), (feed.query, got)
        assert set (got) <= set (ids) and got, (feed.query, got)
        if "longpoll" not in feed.query:
            assert set (got) == set (ids), (feed.query, got)
        whole = await ask ("GET", f"/db/_changes?since={since}&" + feed.query.replace ("longpoll", "normal").replace ("continuous", "normal")
                           .replace ("eventsource", "normal").replace ("heartbeat", "x"))
        by_id = {r["id"]: r for r in whole["results"]}
        if "limit" not in feed.query:
            for row in rows:
                assert row == by_id[row["id"]], (feed.query, row, by_id[row["id"]])
        feed.writer.close ()


async def main ():
    await one_round (1, 1, 30)
    await one_round (2, 40, 10)
    for n in range (3, 8):
        await one_round (n, 1, 5)


asyncio.run (main ())
PY

# A large attachment leaves for each client as it is read: such feeds read for themselves.
since=$(ask "$url/db" | sed 's/.*"update_seq":"\([^"]*\)".*/\1/')
for i in $(seq 24); do
  curl -s -N --max-time 60 "$url/db/_changes?feed=longpoll&since=$since&include_docs=true&attachments=true" >"large.$i" &
done
sleep 0.5
head -c 300000 /dev/urandom >large
same "$(status_of -u admin:password -X PUT --data-binary @large "$url/db/large/a")" 201
for i in $(seq 24); do
  for n in $(seq 100); do
    tail -c 40 "large.$i" | grep -q '"pending"' && break
    sleep 0.05
  done
  python3 - "large.$i" <<'PY'
import base64, json, sys

rows = json.load (open (sys.argv[1]))["results"]
assert [row["id"] for row in rows] == ["large"], rows
assert base64.b64decode (rows[0]["doc"]["_attachments"]["a"]["data"]) == open ("large", "rb").read ()
PY
done

for i in $(seq 50); do
  left=$(ask "$url/metrics" | sed -n 's/^cloudsync_sync_feeds_waiting[^ ]* //p')
  [ "$left" = 0 ] && break
  sleep 0.1
done
same "$left" 0 "feeds that wait when all clients are gone"
