/* memory-sweep.c: drops what has ended, by one timer a worker while something will end.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whoever opens a shelf sees nothing that has ended; the timer only gives memory back, so it may be
 * late. */
#include "memory.h"

#define PAUSE CS_SECONDS (1)
#define MOST 500 /* things that a shelf drops under its lock, and a turn in all */

static void look (MemorySweep *sweep);

static void
on_timer (CsTimer *timer, gpointer data)
{
  MemorySweep *sweep = data;
  MemoryBroker *self = sweep->broker;
  gint64 now = cs_now ();
  guint i;

  for (i = sweep->worker; i < MEMORY_SHELVES; i += self->n_workers)
    {
      MemoryShelf *shelf = &self->shelves[i];

      pthread_mutex_lock (&shelf->lock);
      memory_shelf_expire (shelf, now, MOST);
      pthread_mutex_unlock (&shelf->lock);
    }
  look (sweep);
}

/* `armed` is set before the shelves are looked at: whoever adds something earlier afterwards posts.
 */
static void
look (MemorySweep *sweep)
{
  MemoryBroker *self = sweep->broker;
  gint64 next = G_MAXINT64;
  guint i;

  __atomic_store_n (&sweep->armed, G_MAXINT64, __ATOMIC_SEQ_CST);
  for (i = sweep->worker; i < MEMORY_SHELVES; i += self->n_workers)
    {
      pthread_mutex_lock (&self->shelves[i].lock);
      next = MIN (next, memory_heap_next (&self->shelves[i].deadlines));
      pthread_mutex_unlock (&self->shelves[i].lock);
    }
  if (next == G_MAXINT64)
    {
      cs_timer_stop (&sweep->timer);
      return;
    }
  next = MAX (next, cs_now () + PAUSE);
  __atomic_store_n (&sweep->armed, next, __ATOMIC_SEQ_CST);
  cs_timer_start (self, &sweep->timer, next, on_timer, sweep);
}

static void
sweep_run (CsTask *task)
{
  MemorySweep *sweep = (MemorySweep *) task;

  __atomic_store_n (&sweep->posted, FALSE, __ATOMIC_SEQ_CST);
  if (cs_local (sweep->broker) != NULL)
    look (sweep);
}

void
memory_sweep_init (MemorySweep *sweep, MemoryBroker *broker, guint worker)
{
  sweep->task.run = sweep_run;
  sweep->armed = G_MININT64; /* nobody posts before the worker runs */
  sweep->worker = worker;
  sweep->broker = broker;
}

void
memory_sweep_note (MemoryBroker *self, guint shelf, gint64 due)
{
  MemorySweep *sweep = &self->sweeps[shelf % self->n_workers];

  if (due + PAUSE >= __atomic_load_n (&sweep->armed, __ATOMIC_SEQ_CST))
    return;
  if (!__atomic_exchange_n (&sweep->posted, TRUE, __ATOMIC_SEQ_CST))
    cs_post (sweep->worker, &sweep->task);
}

void
memory_sweep_start (MemorySweep *sweep)
{
  look (sweep);
}

void
memory_sweep_stop (MemorySweep *sweep)
{
  __atomic_store_n (&sweep->armed, G_MININT64, __ATOMIC_SEQ_CST);
  cs_timer_stop (&sweep->timer);
}
