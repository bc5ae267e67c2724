/* memory-heap.c: a binary heap whose items are moved late.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-heap.h"

void
memory_heap_clear (MemoryHeap *heap)
{
  g_free (heap->items);
  *heap = (MemoryHeap){ NULL, 0, 0 };
}

static void
put_at (MemoryHeap *heap, guint place, MemoryDeadline *deadline)
{
  heap->items[place - 1] = deadline;
  deadline->place = place;
}

static void
rise (MemoryHeap *heap, MemoryDeadline *deadline)
{
  guint place = deadline->place;

  while (place > 1 && heap->items[place / 2 - 1]->seen > deadline->seen)
    {
      put_at (heap, place, heap->items[place / 2 - 1]);
      place /= 2;
    }
  put_at (heap, place, deadline);
}

static void
sink (MemoryHeap *heap, MemoryDeadline *deadline)
{
  guint place = deadline->place;

  for (;;)
    {
      guint child = 2 * place;

      if (child < heap->n && heap->items[child]->seen < heap->items[child - 1]->seen)
        child++;
      if (child > heap->n || heap->items[child - 1]->seen >= deadline->seen)
        break;
      put_at (heap, place, heap->items[child - 1]);
      place = child;
    }
  put_at (heap, place, deadline);
}

void
memory_heap_set (MemoryHeap *heap, MemoryDeadline *deadline, gint64 due)
{
  deadline->due = due;
  if (deadline->place == 0)
    {
      if (heap->n == heap->room)
        {
          heap->room = MAX (16, 2 * heap->room);
          heap->items = g_renew (MemoryDeadline *, heap->items, heap->room);
        }
      deadline->place = ++heap->n;
    }
  else if (due >= deadline->seen)
    return;
  deadline->seen = due;
  rise (heap, deadline);
}

void
memory_heap_remove (MemoryHeap *heap, MemoryDeadline *deadline)
{
  guint place = deadline->place;
  MemoryDeadline *last;

  if (place == 0)
    return;
  deadline->place = 0;
  last = heap->items[--heap->n];
  if (last == deadline)
    return;
  put_at (heap, place, last);
  sink (heap, last);
  rise (heap, last);
}

MemoryDeadline *
memory_heap_pop (MemoryHeap *heap, gint64 now)
{
  while (heap->n > 0 && heap->items[0]->seen <= now)
    {
      MemoryDeadline *first = heap->items[0];

      if (first->due <= now)
        {
          memory_heap_remove (heap, first);
          return first;
        }
      first->seen = first->due;
      sink (heap, first);
    }
  return NULL;
}

gint64
memory_heap_next (const MemoryHeap *heap)
{
  return heap->n > 0 ? heap->items[0]->seen : G_MAXINT64;
}
