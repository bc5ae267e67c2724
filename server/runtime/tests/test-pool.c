/* test-pool.c: blocking calls run elsewhere while the worker goes on; cancelled ones are never
 * begun.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

/* Jobs end when the test opens the gate. */
static gint gate, begun;

static void
block (gpointer data)
{
  g_assert_cmpint (cs_worker (), ==, -1);
  g_atomic_int_inc (&begun);
  while (!g_atomic_int_get (&gate))
    g_usleep (500);
  g_atomic_int_inc ((gint *) data);
}

static void
close_gate (void)
{
  g_atomic_int_set (&gate, FALSE);
  g_atomic_int_set (&begun, 0);
}

typedef struct
{
  gint *runs;
  CsStatus status;
  gboolean ended;
  CsFiber *fiber;
} Caller;

static void
call_pool (gpointer data)
{
  Caller *caller = data;

  caller->fiber = cs_fiber_self ();
  caller->status = cs_pool_run (NULL, block, caller->runs);
  caller->ended = TRUE;
}

static void
wait_begun (gint n)
{
  while (g_atomic_int_get (&begun) < n)
    cs_sleep (CS_MS (1));
}

static void
wait_ended (Caller *callers, guint n)
{
  for (guint i = 0; i < n; i++)
    while (!callers[i].ended)
      cs_sleep (CS_MS (1));
}

/* Two threads, queue of two: two jobs run, two wait, the fifth is refused. The fourth is cancelled
 * while it waits, the first while it runs. */
static void
crowd (gpointer data)
{
  gint runs = 0;
  Caller callers[5] = { 0 };

  for (guint i = 0; i < 5; i++)
    callers[i].runs = &runs;
  close_gate ();
  for (guint i = 0; i < 2; i++)
    cs_fiber_start (NULL, call_pool, &callers[i], CS_NEVER);
  wait_begun (2);
  for (guint i = 2; i < 5; i++)
    cs_fiber_start (NULL, call_pool, &callers[i], CS_NEVER);
  g_assert_true (callers[4].ended);
  g_assert_cmpint (callers[4].status, ==, CS_OVERLOADED);
  cs_fiber_cancel (callers[3].fiber);
  cs_fiber_cancel (callers[0].fiber);
  cs_sleep (CS_MS (1));
  g_assert_true (callers[3].ended);
  g_assert_cmpint (callers[3].status, ==, CS_CANCELLED);
  g_assert_false (callers[0].ended);
  g_atomic_int_set (&gate, TRUE);
  wait_ended (callers, 3);
  g_assert_cmpint (g_atomic_int_get (&runs), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (callers[i].status, ==, CS_OK);
}

static void
start_small (void)
{
  CsRuntimeOptions options = { .n_workers = 1, .pool_threads = 2, .pool_queue = 2 };
  g_autoptr (GError) error = NULL;

  cs_runtime_start (&options, &error);
  g_assert_no_error (error);
}

static void
test_crowd (void)
{
  start_small ();
  test_on_fiber (0, crowd, NULL);
  test_stop ();
}

/* The deadline passes while the job waits for a thread, and while it runs. */
static void
deadlines (gpointer data)
{
  gint runs = 0;
  Caller callers[3] = { 0 };

  close_gate ();
  for (guint i = 0; i < 3; i++)
    {
      callers[i].runs = &runs;
      cs_fiber_start (NULL, call_pool, &callers[i], cs_now () + CS_MS (500));
      wait_begun (MIN (i + 1, 2));
    }
  wait_ended (&callers[2], 1);
  cs_sleep (CS_MS (5));
  g_assert_false (callers[0].ended || callers[1].ended);
  g_atomic_int_set (&gate, TRUE);
  wait_ended (callers, 2);
  g_assert_cmpint (callers[0].status, ==, CS_OK);
  g_assert_cmpint (callers[1].status, ==, CS_OK);
  g_assert_cmpint (callers[2].status, ==, CS_TIMED_OUT);
  g_assert_cmpint (g_atomic_int_get (&runs), ==, 2);
}

static void
test_deadlines (void)
{
  start_small ();
  test_on_fiber (0, deadlines, NULL);
  test_stop ();
}

static void
add_one (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
many (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    {
      CsStatus status = cs_pool_run (NULL, add_one, data);

      g_assert_cmpint (status, ==, CS_OK);
    }
}

static void
test_many (void)
{
  gint runs = 0;

  test_start (2);
  test_on_fiber (0, many, &runs);
  test_on_fiber (1, many, &runs);
  test_stop ();
  g_assert_cmpint (runs, ==, 4000);
}

static void
test_no_worker (void)
{
  gint runs = 0;

  start_small ();
  g_assert_cmpint (cs_pool_run (NULL, add_one, &runs), ==, CS_OK);
  g_assert_cmpint (runs, ==, 1);
  test_stop ();
}

static void
start_callers (gpointer data)
{
  Caller *callers = data;

  for (guint i = 0; i < 4; i++)
    cs_fiber_start (NULL, call_pool, &callers[i], CS_NEVER);
}

static gpointer
open_later (gpointer data)
{
  g_usleep (100000);
  g_atomic_int_set (&gate, TRUE);
  return NULL;
}

/* Stopping waits for the jobs that run, and withdraws those that do not. */
static void
test_stop_in_between (void)
{
  gint runs = 0;
  static Caller callers[4];
  GThread *opener;

  memset (callers, 0, sizeof callers);
  for (guint i = 0; i < 4; i++)
    callers[i].runs = &runs;
  close_gate ();
  start_small ();
  test_on_worker (0, start_callers, callers);
  while (g_atomic_int_get (&begun) < 2)
    g_usleep (500);
  opener = g_thread_new ("opener", open_later, NULL);
  test_stop ();
  g_thread_join (opener);
  for (guint i = 0; i < 4; i++)
    g_assert_true (callers[i].ended);
  g_assert_cmpint (runs, ==, 2);
  g_assert_cmpint (callers[3].status, ==, CS_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runtime/pool/crowd", test_crowd);
  g_test_add_func ("/runtime/pool/deadlines", test_deadlines);
  g_test_add_func ("/runtime/pool/many", test_many);
  g_test_add_func ("/runtime/pool/no-worker", test_no_worker);
  g_test_add_func ("/runtime/pool/stop-in-between", test_stop_in_between);
  return g_test_run ();
}
