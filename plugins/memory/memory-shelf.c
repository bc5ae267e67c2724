/* memory-shelf.c: a share of what is kept, its limits and its end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-shelf.h"

/* ---- the budget ---- */

static gboolean
take (gint64 *used, gint64 amount, const gint64 *max, CsStat stat)
{
  if (__atomic_add_fetch (used, amount, __ATOMIC_RELAXED) > __atomic_load_n (max, __ATOMIC_RELAXED))
    {
      __atomic_fetch_sub (used, amount, __ATOMIC_RELAXED);
      return FALSE;
    }
  cs_stat_add (stat, amount);
  return TRUE;
}

static void
give (gint64 *used, gint64 amount, CsStat stat)
{
  __atomic_fetch_sub (used, amount, __ATOMIC_RELAXED);
  cs_stat_add (stat, -amount);
}

gboolean
memory_budget_take_channel (MemoryBudget *budget)
{
  return take (&budget->channels, 1, &budget->max_channels, budget->kept_channels);
}

gboolean
memory_budget_take_bytes (MemoryBudget *budget, gsize bytes)
{
  return take (&budget->bytes, (gint64) bytes, &budget->max_bytes, budget->kept_bytes);
}

void
memory_budget_give_channel (MemoryBudget *budget)
{
  give (&budget->channels, 1, budget->kept_channels);
}

void
memory_budget_give_bytes (MemoryBudget *budget, gsize bytes)
{
  give (&budget->bytes, (gint64) bytes, budget->kept_bytes);
}

/* ---- the shelf ---- */

void
memory_shelf_init (MemoryShelf *shelf, MemoryBudget *budget)
{
  pthread_mutex_init (&shelf->lock, NULL);
  shelf->order = 0;
  shelf->streams = memory_name_table (memory_stream_free);
  shelf->rooms = memory_name_table (memory_room_free);
  shelf->results = memory_name_table (g_free);
  g_queue_init (&shelf->idle);
  shelf->deadlines = (MemoryHeap){ NULL, 0, 0 };
  shelf->budget = budget;
}

void
memory_shelf_clear (MemoryShelf *shelf)
{
  g_hash_table_unref (shelf->streams);
  g_hash_table_unref (shelf->rooms);
  g_hash_table_unref (shelf->results);
  memory_heap_clear (&shelf->deadlines);
  pthread_mutex_destroy (&shelf->lock);
}

gboolean
memory_shelf_expire (MemoryShelf *shelf, gint64 now, guint most)
{
  MemoryDeadline *ended;

  for (; most > 0 && (ended = memory_heap_pop (&shelf->deadlines, now)) != NULL; most--)
    if (ended->kind == MEMORY_STREAM)
      memory_stream_end (shelf, ended, now);
    else if (ended->kind == MEMORY_MEMBER)
      memory_member_end (shelf, ended);
    else
      memory_result_end (shelf, ended);
  return memory_heap_next (&shelf->deadlines) > now;
}
