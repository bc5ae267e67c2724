/* sync-changes.c: rows of the change feed, read in pages and written as they are framed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-changes.h"

#include <stdlib.h>

#define PAGE_ROWS 1000
#define SELECTOR_PAGE_ROWS 100 /* with their documents */

/* ---- rows ---- */

/* What a selector said of one row; page NULL: there is none. */
typedef struct
{
  const SyncPage *page;
  SyncRowDocs docs;
} Matched;

static gboolean
any_matches (const Matched *matched)
{
  for (guint i = 0; i < matched->docs.n; i++)
    if (sync_page_doc (matched->page, matched->docs.first + i)->matches)
      return TRUE;
  return FALSE;
}

static gboolean
passes (const SyncChanges *changes, CsSlice id, const Matched *matched)
{
  switch (changes->filter)
    {
    case SYNC_FILTER_SELECTOR:
      return any_matches (matched);
    case SYNC_FILTER_DOC_IDS:
      return bsearch (&id, changes->doc_ids, changes->n_doc_ids, sizeof id, sync_compare_ids) != NULL;
    case SYNC_FILTER_DESIGN:
      return sync_id_is_design (id);
    default:
      return TRUE;
    }
}

static CsStatus
append_leaves (SyncView *view, const Matched *matched, GString *out)
{
  gboolean any = FALSE;
  gint *leaves;
  guint n;

  if (!sync_view_tree (view))
    return CS_CORRUPT;
  n = sync_tree_leaves (&view->tree, &leaves);
  for (guint i = 0; i < n; i++)
    {
      if (matched->page != NULL && !sync_page_doc (matched->page, matched->docs.first + i)->matches)
        continue;
      g_string_append (out, any ? ",{\"rev\":\"" : "{\"rev\":\"");
      sync_rev_append (out, &view->tree.nodes[leaves[i]].rev);
      g_string_append (out, "\"}");
      any = TRUE;
    }
  return CS_OK;
}

static void
append_seq (SyncChanges *changes, guint64 seq, GString *out)
{
  changes->n_rows++;
  if (changes->seq_interval > 1 && changes->n_rows % changes->seq_interval != 0)
    g_string_append (out, "null");
  else
    sync_seq_append (out, seq, changes->epoch);
}

static CsStatus
append_doc (SyncChanges *changes, SyncView *view, const Matched *matched, GString *out)
{
  g_string_append (out, ",\"doc\":");
  if (changes->fields == NULL || sync_page_doc (matched->page, matched->docs.first)->len == 0)
    return sync_view_append (view, SYNC_WINNER, out);
  sync_projection_append (changes->fields, sync_page_json (matched->page, matched->docs.first), out);
  return CS_OK;
}

static CsStatus
append_object (SyncChanges *changes, const CsStoreRecord *record, const Matched *matched,
               const SyncArena *arena, GString *out)
{
  SyncView view = { .db = changes->db, .arena = arena, .record = record,
                    .flags = changes->flags, .pass = sync_pass_on,
                    .pass_data = changes->exchange };
  CsStatus status = CS_OK;

  g_string_append_len (out, "{\"seq\":", 7);
  append_seq (changes, record->seq, out);
  g_string_append_len (out, ",\"id\":", 6);
  sync_json_append_string (out, record->id);
  g_string_append_len (out, ",\"changes\":[", 12);
  if (changes->all_leaves)
    status = append_leaves (&view, matched, out);
  else
    {
      g_string_append_len (out, "{\"rev\":\"", 8);
      g_string_append_len (out, record->summary.data, record->summary.len);
      g_string_append_len (out, "\"}", 2);
    }
  g_string_append_c (out, ']');
  if (record->deleted)
    g_string_append (out, ",\"deleted\":true");
  if (status == CS_OK && changes->include_docs)
    status = append_doc (changes, &view, matched, out);
  g_string_append_c (out, '}');
  return status;
}

CsStatus
sync_changes_row (SyncChanges *changes, const CsStoreRecord *record, const SyncArena *arena,
                  GString *out)
{
  Matched none = { NULL, { 0, 0 } };

  return append_object (changes, record, &none, arena, out);
}

static CsStatus
append_row (SyncChanges *changes, const CsStoreRecord *record, const Matched *matched,
            const SyncArena *arena, GString *out)
{
  CsStatus status;

  switch (changes->feed)
    {
    case SYNC_FEED_CONTINUOUS:
      status = append_object (changes, record, matched, arena, out);
      g_string_append_c (out, '\n');
      return status;
    case SYNC_FEED_EVENTSOURCE:
      g_string_append (out, "data: ");
      status = append_object (changes, record, matched, arena, out);
      g_string_append (out, "\nid: ");
      sync_seq_append (out, record->seq, changes->epoch);
      g_string_append (out, "\n\n");
      return status;
    default:
      if (changes->n_rows > 0)
        g_string_append_len (out, ",\n", 2);
      return append_object (changes, record, matched, arena, out);
    }
}

/* ---- pages ---- */

static CsStoreRange
next_range (const SyncChanges *changes)
{
  CsStoreRange range = { .size = sizeof range, .descending = changes->descending };
  gboolean selects = changes->filter == SYNC_FILTER_SELECTOR;

  if (!changes->descending)
    range.since = changes->since;
  else if (changes->last > 0)
    range.until = changes->last - 1;
  range.limit = selects ? SELECTOR_PAGE_ROWS : PAGE_ROWS;
  if (changes->filter == SYNC_FILTER_NONE)
    range.limit = MIN (changes->left, PAGE_ROWS);
  range.what = (changes->all_leaves || (changes->flags & SYNC_VIEW_CONFLICTS) ? CS_STORE_TREE : 0)
               | (changes->include_docs || selects ? CS_STORE_BODY : 0);
  return range;
}

static CsStatus
append_rows (SyncChanges *changes, const CsStoreRows *rows, const SyncPage *page,
             const SyncRowDocs *docs, GString *out)
{
  SyncScratch scratch;
  CsStatus status = CS_OK;

  sync_scratch_init (&scratch);
  for (guint i = 0; status == CS_OK && changes->left > 0 && i < rows->n; i++)
    {
      const CsStoreRecord *record = &rows->records[i];
      Matched matched = { page, docs != NULL ? docs[i] : (SyncRowDocs){ 0, 0 } };

      if (changes->descending)
        changes->last = record->seq;
      else
        changes->since = record->seq;
      if (!passes (changes, record->id, &matched))
        continue;
      changes->left--;
      status = append_row (changes, record, &matched, &scratch.arena, out);
      if (changes->all_leaves || changes->include_docs)
        sync_scratch_reset (&scratch);
    }
  sync_scratch_clear (&scratch);
  return status;
}

static CsStatus
append_matching (SyncChanges *changes, const CsStoreRows *rows, GString *out)
{
  g_autofree SyncRowDocs *docs = NULL;
  g_auto (SyncPage) page;
  CsStatus status;

  sync_page_init (&page);
  status = sync_changes_match (changes, rows, &page, &docs);
  return status == CS_OK ? append_rows (changes, rows, &page, docs, out) : status;
}

CsStatus
sync_changes_page (SyncChanges *changes, GString *out, gboolean *more)
{
  CsStoreRange range = next_range (changes);
  CsStoreRows *rows = NULL;
  CsStatus status;

  *more = FALSE;
  if (changes->left <= 0 || (changes->descending && changes->last == 1))
    return CS_OK;
  status = cs_store_changes (changes->db->db, &range, &rows);
  if (status != CS_OK)
    return status;
  if (changes->filter == SYNC_FILTER_SELECTOR)
    status = append_matching (changes, rows, out);
  else
    status = append_rows (changes, rows, NULL, NULL, out);
  *more = rows->more && rows->n > 0 && changes->left > 0;
  cs_store_rows_free (changes->db->db, rows);
  return status;
}

CsStatus
sync_changes_stream (SyncChanges *changes)
{
  g_autoptr (GString) out = g_string_sized_new (16384);
  gboolean more = TRUE;
  CsStatus status = CS_OK;

  while (status == CS_OK && more)
    {
      status = sync_changes_page (changes, out, &more);
      if (status == CS_OK)
        status = sync_flush (changes->exchange, out);
      /* Many pages may give nothing to write: others have their turn. */
      if (status == CS_OK && more && changes->filter == SYNC_FILTER_SELECTOR)
        status = cs_sleep (0);
    }
  return status;
}

/* ---- the end ---- */

static guint64
count_pending (const SyncChanges *changes)
{
  guint64 n = 0;

  if (!changes->descending)
    cs_store_count (changes->db->db, changes->since, &n);
  return n;
}

void
sync_changes_tail (SyncChanges *changes, gboolean count, GString *out)
{
  guint64 last = changes->descending ? changes->last : changes->since;

  if (changes->feed == SYNC_FEED_EVENTSOURCE)
    return;
  g_string_append (out, changes->feed == SYNC_FEED_CONTINUOUS ? "{\"last_seq\":"
                                                              : "\n],\n\"last_seq\":");
  sync_seq_append (out, last, changes->epoch);
  g_string_append_printf (out, ",\"pending\":%" G_GUINT64_FORMAT "}\n",
                          count ? count_pending (changes) : 0);
}

static void
set_etag (SyncChanges *changes)
{
  g_autoptr (GString) tag = g_string_new (NULL);

  sync_seq_append (tag, changes->since, changes->epoch);
  sync_set_etag (changes->exchange, cs_slice (tag->str + 1, tag->len - 2));
}

static void
answer_normal (SyncChanges *changes)
{
  g_autoptr (GString) tail = NULL;
  CsStatus status;

  set_etag (changes);
  sync_begin (changes->exchange, "application/json");
  cs_http_write_str (changes->exchange, "{\"results\":[\n");
  status = sync_changes_stream (changes);
  if (status == CS_OK)
    {
      tail = g_string_new (NULL);
      sync_changes_tail (changes, TRUE, tail);
      status = sync_flush (changes->exchange, tail);
    }
  sync_changes_release (changes);
  if (status == CS_OK)
    cs_http_end (changes->exchange);
  else
    cs_http_abort (changes->exchange);
}

void
sync_changes (CsHttpExchange *exchange, gpointer self)
{
  SyncDb *db = sync_open (exchange, self, SYNC_MEMBER);
  SyncChanges *changes;

  if (db == NULL)
    return;
  changes = cs_http_alloc (exchange, sizeof *changes);
  if (!sync_changes_read (changes, exchange, self, db))
    return;
  if (changes->feed == SYNC_FEED_NORMAL)
    answer_normal (changes);
  else
    sync_feed_run (changes);
}
