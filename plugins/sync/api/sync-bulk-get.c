/* sync-bulk-get.c: _bulk_get: many revisions of many documents, as JSON or in parts with their
 * attachments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-parts.h"
#include "sync-write.h"

typedef struct
{
  CsHttpExchange *exchange;
  SyncDb *db;
  SyncArena arena;
  guint flags;
  gboolean latest;
  GString *json;    /* not sent yet */
  SyncParts *parts; /* NULL: the answer is JSON */
} BulkGet;

static void
append_text (GString *out, const char *before, CsSlice text)
{
  g_string_append (out, before);
  if (text.data != NULL)
    sync_json_append_string (out, text);
  else
    g_string_append (out, "null");
}

static void
append_error (BulkGet *self, CsSlice id, CsSlice rev, const char *error, const char *reason)
{
  GString *out = self->parts != NULL ? sync_parts_add_error (self->parts) : self->json;

  append_text (out, self->parts != NULL ? "{\"rev\":" : "{\"error\":{\"rev\":", rev);
  append_text (out, ",\"reason\":", cs_slice_str (reason));
  append_text (out, ",\"id\":", id);
  g_string_append_printf (out, ",\"error\":\"%s\"%s", error, self->parts != NULL ? "}" : "}}");
}

static CsStatus
append_nodes (BulkGet *self, SyncView *view, const gint *nodes, guint n)
{
  CsStatus status = CS_OK;

  for (guint i = 0; status == CS_OK && i < n; i++)
    if (self->parts != NULL)
      status = sync_parts_add (self->parts, view, nodes[i]);
    else
      {
        g_string_append (self->json, i == 0 ? "{\"ok\":" : ",{\"ok\":");
        status = sync_view_append (view, nodes[i], self->json);
        g_string_append_c (self->json, '}');
      }
  return status;
}

static CsStatus
append_wanted (BulkGet *self, SyncView *view, CsSlice text, const SyncRev *rev)
{
  gint node = sync_tree_find (&view->tree, rev);
  gint *leaves;
  guint n = 1;

  if (node >= 0 && self->latest)
    n = sync_tree_leaves_below (&view->tree, node, &leaves);
  else
    leaves = &node;
  if (node < 0 || (n == 1 && !view->tree.nodes[leaves[0]].available))
    {
      append_error (self, view->record->id, text, "not_found", "missing");
      return CS_OK;
    }
  return append_nodes (self, view, leaves, n);
}

static CsStatus
append_document (BulkGet *self, SyncJson item, CsSlice id, SyncJson rev_member)
{
  CsStoreRows *rows = NULL;
  CsSlice text = rev_member.type == SYNC_JSON_STRING ? sync_json_text (rev_member, &self->arena)
                                                     : cs_slice_str ("undefined");
  SyncView view = { .db = self->db, .arena = &self->arena, .flags = self->flags };
  SyncJson atts_since = sync_json_member (item, "atts_since");
  SyncRev rev;
  gint *leaves;
  CsStatus status;

  if (rev_member.type == SYNC_JSON_STRING && !sync_rev_parse (text, &rev))
    {
      append_error (self, id, text, "bad_request", "Invalid rev format");
      return CS_OK;
    }
  status = cs_store_read (self->db->db, &id, 1, CS_STORE_TREE | CS_STORE_BODY, &rows);
  if (status != CS_OK)
    return status;
  view.record = &rows->records[0];
  view.pass = self->json != NULL ? sync_pass_on : NULL;
  view.pass_data = self->exchange;
  if (view.record->seq == 0)
    append_error (self, id, text, "not_found", "missing");
  else if (!sync_view_tree (&view))
    status = CS_CORRUPT;
  else
    {
      sync_view_since (&view, atts_since);
      if (rev_member.type == SYNC_JSON_STRING)
        status = append_wanted (self, &view, text, &rev);
      else
        {
          guint n = sync_tree_leaves (&view.tree, &leaves);

          status = append_nodes (self, &view, leaves, n);
        }
    }
  cs_store_rows_free (self->db->db, rows);
  return status;
}

/* What there is of one element of `docs`. */
static CsStatus
append_item (BulkGet *self, SyncJson item, CsSlice id)
{
  static const CsSlice none = { NULL, 0 };
  SyncError error;

  if (item.type != SYNC_JSON_OBJECT)
    append_error (self, none, none, "bad_request", "document must be a JSON object");
  else if (id.data == NULL)
    append_error (self, none, none, "bad_request", "document id missed");
  else if (!sync_doc_id_check (id, &error))
    append_error (self, id, none, error.error, error.reason);
  else
    return append_document (self, item, id, sync_json_member (item, "rev"));
  return CS_OK;
}

static CsSlice
id_of (BulkGet *self, SyncJson item)
{
  SyncJson id = sync_json_member (item, "id");

  return id.type == SYNC_JSON_STRING ? sync_json_text (id, &self->arena) : cs_slice (NULL, 0);
}

static CsStatus
append_result (BulkGet *self, SyncJson item)
{
  CsSlice id = id_of (self, item);
  CsStatus status;

  append_text (self->json, "{\"id\":", id);
  g_string_append (self->json, ",\"docs\":[");
  status = append_item (self, item, id);
  g_string_append (self->json, "]}");
  return status;
}

static void
stream_json (BulkGet *self, SyncJson docs)
{
  g_autoptr (GString) json = g_string_sized_new (8192);
  SyncJsonCursor cursor;
  SyncJson item;
  gboolean first = TRUE;
  CsStatus status = CS_OK;

  self->json = json;
  g_string_append (json, "{\"results\":[");
  sync_begin (self->exchange, "application/json");
  sync_json_elements (&cursor, docs);
  while (status == CS_OK && sync_json_next_element (&cursor, &item))
    {
      if (!first)
        g_string_append_c (json, ',');
      first = FALSE;
      status = append_result (self, item);
      if (status == CS_OK && json->len > 65536)
        status = sync_flush (self->exchange, json);
    }
  g_string_append (json, "]}\n");
  if (status == CS_OK)
    status = sync_flush (self->exchange, json);
  if (status == CS_OK)
    cs_http_end (self->exchange);
  else
    cs_http_abort (self->exchange);
}

/* Attachments come without having been asked for. */
static void
stream_parts (BulkGet *self, SyncJson docs, const char *type)
{
  g_auto (SyncParts) parts = { 0 };
  SyncJsonCursor cursor;
  SyncJson item;
  CsStatus status = CS_OK;

  self->parts = &parts;
  self->flags |= SYNC_VIEW_ATTACHMENTS | SYNC_VIEW_FOLLOWS;
  sync_parts_init (&parts, self->exchange, type);
  sync_json_elements (&cursor, docs);
  while (status == CS_OK && sync_json_next_element (&cursor, &item))
    status = append_item (self, item, id_of (self, item));
  sync_parts_end (&parts, status);
}

void
sync_bulk_get (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  static const char *const offered[]
    = { "application/json", "multipart/mixed", "multipart/related", NULL };
  BulkGet request = { .exchange = exchange, .db = db };
  SyncJson object;
  SyncJson docs;
  gint form;

  if (db == NULL || !sync_read_object (exchange, self, &object))
    return;
  docs = sync_json_member (object, "docs");
  if (docs.type != SYNC_JSON_ARRAY)
    {
      sync_reply_error (exchange, 400, "bad_request", "Missing JSON list of 'docs'.");
      return;
    }
  request.arena = sync_exchange_arena (exchange);
  request.flags = sync_view_flags (exchange) & (SYNC_VIEW_REVS | SYNC_VIEW_ATTACHMENTS);
  request.latest = sync_query_flag (exchange, "latest");
  form = cs_http_accept (exchange, offered);
  if (form > 0)
    stream_parts (&request, docs, offered[form]);
  else
    stream_json (&request, docs);
}
