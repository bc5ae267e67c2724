# Queries: which index, what is warned of, pages, expressions; indexes that come by replication, and go.
start_node find --set node.workers=2
json='Content-Type: application/json'
post () { ask -X POST -H "$json" "$url/db/$1" -d "$2"; }
python3 - "$url" >checks.txt <<'END'
import base64, json, sys, threading, urllib.request

url = sys.argv[1]

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

def find (**body): return ask ('POST', '/db/_find', body)
def ids (answer): return [d['_id'] for d in answer['docs']]

ask ('PUT', '/db')
ask ('POST', '/db/_bulk_docs', {'docs': [{'_id': 'd%04d' % i, 'n': i, 'name': 'name %d' % (i % 50), 'pad': 'x' * 300} for i in range (2000)]})

# Defined by replication, exactly as CouchDB stores it.
ask ('POST', '/db/_bulk_docs', {'new_edits': False, 'docs': [{
    '_id': '_design/came', '_rev': '1-00000000000000000000000000000001', 'language': 'query',
    'views': {'by-n': {'map': {'fields': {'n': 'asc'}, 'partial_filter_selector': {}}, 'reduce': '_count',
                       'options': {'def': {'fields': ['n']}}}}}]})
listed = ask ('GET', '/db/_index')
assert listed['indexes'][1]['ddoc'] == '_design/came' and listed['total_rows'] == 2, listed

# update:false does not build it; many at once build it once, and all see it whole.
assert ids (find (selector={'n': 5}, update=False)) == []
answers = []
threads = [threading.Thread (target=lambda: answers.append (find (selector={'n': {'$gte': 1990}}, execution_stats=True))) for _ in range (16)]
for t in threads: t.start ()
for t in threads: t.join ()
assert all (ids (a) == ['d%04d' % i for i in range (1990, 2000)] for a in answers), answers
assert all (a['execution_stats']['total_docs_examined'] == 10 for a in answers), answers[0]
assert ids (find (selector={'n': 5}, update=False)) == ['d0005']
assert 'warning' not in find (selector={'n': 5})

# Pages in both directions, streamed when long, the same documents in the end.
for direction in ('asc', 'desc'):
    seen, bookmark = [], None
    while True:
        page = find (selector={'n': {'$gte': 0}}, sort=[{'n': direction}], limit=300, bookmark=bookmark)
        seen += ids (page)
        if len (page['docs']) < 300: break
        bookmark = page['bookmark']
    want = ['d%04d' % i for i in range (2000)]
    assert seen == (want if direction == 'asc' else want[::-1])
whole = find (selector={'n': {'$gte': 0}}, limit=5000, fields=['_id', 'n'])
assert len (whole['docs']) == 2000 and whole['docs'][7] == {'_id': 'd0007', 'n': 7}

# A bookmark belongs to its index.
first = find (selector={'n': {'$gte': 0}}, limit=2)
ask ('POST', '/db/_index', {'index': {'fields': ['name']}, 'ddoc': 'names', 'name': 'by-name'})
assert ids (find (selector={'n': {'$gte': 0}}, limit=2, bookmark=first['bookmark'])) == ['d0002', 'd0003']
assert find (selector={'name': 'x'}, bookmark=first['bookmark'])['error'] == 'invalid_bookmark'
assert find (selector={'name': 'x'}, bookmark='zzzz')['error'] == 'invalid_bookmark'

# Hints, fallback, warnings.
assert ask ('POST', '/db/_explain', {'selector': {'name': 'name 3'}})['index']['name'] == 'by-name'
both = {'n': {'$gte': 0}, 'name': 'name 3'}
assert ask ('POST', '/db/_explain', {'selector': both})['index']['name'] == 'by-n'
assert ask ('POST', '/db/_explain', {'selector': both, 'use_index': 'names'})['index']['name'] == 'by-name'
assert 'was not used' in find (selector={'n': 1}, use_index='names')['warning']
assert find (selector={'n': 1}, use_index='names', allow_fallback=False)['error'] == 'invalid_index'
assert find (selector={'pad': 'y'}, allow_fallback=False)['error'] == 'invalid_index'
assert 'No matching index' in find (selector={'pad': 'y'})['warning']
assert 'number of documents examined is high' in find (selector={'n': {'$gte': 0}, 'pad': 'y'})['warning']

# Expressions run elsewhere, with an index and without, and give up in time.
assert ids (find (selector={'name': {'$regex': '^name 7$'}, 'n': {'$lt': 100}})) == ['d0007', 'd0057']
assert ids (find (selector={'_id': {'$regex': '7$', '$lt': 'd0020'}})) == ['d0007', 'd0017']
ask ('PUT', '/db/evil', {'evil': 'a' * 60 + '!'})
assert 'took too long' in find (selector={'evil': {'$regex': '^(a+)+$'}})['warning']

# $beginsWith reads what begins so, and no more.
assert find (selector={'name': {'$beginsWith': 'name 1'}}, limit=1000, execution_stats=True)['execution_stats']['total_docs_examined'] == 440

# Conflicts are shown when asked for; a deleted winner is gone.
ask ('POST', '/db/_bulk_docs', {'new_edits': False, 'docs': [{'_id': 'c', '_rev': '1-a' + '0' * 31, 'n': -1}, {'_id': 'c', '_rev': '1-b' + '0' * 31, 'n': -2}]})
assert find (selector={'n': -2}, conflicts=True)['docs'][0]['_conflicts'] == ['1-a' + '0' * 31]
assert ids (find (selector={'n': -1})) == []
ask ('DELETE', '/db/c?rev=1-b' + '0' * 31)
assert ids (find (selector={'n': -2})) == [] and ids (find (selector={'n': -1})) == ['c']

# A partial index answers only when it is named.
ask ('POST', '/db/_index', {'index': {'fields': ['n'], 'partial_filter_selector': {'name': 'name 9'}}, 'ddoc': 'few', 'name': 'few'})
few = find (selector={'n': {'$gt': 100}, 'name': 'name 9'}, use_index=['few', 'few'], execution_stats=True, limit=100)
assert len (few['docs']) == 38 and few['execution_stats']['total_docs_examined'] == 38, few['execution_stats']
explained = ask ('POST', '/db/_explain', {'selector': {'n': {'$gt': 100}}})
reasons = {c['index']['name']: c['analysis']['reasons'][0]['name'] for c in explained['index_candidates']}
assert reasons == {'few': 'is_partial', 'by-name': 'field_mismatch', '_all_docs': 'unfavored_type'}, reasons

# What cannot be an index is refused, and what others left is passed over.
assert ask ('POST', '/db/_index', {'index': {'fields': ['a'], 'other': 1}})['error'] == 'invalid_key'
assert ask ('POST', '/db/_index', {'index': {'fields': ['a'], 'partial_filter_selector': {'$bad': 1}}})['error'] == 'invalid_operator'
ask ('PUT', '/db/_design/odd', {'language': 'query', 'views': {'v': {'map': {'fields': {'a': 'up'}}}, 'w': {'map': 'function (d) {}'}}})
ask ('PUT', '/db/_design/js', {'language': 'javascript', 'views': {'v': {'map': 'function (d) {}'}}})
assert ask ('GET', '/db/_index')['total_rows'] == 4
assert ask ('POST', '/db/_index', {'index': {'fields': ['a']}, 'ddoc': 'js'})['error'] == 'invalid_ddoc_lang'

# Two in one design document; the other members of it stay.
ask ('PUT', '/db/_design/two', {'language': 'query', 'mine': [1], 'views': {'w': {'map': 'x'}}})
for name in ('one', 'other'):
    assert ask ('POST', '/db/_index', {'index': {'fields': [name]}, 'ddoc': 'two', 'name': name})['result'] == 'created'
assert ask ('DELETE', '/db/_index/two/json/one') == {'ok': True}
left = ask ('GET', '/db/_design/two')
assert left['mine'] == [1] and sorted (left['views']) == ['other', 'w'], left
assert ask ('POST', '/db/_index/_bulk_delete', {'docids': ['two', 'few', 'none']}) == {
    'success': [{'id': '_design/two', 'ok': True}, {'id': '_design/few', 'ok': True}], 'fail': [{'id': '_design/none', 'error': 'not_found'}]}
assert ask ('GET', '/db/_design/few')['reason'] == 'deleted'

# Deleting the design document by itself drops the index too.
rev = ask ('GET', '/db/_design/came')['_rev']
ask ('DELETE', '/db/_design/came?rev=' + rev)
assert [i['name'] for i in ask ('GET', '/db/_index')['indexes']] == ['_all_docs', 'by-name']
print ('all held')
END
same "$(cat checks.txt)" "all held"

# Of those that went nothing stays in the file.
find "$data" -name 'store-*.db' | grep -q . || fail "no store file"
sleep 1
kill -TERM "$pid"
await_exit
same "$code" 0 "exit code"
python3 - "$data"/store-0.db <<'END'
import sqlite3, sys
db = sqlite3.connect (sys.argv[1])
assert db.execute ('SELECT count (*), count (DISTINCT ix) FROM entry').fetchone () == (2000, 1), db.execute ('SELECT ix, count (*) FROM entry GROUP BY ix').fetchall ()
assert db.execute ('SELECT count (*) FROM ordering').fetchone () == (1,)
END

# Who may not read the database asks nothing of it; who may not administer it defines nothing.
start_node find
ask -X PUT "$url/db/_security" -d '{"admins":{"names":["boss"]},"members":{"names":["ann"]}}' >/dev/null
for path in _find _explain _index; do
  same "$(status_of -X POST -H "$json" "$url/db/$path" -d '{"selector":{},"index":{"fields":["a"]}}')" 401 "$path by nobody"
done
same "$(status_of -X DELETE "$url/db/_index/names/json/by-name")" 401 "DELETE _index by nobody"
