/* sync-index-ddoc.c: puts an index's view into its design document, or takes it out; the rest of
 * the document stays as it is, and what holds nothing else is deleted. SPDX-License-Identifier:
 * Apache-2.0 */
#include "sync-index-ddoc.h"

#include "sync-collate.h"
#include "sync-write.h"

#define TRIES_MAX 4

/* ---- the document as it is ---- */

/* Type NONE: there is none. */
static CsStatus
read_ddoc (const SyncDdocEdit *edit, SyncJson *doc)
{
  CsStoreRows *rows = NULL;
  CsStatus status = cs_store_read (edit->db->db, &edit->id, 1, CS_STORE_BODY, &rows);
  g_autoptr (GString) text = g_string_new (NULL);
  SyncView view = { .db = edit->db, .arena = &edit->arena };

  *doc = (SyncJson){ SYNC_JSON_NONE, { NULL, 0 } };
  if (status != CS_OK)
    return status;
  view.record = &rows->records[0];
  if (view.record->seq != 0 && !view.record->deleted)
    status = sync_view_append (&view, SYNC_WINNER, text);
  if (status == CS_OK && text->len > 0)
    {
      char *copy = sync_alloc (&edit->arena, text->len);

      memcpy (copy, text->str, text->len);
      *doc = sync_json_value (copy, copy + text->len);
    }
  cs_store_rows_free (edit->db->db, rows);
  return status;
}

/* ---- the document as it will be ---- */

typedef struct
{
  GString *text;
  gboolean any_view;
  gboolean bare; /* nothing in it but its language */
  gboolean changed;
  gboolean found; /* what is to be removed was there */
} Rewriting;

static void
append_member (GString *out, CsSlice name, CsSlice value)
{
  if (out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  sync_json_append_string (out, name);
  g_string_append_c (out, ':');
  g_string_append_len (out, value.data, (gssize) value.len);
}

static gboolean
is_index_view (SyncJson view)
{
  return sync_json_member (view, "map").type == SYNC_JSON_OBJECT;
}

/* TRUE: the edit is about this view. */
static gboolean
is_meant (const SyncDdocEdit *edit, CsSlice name, SyncJson view)
{
  if (edit->name.len > 0)
    return cs_slice_equal (name, edit->name);
  return is_index_view (view);
}

static void
rewrite_views (const SyncDdocEdit *edit, SyncJson views, Rewriting *rewriting)
{
  g_autoptr (GString) out = g_string_new ("{");
  SyncJson wanted = { SYNC_JSON_OBJECT, edit->view };
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson view;

  rewriting->changed = edit->view.len > 0;
  if (sync_json_members (&cursor, views))
    while (sync_json_next_member (&cursor, &key, &view))
      {
        CsSlice name = sync_json_text (key, &edit->arena);

        if (!is_meant (edit, name, view))
          append_member (out, name, view.text);
        else if (edit->view.len > 0)
          rewriting->changed = !sync_collate_equal (view, wanted);
        else
          rewriting->found = rewriting->changed = TRUE;
      }
  if (edit->view.len > 0)
    append_member (out, edit->name, edit->view);
  rewriting->any_view = out->len > 1;
  g_string_append_c (out, '}');
  if (rewriting->any_view)
    append_member (rewriting->text, cs_slice_str ("views"), cs_slice (out->str, out->len));
}

static void
rewrite (const SyncDdocEdit *edit, SyncJson doc, Rewriting *rewriting)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;
  guint others = 0;

  g_string_append_c (rewriting->text, '{');
  if (sync_json_members (&cursor, doc))
    while (sync_json_next_member (&cursor, &key, &value))
      {
        if (sync_json_is (key, "views"))
          continue;
        others += !sync_json_is (key, "_id") && !sync_json_is (key, "_rev") &&
                  !sync_json_is (key, "language");
        append_member (rewriting->text, sync_json_text (key, &edit->arena), value.text);
      }
  else
    append_member (rewriting->text, cs_slice_str ("language"), cs_slice_str ("\"query\""));
  rewrite_views (edit, sync_json_member (doc, "views"), rewriting);
  rewriting->bare = others == 0 && !rewriting->any_view;
  g_string_append_c (rewriting->text, '}');
}

/* ---- writing ---- */

static CsStatus
write_ddoc (const SyncDdocEdit *edit, const Rewriting *rewriting, SyncDdocOutcome *outcome,
            SyncError *error)
{
  char *copy = sync_alloc (&edit->arena, rewriting->text->len);
  SyncJson value;
  SyncDoc doc;
  SyncEdit write;
  CsStatus status;

  memcpy (copy, rewriting->text->str, rewriting->text->len);
  value = sync_json_value (copy, copy + rewriting->text->len);
  *outcome = SYNC_DDOC_REFUSED;
  if (!sync_doc_read (&doc, value, &edit->arena, error))
    return CS_OK;
  doc.id = edit->id;
  doc.deleted = rewriting->bare;
  if (doc.deleted)
    doc.n_parts = 0;
  if (!sync_design_check (edit->self, edit->db, &doc, error) ||
      !sync_edit_init (&write, &doc, FALSE, &edit->arena, error))
    return CS_OK;
  status = sync_commit (edit->self, edit->db, cs_http_identity (edit->exchange), &write, 1);
  if (status != CS_OK)
    return status;
  if (write.outcome == SYNC_EDIT_REFUSED)
    *error = write.refusal;
  else
    *outcome = write.outcome == SYNC_EDIT_STORED ? SYNC_DDOC_CHANGED : SYNC_DDOC_CONFLICT;
  return CS_OK;
}

static gboolean
check_language (const SyncDdocEdit *edit, SyncJson doc, SyncError *error)
{
  SyncJson language = sync_json_member (doc, "language");

  if (doc.type == SYNC_JSON_NONE || sync_json_is (language, "query"))
    return TRUE;
  return sync_refuse_value (
    error, &edit->arena, "invalid_ddoc_lang", "Existing design doc has an invalid language",
    language.type == SYNC_JSON_NONE ? cs_slice_str ("none") : language.text);
}

static CsStatus
try (const SyncDdocEdit *edit, SyncDdocOutcome *outcome, SyncError *error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Rewriting rewriting = { .text = text };
  SyncJson doc;
  CsStatus status = read_ddoc (edit, &doc);

  if (status != CS_OK)
    return status;
  *outcome = SYNC_DDOC_REFUSED;
  if (!check_language (edit, doc, error))
    return CS_OK;
  rewrite (edit, doc, &rewriting);
  *outcome = SYNC_DDOC_MISSING;
  if (edit->view.len == 0 && !rewriting.found)
    return CS_OK;
  *outcome = SYNC_DDOC_SAME;
  if (!rewriting.changed)
    return CS_OK;
  return write_ddoc (edit, &rewriting, outcome, error);
}

CsStatus
sync_ddoc_edit (const SyncDdocEdit *edit, SyncDdocOutcome *outcome, SyncError *error)
{
  CsStatus status = CS_OK;

  *outcome = SYNC_DDOC_CONFLICT;
  for (guint i = 0; i < TRIES_MAX && status == CS_OK && *outcome == SYNC_DDOC_CONFLICT; i++)
    status = try (edit, outcome, error);
  return status;
}
