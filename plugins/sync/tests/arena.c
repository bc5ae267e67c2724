/* arena.c: an arena of a test's own, emptied at its end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

static gpointer
block (gpointer owner, gsize len)
{
  TestArena *self = owner;
  gpointer memory = g_malloc (MAX (len, 1));

  g_ptr_array_add (self->blocks, memory);
  return memory;
}

TestArena *
test_arena_new (void)
{
  TestArena *self = g_new (TestArena, 1);

  self->arena.alloc = block;
  self->arena.owner = self;
  self->blocks = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
test_arena_free (TestArena *self)
{
  g_ptr_array_unref (self->blocks);
  g_free (self);
}

CsSlice
test_arena_copy (TestArena *self, const void *data, gsize len)
{
  gpointer copy = block (self, len);

  if (len > 0)
    memcpy (copy, data, len);
  return cs_slice (copy, len);
}

CsSlice
test_arena_str (TestArena *self, const char *text)
{
  return test_arena_copy (self, text, strlen (text));
}
