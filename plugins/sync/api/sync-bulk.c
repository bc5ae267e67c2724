/* sync-bulk.c: many documents in one request: _bulk_docs, _revs_diff, _missing_revs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-intake.h"
#include "sync-view.h"
#include "sync-write.h"

/* ---- _bulk_docs ---- */

typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  gboolean graft;
  guint n;
  SyncDoc *docs;      /* as sent, in order */
  SyncEdit *edits;    /* of those that are not local, in order */
  gint *edit_of;      /* doc -> edit, or LOCAL, REFUSED */
  guint n_edits;
  guint64 *versions;  /* of local ones */
  SyncHeld held;
  CsStatus *statuses;
  SyncError *errors;  /* of refused ones */
} BulkDocs;

#define LOCAL -1
#define REFUSED -2

static gboolean
refuse (BulkDocs *self, guint status, const char *error, const char *reason)
{
  sync_reply_error (self->exchange, status, error, reason);
  return FALSE;
}

static gboolean
read_docs_member (BulkDocs *self, SyncJson object, SyncJson *docs)
{
  SyncJson new_edits = sync_json_member (object, "new_edits");

  *docs = sync_json_member (object, "docs");
  if (docs->type == SYNC_JSON_NONE)
    return refuse (self, 400, "bad_request", "POST body must include `docs` parameter.");
  if (docs->type != SYNC_JSON_ARRAY)
    return refuse (self, 400, "bad_request", "`docs` parameter must be an array.");
  if (new_edits.type != SYNC_JSON_NONE && new_edits.type != SYNC_JSON_TRUE
      && new_edits.type != SYNC_JSON_FALSE)
    return refuse (self, 400, "bad_request", "`new_edits` parameter must be a boolean.");
  self->graft = new_edits.type == SYNC_JSON_FALSE;
  return TRUE;
}

static gboolean
is_local (CsSlice id)
{
  return id.len > 7 && memcmp (id.data, "_local/", 7) == 0;
}

static gboolean
read_one (BulkDocs *self, guint i, SyncJson value)
{
  const SyncSettings *settings = cs_settings (self->self);
  SyncDoc *doc = &self->docs[i];
  SyncError error;

  self->edit_of[i] = LOCAL;
  if (!sync_doc_read (doc, value, &self->arena, &error)
      || (doc->id.data != NULL && !sync_doc_id_check (doc->id, &error)))
    return refuse (self, error.status, error.error, error.reason);
  if ((gint64) doc->length > settings->max_document)
    return refuse (self, 413, "document_too_large",
                   "a document is larger than sync.max-document");
  if (doc->id.data == NULL)
    doc->id = sync_make_id (self->exchange);
  if (is_local (doc->id))
    return TRUE;
  if (!sync_design_check (self->self, self->db, doc, &self->errors[i]))
    {
      self->edit_of[i] = REFUSED;
      return TRUE;
    }
  if (!sync_edit_init (&self->edits[self->n_edits], doc, self->graft, &self->arena, &error))
    return refuse (self, error.status, error.error, error.reason);
  if (!sync_intake_encoded (self->exchange, self->self, &self->held,
                            self->edits[self->n_edits].attachments,
                            self->edits[self->n_edits].n_attachments))
    return FALSE;
  self->edit_of[i] = self->n_edits++;
  return TRUE;
}

/* A row that is malformed fails the whole request, and nothing is stored; one that is refused fails alone. */
static gboolean
read_rows (BulkDocs *self, SyncJson docs)
{
  SyncJsonCursor cursor;
  SyncJson value;

  self->n = sync_json_count (docs);
  self->docs = sync_alloc (&self->arena, self->n * sizeof (SyncDoc));
  self->edits = sync_alloc (&self->arena, self->n * sizeof (SyncEdit));
  self->edit_of = sync_alloc (&self->arena, self->n * sizeof (gint));
  self->versions = sync_alloc (&self->arena, self->n * sizeof (guint64));
  self->statuses = sync_alloc (&self->arena, self->n * sizeof (CsStatus));
  self->errors = sync_alloc (&self->arena, self->n * sizeof (SyncError));
  sync_json_elements (&cursor, docs);
  for (guint i = 0; sync_json_next_element (&cursor, &value); i++)
    if (!read_one (self, i, value))
      return FALSE;
  return TRUE;
}

static CsStatus
store_locals (BulkDocs *self)
{
  SyncError error;

  for (guint i = 0; i < self->n; i++)
    {
      CsStatus status;

      if (self->edit_of[i] != LOCAL)
        continue;
      status = sync_local_store (self->db, &self->docs[i], &self->versions[i], &error);
      self->statuses[i] = status;
      if (status != CS_OK && status != CS_CONFLICT && status != CS_INVALID)
        return status;
    }
  return CS_OK;
}

static void
append_error (GString *json, CsSlice id, const char *error, const char *reason)
{
  g_string_append (json, "{\"id\":");
  sync_json_append_string (json, id);
  g_string_append_printf (json, ",\"error\":\"%s\",\"reason\":\"%s\"}", error, reason);
}

static void
append_ok (GString *json, CsSlice id)
{
  g_string_append (json, "{\"ok\":true,\"id\":");
  sync_json_append_string (json, id);
  g_string_append (json, ",\"rev\":\"");
}

static void
append_local_row (BulkDocs *self, guint i, GString *json)
{
  if (self->statuses[i] != CS_OK)
    {
      append_error (json, self->docs[i].id, "conflict", "Document update conflict.");
      return;
    }
  append_ok (json, self->docs[i].id);
  g_string_append_printf (json, "0-%" G_GUINT64_FORMAT "\"}", self->versions[i]);
}

static gboolean
written (const SyncEdit *edit)
{
  return edit->outcome == SYNC_EDIT_STORED || edit->outcome == SYNC_EDIT_KNOWN;
}

/* `name`: PouchDB's replication tells a `denied` document by it, and goes on with the others. */
static void
append_refused (GString *json, CsSlice id, const SyncError *error)
{
  append_error (json, id, error->error, error->reason);
  g_string_truncate (json, json->len - 1);
  g_string_append_printf (json, ",\"name\":\"%s\"}", error->error);
}

static void
append_edit_row (const SyncEdit *edit, GString *json)
{
  if (written (edit))
    {
      append_ok (json, edit->id);
      sync_rev_append (json, &edit->result);
      g_string_append (json, "\"}");
    }
  else if (edit->outcome == SYNC_EDIT_REFUSED)
    append_refused (json, edit->id, &edit->refusal);
  else if (edit->outcome == SYNC_EDIT_MISSING_STUB)
    append_error (json, edit->id, "missing_stub", "Invalid attachment stub");
  else
    append_error (json, edit->id, "conflict", "Document update conflict.");
}

static gboolean
row_written (const BulkDocs *self, guint i)
{
  gint edit = self->edit_of[i];

  return edit >= 0 ? written (&self->edits[edit]) : edit == LOCAL && self->statuses[i] == CS_OK;
}

static void
append_row (BulkDocs *self, guint i, GString *json)
{
  gint edit = self->edit_of[i];

  if (edit >= 0)
    append_edit_row (&self->edits[edit], json);
  else if (edit == LOCAL)
    append_local_row (self, i, json);
  else
    append_refused (json, self->docs[i].id, &self->errors[i]);
}

/* In order; of grafts only the rows that failed. */
static void
reply_rows (BulkDocs *self)
{
  g_autoptr (GString) json = g_string_sized_new (64 * self->n + 16);

  g_string_append_c (json, '[');
  for (guint i = 0; i < self->n; i++)
    {
      if (self->graft && row_written (self, i))
        continue;
      if (json->len > 1)
        g_string_append_c (json, ',');
      append_row (self, i, json);
    }
  g_string_append_c (json, ']');
  sync_reply_json (self->exchange, 201, json);
}

static void
write_all (BulkDocs *self)
{
  SyncJson object;
  SyncJson docs;
  CsStatus status = CS_OK;

  if (!sync_read_object (self->exchange, self->self, &object)
      || !read_docs_member (self, object, &docs) || !read_rows (self, docs))
    return;
  if (self->n_edits > 0)
    status = sync_commit (self->self, self->db, cs_http_identity (self->exchange), self->edits,
                          self->n_edits);
  if (status == CS_OK)
    status = store_locals (self);
  if (status == CS_OK)
    reply_rows (self);
  else
    sync_reply_status (self->exchange, status);
}

void
sync_bulk_docs (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  BulkDocs request = { .exchange = exchange, .self = self, .db = db };

  if (db == NULL)
    return;
  request.arena = sync_exchange_arena (exchange);
  sync_held_init (&request.held);
  write_all (&request);
  sync_held_clear (&request.held);
}

/* ---- _revs_diff, _missing_revs ---- */

typedef struct
{
  CsHttpExchange *exchange;
  SyncDb *db;
  SyncArena arena;
  gboolean ancestors; /* _revs_diff: an object with possible_ancestors; else a bare list */
} RevsDiff;

/* The revisions of one id that the tree lacks; FALSE: answered. */
static gboolean
read_missing (RevsDiff *self, SyncJson list, const SyncTree *tree, SyncRev **missing, guint *n)
{
  SyncJsonCursor cursor;
  SyncJson item;

  *n = 0;
  if (!sync_json_elements (&cursor, list))
    {
      sync_reply_error (self->exchange, 400, "bad_request", "Revisions must be lists of strings");
      return FALSE;
    }
  *missing = sync_alloc (&self->arena, (sync_json_count (list) + 1) * sizeof (SyncRev));
  while (sync_json_next_element (&cursor, &item))
    {
      SyncRev *rev = &(*missing)[*n];

      if (item.type != SYNC_JSON_STRING || !sync_rev_parse (sync_json_text (item, &self->arena), rev))
        {
          sync_reply_error (self->exchange, 400, "bad_request", "Invalid rev format");
          return FALSE;
        }
      *n += sync_tree_find (tree, rev) < 0;
    }
  return TRUE;
}

static void
append_revs (GString *json, const SyncRev *revs, guint n)
{
  g_string_append_c (json, '[');
  for (guint i = 0; i < n; i++)
    {
      g_string_append (json, i == 0 ? "\"" : ",\"");
      sync_rev_append (json, &revs[i]);
      g_string_append_c (json, '"');
    }
  g_string_append_c (json, ']');
}

static void
append_possible_ancestors (GString *json, const SyncTree *tree, const SyncRev *missing, guint n)
{
  gint *nodes;
  guint found = sync_tree_possible_ancestors (tree, missing, n, &nodes);

  if (found == 0)
    return;
  g_string_append (json, ",\"possible_ancestors\":[");
  for (guint i = 0; i < found; i++)
    {
      g_string_append (json, i == 0 ? "\"" : ",\"");
      sync_rev_append (json, &tree->nodes[nodes[i]].rev);
      g_string_append_c (json, '"');
    }
  g_string_append_c (json, ']');
}

/* FALSE: answered. */
static gboolean
append_diff (RevsDiff *self, CsSlice id, SyncJson list, const CsStoreRecord *record, GString *json)
{
  SyncTree tree;
  SyncRev *missing;
  guint n;

  if (!sync_tree_decode (&tree, record->tree, &self->arena))
    {
      sync_reply_status (self->exchange, CS_CORRUPT);
      return FALSE;
    }
  if (!read_missing (self, list, &tree, &missing, &n))
    return FALSE;
  if (n == 0)
    return TRUE;
  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  sync_json_append_string (json, id);
  g_string_append (json, self->ancestors ? ":{\"missing\":" : ":");
  append_revs (json, missing, n);
  if (self->ancestors)
    {
      append_possible_ancestors (json, &tree, missing, n);
      g_string_append_c (json, '}');
    }
  return TRUE;
}

static gboolean
append_diffs (RevsDiff *self, SyncJson object, GString *json)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson list;
  gboolean good = TRUE;

  sync_json_members (&cursor, object);
  while (good && sync_json_next_member (&cursor, &key, &list))
    {
      CsSlice id = sync_json_text (key, &self->arena);
      CsStoreRows *rows = NULL;
      CsStatus status = cs_store_read (self->db->db, &id, 1, CS_STORE_TREE, &rows);

      if (status != CS_OK)
        {
          sync_reply_status (self->exchange, status);
          return FALSE;
        }
      good = append_diff (self, id, list, &rows->records[0], json);
      cs_store_rows_free (self->db->db, rows);
    }
  return good;
}

static void
answer_diff (CsHttpExchange *exchange, Sync *self, gboolean ancestors)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  RevsDiff request = { .exchange = exchange, .db = db, .ancestors = ancestors };
  g_autoptr (GString) json = NULL;
  SyncJson object;

  if (db == NULL || !sync_read_object (exchange, self, &object))
    return;
  request.arena = sync_exchange_arena (exchange);
  json = g_string_new (ancestors ? "{" : "{\"missing_revs\":{");
  if (!append_diffs (&request, object, json))
    return;
  g_string_append (json, ancestors ? "}" : "}}");
  sync_reply_json (exchange, 200, json);
}

void
sync_revs_diff (CsHttpExchange *exchange, gpointer self)
{
  answer_diff (exchange, self, TRUE);
}

void
sync_missing_revs (CsHttpExchange *exchange, gpointer self)
{
  answer_diff (exchange, self, FALSE);
}
