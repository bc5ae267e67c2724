/* memory-result.c: results of publications with a key, so that a repeated one is not made twice.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-shelf.h"

/* The channel, a zero, the key: into `to`, which has room for both and one more. */
static CsSlice
join (CsSlice channel, CsSlice key, char *to)
{
  memcpy (to, channel.data, channel.len);
  to[channel.len] = '\0';
  memcpy (to + channel.len + 1, key.data, key.len);
  return cs_slice (to, channel.len + 1 + key.len);
}

gsize
memory_result_size (CsSlice channel, CsSlice key)
{
  return sizeof (MemoryResult) + channel.len + 1 + key.len;
}

MemoryResult *
memory_result_find (MemoryShelf *shelf, CsSlice channel, CsSlice key)
{
  g_autofree char *text = g_malloc (channel.len + 1 + key.len);
  MemoryName name = memory_name (join (channel, key, text), (guint) channel.len);

  return g_hash_table_lookup (shelf->results, &name);
}

void
memory_result_remember (MemoryShelf *shelf, CsSlice channel, CsSlice key, CsPosition position,
                        gint64 until)
{
  gsize size = memory_result_size (channel, key);
  MemoryResult *result = g_malloc0 (size);

  result->name = memory_name (join (channel, key, (char *) (result + 1)), (guint) channel.len);
  result->deadline.kind = MEMORY_RESULT;
  result->bytes = size;
  result->position = position;
  g_hash_table_add (shelf->results, result);
  memory_heap_set (&shelf->deadlines, &result->deadline, until);
}

void
memory_result_end (MemoryShelf *shelf, MemoryDeadline *deadline)
{
  MemoryResult *result = MEMORY_CONTAINER (deadline, MemoryResult, deadline);

  memory_budget_give_bytes (shelf->budget, result->bytes);
  g_hash_table_remove (shelf->results, &result->name);
}
