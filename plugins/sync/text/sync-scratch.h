/* sync-scratch.h: an arena of one's own, for code that runs where no exchange's arena may be used.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_SCRATCH_H
#define SYNC_SCRATCH_H

#include "sync-arena.h"

typedef struct _SyncChunk SyncChunk;

/* One thread at a time. */
typedef struct
{
  SyncArena arena;
  SyncChunk *chunks;
  gsize used;
} SyncScratch;

void sync_scratch_init (SyncScratch *scratch);
/* Everything allocated so far is gone; one chunk is kept. */
void sync_scratch_reset (SyncScratch *scratch);
void sync_scratch_clear (SyncScratch *scratch);

#endif
