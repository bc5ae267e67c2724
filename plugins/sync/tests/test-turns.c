/* test-turns.c: turns of one document exclude each other, those of others do not, and nothing is left behind.
 * SPDX-License-Identifier: Apache-2.0 */
#include <harness.h>
#include <sync-turns.h>

#define N_THREADS 4
#define N_TURNS 2000

typedef struct
{
  SyncTurns turns;
  guint counter; /* no atomic: the turn protects it */
  gint inside;   /* atomic */
} Fixture;

static gpointer
count (gpointer data)
{
  Fixture *fixture = data;

  for (guint i = 0; i < N_TURNS; i++)
    {
      GBytes *turn = NULL;

      g_assert_cmpint (sync_turns_take (&fixture->turns, "db", cs_slice_str ("id"), &turn), ==, CS_OK);
      g_assert_cmpint (g_atomic_int_add (&fixture->inside, 1), ==, 0);
      fixture->counter++;
      g_atomic_int_add (&fixture->inside, -1);
      sync_turns_give (&fixture->turns, turn);
    }
  return NULL;
}

static void
test_excludes (void)
{
  Fixture fixture = { .counter = 0 };
  GThread *threads[N_THREADS];

  sync_turns_init (&fixture.turns);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("turns", count, &fixture);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (fixture.counter, ==, N_THREADS * N_TURNS);
  g_assert_false (sync_turns_any (&fixture.turns));
  g_assert_cmpuint (g_hash_table_size (fixture.turns.queues), ==, 0);
  sync_turns_clear (&fixture.turns);
}

static void
test_others (void)
{
  SyncTurns turns = { .n = 0 };
  GBytes *one, *two, *three;

  sync_turns_init (&turns);
  g_assert_cmpint (sync_turns_take (&turns, "db", cs_slice_str ("a"), &one), ==, CS_OK);
  g_assert_cmpint (sync_turns_take (&turns, "db", cs_slice_str ("b"), &two), ==, CS_OK);
  g_assert_cmpint (sync_turns_take (&turns, "d", cs_slice_str ("ba"), &three), ==, CS_OK);
  g_assert_true (sync_turns_any (&turns));
  sync_turns_give (&turns, two);
  sync_turns_give (&turns, one);
  sync_turns_give (&turns, three);
  sync_turns_give (&turns, NULL);
  g_assert_false (sync_turns_any (&turns));
  sync_turns_clear (&turns);
}

int
main (int argc, char **argv)
{
  int code;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/turns/excludes", test_excludes);
  g_test_add_func ("/sync/turns/others", test_others);
  cs_harness_start (1);
  code = g_test_run ();
  cs_harness_stop ();
  return code;
}
