# An index says what reading every document says: after edits, deletions, conflicts, purges, a restart and kills.
start_node indexes --set node.workers=2
cat >check.py <<'END'
import json, random, sys, urllib.request, base64

url, seed, rounds = sys.argv[1], int (sys.argv[2]), int (sys.argv[3])
rng = random.Random (seed)

def ask (method, path, body=None):
    request = urllib.request.Request (url + path, method=method, data=None if body is None else json.dumps (body).encode ())
    request.add_header ('Authorization', 'Basic ' + base64.b64encode (b'admin:password').decode ())
    request.add_header ('Content-Type', 'application/json')
    request.add_header ('Accept', 'application/json')
    try:
        with urllib.request.urlopen (request) as answer:
            return json.load (answer)
    except urllib.error.HTTPError as error:
        return json.load (error)

values = [None, True, False, -3, 0, 1, 1.5, 31, 10 ** 18 + 1, 10 ** 18 + 2, '', 'a', 'B', 'b', '\u00e9', 'ab', [], [1], ['a', 2], {}, {'x': 1}]

def some_doc ():
    doc = {}
    for field in ('a', 'b'):
        if rng.random () < 0.8:
            doc[field] = rng.choice (values)
    if rng.random () < 0.5:
        doc['n'] = {'deep': rng.choice (values)}
    return doc

def change ():
    kind = rng.random ()
    ids = ['d%d' % rng.randrange (60) for _ in range (rng.randrange (1, 12))]
    if kind < 0.6:
        have = {row['key']: row for row in ask ('POST', '/db/_all_docs', {'keys': ids})['rows']}
        docs = []
        for id in set (ids):
            doc = dict (some_doc (), _id=id)
            value = have[id].get ('value') or {}
            if 'rev' in value:
                doc['_rev'] = value['rev']
                if not value.get ('deleted') and rng.random () < 0.2:
                    doc['_deleted'] = True
            docs.append (doc)
        ask ('POST', '/db/_bulk_docs', {'docs': docs})
    elif kind < 0.85:
        docs = [dict (some_doc (), _id=id, _rev='%d-%032x' % (rng.randrange (1, 4), rng.randrange (1 << 60)), _deleted=rng.random () < 0.2) for id in ids]
        ask ('POST', '/db/_bulk_docs', {'docs': docs, 'new_edits': False})
    else:
        for id in ids[:3]:
            leaves = ask ('GET', '/db/%s?open_revs=all' % id)
            if isinstance (leaves, list):
                revs = [leaf['ok']['_rev'] for leaf in leaves if 'ok' in leaf]
                ask ('POST', '/db/_purge', {id: rng.sample (revs, rng.randrange (1, len (revs) + 1))})

def pages (body):
    found, bookmark = [], None
    while True:
        answer = ask ('POST', '/db/_find', dict (body, limit=7, **({'bookmark': bookmark} if bookmark else {})))
        assert 'docs' in answer, (body, answer)
        found += answer['docs']
        if len (answer['docs']) < 7:
            return found
        bookmark = answer['bookmark']

def compare ():
    field = rng.choice (['a', 'b', 'n.deep'])
    op = rng.choice (['$eq', '$gt', '$gte', '$lt', '$lte', '$eq'])
    selector = {field: {op: rng.choice (values)}}
    if rng.random () < 0.4:
        selector['a' if field != 'a' else 'b'] = {rng.choice (['$gte', '$lt', '$eq', '$exists']): True}
    if rng.random () < 0.3:
        selector[field]['$lte'] = rng.choice (values)
    # The same condition, in a form that no index can serve.
    hidden = {'$or': [selector, {'_id': {'$lt': ''}}]}
    with_index = sorted (json.dumps (d, sort_keys=True) for d in pages ({'selector': selector}))
    without = sorted (json.dumps (d, sort_keys=True) for d in pages ({'selector': hidden, 'use_index': []}))
    assert with_index == without, (selector, with_index, without)
    used = ask ('POST', '/db/_explain', {'selector': selector})['index']['name']
    assert ask ('POST', '/db/_explain', {'selector': hidden})['index']['name'] == '_all_docs'
    return used

used = [compare () for _ in range (0 if rounds else 20)]
for _ in range (rounds):
    for _ in range (rng.randrange (1, 4)):
        change ()
    used += [compare (), compare ()]
print ('%d of %d queries by an index' % (sum (name != '_all_docs' for name in used), len (used)))
assert sum (name != '_all_docs' for name in used) > len (used) / 3
END
ask -X PUT "$url/db" >/dev/null
json='Content-Type: application/json'
for fields in '"a"' '"b"' '"n.deep"' '"a","b"'; do
  contains "$(ask -X POST -H "$json" "$url/db/_index" -d "{\"index\":{\"fields\":[$fields]}}")" '"result":"created"' "_index"
done
python3 check.py "$url" 1 40
kill -TERM "$pid"
await_exit
same "$code" 0 "exit code"
start_node indexes --set node.workers=2
python3 check.py "$url" 2 0
for round in 3 4 5; do
  # Queries and writes are under way when it dies; what it answered is in both readings afterwards.
  python3 check.py "$url" "$round" 1000 >killed.txt 2>&1 &
  busy=$!
  sleep "0.$((RANDOM % 8 + 1))"
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
  wait "$busy" 2>/dev/null || true
  ! grep -q AssertionError killed.txt || fail "$(cat killed.txt)"
  start_node indexes --set node.workers=2
  python3 check.py "$url" "$((round + 10))" 10
done
