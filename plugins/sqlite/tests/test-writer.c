/* test-writer.c: batches that are cancelled, refused, or share a group with a slow one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

typedef struct
{
  char *dir;
  TestStore *test;
  CsStoreDb *db;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = test_dir_new ();
  fixture->test = test_store_new (fixture->dir);
  if (data != NULL)
    fixture->test->settings.queue_limit = GPOINTER_TO_INT (data);
  g_assert_true (test_store_start (fixture->test, NULL));
  fixture->db = test_create (fixture->test, "db");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  test_dir_remove (fixture->dir);
}

/* Holds the writer until it is told to go on: a merge never waits outside a test. */
typedef struct
{
  Fixture *fixture;
  gint began, go_on; /* atomic */
} Holder;

static CsStatus
merge_held (CsStoreEdit *edit, guint row, gpointer data)
{
  Holder *holder = data;
  CsStorePut put = { .size = sizeof put };

  g_atomic_int_set (&holder->began, TRUE);
  while (!g_atomic_int_get (&holder->go_on))
    g_usleep (500);
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

static gpointer
hold_main (gpointer data)
{
  Holder *holder = data;
  CsSlice id = cs_slice_str ("held");

  g_assert_cmpint (cs_store_commit (holder->fixture->db, &id, 1, merge_held, holder), ==, CS_OK);
  return NULL;
}

static GThread *
hold (Holder *holder, Fixture *fixture)
{
  GThread *thread;

  holder->fixture = fixture;
  thread = g_thread_new ("hold", hold_main, holder);
  while (!g_atomic_int_get (&holder->began))
    g_usleep (500);
  return thread;
}

static gpointer
let_go_later (gpointer data)
{
  g_usleep (60000);
  g_atomic_int_set (&((Holder *) data)->go_on, TRUE);
  return NULL;
}

/* Still in the queue: it is given up, and leaves nothing. */
static void
test_cancelled_in_queue (Fixture *fixture, gconstpointer data)
{
  Holder holder = { NULL, FALSE, FALSE };
  GThread *thread = hold (&holder, fixture);
  GThread *later = g_thread_new ("later", let_go_later, &holder);

  test_cancel_waits_after (1000);
  g_assert_cmpint (test_put (fixture->db, "given-up", "x"), ==, CS_CANCELLED);
  test_cancel_waits_after (0);
  g_thread_join (later);
  g_thread_join (thread);
  g_assert_null (test_get (fixture->db, "given-up"));
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 1);
  g_assert_cmpint (test_put (fixture->db, "next", "x"), ==, CS_OK);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 2);
}

/* Already being written: the answer is what happened, not the cancellation. */
static void
test_cancelled_too_late (Fixture *fixture, gconstpointer data)
{
  Holder holder = { fixture, FALSE, FALSE };
  GThread *later = g_thread_new ("later", let_go_later, &holder);
  CsSlice id = cs_slice_str ("held");

  test_cancel_waits_after (20000);
  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, merge_held, &holder), ==, CS_OK);
  test_cancel_waits_after (0);
  g_thread_join (later);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 1);
}

static gpointer
put_one (gpointer data)
{
  Fixture *fixture = data;

  g_assert_cmpint (test_put (fixture->db, "queued", "x"), ==, CS_OK);
  return NULL;
}

static void
test_queue_is_full (Fixture *fixture, gconstpointer data)
{
  Holder holder = { NULL, FALSE, FALSE };
  GThread *thread = hold (&holder, fixture), *queued;

  queued = g_thread_new ("queued", put_one, fixture);
  while (test_stat ("sqlite_queue") < 1)
    g_usleep (500);
  g_assert_cmpint (test_put (fixture->db, "refused", "x"), ==, CS_OVERLOADED);
  g_atomic_int_set (&holder.go_on, TRUE);
  g_thread_join (thread);
  g_thread_join (queued);
  g_assert_null (test_get (fixture->db, "refused"));
  g_assert_cmpint (test_put (fixture->db, "welcome", "x"), ==, CS_OK);
}

/* What was queued when the store is told to stop is still written. */
static void
test_stop_writes_the_queue (Fixture *fixture, gconstpointer data)
{
  Holder holder = { NULL, FALSE, FALSE };
  GThread *thread = hold (&holder, fixture), *queued, *later;

  queued = g_thread_new ("queued", put_one, fixture);
  while (test_stat ("sqlite_queue") < 1)
    g_usleep (500);
  later = g_thread_new ("later", let_go_later, &holder);
  cs_store_db_unref (fixture->db);
  sqlite_store_stop (&fixture->test->store);
  g_thread_join (later);
  g_thread_join (thread);
  g_thread_join (queued);
  test_store_free (fixture->test);
  fixture->test = test_store_new (fixture->dir);
  g_assert_true (test_store_start (fixture->test, NULL));
  fixture->db = test_open (fixture->test, "db");
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, limit)                                                                     \
  g_test_add ("/sqlite/writer/" name, Fixture, GINT_TO_POINTER (limit), set_up, func, tear_down)
  ADD ("cancelled-in-queue", test_cancelled_in_queue, 0);
  ADD ("cancelled-too-late", test_cancelled_too_late, 0);
  ADD ("queue-is-full", test_queue_is_full, 1);
  ADD ("stop-writes-the-queue", test_stop_writes_the_queue, 0);
  return g_test_run ();
}
