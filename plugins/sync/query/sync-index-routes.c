/* sync-index-routes.c: GET and DELETE _index, and _index/_bulk_delete.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-index-ddoc.h"

#include "sync-write.h"

/* ---- GET ---- */

void
sync_index_list (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_autoptr (SyncIndexes) indexes = NULL;
  g_autoptr (GString) json = NULL;
  gint64 limit = G_MAXINT64;
  gint64 skip = 0;
  CsStatus status;

  if (db == NULL || !sync_query_number (exchange, "limit", &limit) ||
      !sync_query_number (exchange, "skip", &skip))
    return;
  status = sync_indexes_get (self, db, &indexes);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  json = g_string_new (NULL);
  g_string_printf (json, "{\"total_rows\":%u,\"indexes\":[", indexes->all->len);
  for (gint64 i = skip; i < indexes->all->len && i - skip < limit; i++)
    {
      if (i > skip)
        g_string_append_c (json, ',');
      sync_index_append (indexes->all->pdata[i], json);
    }
  g_string_append (json, "]}");
  sync_reply_json (exchange, 200, json);
}

/* ---- removing ---- */

static CsSlice
design_id (CsHttpExchange *exchange, CsSlice name)
{
  if (name.len > 8 && memcmp (name.data, "_design/", 8) == 0)
    return name;
  return sync_design_id (exchange, name);
}

/* The entries go with the next look at the indexes. */
static void
look_again (Sync *self, SyncDb *db)
{
  g_autoptr (SyncIndexes) indexes = NULL;

  sync_indexes_get (self, db, &indexes);
}

static void
reply_removed (const SyncDdocEdit *edit, CsStatus status, SyncDdocOutcome outcome,
               const SyncError *error)
{
  if (status != CS_OK)
    sync_reply_status (edit->exchange, status);
  else if (outcome == SYNC_DDOC_CHANGED)
    sync_reply_ok (edit->exchange, 200);
  else if (outcome == SYNC_DDOC_MISSING || outcome == SYNC_DDOC_SAME)
    sync_reply_error (edit->exchange, 404, "not_found", "missing");
  else if (outcome == SYNC_DDOC_CONFLICT)
    sync_reply_error (edit->exchange, 409, "error_saving_ddoc",
                      "Encountered a conflict while saving the design document.");
  else
    sync_reply_error (edit->exchange, error->status, error->error, error->reason);
}

void
sync_index_delete (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);
  SyncDdocEdit edit = { .exchange = exchange, .self = self, .db = db };
  SyncDdocOutcome outcome = SYNC_DDOC_MISSING;
  CsStatus status = CS_OK;
  SyncError error;

  if (db == NULL)
    return;
  edit.arena = sync_exchange_arena (exchange);
  edit.id = design_id (exchange, cs_http_param (exchange, 1));
  edit.name = cs_http_param (exchange, 3);
  if (cs_slice_is (cs_http_param (exchange, 2), "json") && edit.name.len > 0)
    status = sync_ddoc_edit (&edit, &outcome, &error);
  if (status == CS_OK && outcome == SYNC_DDOC_CHANGED)
    look_again (self, db);
  reply_removed (&edit, status, outcome, &error);
}

/* ---- POST _bulk_delete ---- */

static const char *
word_of (CsStatus status, SyncDdocOutcome outcome)
{
  if (status != CS_OK)
    return "internal_server_error";
  if (outcome == SYNC_DDOC_CHANGED)
    return NULL;
  return outcome == SYNC_DDOC_CONFLICT ? "conflict" : "not_found";
}

static void
append_outcome (GString *success, GString *fail, CsSlice id, const char *word)
{
  GString *out = word == NULL ? success : fail;

  g_string_append (out, out->len > 0 ? ",{\"id\":" : "{\"id\":");
  sync_json_append_string (out, id);
  if (word == NULL)
    g_string_append (out, ",\"ok\":true}");
  else
    g_string_append_printf (out, ",\"error\":\"%s\"}", word);
}

static gboolean
refuse_docids (CsHttpExchange *exchange, SyncJson docids)
{
  SyncArena arena = sync_exchange_arena (exchange);
  SyncError error = { 400, "missing_required_key", "Missing required key: docids" };

  if (docids.type != SYNC_JSON_NONE)
    sync_refuse_value (&error, &arena, "invalid_bulk_docs",
                       "Bulk Delete requires an array of non-null docids. Docids", docids.text);
  sync_reply_error (exchange, error.status, error.error, error.reason);
  return FALSE;
}

/* An array of names. FALSE: answered. */
static gboolean
check_docids (CsHttpExchange *exchange, SyncJson docids)
{
  SyncJsonCursor cursor;
  SyncJson item;

  if (!sync_json_elements (&cursor, docids))
    return refuse_docids (exchange, docids);
  while (sync_json_next_element (&cursor, &item))
    if (item.type != SYNC_JSON_STRING || item.text.len == 2)
      return refuse_docids (exchange, docids);
  return TRUE;
}

void
sync_index_bulk_delete (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);
  g_autoptr (GString) success = g_string_new (NULL);
  g_autoptr (GString) fail = g_string_new (NULL);
  g_autoptr (GString) json = NULL;
  SyncDdocEdit edit = { .exchange = exchange, .self = self, .db = db };
  SyncJsonCursor cursor;
  SyncJson object;
  SyncJson item;

  if (db == NULL || !sync_read_object (exchange, self, &object) ||
      !check_docids (exchange, sync_json_member (object, "docids")))
    return;
  edit.arena = sync_exchange_arena (exchange);
  sync_json_elements (&cursor, sync_json_member (object, "docids"));
  while (sync_json_next_element (&cursor, &item))
    {
      SyncDdocOutcome outcome;
      SyncError error;
      CsStatus status;

      edit.id = design_id (exchange, sync_json_text (item, &edit.arena));
      status = sync_ddoc_edit (&edit, &outcome, &error);
      append_outcome (success, fail, edit.id, word_of (status, outcome));
    }
  look_again (self, db);
  json = g_string_new (NULL);
  g_string_printf (json, "{\"success\":[%s],\"fail\":[%s]}", success->str, fail->str);
  sync_reply_json (exchange, 200, json);
}
