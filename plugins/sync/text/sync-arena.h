/* sync-arena.h: memory that lives as long as its owner: an exchange, or a test's own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_ARENA_H
#define SYNC_ARENA_H

#include <cloudsync/types.h>

typedef struct
{
  gpointer (*alloc) (gpointer owner, gsize len);
  gpointer owner;
} SyncArena;

/* Aligned for any type, not zeroed; never NULL. */
static inline gpointer
sync_alloc (const SyncArena *arena, gsize len)
{
  return arena->alloc (arena->owner, len);
}

#endif
