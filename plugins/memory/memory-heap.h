/* memory-heap.h: what ends at some time, the earliest first, without a timer for each.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Embedded in what ends; zeroed before its first use. */
typedef struct
{
  gint64 due;  /* when it ends */
  gint64 seen; /* when the heap looks at it next: not after `due` */
  guint place; /* 1-based; 0: it is in no heap */
  guint kind;  /* the user's */
} MemoryDeadline;

typedef struct
{
  MemoryDeadline **items;
  guint n;
  guint room;
} MemoryHeap;

void memory_heap_clear (MemoryHeap *heap);

/* A later time than before costs nothing now: the heap finds it out when it comes to it. */
void memory_heap_set (MemoryHeap *heap, MemoryDeadline *deadline, gint64 due);
void memory_heap_remove (MemoryHeap *heap, MemoryDeadline *deadline);

/* Takes out one that has ended; NULL: none has. */
MemoryDeadline *memory_heap_pop (MemoryHeap *heap, gint64 now);

/* No deadline is before this; G_MAXINT64: there is none. */
gint64 memory_heap_next (const MemoryHeap *heap);

G_END_DECLS
