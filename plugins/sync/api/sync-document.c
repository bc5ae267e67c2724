/* sync-document.c: one document: reading, writing, deleting.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-intake.h"
#include "sync-parts.h"
#include "sync-related.h"
#include "sync-view.h"
#include "sync-write.h"

/* ---- the id in the path ---- */

/* `/{db}/{id}` and `/{db}/_design/{id}`. A plus stands for a space, as CouchDB reads paths. */
CsSlice
sync_design_id (CsHttpExchange *exchange, CsSlice name)
{
  static const char design[] = "_design/";
  char *text = cs_http_alloc (exchange, sizeof design + name.len);

  memcpy (text, design, sizeof design - 1);
  memcpy (text + sizeof design - 1, name.data, name.len);
  return cs_slice (text, sizeof design - 1 + name.len);
}

static CsSlice
path_id (CsHttpExchange *exchange)
{
  CsSlice id = cs_http_param (exchange, 1);
  gboolean is_design = strstr (cs_http_route (exchange)->path, "/_design/{") != NULL;

  return is_design ? sync_design_id (exchange, id) : id;
}

static gboolean
checked_path_id (CsHttpExchange *exchange, CsSlice *id)
{
  SyncError error;

  *id = path_id (exchange);
  if (id->len >= 6 && memcmp (id->data, "_local", 6) == 0)
    {
      sync_reply_error (exchange, 400, "bad_request", "Invalid _local document id.");
      return FALSE;
    }
  if (sync_doc_id_check (*id, &error))
    return TRUE;
  sync_reply_error (exchange, error.status, error.error, error.reason);
  return FALSE;
}

/* `_design%2Fx` is told its better name. */
static gboolean
redirected (CsHttpExchange *exchange, Sync *self, CsSlice id)
{
  g_autoptr (GString) location = NULL;
  const CsHttpRequest *request = cs_http_request (exchange);
  const SyncSettings *settings = cs_settings (self);

  if (!sync_id_is_design (id)
      || strstr (cs_http_route (exchange)->path, "/_design/{") != NULL)
    return FALSE;
  location = g_string_new (request->secure ? "https://" : "http://");
  g_string_append_len (location, request->authority.data, request->authority.len);
  if (strcmp (settings->mount, "/") != 0)
    g_string_append (location, settings->mount);
  g_string_append_c (location, '/');
  sync_append_encoded (location, cs_http_param (exchange, 0));
  g_string_append (location, "/_design/");
  sync_append_encoded (location, cs_slice (id.data + 8, id.len - 8));
  if (request->query.len > 0)
    {
      g_string_append_c (location, '?');
      g_string_append_len (location, request->query.data, request->query.len);
    }
  cs_http_set_header (exchange, "Location", location->str);
  sync_reply_error (exchange, 301, "moved_permanently", "The document has moved.");
  return TRUE;
}

static gboolean
reply_missing (CsHttpExchange *exchange, const char *reason)
{
  sync_reply_error (exchange, 404, "not_found", reason);
  return FALSE;
}

/* ---- GET ---- */

typedef struct
{
  CsHttpExchange *exchange;
  SyncDb *db;
  SyncView view;
  SyncArena arena;
  CsSlice tag;    /* data NULL: none */
  gboolean begun; /* the answer is being streamed */
} Reading;

/* `atts_since` asks for the attachments that are newer. */
static void
read_since (Reading *reading)
{
  CsSlice text;
  SyncJson list;

  if (cs_http_query (reading->exchange, "atts_since", &text) && sync_json_parse (text, 4, &list)
      && sync_view_since (&reading->view, list))
    reading->view.flags |= SYNC_VIEW_ATTACHMENTS;
}

/* Large attachments are sent as they are read. */
static CsStatus
pass_on (gpointer data, GString *out)
{
  Reading *reading = data;

  if (!reading->begun)
    {
      reading->begun = TRUE;
      if (reading->tag.data != NULL)
        sync_set_etag (reading->exchange, reading->tag);
      sync_begin (reading->exchange, "application/json");
    }
  return sync_flush (reading->exchange, out);
}

static void
end_begun (Reading *reading, CsStatus status, GString *json)
{
  g_string_append_c (json, '\n');
  if (status == CS_OK)
    status = sync_flush (reading->exchange, json);
  if (status == CS_OK)
    cs_http_end (reading->exchange);
  else
    cs_http_abort (reading->exchange);
}

static void
reply_view (Reading *reading, gint node, CsSlice rev, gboolean tagged)
{
  g_autoptr (GString) json = g_string_sized_new (512);
  CsStatus status;

  reading->tag = tagged ? rev : cs_slice (NULL, 0);
  reading->view.pass = pass_on;
  reading->view.pass_data = reading;
  if (tagged && sync_not_modified (reading->exchange, rev))
    return;
  if ((reading->view.flags & SYNC_VIEW_ATTACHMENTS)
      && sync_parts_related_wanted (reading->exchange))
    reading->view.flags |= SYNC_VIEW_FOLLOWS;
  status = sync_view_append (&reading->view, node, json);
  if (reading->begun)
    {
      end_begun (reading, status, json);
      return;
    }
  if (status == CS_NOT_FOUND)
    {
      reply_missing (reading->exchange, "missing");
      return;
    }
  if (status != CS_OK)
    {
      sync_reply_status (reading->exchange, status);
      return;
    }
  if (tagged)
    sync_set_etag (reading->exchange, rev);
  if (reading->view.n_following > 0)
    sync_parts_reply_related (reading->exchange, &reading->view, json);
  else
    sync_reply_json (reading->exchange, 200, json);
}

static void
reply_winner (Reading *reading)
{
  const CsStoreRecord *record = reading->view.record;
  guint flags = reading->view.flags;
  gboolean tagged = (flags & (SYNC_VIEW_REVS_INFO | SYNC_VIEW_LOCAL_SEQ)) == 0;
  gint *leaves;

  if (record->deleted)
    {
      reply_missing (reading->exchange, "deleted");
      return;
    }
  if (flags & (SYNC_VIEW_CONFLICTS | SYNC_VIEW_DELETED_CONFLICTS))
    tagged = tagged && sync_view_tree (&reading->view)
             && sync_tree_leaves (&reading->view.tree, &leaves) == 1;
  reply_view (reading, SYNC_WINNER, record->summary, tagged);
}

/* `rev=`: one revision, a leaf or not. With `latest` the leaf of its own branch. */
static void
reply_revision (Reading *reading, CsSlice text)
{
  SyncRev rev;
  g_autoptr (GString) tag = g_string_new (NULL);
  gint node;
  gint *leaves;

  if (!sync_rev_parse (text, &rev))
    {
      sync_reply_error (reading->exchange, 400, "bad_request", "Invalid rev format");
      return;
    }
  if (!sync_view_tree (&reading->view))
    {
      sync_reply_status (reading->exchange, CS_CORRUPT);
      return;
    }
  node = sync_tree_find (&reading->view.tree, &rev);
  if (node >= 0 && sync_query_flag (reading->exchange, "latest")
      && sync_tree_leaves_below (&reading->view.tree, node, &leaves) > 0)
    node = leaves[0];
  if (node < 0)
    {
      reply_missing (reading->exchange, "missing");
      return;
    }
  reading->view.flags &= SYNC_VIEW_REVS | SYNC_VIEW_ATTACHMENTS | SYNC_VIEW_LOCAL_SEQ;
  sync_rev_append (tag, &reading->view.tree.nodes[node].rev);
  reply_view (reading, node, cs_slice (tag->str, tag->len), TRUE);
}

static void
reply_document (Reading *reading)
{
  CsHttpExchange *exchange = reading->exchange;
  gboolean has_query = cs_http_request (exchange)->query.len > 0;
  CsSlice text;

  if (has_query && cs_http_query (exchange, "open_revs", &text)
      && sync_open_revs (exchange, &reading->view, text))
    return;
  if (reading->view.record->seq == 0)
    reply_missing (exchange, "missing");
  else if (has_query && cs_http_query (exchange, "rev", &text))
    reply_revision (reading, text);
  else
    reply_winner (reading);
}

void
sync_document_get (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  Reading reading = { .exchange = exchange, .db = db };
  CsStoreRows *rows = NULL;
  CsStoreInfo info = { .size = sizeof info };
  CsSlice id;
  gboolean has_query = cs_http_request (exchange)->query.len > 0;
  CsStatus status;

  if (db == NULL)
    return;
  id = path_id (exchange);
  if (redirected (exchange, self, id))
    return;
  status = cs_store_read (db->db, &id, 1, CS_STORE_BODY | (has_query ? CS_STORE_TREE : 0), &rows);
  if (status == CS_OK && has_query)
    status = cs_store_info (db->db, &info);
  if (status != CS_OK)
    {
      cs_store_rows_free (db->db, rows);
      sync_reply_status (exchange, status);
      return;
    }
  reading.arena = sync_exchange_arena (exchange);
  reading.view = (SyncView){ .db = db, .arena = &reading.arena, .record = &rows->records[0],
                             .flags = sync_view_flags (exchange), .epoch = info.epoch };
  if (has_query)
    read_since (&reading);
  reply_document (&reading);
  cs_store_rows_free (db->db, rows);
}

/* ---- writing ---- */

void
sync_reply_written (CsHttpExchange *exchange, guint status, CsSlice id, const SyncRev *rev,
                    gboolean tagged)
{
  g_autoptr (GString) json = g_string_sized_new (128);
  g_autoptr (GString) text = g_string_sized_new (48);

  sync_rev_append (text, rev);
  if (tagged && status != 202)
    sync_set_etag (exchange, cs_slice (text->str, text->len));
  g_string_append (json, "{\"ok\":true,\"id\":");
  sync_json_append_string (json, id);
  if (status != 202) /* batch=ok promises no revision */
    {
      g_string_append (json, ",\"rev\":\"");
      g_string_append_len (json, text->str, text->len);
      g_string_append_c (json, '"');
    }
  g_string_append_c (json, '}');
  sync_reply_json (exchange, status, json);
}

static void
reply_missing_stub (CsHttpExchange *exchange, const SyncEdit *edit)
{
  g_autofree char *reason
    = g_strdup_printf ("Invalid attachment stub in %.*s for %.*s", (int) edit->id.len,
                       edit->id.data, (int) edit->stub.len, edit->stub.data);

  sync_reply_error (exchange, 412, "missing_stub", reason);
}

static gboolean
refused (CsHttpExchange *exchange, const SyncError *error)
{
  sync_reply_error (exchange, error->status, error->error, error->reason);
  return FALSE;
}

/* TRUE: stored, and not yet answered. */
static gboolean
commit_one (CsHttpExchange *exchange, Sync *self, SyncDb *db, SyncEdit *edit)
{
  CsStatus status = sync_commit (self, db, cs_http_identity (exchange), edit, 1);

  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return FALSE;
    }
  switch (edit->outcome)
    {
    case SYNC_EDIT_STORED:
    case SYNC_EDIT_KNOWN:
      return TRUE;
    case SYNC_EDIT_MISSING:
      return reply_missing (exchange, "missing");
    case SYNC_EDIT_DELETED:
      return reply_missing (exchange, "deleted");
    case SYNC_EDIT_MISSING_STUB:
      reply_missing_stub (exchange, edit);
      return FALSE;
    case SYNC_EDIT_REFUSED:
      return refused (exchange, &edit->refusal);
    default:
      sync_reply_status (exchange, CS_CONFLICT);
      return FALSE;
    }
}

/* The revision may stand in the body, the query and If-Match; those given must agree. FALSE: answered. */
static gboolean
given_revision (CsHttpExchange *exchange, SyncDoc *doc)
{
  CsSlice match = sync_if_match (exchange);
  CsSlice query = cs_slice (NULL, 0);

  cs_http_query (exchange, "rev", &query);
  if (query.data != NULL && doc->rev.data != NULL && !cs_slice_equal (query, doc->rev))
    {
      sync_reply_error (exchange, 400, "bad_request",
                        "Document rev from request body and query string have different values");
      return FALSE;
    }
  if (query.data != NULL)
    doc->rev = query;
  if (match.data != NULL && doc->rev.data != NULL && !cs_slice_equal (match, doc->rev))
    {
      sync_reply_error (exchange, 400, "bad_request",
                        "Document rev and etag have different values");
      return FALSE;
    }
  if (match.data != NULL)
    doc->rev = match;
  return TRUE;
}

/* Reads one document from its text. FALSE: answered. */
static gboolean
parse_document (CsHttpExchange *exchange, Sync *self, const SyncArena *arena, CsSlice text,
                SyncDoc *doc)
{
  const SyncSettings *settings = cs_settings (self);
  SyncError error;
  SyncJson value;

  if (!sync_parse_body (exchange, self, text, &value))
    return FALSE;
  if (!sync_doc_read (doc, value, arena, &error))
    return refused (exchange, &error);
  if ((gint64) doc->length > settings->max_document)
    {
      sync_reply_error (exchange, 413, "document_too_large",
                        "the document is larger than sync.max-document");
      return FALSE;
    }
  return TRUE;
}

gboolean
sync_read_document (CsHttpExchange *exchange, Sync *self, const SyncArena *arena, SyncDoc *doc)
{
  CsSlice body;

  return cs_http_read_body (exchange, &body) == CS_OK
         && parse_document (exchange, self, arena, body, doc);
}

/* Reads the document that begins a multipart/related. FALSE: answered. */
static gboolean
read_related (SyncRelated *related, Sync *self, SyncDoc *doc)
{
  CsSlice text;

  if (!sync_related_document (related, &text)
      || !parse_document (related->exchange, self, &related->arena, text, doc))
    return FALSE;
  doc->related = TRUE;
  return TRUE;
}

static gboolean
is_graft (CsHttpExchange *exchange)
{
  CsSlice value;

  return cs_http_query (exchange, "new_edits", &value) && cs_slice_is (value, "false");
}

static gboolean
wait_for_nothing (CsHttpExchange *exchange)
{
  CsSlice batch;

  return cs_http_query (exchange, "batch", &batch) && cs_slice_is (batch, "ok");
}

/* `related`: what the attachments come from; NULL: none follow. */
static void
write_document (CsHttpExchange *exchange, Sync *self, SyncDb *db, SyncDoc *doc,
                SyncRelated *related, gboolean tagged)
{
  g_auto (SyncHeld) held = { 0 };
  SyncArena arena = sync_exchange_arena (exchange);
  gboolean graft = is_graft (exchange);
  SyncError error;
  SyncEdit edit;
  guint status = doc->deleted ? 200 : 201;

  if (!sync_design_check (self, db, doc, &error)
      || !sync_edit_init (&edit, doc, graft, &arena, &error))
    {
      refused (exchange, &error);
      return;
    }
  sync_held_init (&held);
  if (!sync_intake_encoded (exchange, self, &held, edit.attachments, edit.n_attachments)
      || (related != NULL && !sync_related_attachments (related, &edit))
      || !commit_one (exchange, self, db, &edit))
    return;
  sync_set_location (exchange, self, doc->id, cs_slice (NULL, 0));
  if (wait_for_nothing (exchange))
    status = 202;
  sync_reply_written (exchange, status, doc->id, &edit.result, tagged);
}

void
sync_document_put (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  SyncArena arena = sync_exchange_arena (exchange);
  g_auto (SyncRelated) related = { 0 };
  gboolean is_related;
  SyncDoc doc;
  CsSlice id;

  if (db == NULL || !checked_path_id (exchange, &id))
    return;
  is_related = sync_related_begin (&related, exchange, self);
  if (!is_related)
    cs_http_limit_body (exchange, 0);
  if (!(is_related ? read_related (&related, self, &doc)
                   : sync_read_document (exchange, self, &arena, &doc))
      || !given_revision (exchange, &doc))
    return;
  doc.id = id;
  write_document (exchange, self, db, &doc, is_related ? &related : NULL, TRUE);
}

void
sync_document_delete (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  SyncArena arena = sync_exchange_arena (exchange);
  SyncDoc doc = { .deleted = TRUE };
  SyncError error;
  SyncEdit edit;

  if (db == NULL || !checked_path_id (exchange, &doc.id) || !given_revision (exchange, &doc))
    return;
  if (!sync_edit_init (&edit, &doc, FALSE, &arena, &error))
    {
      refused (exchange, &error);
      return;
    }
  edit.deletion = TRUE;
  if (commit_one (exchange, self, db, &edit))
    sync_reply_written (exchange, 200, doc.id, &edit.result, TRUE);
}

void
sync_id_make (char *id)
{
  g_snprintf (id, CS_DOCUMENT_ID_SIZE, "%08x%08x%08x%08x", g_random_int (), g_random_int (),
              g_random_int (), g_random_int ());
}

CsSlice
sync_make_id (CsHttpExchange *exchange)
{
  char *text = cs_http_alloc (exchange, CS_DOCUMENT_ID_SIZE);

  sync_id_make (text);
  return cs_slice_str (text);
}

void
sync_document_post (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  SyncArena arena = sync_exchange_arena (exchange);
  SyncError error;
  SyncDoc doc;

  if (db == NULL || !sync_body_is_json (exchange)
      || !sync_read_document (exchange, self, &arena, &doc))
    return;
  if (doc.id.data == NULL)
    doc.id = sync_make_id (exchange);
  else if (!sync_doc_id_check (doc.id, &error))
    {
      refused (exchange, &error);
      return;
    }
  if (doc.id.len > 7 && memcmp (doc.id.data, "_local/", 7) == 0)
    sync_local_write (exchange, self, db, &doc, FALSE);
  else
    write_document (exchange, self, db, &doc, NULL, FALSE);
}
