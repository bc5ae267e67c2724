/* fuzz-arena.h: an arena whose every piece is a block of its own, so that a byte too far is seen.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_ARENA_H
#define FUZZ_ARENA_H

#include <sync-arena.h>

typedef struct
{
  SyncArena arena;
  GSList *blocks;
} FuzzArena;

static inline gpointer
fuzz_arena_alloc (gpointer owner, gsize len)
{
  FuzzArena *self = (FuzzArena *) owner;
  gpointer block = g_malloc (MAX (len, 1));

  self->blocks = g_slist_prepend (self->blocks, block);
  return block;
}

static inline FuzzArena *
fuzz_arena_new (void)
{
  FuzzArena *self = g_new (FuzzArena, 1);

  self->arena.alloc = fuzz_arena_alloc;
  self->arena.owner = self;
  self->blocks = NULL;
  return self;
}

static inline void
fuzz_arena_free (FuzzArena *self)
{
  g_slist_free_full (self->blocks, g_free);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FuzzArena, fuzz_arena_free)

#endif
