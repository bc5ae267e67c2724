/* sync-changes.h: one request for changes: what it asks for, and rows as they are written.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_CHANGES_H
#define SYNC_CHANGES_H

#include "sync-page.h"

typedef enum
{
  SYNC_FEED_NORMAL,
  SYNC_FEED_LONGPOLL,
  SYNC_FEED_CONTINUOUS,
  SYNC_FEED_EVENTSOURCE
} SyncFeedKind;

typedef enum
{
  SYNC_FILTER_NONE,
  SYNC_FILTER_DOC_IDS,
  SYNC_FILTER_DESIGN,
  SYNC_FILTER_SELECTOR
} SyncFilter;

/* Lives in the exchange's arena, so that a feed may wait without its fiber. */
typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db; /* a reference */
  guint8 feed;   /* SyncFeedKind */
  guint8 filter; /* SyncFilter */
  guint8 all_leaves; /* style=all_docs */
  guint8 descending;
  guint8 include_docs;
  guint8 flags; /* SyncViewFlags of the documents */
  guint n_doc_ids;
  CsSlice *doc_ids; /* sorted */
  SyncSelector selector;
  SyncProjection *fields; /* of the documents, with a selector; NULL: all */
  guint64 since;    /* everything up to here has been written */
  guint64 last;     /* of a descending reading: the last row's number */
  guint64 epoch;
  gint64 left;      /* rows that may still be written */
  guint64 seq_interval;
  guint64 n_rows;
  gint64 heartbeat; /* microseconds; 0: none */
  gint64 timeout;
} SyncChanges;

/* The next page after `since` is appended to `out` in the feed's framing; *more tells whether the range
 * goes on. Fiber; may wait. */
CsStatus sync_changes_page (SyncChanges *changes, GString *out, gboolean *more);
/* One row as an object, without the feed's framing. Fiber; may wait with include_docs. */
CsStatus sync_changes_row (SyncChanges *changes, const CsStoreRecord *record,
                           const SyncArena *arena, GString *out);
/* Appends what ends the answer. Fiber when `count` (pending is counted in the store); else pending is 0. */
void sync_changes_tail (SyncChanges *changes, gboolean count, GString *out);
/* Writes pages until there are no more, or the limit is reached. */
CsStatus sync_changes_stream (SyncChanges *changes);

/* sync-changes-query.c: fills a request, which takes over the reference. FALSE: answered, and released. */
gboolean sync_changes_read (SyncChanges *changes, CsHttpExchange *exchange, Sync *self, SyncDb *db);
void sync_changes_release (SyncChanges *changes);

/* sync-changes-selector.c: a page of rows against the selector. */

typedef struct
{
  guint first; /* of the page's documents */
  guint n;     /* all leaves in winning order, or the winner */
} SyncRowDocs;

/* Fills the page and *rows_docs, an array of rows->n to be g_free()d. Fiber; may wait. */
CsStatus sync_changes_match (SyncChanges *changes, const CsStoreRows *rows, SyncPage *page,
                             SyncRowDocs **rows_docs);

/* For bsearch () and qsort () of slices. */
int sync_compare_ids (gconstpointer a, gconstpointer b);

/* sync-feed.c: answers a longpoll, continuous or eventsource feed. */
void sync_feed_run (SyncChanges *changes);

#endif
