/* sync-index-ddoc.h: changes to the design documents that define indexes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_INDEX_DDOC_H
#define SYNC_INDEX_DDOC_H

#include "sync-index.h"

typedef enum
{
  SYNC_DDOC_CHANGED,
  SYNC_DDOC_SAME,     /* it says so already */
  SYNC_DDOC_MISSING,  /* nothing to remove */
  SYNC_DDOC_CONFLICT, /* others write it all the time */
  SYNC_DDOC_REFUSED   /* *error tells */
} SyncDdocOutcome;

typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  CsSlice id;   /* `_design/…` */
  CsSlice name; /* of the view; removing: len 0: all that are indexes */
  CsSlice view; /* its JSON; len 0: it is removed */
} SyncDdocEdit;

/* CS_OK and how it went; else why it could not be tried. Durable. Fiber; waits. */
CsStatus sync_ddoc_edit (const SyncDdocEdit *edit, SyncDdocOutcome *outcome, SyncError *error);

#endif
