/* sync-find-run.h: a query on its way: what has been read of which index, and what has been
 * answered. SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_FIND_RUN_H
#define SYNC_FIND_RUN_H

#include "sync-find.h"

typedef struct
{
  SyncFind *find;
  SyncIndex *index; /* a reference */
  CsSlice key;      /* its name in the store */
  GByteArray *low;
  GByteArray *high;
  SyncPage page;
  GString *out;
  gboolean begun; /* the answer is on its way */
  gboolean any;   /* a document is in it */
  guint64 skip;
  guint64 left;
  /* The last entry that was read, and the last that matched. */
  GByteArray *after_key;
  GByteArray *after_id;
  gboolean resumes; /* after_* hold one */
  SyncBookmark last;
  gboolean has_last;
  GByteArray *last_bytes;
  gboolean hint_missed;
  guint64 keys_examined;
  guint64 docs_examined;
  guint64 bytes_examined;
  guint64 results;
  gint64 started;
} SyncRun;

static inline gboolean
sync_run_reads_all (const SyncRun *run)
{
  return run->index->ddoc.len == 0;
}

/* ---- sync-find-answer.c; fibers ---- */

/* Gives the page's document i, with its record, to whom it is for; counts it. */
void sync_run_append_match (SyncRun *run, guint i, const CsStoreRecord *record);
/* Sends what has been gathered when it is enough; may wait. */
CsStatus sync_run_send_piece (SyncRun *run);
/* Ends the answer: bookmark, statistics, warnings. */
void sync_run_finish (SyncRun *run);

#endif
