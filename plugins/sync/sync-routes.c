/* sync-routes.c: the API as a table: method, path, handler.
 *
 * Routes are public to the server: a database's `_security` decides, and its answers differ for the
 * anonymous and for the unauthorised.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

static void method_not_allowed (CsHttpExchange *exchange, gpointer self);

#define LOGIN_MAX (16 * 1024)

/* `scope`: what an identity that has scopes needs (sync-scope.c). */
#define ROW(method, path, handler, summary)                                                        \
  { method, path, handler, summary, CS_ACCESS_PUBLIC, .flags = CS_HTTP_PLUS_SPACE }
#define QUERY(path, handler, summary)                                                              \
  { "POST", path, handler, summary, CS_ACCESS_PUBLIC, .scope = SYNC_SCOPE_READ,                    \
    .flags = CS_HTTP_PLUS_SPACE }
#define GET(path, handler, summary) ROW ("GET", path, handler, summary)
#define PUT(path, handler, summary) ROW ("PUT", path, handler, summary)
#define POST(path, handler, summary) ROW ("POST", path, handler, summary)
#define DELETE(path, handler, summary) ROW ("DELETE", path, handler, summary)
#define COPY(path) ROW ("COPY", path, sync_document_copy, "Copies a document")
#define OTHERS(path)                                                                               \
  { "*", path, method_not_allowed, "Tells the methods that are allowed", CS_ACCESS_PUBLIC }
#define ABSENT(path, handler)                                                                      \
  { "*", path, handler, "Not offered: answers with the reason", CS_ACCESS_PUBLIC,                  \
    .flags = CS_HTTP_UNLISTED }
#define FORM(path)                                                                                 \
  { "POST", path, sync_form_upload, "Attachments by a form: not offered", CS_ACCESS_PUBLIC,        \
    .flags = CS_HTTP_UNLISTED }
#define ATTACHMENT(method, path, handler, summary)                                                 \
  { method, path, handler, summary, CS_ACCESS_PUBLIC, .body_limit = SYNC_UPLOAD_MAX,               \
    .deadline = CS_NEVER, .flags = CS_HTTP_PLUS_SPACE | CS_HTTP_RANGES }
#define UPLOAD(method, path, handler, limit, summary)                                              \
  { method, path, handler, summary, CS_ACCESS_PUBLIC, .body_limit = limit,                         \
    .deadline = CS_SECONDS (3600), .flags = CS_HTTP_PLUS_SPACE }
/* Of a stranger: a name and a password, and no more. */
#define LOGIN(path, handler, summary)                                                              \
  { "POST", path, handler, summary, CS_ACCESS_PUBLIC, .body_limit = LOGIN_MAX,                     \
    .flags = CS_HTTP_PLUS_SPACE }
/* The first query of an index waits until it is built. */
#define FIND(path, handler, summary)                                                               \
  { "POST", path, handler, summary, CS_ACCESS_PUBLIC, .scope = SYNC_SCOPE_READ,                    \
    .deadline = CS_NEVER, .flags = CS_HTTP_PLUS_SPACE }
#define FEED(method, path, handler, summary)                                                       \
  { method, path, handler, summary, CS_ACCESS_PUBLIC, .scope = SYNC_SCOPE_READ,                    \
    .admission = CS_ADMIT_FEED, .deadline = CS_NEVER, .flags = CS_HTTP_PLUS_SPACE }

static const CsHttpRoute routes[] = {
  GET ("/", sync_welcome, "Welcome: version and the server's uuid"),
  OTHERS ("/"),
  GET ("/_up", sync_up, "Is the node ready?"),
  OTHERS ("/_up"),
  GET ("/_all_dbs", sync_all_dbs, "Names of the databases"),
  OTHERS ("/_all_dbs"),
  GET ("/_dbs_info", sync_dbs_info, "Information on all databases"),
  QUERY ("/_dbs_info", sync_dbs_info, "Information on several databases"),
  OTHERS ("/_dbs_info"),
  GET ("/_uuids", sync_uuids, "Fresh unique ids"),
  OTHERS ("/_uuids"),
  GET ("/_session", sync_session_get, "Who the server takes the client for"),
  LOGIN ("/_session", sync_session_post, "Logs in with a name and password, for a cookie"),
  DELETE ("/_session", sync_session_delete, "Ends the cookie"),
  OTHERS ("/_session"),
  GET ("/_active_tasks", sync_active_tasks, "Background tasks"),
  OTHERS ("/_active_tasks"),
  GET ("/_membership", sync_membership, "Nodes of the cluster"),
  OTHERS ("/_membership"),
  GET ("/_cluster_setup", sync_cluster_setup, "State of the cluster: a single node"),
  ABSENT ("/_cluster_setup", sync_absent_in_server),
  GET ("/_node/{node}", sync_node, "Name of this node, as _local"),
  OTHERS ("/_node/{node}"),
  ABSENT ("/_node/{node}/_config", sync_absent_in_server),
  ABSENT ("/_node/{node}/_config/{rest...}", sync_absent_in_server),
  ABSENT ("/_node/{node}/_restart", sync_absent_in_server),
  ABSENT ("/_node/{node}/{rest...}", sync_absent_in_server),
  ABSENT ("/_db_updates", sync_absent_in_server),
  ABSENT ("/_replicate", sync_absent_in_server),
  ABSENT ("/_scheduler/jobs", sync_absent_in_server),
  ABSENT ("/_scheduler/docs", sync_absent_in_server),
  ABSENT ("/_scheduler/docs/{rest...}", sync_absent_in_server),
  ABSENT ("/_reshard", sync_absent_in_server),
  ABSENT ("/_reshard/{rest...}", sync_absent_in_server),
  ABSENT ("/_search_analyze", sync_absent_in_server),
  ABSENT ("/_nouveau_analyze", sync_absent_in_server),

  GET ("/{db}", sync_database_get, "Information on a database"),
  PUT ("/{db}", sync_database_put, "Creates a database"),
  DELETE ("/{db}", sync_database_delete, "Deletes a database"),
  POST ("/{db}", sync_document_post, "Creates a document under a new id"),
  OTHERS ("/{db}"),

  GET ("/{db}/_all_docs", sync_all_docs, "Documents by id"),
  QUERY ("/{db}/_all_docs", sync_all_docs, "Documents of the given ids"),
  OTHERS ("/{db}/_all_docs"),
  QUERY ("/{db}/_all_docs/queries", sync_all_docs_queries, "Several listings in one answer"),
  OTHERS ("/{db}/_all_docs/queries"),
  GET ("/{db}/_design_docs", sync_design_docs, "Design documents by id"),
  QUERY ("/{db}/_design_docs", sync_design_docs, "Design documents of the given ids"),
  OTHERS ("/{db}/_design_docs"),
  QUERY ("/{db}/_design_docs/queries", sync_design_docs_queries, "Several listings in one answer"),
  OTHERS ("/{db}/_design_docs/queries"),
  FEED ("GET", "/{db}/_changes", sync_changes, "Changes, at once or as they come"),
  FEED ("POST", "/{db}/_changes", sync_changes, "Changes of the given documents"),
  OTHERS ("/{db}/_changes"),
  UPLOAD ("POST", "/{db}/_bulk_docs", sync_bulk_docs, 0, "Writes many documents"),
  OTHERS ("/{db}/_bulk_docs"),
  QUERY ("/{db}/_bulk_get", sync_bulk_get, "Reads many revisions"),
  OTHERS ("/{db}/_bulk_get"),
  QUERY ("/{db}/_revs_diff", sync_revs_diff, "Which of these revisions are missing"),
  OTHERS ("/{db}/_revs_diff"),
  QUERY ("/{db}/_missing_revs", sync_missing_revs, "Which of these revisions are missing, by id"),
  OTHERS ("/{db}/_missing_revs"),
  GET ("/{db}/_security", sync_security_get, "Who reads, writes and administers"),
  PUT ("/{db}/_security", sync_security_put, "Changes who reads, writes and administers"),
  OTHERS ("/{db}/_security"),
  GET ("/{db}/_revs_limit", sync_revs_limit_get, "How many generations a document remembers"),
  PUT ("/{db}/_revs_limit", sync_revs_limit_put, "Changes how many generations are remembered"),
  OTHERS ("/{db}/_revs_limit"),
  QUERY ("/{db}/_ensure_full_commit", sync_ensure_full_commit, "Answers when all is durable"),
  OTHERS ("/{db}/_ensure_full_commit"),

  POST ("/{db}/_compact", sync_compact, "Drops the bodies of old revisions in the background"),
  OTHERS ("/{db}/_compact"),
  POST ("/{db}/_compact/{id}", sync_compact_views, "Compacts the views of a design document: it has none"),
  OTHERS ("/{db}/_compact/{id}"),
  POST ("/{db}/_view_cleanup", sync_view_cleanup, "Removes old indexes of views"),
  OTHERS ("/{db}/_view_cleanup"),
  GET ("/{db}/_purged_infos_limit", sync_purged_infos_limit_get, "How many purges are remembered"),
  PUT ("/{db}/_purged_infos_limit", sync_purged_infos_limit_put,
       "Changes how many purges are remembered"),
  OTHERS ("/{db}/_purged_infos_limit"),
  POST ("/{db}/_purge", sync_purge, "Forgets revisions as if they had never been"),
  OTHERS ("/{db}/_purge"),
  FIND ("/{db}/_find", sync_find, "Documents that match a selector"),
  OTHERS ("/{db}/_find"),
  QUERY ("/{db}/_explain", sync_explain, "Which index would answer a query"),
  OTHERS ("/{db}/_explain"),
  GET ("/{db}/_index", sync_index_list, "Indexes of a database"),
  POST ("/{db}/_index", sync_index_put, "Defines an index"),
  OTHERS ("/{db}/_index"),
  POST ("/{db}/_index/_bulk_delete", sync_index_bulk_delete, "Removes the indexes of design documents"),
  OTHERS ("/{db}/_index/_bulk_delete"),
  DELETE ("/{db}/_index/{ddoc}/{type}/{name}", sync_index_delete, "Removes an index"),
  OTHERS ("/{db}/_index/{ddoc}/{type}/{name}"),
  DELETE ("/{db}/_index/_design/{ddoc}/{type}/{name}", sync_index_delete, "Removes an index"),
  OTHERS ("/{db}/_index/_design/{ddoc}/{type}/{name}"),

  GET ("/{db}/_shards", sync_shards, "Where the database lies"),
  OTHERS ("/{db}/_shards"),
  GET ("/{db}/_shards/{id}", sync_shard_of, "Where a document lies"),
  OTHERS ("/{db}/_shards/{id}"),
  POST ("/{db}/_sync_shards", sync_sync_shards, "Brings copies up to date: there are none"),
  OTHERS ("/{db}/_sync_shards"),
  ABSENT ("/{db}/_search_cleanup", sync_absent_in_database),
  ABSENT ("/{db}/_nouveau_cleanup", sync_absent_in_database),
  ABSENT ("/{db}/_partition/{rest...}", sync_not_partitioned),

  GET ("/{db}/_local_docs", sync_local_docs, "Local documents by id"),
  QUERY ("/{db}/_local_docs", sync_local_docs, "Local documents of the given ids"),
  OTHERS ("/{db}/_local_docs"),
  QUERY ("/{db}/_local_docs/queries", sync_local_docs_queries, "Several listings in one answer"),
  OTHERS ("/{db}/_local_docs/queries"),
  GET ("/{db}/_local/{id...}", sync_local_get, "Reads a local document, such as a checkpoint"),
  PUT ("/{db}/_local/{id...}", sync_local_put, "Writes a local document"),
  DELETE ("/{db}/_local/{id...}", sync_local_delete, "Deletes a local document"),
  OTHERS ("/{db}/_local/{id...}"),

  GET ("/{db}/_design/{id}", sync_document_get, "Reads a design document"),
  UPLOAD ("PUT", "/{db}/_design/{id}", sync_document_put, SYNC_UPLOAD_MAX,
          "Writes a design document"),
  DELETE ("/{db}/_design/{id}", sync_document_delete, "Deletes a design document"),
  COPY ("/{db}/_design/{id}"),
  FORM ("/{db}/_design/{id}"),
  OTHERS ("/{db}/_design/{id}"),
  ABSENT ("/{db}/_design/{id}/_info", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_view/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_show/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_list/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_update/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_rewrite/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_search/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_search_info/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_nouveau/{rest...}", sync_absent_in_design),
  ABSENT ("/{db}/_design/{id}/_nouveau_info/{rest...}", sync_absent_in_design),

  GET ("/{db}/{id}", sync_document_get, "Reads a document"),
  UPLOAD ("PUT", "/{db}/{id}", sync_document_put, SYNC_UPLOAD_MAX, "Writes a document"),
  DELETE ("/{db}/{id}", sync_document_delete, "Deletes a document"),
  COPY ("/{db}/{id}"),
  FORM ("/{db}/{id}"),
  OTHERS ("/{db}/{id}"),

  ATTACHMENT ("GET", "/{db}/{id}/{name...}", sync_attachment_get, "Reads an attachment"),
  ATTACHMENT ("PUT", "/{db}/{id}/{name...}", sync_attachment_put, "Writes an attachment"),
  ATTACHMENT ("DELETE", "/{db}/{id}/{name...}", sync_attachment_delete, "Deletes an attachment"),
  OTHERS ("/{db}/{id}/{name...}"),
  ATTACHMENT ("GET", "/{db}/_design/{id}/{name...}", sync_attachment_get, "Reads an attachment"),
  ATTACHMENT ("PUT", "/{db}/_design/{id}/{name...}", sync_attachment_put, "Writes an attachment"),
  ATTACHMENT ("DELETE", "/{db}/_design/{id}/{name...}", sync_attachment_delete,
              "Deletes an attachment"),
  OTHERS ("/{db}/_design/{id}/{name...}"),
};

/* What CouchDB lists, in its order. */
static const struct
{
  const char *path;
  const char *methods;
} allowed[] = {
  { "/", "GET,HEAD" },
  { "/_up", "GET,HEAD" },
  { "/_all_dbs", "GET,HEAD" },
  { "/_dbs_info", "GET,POST" },
  { "/_uuids", "GET" },
  { "/_session", "GET,HEAD,POST,DELETE" },
  { "/_active_tasks", "GET,HEAD" },
  { "/_membership", "GET,HEAD" },
  { "/{db}", "DELETE,GET,HEAD,POST" },
  { "/_node/{node}", "GET" },
  { "/{db}/_shards", "GET" },
  { "/{db}/_shards/{id}", "GET" },
  { "/{db}/_index", "GET,POST" },
  { "/{db}/_index/{ddoc}/{type}/{name}", "DELETE" },
  { "/{db}/_index/_design/{ddoc}/{type}/{name}", "DELETE" },
  { "/{db}/_all_docs", "GET,HEAD,POST" },
  { "/{db}/_design_docs", "GET,HEAD,POST" },
  { "/{db}/_changes", "GET,POST,HEAD" },
  { "/{db}/_security", "PUT,GET" },
  { "/{db}/_revs_limit", "PUT,GET" },
  { "/{db}/_purged_infos_limit", "PUT,GET" },
  { "/{db}/_local_docs", "GET,HEAD,POST" },
  { "/{db}/_local/{id...}", "DELETE,GET,HEAD,PUT" },
  { "/{db}/_design/{id}", "DELETE,GET,HEAD,POST,PUT,COPY" },
  { "/{db}/{id}", "DELETE,GET,HEAD,POST,PUT,COPY" },
  { "/{db}/{id}/{name...}", "DELETE,GET,HEAD,PUT" },
  { "/{db}/_design/{id}/{name...}", "DELETE,GET,HEAD,PUT" },
};

static const char *
methods_of (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    if (strcmp (allowed[i].path, path) == 0)
      return allowed[i].methods;
  return "POST";
}

static void
method_not_allowed (CsHttpExchange *exchange, gpointer self)
{
  const char *path = cs_http_route (exchange)->path;
  const char *methods = methods_of (path);
  g_autofree char *reason = g_strdup_printf ("Only %s allowed", methods);
  g_autoptr (SyncDb) db = NULL;

  if (g_str_has_prefix (path, "/{db}/") && (db = sync_open (exchange, self, SYNC_MEMBER)) == NULL)
    return;
  cs_http_set_header (exchange, "Allow", methods);
  sync_reply_error (exchange, 405, "method_not_allowed", reason);
}

gboolean
sync_routes_add (Sync *self, GError **error)
{
  const SyncSettings *settings = cs_settings (self);

  return cs_http_mount_routes (self->http, self, settings->mount, CS_ROWS (routes), error)
         && cs_http_set_error_func (self->http, self, settings->mount, sync_error_page, error);
}
