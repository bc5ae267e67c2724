/* sync-scratch.c: an arena of one's own, for code that runs where no exchange's arena may be used.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-scratch.h"

#define CHUNK_BYTES 8192
#define ALIGNMENT 16

struct _SyncChunk
{
  SyncChunk *next;
  gsize size;
  _Alignas (ALIGNMENT) char data[];
};

static SyncChunk *
add_chunk (SyncScratch *scratch, gsize size)
{
  SyncChunk *chunk = g_malloc (sizeof (SyncChunk) + size);

  chunk->size = size;
  chunk->next = scratch->chunks;
  scratch->chunks = chunk;
  scratch->used = 0;
  return chunk;
}

static gpointer
scratch_alloc (gpointer owner, gsize len)
{
  SyncScratch *scratch = owner;
  SyncChunk *chunk = scratch->chunks;
  gpointer memory;

  len = (len + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1);
  if (chunk == NULL || chunk->size - scratch->used < len)
    chunk = add_chunk (scratch, MAX (len, CHUNK_BYTES));
  memory = chunk->data + scratch->used;
  scratch->used += len;
  return memory;
}

void
sync_scratch_init (SyncScratch *scratch)
{
  scratch->arena = (SyncArena){ scratch_alloc, scratch };
  scratch->chunks = NULL;
  scratch->used = 0;
}

static void
free_chunks (SyncChunk *chunk)
{
  while (chunk != NULL)
    {
      SyncChunk *next = chunk->next;

      g_free (chunk);
      chunk = next;
    }
}

void
sync_scratch_reset (SyncScratch *scratch)
{
  if (scratch->chunks != NULL)
    {
      free_chunks (scratch->chunks->next);
      scratch->chunks->next = NULL;
    }
  scratch->used = 0;
}

void
sync_scratch_clear (SyncScratch *scratch)
{
  free_chunks (scratch->chunks);
  scratch->chunks = NULL;
}
