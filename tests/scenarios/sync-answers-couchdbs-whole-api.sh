# Every resource that CouchDB 3.4 documents has an answer here: what is there works, what is not says 501 with the reason;
# nothing answers 404 or 405 where CouchDB would not.
json='Content-Type: application/json'
start_node api
ask -X PUT "$url/db" >/dev/null
ask -X PUT "$url/db/doc" -d '{"a":1}' >/dev/null
ask -X PUT "$url/db/_design/d" -d '{"views":{"v":{"map":"function (doc) {}"}},"filters":{"f":"function () {}"}}' >/dev/null
ask -X PUT "$url/db/_local/l" -d '{"x":1}' >/dev/null
rev=$(ask "$url/db/doc" | sed -E 's/.*"_rev":"([^"]*)".*/\1/')

expect ()  # status method path [body]: and a 501 tells why
{
  local answer
  answer=$(ask -w '\n%{http_code}' -X "$2" -H "$json" ${4+-d "$4"} "$url$3")
  same "${answer##*$'\n'}" "$1" "$2 $3 answered ${answer%$'\n'*}"
  [ "$1" != 501 ] || contains "$answer" '{"error":"not_implemented","reason":"' "$2 $3"
}

while read -r status method path body; do
  [ -n "$status" ] && expect "$status" "$method" "$path" ${body:+"$body"}
done <<TABLE
200 GET /
200 GET /_active_tasks
200 GET /_all_dbs
200 GET /_dbs_info
200 POST /_dbs_info {"keys":["db"]}
200 GET /_cluster_setup
501 POST /_cluster_setup {"action":"enable_single_node"}
501 GET /_db_updates
200 GET /_membership
501 POST /_replicate {"source":"a","target":"b"}
501 GET /_scheduler/jobs
501 GET /_scheduler/docs
501 GET /_scheduler/docs/_replicator
501 GET /_scheduler/docs/_replicator/one
200 GET /_node/_local
501 GET /_node/_local/_stats
501 GET /_node/_local/_prometheus
501 GET /_node/_local/_system
501 GET /_node/_local/_smoosh/status
501 POST /_node/_local/_restart
501 GET /_node/_local/_versions
501 GET /_node/_local/_config
501 PUT /_node/_local/_config/log/level "debug"
501 POST /_search_analyze {}
501 POST /_nouveau_analyze {}
501 GET /_reshard
501 GET /_reshard/jobs
200 GET /_up
200 GET /_uuids
200 GET /_session
200 GET /db
200 GET /db/_all_docs
200 POST /db/_all_docs {"keys":["doc"]}
200 POST /db/_all_docs/queries {"queries":[{}]}
200 GET /db/_design_docs
200 POST /db/_design_docs {"keys":["_design/d"]}
200 POST /db/_design_docs/queries {"queries":[{},{"limit":0}]}
200 GET /db/_local_docs
200 POST /db/_local_docs {"keys":["_local/l"]}
200 POST /db/_local_docs/queries {"queries":[{}]}
200 POST /db/_bulk_get {"docs":[{"id":"doc"}]}
201 POST /db/_bulk_docs {"docs":[]}
200 GET /db/_shards
200 GET /db/_shards/doc
202 POST /db/_sync_shards
200 GET /db/_changes
200 POST /db/_changes?filter=_doc_ids {"doc_ids":["doc"]}
200 GET /db/_changes?filter=_design
501 GET /db/_changes?filter=_view&view=d/v
404 GET /db/_changes?filter=_view&view=d/none
404 GET /db/_changes?filter=d/none
501 GET /db/_changes?filter=d/f
202 POST /db/_compact
202 POST /db/_compact/d
404 POST /db/_compact/none
201 POST /db/_ensure_full_commit
202 POST /db/_view_cleanup
501 POST /db/_search_cleanup
501 POST /db/_nouveau_cleanup
200 GET /db/_security
200 PUT /db/_security {"members":{"roles":["_admin"]}}
201 POST /db/_purge {}
200 GET /db/_purged_infos_limit
200 PUT /db/_purged_infos_limit 1000
200 POST /db/_missing_revs {"doc":["9-a"]}
200 POST /db/_revs_diff {"doc":["9-a"]}
200 GET /db/_revs_limit
200 PUT /db/_revs_limit 1000
400 GET /db/_partition/p
400 GET /db/_partition/p/_all_docs
501 PUT /other?partitioned=true
200 GET /db/doc
400 POST /db/doc
200 GET /db/_design/d
501 GET /db/_design/d/_info
404 GET /db/_design/none/_info
501 GET /db/_design/d/_view/v
501 POST /db/_design/d/_view/v {}
501 POST /db/_design/d/_view/v/queries {"queries":[]}
404 GET /db/_design/none/_view/v
501 GET /db/_design/d/_search/s
501 GET /db/_design/d/_search_info/s
501 GET /db/_design/d/_nouveau/s
501 GET /db/_design/d/_nouveau_info/s
501 GET /db/_design/d/_show/s
501 GET /db/_design/d/_show/s/doc
501 GET /db/_design/d/_list/l/v
501 POST /db/_design/d/_update/u {}
501 PUT /db/_design/d/_update/u/doc {}
501 GET /db/_design/d/_rewrite/r
200 GET /db/_local/l
TABLE

contains "$(ask "$url/_dbs_info?limit=1")" '[{"key":"db","info":{"db_name":"db"' "_dbs_info by GET"
contains "$(ask -X POST -H "$json" "$url/db/_local_docs?include_docs=true" -d '{"keys":["_local/l","none"]}')" \
  '{"id":"_local/l","key":"_local/l","value":{"rev":"0-1"},"doc":{"_id":"_local/l","_rev":"0-1","x":1}},' "_local_docs by keys"
contains "$(ask -X POST -H "$json" "$url/db/_local_docs" -d '{"keys":["none"]}')" '{"key":"none","error":"not_found"}' "and without"
for keys in 'startkey="_a"' 'endkey="zz"' 'startkey="zz"&descending=true' 'endkey="_a"&inclusive_end=false&descending=true'; do
  same "$(ask -g "$url/db/_design_docs?${keys//\"/%22}" | grep -o '"id":"[^"]*"' | tr '\n' ' ')" '"id":"_design/d" ' "_design_docs?$keys"
done
same "$(ask "$url/db/_design_docs?key=%22a%22" | grep -c '"id"' || true)" 0 "_design_docs, a key that is none"
answer=$(ask -X POST -H "$json" "$url/db/_design_docs/queries" -d '{"queries":[{},{"keys":["_design/d"],"include_docs":true}]}')
contains "$answer" '"map":"function (doc) {}"' "_design_docs/queries"
python3 -c 'import json, sys; assert len (json.load (sys.stdin)["results"]) == 2' <<<"$answer"
same "$(status_of "$url/db/_design/d/_view/v")" 401 "an anonymous client learns nothing of what is absent"
same "$(status_of "$url/_replicate")" 401 "nor of the server"
for i in $(seq 1 1500); do printf '{"_id":"_local/n%04d"},' "$i"; done | sed 's/,$//; s/^/{"docs":[/; s/$/]}/' >locals
ask -X POST -H "$json" "$url/db/_bulk_docs" --data-binary @locals >/dev/null
listed () { ask "$url/db/_local_docs?$1" | python3 -c 'import json, sys; print (len (json.load (sys.stdin)["rows"]))'; }
same "$(listed '')" 1501 "local documents beyond a page"
same "$(listed 'limit=1200&skip=5')" 1200 "a limit beyond a page"
same "$(listed 'descending=true&startkey="_local/n0003"&endkey="_local/n0001"')" 3 "a range backwards"
same "$(status_of -u admin:password -X POST -H "Referer: $url/" "$url/db/doc")" 501 "a form upload"
