/* test-memory.c: the embedded broker over real threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "memory.h"

#define N_WORKERS 3
#define N_PUBLISHERS 4
#define N_EACH 5000

typedef struct
{
  CsSubscription subscription;
  const char *channel;
  CsBroker *broker;
  CsStatus status;
  guint calls;
  guint64 last_offset;
  guint64 last_of[N_PUBLISHERS]; /* highest number seen of each publisher */
  gboolean disordered;
  gboolean leave; /* unsubscribe when called */
  GString *seen;
} Reader;

static MemoryBroker *broker;

static void
start_worker (gpointer data)
{
  g_assert_true (memory_worker_start (broker, (guint) cs_worker (), NULL));
}

static void
stop_worker (gpointer data)
{
  memory_worker_stop (broker, (guint) cs_worker ());
}

static void
setup (void)
{
  guint i;

  cs_harness_start (N_WORKERS);
  broker = cs_harness_instance ("memory", NULL, sizeof (MemoryBroker));
  g_assert_true (memory_create (broker, NULL));
  for (i = 0; i < N_WORKERS; i++)
    cs_harness_run (i, start_worker, NULL);
}

static void
teardown (void)
{
  guint i;

  for (i = 0; i < N_WORKERS; i++)
    cs_harness_run (i, stop_worker, NULL);
  memory_destroy (broker);
  cs_harness_stop ();
}

static void
unsubscribe (gpointer data)
{
  Reader *reader = data;

  cs_broker_unsubscribe (&broker->broker, &reader->subscription);
}

/* Data is two numbers: who published, and its how manieth it is. */
static void
note_number (Reader *reader, GBytes *data)
{
  const guint32 *numbers = g_bytes_get_data (data, NULL);

  if (numbers[1] <= reader->last_of[numbers[0]])
    reader->disordered = TRUE;
  reader->last_of[numbers[0]] = numbers[1];
}

static void
on_publication (CsSubscription *subscription, const CsPublication *publication)
{
  Reader *reader = subscription->data;

  reader->calls++;
  reader->last_offset = publication->position.offset;
  if (publication->data != NULL && g_bytes_get_size (publication->data) == 8)
    note_number (reader, publication->data);
  if (reader->seen != NULL)
    {
      g_string_append_len (reader->seen, publication->tags.data, (gssize) publication->tags.len);
      if (publication->data != NULL)
        g_string_append_len (reader->seen, g_bytes_get_data (publication->data, NULL),
                             (gssize) g_bytes_get_size (publication->data));
    }
  if (reader->leave)
    unsubscribe (reader);
}

static void
subscribe (gpointer data)
{
  Reader *reader = data;

  reader->subscription.func = on_publication;
  reader->subscription.data = reader;
  reader->status = cs_broker_subscribe (&broker->broker, cs_slice_str (reader->channel),
                                        &reader->subscription);
}

static void
publish_text (const char *channel, const char *text)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

  g_assert_cmpint (cs_broker_publish (&broker->broker, cs_slice_str (channel), data,
                                      cs_slice_str (""), NULL, NULL, NULL),
                   ==, CS_OK);
}

static void
publish_wake (const char *channel, guint64 offset)
{
  CsPosition position = { offset, 7 };
  CsPosition got = { 0, 0 };

  g_assert_cmpint (cs_broker_publish (&broker->broker, cs_slice_str (channel), NULL,
                                      cs_slice_str (""), &position, NULL, &got),
                   ==, CS_OK);
  g_assert_cmpuint (got.offset, ==, offset);
}

static void
test_reaches_all_workers (void)
{
  Reader readers[N_WORKERS] = { 0 };
  guint i;

  setup ();
  for (i = 0; i < N_WORKERS; i++)
    {
      readers[i].channel = "db/notes";
      readers[i].seen = g_string_new (NULL);
      cs_harness_run (i, subscribe, &readers[i]);
      g_assert_cmpint (readers[i].status, ==, CS_OK);
    }
  publish_text ("db/notes", "a");
  publish_text ("db/other", "x");
  publish_text ("db/notes", "b");
  cs_harness_settle ();
  for (i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "ab");
      cs_harness_run (i, unsubscribe, &readers[i]);
      g_string_free (readers[i].seen, TRUE);
    }
  publish_text ("db/notes", "c");
  cs_harness_settle ();
  g_assert_cmpuint (readers[0].calls, ==, 2);
  g_assert_cmpint (cs_harness_stat ("broker_subscriptions"), ==, 0);
  teardown ();
}

static void
test_only_interested_workers (void)
{
  Reader reader = { .channel = "db/one" };
  guint i;

  setup ();
  cs_harness_run (1, subscribe, &reader);
  for (i = 0; i < N_WORKERS; i++)
    g_assert_null (broker->inboxes[i].head);
  publish_wake ("db/none", 1);
  for (i = 0; i < N_WORKERS; i++)
    g_assert_null (broker->inboxes[i].head); /* nobody was posted to */
  publish_wake ("db/one", 2);
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 1);
  g_assert_cmpuint (reader.last_offset, ==, 2);
  cs_harness_run (1, unsubscribe, &reader);
  teardown ();
}

/* On the subscriber's own worker, so that nothing is delivered between the publications. */
static void
burst (gpointer data)
{
  guint64 i;

  for (i = 1; i <= 1000; i++)
    publish_wake ("db/busy", i);
}

static void
test_wakeups_are_merged (void)
{
  Reader reader = { .channel = "db/busy" };

  setup ();
  cs_harness_run (0, subscribe, &reader);
  cs_harness_run (0, burst, NULL);
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 1);
  g_assert_cmpuint (reader.last_offset, ==, 1000);
  g_assert_cmpint (cs_harness_stat ("broker_merged_total"), ==, 999);
  cs_harness_run (0, unsubscribe, &reader);
  teardown ();
}

static void
burst_with_data (gpointer data)
{
  publish_wake ("c", 1);
  publish_text ("c", "x");
  publish_wake ("c", 2);
  publish_text ("c", "y");
}

static void
test_data_is_never_merged (void)
{
  Reader reader = { .channel = "c", .seen = g_string_new (NULL) };

  setup ();
  cs_harness_run (0, subscribe, &reader);
  cs_harness_run (0, burst_with_data, NULL);
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 4);
  g_assert_cmpstr (reader.seen->str, ==, "xy");
  cs_harness_run (0, unsubscribe, &reader);
  g_string_free (reader.seen, TRUE);
  teardown ();
}

static void
test_leaving_during_delivery (void)
{
  Reader readers[4] = { 0 };
  guint i;

  setup ();
  for (i = 0; i < 4; i++)
    {
      readers[i].channel = "c";
      readers[i].leave = i % 2 == 0;
      cs_harness_run (0, subscribe, &readers[i]);
    }
  publish_text ("c", "1");
  cs_harness_settle ();
  publish_text ("c", "2");
  cs_harness_settle ();
  for (i = 0; i < 4; i++)
    g_assert_cmpuint (readers[i].calls, ==, i % 2 == 0 ? 1 : 2);
  cs_harness_run (0, unsubscribe, &readers[1]);
  cs_harness_run (0, unsubscribe, &readers[3]);
  teardown ();
}

static gpointer
publisher_main (gpointer data)
{
  guint32 numbers[2] = { GPOINTER_TO_UINT (data), 0 };
  guint i;

  for (i = 1; i <= N_EACH; i++)
    {
      g_autoptr (GBytes) bytes = NULL;

      numbers[1] = i;
      bytes = g_bytes_new (numbers, sizeof numbers);
      cs_broker_publish (&broker->broker, cs_slice_str ("db/many"), bytes, cs_slice_str (""), NULL,
                         NULL, NULL);
    }
  return NULL;
}

static void
test_order_of_each_publisher (void)
{
  Reader readers[N_WORKERS] = { 0 };
  GThread *threads[N_PUBLISHERS];
  guint i;

  setup ();
  for (i = 0; i < N_WORKERS; i++)
    {
      readers[i].channel = "db/many";
      cs_harness_run (i, subscribe, &readers[i]);
    }
  for (i = 0; i < N_PUBLISHERS; i++)
    threads[i] = g_thread_new ("publisher", publisher_main, GUINT_TO_POINTER (i));
  for (i = 0; i < N_PUBLISHERS; i++)
    g_thread_join (threads[i]);
  cs_harness_settle ();
  for (i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpuint (readers[i].calls, ==, N_PUBLISHERS * N_EACH);
      g_assert_false (readers[i].disordered);
      cs_harness_run (i, unsubscribe, &readers[i]);
    }
  teardown ();
}

/* A feed subscribes, then reads; a writer writes, then publishes. Whoever loses the race, the feed
 * knows of the write. */
typedef struct
{
  Reader reader;
  guint64 written; /* the "database" */
  guint64 read;
} Race;

static void
subscribe_and_read (gpointer data)
{
  Race *race = data;

  subscribe (&race->reader);
  race->read = __atomic_load_n (&race->written, __ATOMIC_RELAXED);
}

static gpointer
write_and_publish (gpointer data)
{
  Race *race = data;

  __atomic_store_n (&race->written, 1, __ATOMIC_RELAXED);
  publish_wake ("db/race", 1);
  return NULL;
}

static void
test_nothing_missed_from_subscribe_on (void)
{
  guint i;

  setup ();
  for (i = 0; i < 300; i++)
    {
      Race race = { .reader.channel = "db/race" };
      GThread *writer = g_thread_new ("writer", write_and_publish, &race);

      cs_harness_run (0, subscribe_and_read, &race);
      g_thread_join (writer);
      cs_harness_settle ();
      g_assert_true (race.read == 1 || race.reader.last_offset == 1);
      cs_harness_run (0, unsubscribe, &race.reader);
    }
  teardown ();
}

static gpointer
churn_main (gpointer data)
{
  guint i;

  for (i = 0; i < 2000; i++)
    publish_wake (i % 2 ? "db/churn-a" : "db/churn-b", i + 1);
  return NULL;
}

static void
churn_subscriptions (gpointer data)
{
  Reader readers[2] = { { .channel = "db/churn-a" }, { .channel = "db/churn-b" } };
  guint i;

  for (i = 0; i < 500; i++)
    {
      subscribe (&readers[i % 2]);
      unsubscribe (&readers[i % 2]);
    }
}

static void
test_subscribing_while_publishing (void)
{
  GThread *threads[2];
  guint i;

  setup ();
  for (i = 0; i < 2; i++)
    threads[i] = g_thread_new ("publisher", churn_main, NULL);
  for (i = 0; i < N_WORKERS; i++)
    cs_harness_run (i, churn_subscriptions, NULL);
  for (i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  cs_harness_settle ();
  g_assert_cmpint (cs_harness_stat ("broker_subscriptions"), ==, 0);
  teardown ();
}

static void
test_parts_it_does_not_have (void)
{
  CsBroker *handle;
  CsHistoryQuery query = { sizeof query, NULL, 10, FALSE };
  CsBrokerOptions keep = { sizeof keep, 10, CS_SECONDS (60) };
  CsSlice channel = cs_slice_str ("c");

  setup ();
  handle = &broker->broker;
  g_assert_cmpint (cs_broker_own (handle, broker, channel, NULL), ==, CS_UNSUPPORTED);
  g_assert_cmpint (cs_broker_history (handle, channel, &query, NULL, NULL, NULL), ==,
                   CS_UNSUPPORTED);
  g_assert_cmpint (cs_broker_join (handle, channel, NULL, 1), ==, CS_UNSUPPORTED);
  g_assert_cmpint (cs_broker_leave (handle, channel, channel), ==, CS_UNSUPPORTED);
  g_assert_cmpint (cs_broker_presence (handle, channel, NULL, NULL), ==, CS_UNSUPPORTED);
  g_assert_cmpint (
    cs_broker_publish (handle, channel, NULL, cs_slice_str (""), NULL, &keep, NULL), ==,
    CS_UNSUPPORTED);
  teardown ();
}

static void
test_left_behind_is_told (void)
{
  Reader reader = { .channel = "c" };
  g_autofree char *log = NULL;

  setup ();
  cs_harness_run (2, subscribe, &reader);
  cs_harness_run (2, stop_worker, NULL);
  publish_text ("c", "late"); /* reaches a worker that has stopped: dropped, not kept */
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 0);
  log = cs_harness_log ();
  g_assert_nonnull (strstr (log, "subscriptions left behind count=1"));
  teardown ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/memory/reaches-all-workers", test_reaches_all_workers);
  g_test_add_func ("/memory/only-interested-workers", test_only_interested_workers);
  g_test_add_func ("/memory/wakeups-are-merged", test_wakeups_are_merged);
  g_test_add_func ("/memory/data-is-never-merged", test_data_is_never_merged);
  g_test_add_func ("/memory/leaving-during-delivery", test_leaving_during_delivery);
  g_test_add_func ("/memory/order-of-each-publisher", test_order_of_each_publisher);
  g_test_add_func ("/memory/nothing-missed", test_nothing_missed_from_subscribe_on);
  g_test_add_func ("/memory/subscribing-while-publishing",
                   test_subscribing_while_publishing);
  g_test_add_func ("/memory/unsupported", test_parts_it_does_not_have);
  g_test_add_func ("/memory/left-behind-is-told", test_left_behind_is_told);
  return g_test_run ();
}
