/* sync-changes-selector.c: the filter _selector: the documents of a page of rows, and which of them
 * match. SPDX-License-Identifier: Apache-2.0 */
#include "sync-changes.h"

static CsStatus
add_leaves (SyncPage *page, SyncView *view)
{
  CsStatus status = CS_OK;
  gint *leaves;
  guint n;

  if (!sync_view_tree (view))
    return CS_CORRUPT;
  n = sync_tree_leaves (&view->tree, &leaves);
  for (guint i = 0; i < n && status == CS_OK; i++)
    status = sync_page_add (page, view, leaves[i]);
  return status;
}

static CsStatus
add_row (SyncChanges *changes, const CsStoreRecord *record, SyncPage *page, const SyncArena *arena)
{
  SyncView view = { .db = changes->db, .arena = arena, .record = record };

  return changes->all_leaves ? add_leaves (page, &view) : sync_page_add (page, &view, SYNC_WINNER);
}

CsStatus
sync_changes_match (SyncChanges *changes, const CsStoreRows *rows, SyncPage *page,
                    SyncRowDocs **rows_docs)
{
  SyncRowDocs *docs = g_new (SyncRowDocs, rows->n + 1);
  CsStatus status = CS_OK;
  SyncScratch scratch;

  *rows_docs = docs;
  sync_scratch_init (&scratch);
  for (guint i = 0; i < rows->n && status == CS_OK; i++)
    {
      docs[i].first = page->docs->len;
      status = add_row (changes, &rows->records[i], page, &scratch.arena);
      docs[i].n = page->docs->len - docs[i].first;
      sync_scratch_reset (&scratch);
    }
  sync_scratch_clear (&scratch);
  return status == CS_OK ? sync_page_match (changes->self, page, &changes->selector) : status;
}
