/* arena.h: an arena of a test's own, emptied at its end.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ARENA_H
#define TEST_ARENA_H

#include <sync-arena.h>

/* Every piece is a block of its own, so that a sanitizer sees a byte too far. */
typedef struct
{
  SyncArena arena;
  GPtrArray *blocks;
} TestArena;

TestArena *test_arena_new (void);
void test_arena_free (TestArena *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestArena, test_arena_free)

/* A copy that ends exactly where its block does. */
CsSlice test_arena_copy (TestArena *self, const void *data, gsize len);
CsSlice test_arena_str (TestArena *self, const char *text);

#endif
