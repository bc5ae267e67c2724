/* sync-page.h: some documents' text, one behind the other, and which of them a selector matches.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_PAGE_H
#define SYNC_PAGE_H

#include "sync-selector.h"
#include "sync-view.h"

typedef struct
{
  gsize start;
  gsize len; /* 0: there is none */
  gboolean matches;
} SyncPageDoc;

typedef struct
{
  GString *text;
  GArray *docs; /* SyncPageDoc */
} SyncPage;

void sync_page_init (SyncPage *page);
void sync_page_reset (SyncPage *page);
void sync_page_clear (SyncPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncPage, sync_page_clear)

/* Appends the document as of a node, or of the winner; one without a body counts as none. Fiber;
 * may wait. */
CsStatus sync_page_add (SyncPage *page, SyncView *view, gint node);
/* Marks what matches: at once, or in the pool when the selector has expressions or the text is
 * long. Fiber. */
CsStatus sync_page_match (Sync *self, SyncPage *page, SyncSelector *selector);
SyncJson sync_page_json (const SyncPage *page, guint i);

static inline const SyncPageDoc *
sync_page_doc (const SyncPage *page, guint i)
{
  return &g_array_index (page->docs, SyncPageDoc, i);
}

/* Before the first comparison: ICU is loaded in the pool. FALSE: *error tells. Fiber; may wait. */
gboolean sync_collate_prepare (Sync *self, SyncError *error);
/* Reads and compiles. FALSE: *error tells. To be cleared in either case. Fiber; may wait. */
gboolean sync_selector_prepare (Sync *self, SyncSelector *selector, SyncJson object,
                                const SyncArena *arena, SyncError *error);

#endif
