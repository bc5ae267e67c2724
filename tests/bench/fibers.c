/* fibers.c: what a fiber that does not wait costs over a direct call, and what a wait and its wake cost.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Prints one line: call_ns=, fiber_ns= (start to end, over the call), wake_ns= (one wait and its wake,
 * 64 fibers a turn), allocations= of all fibers that were started.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test-host.h"

enum { STARTS = 2000000, WAITERS = 64, ROUNDS = 30000 };

extern void *__libc_malloc (size_t size);

static guint64 n_allocations;

/* Every allocation of the process is counted, GLib's too. */
__attribute__ ((visibility ("default"))) void *
malloc (size_t size)
{
  __atomic_fetch_add (&n_allocations, 1, __ATOMIC_RELAXED);
  return __libc_malloc (size);
}

static volatile guint64 called;

static void __attribute__ ((noinline))
work (gpointer data)
{
  called++;
}

static double
ns_each (gint64 begun, guint64 n)
{
  return (double) (g_get_monotonic_time () - begun) * 1e3 / (double) n;
}

typedef struct
{
  CsWait wait;
  guint *left;
  CsWait *all_woken;
  gboolean stop;
} Waiter;

static void
wait_again (gpointer data)
{
  Waiter *self = data;

  while (!self->stop)
    {
      cs_wait (&self->wait, CS_NEVER);
      cs_wait_init (&self->wait);
      if (--*self->left == 0)
        cs_wake (self->all_woken);
    }
}

static void
wake_round (Waiter *waiters, guint *left, CsWait *all_woken)
{
  *left = WAITERS;
  cs_wait_init (all_woken);
  for (guint i = 0; i < WAITERS; i++)
    cs_wake (&waiters[i].wait);
  cs_wait (all_woken, CS_NEVER);
}

static double
measure_wakes (void)
{
  Waiter waiters[WAITERS];
  CsWait all_woken;
  guint left = 0;
  double each;
  gint64 begun;

  for (guint i = 0; i < WAITERS; i++)
    {
      waiters[i] = (Waiter){ .left = &left, .all_woken = &all_woken };
      cs_wait_init (&waiters[i].wait);
      cs_fiber_start (NULL, wait_again, &waiters[i], CS_NEVER);
    }
  wake_round (waiters, &left, &all_woken);
  begun = g_get_monotonic_time ();
  for (guint i = 0; i < ROUNDS; i++)
    wake_round (waiters, &left, &all_woken);
  each = ns_each (begun, (guint64) ROUNDS * WAITERS);
  for (guint i = 0; i < WAITERS; i++)
    waiters[i].stop = TRUE;
  wake_round (waiters, &left, &all_woken);
  return each;
}

static void
measure (gpointer data)
{
  void (*volatile direct) (gpointer) = work;
  double call, fiber;
  guint64 before;
  gint64 begun = g_get_monotonic_time ();

  for (guint i = 0; i < STARTS; i++)
    direct (NULL);
  call = ns_each (begun, STARTS);
  cs_fiber_start (NULL, work, NULL, CS_NEVER);
  before = __atomic_load_n (&n_allocations, __ATOMIC_RELAXED);
  begun = g_get_monotonic_time ();
  for (guint i = 0; i < STARTS; i++)
    cs_fiber_start (NULL, work, NULL, CS_NEVER);
  fiber = ns_each (begun, STARTS) - call;
  if (before == 0)
    g_error ("allocations are not counted");
  before = __atomic_load_n (&n_allocations, __ATOMIC_RELAXED) - before;
  printf ("call_ns=%.2f fiber_ns=%.2f wake_ns=%.2f allocations=%" G_GUINT64_FORMAT "\n", call, fiber,
          measure_wakes (), before);
}

int
main (int argc, char **argv)
{
  test_start (1);
  test_on_fiber (0, measure, NULL);
  test_stop ();
  return 0;
}
