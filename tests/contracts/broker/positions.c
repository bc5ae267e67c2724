/* positions.c: subscribing fixes a position: history up to it and deliveries after it are complete.
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#define N_PUBLISHERS 2
#define N_ROUNDS 60

static void
test_unused_channel (void)
{
  Reader reader = { 0 };
  CsPosition first;

  suite_start ();
  reader_subscribe_positioned (&reader, "s", 0);
  g_assert_cmpuint (reader.result.position.offset, ==, 0);
  g_assert_cmpuint (reader.result.position.epoch, !=, 0);
  g_assert_false (reader.result.feed);
  first = publish_kept ("s", "a", 10);
  g_assert_cmpuint (first.offset, ==, 1);
  g_assert_cmpuint (first.epoch, ==, reader.result.position.epoch);
  provider_settle ();
  reader_expect_run (&reader, 1, 1);
  reader_unsubscribe (&reader, 0);
  reader_clear (&reader);
  suite_stop ();
}

static void
test_after_publications (void)
{
  Reader early = { 0 };
  Reader late = { 0 };

  suite_start ();
  reader_subscribe_positioned (&early, "s", 0);
  publish_kept ("s", "a", 10);
  publish_kept ("s", "b", 10);
  reader_subscribe_positioned (&late, "s", 0);
  g_assert_cmpuint (late.result.position.offset, ==, 2);
  publish_kept ("s", "c", 10);
  provider_settle ();
  g_assert_cmpstr (early.seen->str, ==, "a b c ");
  g_assert_cmpstr (late.seen->str, ==, "c ");
  reader_unsubscribe (&early, 0);
  reader_unsubscribe (&late, 0);
  reader_clear (&early);
  reader_clear (&late);
  suite_stop ();
}

/* ---- the race ---- */

typedef struct
{
  gint stop;    /* atomic */
  gint started; /* atomic: publications made */
  HostCall call;
} Publisher;

/* So that the history holds a round. */
static void
pause_a_little (void)
{
  if (cs_fiber_self () != NULL)
    cs_sleep (100);
  else
    g_usleep (100);
}

static void
publish_until_stopped (gpointer data)
{
  Publisher *publisher = data;

  while (!g_atomic_int_get (&publisher->stop))
    {
      publish_kept ("race", "x", 100000);
      if (g_atomic_int_add (&publisher->started, 1) % 20 == 19)
        pause_a_little ();
    }
}

static gpointer
publish_here (gpointer data)
{
  publish_until_stopped (data);
  return NULL;
}

static gboolean
note_offset (const CsPublication *publication, gpointer offsets)
{
  g_array_append_val ((GArray *) offsets, publication->position.offset);
  return TRUE;
}

typedef struct
{
  Reader reader;
  Reader bystander; /* so that the worker gets publications before the reader is there */
  GArray *offsets;  /* history up to the position */
  CsPosition since; /* where the one before ended */
} Round;

/* Subscribes and reads what is before the position. */
static void
join_stream (gpointer data)
{
  Round *round = data;
  CsHistoryQuery query = { .size = sizeof query, .limit = G_MAXUINT };
  CsPosition top;

  reader_subscribe_here (&round->reader);
  g_assert_cmpint (round->reader.status, ==, CS_OK);
  query.since = &round->since;
  query.until = &round->reader.result.position;
  g_assert_cmpint (
    cs_broker_history (broker, cs_slice_str ("race"), &query, note_offset, round->offsets, &top),
    ==, CS_OK);
  g_assert_cmpuint (top.offset, >=, round->reader.result.position.offset);
}

/* Both together have no gap and nothing twice. */
static void
check_round (Round *round)
{
  guint64 position = round->reader.result.position.offset;
  guint64 expected = round->since.offset;
  guint i;

  for (i = 0; i < round->offsets->len; i++)
    g_assert_cmpuint (g_array_index (round->offsets, guint64, i), ==, ++expected);
  g_assert_cmpuint (expected, ==, position);
  reader_expect_run (&round->reader, position + 1, round->reader.offsets->len);
  round->since.offset = position + round->reader.offsets->len;
}

static void
await_publications (Publisher *publishers, guint n)
{
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      gint until = g_atomic_int_get (&publishers[i].started) + (gint) n;

      while (g_atomic_int_get (&publishers[i].started) < until)
        g_thread_yield ();
    }
}

static void
run_round (Round *round, Publisher *publishers)
{
  round->offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
  round->reader = (Reader){ .channel = "race", .positioned = TRUE };
  host_on_fiber (1, join_stream, round);
  await_publications (publishers, 20);
  reader_unsubscribe (&round->reader, 1);
  check_round (round);
  reader_clear (&round->reader);
  g_array_unref (round->offsets);
}

static void
test_nothing_missed_nothing_twice (void)
{
  Publisher publishers[N_PUBLISHERS] = { 0 };
  Round round = { 0 };
  GThread *thread;
  guint live = 0;

  suite_start ();
  reader_subscribe (&round.bystander, "race", 1);
  host_begin (&publishers[0].call, 0, publish_until_stopped, &publishers[0]);
  thread = g_thread_new ("publisher", publish_here, &publishers[1]);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      guint64 before = round.since.offset;

      run_round (&round, publishers);
      live += round.since.offset > before;
    }
  g_assert_cmpuint (live, >, 0);
  for (guint i = 0; i < N_PUBLISHERS; i++)
    g_atomic_int_set (&publishers[i].stop, TRUE);
  host_await (&publishers[0].call);
  g_thread_join (thread);
  provider_settle ();
  reader_unsubscribe (&round.bystander, 1);
  reader_clear (&round.bystander);
  suite_stop ();
}

/* A feed subscribes, then reads; a writer writes, then wakes. Whoever loses the race, the feed
 * knows of the write. */
typedef struct
{
  Reader reader;
  guint64 written;
  guint64 read;
} WakeRace;

static void
subscribe_and_read (gpointer data)
{
  WakeRace *race = data;

  reader_subscribe_here (&race->reader);
  race->read = __atomic_load_n (&race->written, __ATOMIC_RELAXED);
}

static gpointer
write_and_wake (gpointer data)
{
  WakeRace *race = data;

  __atomic_store_n (&race->written, 1, __ATOMIC_RELAXED);
  cs_broker_wake (broker, cs_slice_str ("store"), NULL);
  return NULL;
}

static void
test_no_wake_missed (void)
{
  suite_start ();
  for (guint i = 0; i < 200; i++)
    {
      WakeRace race = { .reader.channel = "store" };
      GThread *writer = g_thread_new ("writer", write_and_wake, &race);

      host_on_fiber (0, subscribe_and_read, &race);
      g_thread_join (writer);
      provider_settle ();
      g_assert_true (race.read == 1 || g_str_has_prefix (race.reader.seen->str, "!wake"));
      reader_unsubscribe (&race.reader, 0);
      reader_clear (&race.reader);
    }
  suite_stop ();
}

/* ---- leaving ---- */

static void
leave (Reader *reader, const CsPublication *publication)
{
  reader_unsubscribe_here (reader);
}

static void
make_next_leave (Reader *reader, const CsPublication *publication)
{
  reader_unsubscribe_here (reader->data);
}

static void
test_leaving_during_delivery (void)
{
  Reader readers[4] = { 0 };

  suite_start ();
  for (guint i = 0; i < 4; i++)
    {
      readers[i].then = i % 2 == 0 ? leave : NULL;
      reader_subscribe (&readers[i], "c", 0);
    }
  publish_plain ("c", "1");
  provider_settle ();
  publish_plain ("c", "2");
  provider_settle ();
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, i % 2 == 0 ? "1 " : "1 2 ");
      reader_unsubscribe (&readers[i], 0); /* a second time for two of them */
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

/* Whichever of the two is called first, the other one is not. */
static void
test_taking_others_away (void)
{
  Reader readers[2] = { { .then = make_next_leave }, { .then = make_next_leave } };

  readers[0].data = &readers[1];
  readers[1].data = &readers[0];
  suite_start ();
  for (guint i = 0; i < 2; i++)
    reader_subscribe (&readers[i], "c", 2);
  publish_plain ("c", "1");
  provider_settle ();
  g_assert_cmpuint (readers[0].offsets->len + readers[1].offsets->len, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      reader_unsubscribe (&readers[i], 2);
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

static gpointer
churn_main (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    publish_kept (i % 2 ? "a" : "b", "x", 10);
  return NULL;
}

static void
churn_subscriptions (gpointer data)
{
  Reader readers[2] = { { .channel = "a" }, { .channel = "b", .positioned = TRUE } };

  for (guint i = 0; i < 500; i++)
    {
      reader_subscribe_here (&readers[i % 2]);
      reader_unsubscribe_here (&readers[i % 2]);
    }
  reader_clear (&readers[0]);
  reader_clear (&readers[1]);
}

static void
test_coming_and_going (void)
{
  GThread *threads[2];

  suite_start ();
  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("publisher", churn_main, NULL);
  for (guint i = 0; i < N_WORKERS; i++)
    host_on_fiber (i, churn_subscriptions, NULL);
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  provider_settle ();
  suite_stop ();
}

/* ---- a slow one ---- */

typedef struct
{
  CsTask task;
  gint go; /* atomic */
} Block;

static void
block_here (CsTask *task)
{
  Block *block = (Block *) task;

  while (!g_atomic_int_get (&block->go))
    g_usleep (1000);
}

/* A worker that does not get round to it for a while has missed nothing, or is told so. */
static void
test_slow_worker (void)
{
  Block block = { .task.run = block_here };
  Reader slow = { 0 };
  Reader fast = { 0 };

  suite_start ();
  reader_subscribe_positioned (&slow, "s", 1);
  reader_subscribe_positioned (&fast, "s", 2);
  cs_post (1, &block.task);
  for (guint i = 0; i < 20000; i++)
    publish_kept ("s", "x", 10);
  g_usleep (20000);
  g_atomic_int_set (&block.go, TRUE);
  provider_settle ();
  reader_expect_run (&fast, 1, 20000);
  if (strstr (slow.seen->str, "!lost") == NULL)
    reader_expect_run (&slow, 1, 20000);
  reader_unsubscribe (&slow, 1);
  reader_unsubscribe (&fast, 2);
  reader_clear (&slow);
  reader_clear (&fast);
  suite_stop ();
}

void
add_position_tests (void)
{
  g_test_add_func ("/broker/position/unused-channel", test_unused_channel);
  g_test_add_func ("/broker/position/after-publications", test_after_publications);
  g_test_add_func ("/broker/position/nothing-missed-nothing-twice",
                   test_nothing_missed_nothing_twice);
  g_test_add_func ("/broker/position/no-wake-missed", test_no_wake_missed);
  g_test_add_func ("/broker/leaving-during-delivery", test_leaving_during_delivery);
  g_test_add_func ("/broker/taking-others-away", test_taking_others_away);
  g_test_add_func ("/broker/coming-and-going", test_coming_and_going);
  g_test_add_func ("/broker/slow-worker", test_slow_worker);
}
