/* test-post.c: tasks reach the thread they are posted to, in order, and all run before the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

enum
{
  SENDERS = 4,
  EACH = 20000
};

typedef struct
{
  CsTask task;
  guint sender;
  guint number;
} Letter;

static guint next_number[SENDERS];
static guint received;

static void
read_letter (CsTask *task)
{
  Letter *letter = (Letter *) task;

  g_assert_cmpint (cs_worker (), ==, 0);
  g_assert_cmpuint (letter->number, ==, next_number[letter->sender]++);
  received++;
}

static Letter letters[SENDERS][EACH];

static gpointer
send_letters (gpointer data)
{
  guint sender = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < EACH; i++)
    {
      Letter *letter = &letters[sender][i];

      letter->task.run = read_letter;
      letter->sender = sender;
      letter->number = i;
      cs_post (0, &letter->task);
      if (i % 1000 == 0)
        g_usleep (100);
    }
  return NULL;
}

static void
test_order (void)
{
  GThread *threads[SENDERS];

  received = 0;
  memset (next_number, 0, sizeof next_number);
  test_start (2);
  for (guint i = 0; i < SENDERS; i++)
    threads[i] = g_thread_new ("sender", send_letters, GUINT_TO_POINTER (i));
  for (guint i = 0; i < SENDERS; i++)
    g_thread_join (threads[i]);
  test_stop ();
  g_assert_cmpuint (received, ==, SENDERS * EACH);
}

/* A task that goes on from thread to thread, through the pool and the main thread, while all
 * stops. */
typedef struct
{
  CsTask task;
  guint hops;
} Traveller;

static void
travel (CsTask *task)
{
  Traveller *traveller = (Traveller *) task;

  if (++traveller->hops >= 200)
    return;
  switch (traveller->hops % 4)
    {
    case 0:
      cs_post (0, task);
      break;
    case 1:
      cs_post (1, task);
      break;
    case 2:
      cs_pool_push (NULL, task);
      break;
    default:
      cs_post_main (task);
    }
}

static void
test_stop_runs_all (void)
{
  static Traveller travellers[64];

  memset (travellers, 0, sizeof travellers);
  test_start (2);
  for (guint i = 0; i < G_N_ELEMENTS (travellers); i++)
    {
      travellers[i].task.run = travel;
      cs_post (i % 2, &travellers[i].task);
    }
  test_stop ();
  for (guint i = 0; i < G_N_ELEMENTS (travellers); i++)
    g_assert_cmpuint (travellers[i].hops, ==, 200);
}

static GString *trace;

static void
note_deferred (CsTask *task)
{
  g_string_append_c (trace, 'd');
}

static void
note_posted (CsTask *task)
{
  g_string_append_c (trace, 'p');
}

static void
defer_then_post (gpointer data)
{
  static CsTask deferred = { .run = note_deferred }, posted = { .run = note_posted };

  cs_post (0, &posted);
  cs_defer (&deferred);
  g_string_append_c (trace, 'n');
}

/* A deferred task belongs to this turn, a posted one to the next. */
static void
test_defer (void)
{
  trace = g_string_new (NULL);
  test_start (1);
  test_on_worker (0, defer_then_post, NULL);
  test_stop ();
  g_assert_cmpstr (trace->str, ==, "ndp");
  g_string_free (trace, TRUE);
}

static void
quit (CsTimer *timer, gpointer loop)
{
  g_assert_cmpint (cs_worker (), ==, -1);
  g_main_loop_quit (loop);
}

/* Tasks and timers of the main thread run in its main loop. */
static void
test_main_thread (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Traveller traveller = { .task.run = travel };
  CsTimer timer = { 0 }, stopped = { 0 };
  gint64 before = g_get_monotonic_time ();

  test_start (2);
  cs_timer_start (NULL, &stopped, before + CS_MS (10), quit, NULL);
  cs_timer_stop (&stopped);
  cs_timer_start (NULL, &timer, before + CS_MS (50), quit, loop);
  cs_post_main (&traveller.task);
  g_main_loop_run (loop);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, CS_MS (50));
  test_stop ();
  g_assert_cmpuint (traveller.hops, ==, 200);
}

static void
look (gpointer data)
{
  CsHeartbeat beat;

  cs_worker_heartbeat (0, &beat);
  g_assert_cmpint (beat.busy_since, >, 0);
  g_assert_cmpstr (beat.owner->name, ==, "core");
  g_assert_cmpstr (beat.op, ==, "fiber");
}

static void
test_heartbeat (void)
{
  CsHeartbeat beat;

  test_start (1);
  test_on_fiber (0, look, NULL);
  for (guint i = 0; i < 100; i++)
    {
      cs_worker_heartbeat (0, &beat);
      if (beat.busy_since == 0)
        break;
      g_usleep (1000);
    }
  g_assert_cmpint (beat.busy_since, ==, 0);
  g_assert_cmpuint (beat.turns, >, 0);
  test_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runtime/post/order", test_order);
  g_test_add_func ("/runtime/post/stop-runs-all", test_stop_runs_all);
  g_test_add_func ("/runtime/post/defer", test_defer);
  g_test_add_func ("/runtime/post/main-thread", test_main_thread);
  g_test_add_func ("/runtime/post/heartbeat", test_heartbeat);
  return g_test_run ();
}
