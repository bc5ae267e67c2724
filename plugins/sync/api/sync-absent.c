/* sync-absent.c: what of CouchDB's API is not offered: 501 with the reason and what to do instead, by those who might
 * have used it, and only where the resource would exist.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-write.h"

#define JAVASCRIPT                                                                                 \
  "JavaScript of design documents is stored and replicated, not run; query with _find instead"
#define FULL_TEXT "Full-text indexes are not offered; query with _find instead"
#define REPLICATOR                                                                                 \
  "This server starts no replication: run it in CouchDB or PouchDB, with this server as source or "  \
  "target"
#define FIGURES "Figures of the node are at /metrics, and those of its parts in `cloudsyncctl status`"
#define ONE_NODE "This is a node of its own: there is no cluster to change"

static const struct
{
  const char *path;
  const char *reason;
} absent[] = {
  { "/_db_updates", "Events of all databases are not offered; follow _changes of each database" },
  { "/_replicate", REPLICATOR },
  { "/_scheduler/jobs", REPLICATOR },
  { "/_scheduler/docs", REPLICATOR },
  { "/_scheduler/docs/{rest...}", REPLICATOR },
  { "/_cluster_setup", ONE_NODE },
  { "/_reshard", ONE_NODE },
  { "/_reshard/{rest...}", ONE_NODE },
  { "/_search_analyze", FULL_TEXT },
  { "/_nouveau_analyze", FULL_TEXT },
  { "/_node/{node}/_config", "Settings are files: see config.d and `cloudsyncctl config`" },
  { "/_node/{node}/_config/{rest...}", "Settings are files: see config.d and `cloudsyncctl config`" },
  { "/_node/{node}/_restart", "Restart the node with its service manager" },
  { "/_node/{node}/{rest...}", FIGURES },
  { "/{db}/_search_cleanup", FULL_TEXT },
  { "/{db}/_nouveau_cleanup", FULL_TEXT },
  { "/{db}/{id}", "Attachments by a form are not offered; PUT each of them" },
  { "/{db}/_design/{id}", "Attachments by a form are not offered; PUT each of them" },
  { "/{db}/_design/{id}/_search/{rest...}", FULL_TEXT },
  { "/{db}/_design/{id}/_search_info/{rest...}", FULL_TEXT },
  { "/{db}/_design/{id}/_nouveau/{rest...}", FULL_TEXT },
  { "/{db}/_design/{id}/_nouveau_info/{rest...}", FULL_TEXT },
};

static const char *
reason_for (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (absent); i++)
    if (strcmp (absent[i].path, path) == 0)
      return absent[i].reason;
  return JAVASCRIPT;
}

static void
reply_absent (CsHttpExchange *exchange)
{
  sync_reply_error (exchange, 501, "not_implemented", reason_for (cs_http_route (exchange)->path));
}

void
sync_absent_in_server (CsHttpExchange *exchange, gpointer self)
{
  if (sync_node_admin (exchange))
    reply_absent (exchange);
}

void
sync_absent_in_database (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL)
    reply_absent (exchange);
}

/* CouchDB asks for a Referer first, against forms on other sites. */
void
sync_form_upload (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL && cs_http_header (exchange, "Referer").data == NULL)
    sync_reply_error (exchange, 400, "bad_request", "Referer header required.");
  else if (db != NULL)
    reply_absent (exchange);
}

/* FALSE: answered, there is no such design document. */
static gboolean
design_exists (CsHttpExchange *exchange, SyncDb *db)
{
  CsSlice id = sync_design_id (exchange, cs_http_param (exchange, 1));
  CsStoreRows *rows = NULL;
  CsStatus status = cs_store_read (db->db, &id, 1, 0, &rows);
  gboolean found = FALSE;

  if (status != CS_OK)
    sync_reply_status (exchange, status);
  else if (rows->records[0].seq == 0)
    sync_reply_error (exchange, 404, "not_found", "missing");
  else if (rows->records[0].deleted)
    sync_reply_error (exchange, 404, "not_found", "deleted");
  else
    found = TRUE;
  cs_store_rows_free (db->db, rows);
  return found;
}

void
sync_absent_in_design (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL && design_exists (exchange, db))
    reply_absent (exchange);
}

/* No database is partitioned; CouchDB says the same of one that is not. */
void
sync_not_partitioned (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL)
    sync_reply_error (exchange, 400, "bad_request", "database is not partitioned");
}

/* An index of views to compact: there is none, of a design document that must exist. */
void
sync_compact_views (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);

  if (db != NULL && sync_body_is_json (exchange) && design_exists (exchange, db))
    sync_reply_ok (exchange, 202);
}
