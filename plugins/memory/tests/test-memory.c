/* test-memory.c: what is the embedded broker's own: limits, queues, parts.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "memory.h"

#define N_WORKERS 3

typedef struct
{
  CsSubscription subscription;
  const char *channel;
  gboolean positioned;
  CsStatus status;
  guint calls;
  guint n_lost;
  guint calls_before_lost;
  guint64 last_offset;
} Reader;

static MemoryBroker *broker;
static MemorySettings settings;

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

  settings = (MemorySettings){ .max_channels = 1000, .max_bytes = 1 << 20, .max_queue = 1 << 20 };
  cs_harness_start (N_WORKERS);
  broker = cs_harness_instance ("memory", &settings, sizeof (MemoryBroker));
  g_assert_true (memory_create (broker, NULL));
  for (i = 0; i < N_WORKERS; i++)
    cs_harness_run (i, start_worker, NULL);
}

/* Everything that was kept is given back by its end. */
static void
teardown (void)
{
  guint i;

  cs_harness_pass (CS_BROKER_META_TTL + CS_SECONDS (1));
  for (i = 0; i < 100; i++)
    cs_harness_pass (CS_SECONDS (2));
  g_assert_cmpint (broker->budget.channels, ==, 0);
  g_assert_cmpint (broker->budget.bytes, ==, 0);
  g_assert_cmpint (cs_harness_stat ("broker_kept_channels"), ==, 0);
  g_assert_cmpint (cs_harness_stat ("broker_kept_bytes"), ==, 0);
  g_assert_cmpint (cs_harness_stat ("broker_members"), ==, 0);
  for (i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpint (broker->sweeps[i].armed, ==, G_MAXINT64); /* no timer at rest */
      cs_harness_run (i, stop_worker, NULL);
    }
  memory_destroy (broker);
  cs_harness_stop ();
}

static void
on_publication (CsSubscription *subscription, const CsPublication *publication)
{
  Reader *reader = subscription->data;

  if (publication->kind == CS_BROKER_LOST)
    {
      reader->n_lost++;
      reader->calls_before_lost = reader->calls;
    }
  else
    reader->calls++;
  if (publication->position.offset > 0)
    reader->last_offset = publication->position.offset;
}

static void
subscribe (gpointer data)
{
  Reader *reader = data;
  CsSubscribed result = { .size = sizeof result };

  reader->subscription.func = on_publication;
  reader->subscription.data = reader;
  reader->status = cs_broker_subscribe (&broker->broker, cs_slice_str (reader->channel), NULL,
                                        &reader->subscription, reader->positioned ? &result : NULL);
}

static void
unsubscribe (gpointer data)
{
  Reader *reader = data;

  cs_broker_unsubscribe (&broker->broker, &reader->subscription);
}

static CsStatus
publish (const char *channel, gsize n_bytes, guint history_size)
{
  g_autoptr (GBytes) data = g_bytes_new_take (g_malloc0 (n_bytes), n_bytes);
  CsPublish with = { .size = sizeof with,
                     .channel = cs_slice_str (channel),
                     .data = data,
                     .history_size = history_size,
                     .history_ttl = CS_SECONDS (60) };

  return cs_broker_publish (&broker->broker, &with, NULL);
}

static void
wake (const char *channel, guint64 offset)
{
  CsPosition position = { offset, 7 };

  cs_broker_wake (&broker->broker, cs_slice_str (channel), &position);
}

static void
expect_warning (const char *text)
{
  g_autofree char *log = cs_harness_log ();

  g_assert_nonnull (strstr (log, text));
}

/* ---- queues ---- */

static void
test_only_interested_workers (void)
{
  Reader reader = { .channel = "db/one" };
  guint i;

  setup ();
  cs_harness_run (1, subscribe, &reader);
  wake ("db/none", 1);
  for (i = 0; i < N_WORKERS; i++)
    g_assert_null (broker->inboxes[i].head); /* nobody was posted to */
  wake ("db/one", 2);
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 1);
  g_assert_cmpuint (reader.last_offset, ==, 2);
  g_assert_cmpint (broker->inboxes[1].bytes, ==, 0);
  cs_harness_run (1, unsubscribe, &reader);
  g_assert_cmpint (cs_harness_stat ("broker_subscriptions"), ==, 0);
  teardown ();
}

/* On the subscriber's own worker, so that nothing is delivered between them. */
static void
burst (gpointer data)
{
  guint64 i;

  for (i = 1; i <= 1000; i++)
    wake ("db/busy", i);
}

static void
test_wakes_are_merged (void)
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
  wake ("c", 1);
  publish ("c", 1, 0);
  wake ("c", 2);
  publish ("c", 1, 0);
}

static void
test_data_is_never_merged (void)
{
  Reader reader = { .channel = "c" };

  setup ();
  cs_harness_run (0, subscribe, &reader);
  cs_harness_run (0, burst_with_data, NULL);
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 4);
  cs_harness_run (0, unsubscribe, &reader);
  teardown ();
}

/* The first delivery is slow and takes a turn's time; another publication comes before the turn is
 * over. */
static void
be_slow (CsSubscription *subscription, const CsPublication *publication)
{
  Reader *reader = subscription->data;

  if (++reader->calls == 1)
    {
      g_usleep (20000);
      publish ("c", 1, 0);
    }
}

static void
burst_to_slow (gpointer data)
{
  guint i;

  for (i = 0; i < 1500; i++)
    publish ("c", 1, 0);
}

static void
test_long_turn_goes_on (void)
{
  Reader reader = { .channel = "c" };
  guint i;

  setup ();
  cs_harness_run (0, subscribe, &reader);
  reader.subscription.func = be_slow;
  cs_harness_run (0, burst_to_slow, NULL);
  for (i = 0; i < 10; i++)
    cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 1501);
  cs_harness_run (0, unsubscribe, &reader);
  teardown ();
}

/* More than the worker's queue holds, and a little to another channel before. */
static void
flood (gpointer data)
{
  guint i;

  publish ("calm", 100, 0);
  for (i = 0; i < 200; i++)
    g_assert_cmpint (publish ("flood", 10000, 10), ==, CS_OK);
}

static void
test_full_queue_is_told (void)
{
  Reader flooded[2] = { { .channel = "flood", .positioned = TRUE }, { .channel = "flood" } };
  Reader calm = { .channel = "calm" };
  guint i;

  setup ();
  for (i = 0; i < 2; i++)
    cs_harness_run (0, subscribe, &flooded[i]);
  cs_harness_run (0, subscribe, &calm);
  cs_harness_run (0, flood, NULL);
  cs_harness_settle ();
  for (i = 0; i < 2; i++)
    {
      g_assert_cmpuint (flooded[i].n_lost, ==, 1);
      g_assert_cmpuint (flooded[i].calls, >, 90);
      g_assert_cmpuint (flooded[i].calls, <, 110);
      cs_harness_run (0, unsubscribe, &flooded[i]);
    }
  g_assert_cmpuint (calm.calls, ==, 1);
  g_assert_cmpuint (calm.n_lost, ==, 0);
  g_assert_cmpint (cs_harness_stat ("broker_lost_total"), ==, 200 - flooded[0].calls);
  cs_harness_run (0, unsubscribe, &calm);
  g_assert_cmpint (broker->inboxes[0].bytes, ==, 0);
  teardown ();
}

/* The one in the middle finds no room. */
static void
publish_three (gpointer data)
{
  publish ("a", 1, 10);
  settings.max_queue = -1;
  publish ("a", 1, 10);
  settings.max_queue = 1 << 20;
  publish ("a", 1, 10);
}

static void
test_lost_is_told_before_what_follows (void)
{
  Reader reader = { .channel = "a", .positioned = TRUE };

  setup ();
  cs_harness_run (0, subscribe, &reader);
  cs_harness_run (0, publish_three, NULL);
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 2);
  g_assert_cmpuint (reader.n_lost, ==, 1);
  g_assert_cmpuint (reader.calls_before_lost, <, 2);
  g_assert_cmpuint (reader.last_offset, ==, 3);
  cs_harness_run (0, unsubscribe, &reader);
  teardown ();
}

/* So many channels that they are not named any more: everyone is told. */
static void
flood_channels (gpointer data)
{
  char name[32];
  guint i;

  g_assert_cmpint (publish ("a", settings.max_queue + 1, 0), ==, CS_OK);
  for (i = 0; i < 11000; i++)
    {
      g_snprintf (name, sizeof name, "%u", i);
      broker->interest[memory_name (cs_slice_str (name), 0).hash % MEMORY_SLOTS] |= 1;
      publish (name, 1, 0);
    }
}

static void
test_lost_is_bounded (void)
{
  Reader readers[2] = { { .channel = "a" }, { .channel = "b" } };
  guint i;

  setup ();
  for (i = 0; i < 2; i++)
    cs_harness_run (0, subscribe, &readers[i]);
  cs_harness_run (0, flood_channels, NULL);
  cs_harness_settle ();
  g_assert_cmpuint (readers[0].calls, ==, 1);
  for (i = 0; i < 2; i++)
    {
      g_assert_cmpuint (readers[i].n_lost, ==, 1);
      cs_harness_run (0, unsubscribe, &readers[i]);
    }
  teardown ();
}

/* ---- limits ---- */

static void
test_max_bytes (void)
{
  CsMember member = { .client = cs_slice_str ("c") };
  CsMember ann = { .client = cs_slice_str ("ann") };
  CsPresenceStats stats = { .size = sizeof stats };
  CsPublish keyed = { .size = sizeof keyed,
                      .channel = cs_slice_str ("k"),
                      .key = cs_slice_str ("key"),
                      .key_ttl = CS_SECONDS (60) };
  guint i;

  setup ();
  g_assert_cmpint (cs_broker_join (&broker->broker, keyed.channel, &ann, CS_SECONDS (60)), ==,
                   CS_OK);
  for (i = 0; i < 10; i++)
    g_assert_cmpint (publish ("s", 100000, 100), ==, CS_OK);
  g_assert_cmpint (publish ("s", 100000, 100), ==, CS_OVERLOADED);
  expect_warning ("raise memory.max-bytes, or lower history-size or history-ttl max-bytes=1048576");
  g_assert_cmpint (cs_harness_stat ("broker_refused_total"), ==, 1);
  g_assert_cmpint (publish ("s", 100000, 0), ==, CS_OK); /* what is not kept needs no room */
  g_assert_cmpint (publish ("s", 100, 5), ==, CS_OK);    /* older ones go */
  g_assert_cmpint (publish ("t", 500000, 100), ==, CS_OK);
  g_assert_cmpint (publish ("u", 1048576 - 100 - (gsize) broker->budget.bytes - 600, 100), ==,
                   CS_OK);
  for (i = 0; cs_broker_publish (&broker->broker, &keyed, NULL) == CS_OK && i < 20; i++)
    keyed.key = cs_slice ("0123456789abcdefghijklmnopqrstuvwxyz", 4 + i);
  g_assert_cmpuint (i, <, 20);
  g_assert_cmpint (cs_broker_join (&broker->broker, keyed.channel, &member, CS_SECONDS (60)), ==,
                   CS_OVERLOADED);
  ann.connection_info = cs_slice_str ("other"); /* refused, she is there as she was */
  g_assert_cmpint (cs_broker_join (&broker->broker, keyed.channel, &ann, CS_SECONDS (60)), ==,
                   CS_OVERLOADED);
  g_assert_cmpint (cs_broker_presence_stats (&broker->broker, keyed.channel, &stats), ==, CS_OK);
  g_assert_cmpuint (stats.n_clients, ==, 1);
  cs_harness_settle ();
  cs_harness_pass (CS_SECONDS (61));
  g_assert_cmpint (publish ("s", 900000, 100), ==, CS_OK);
  teardown ();
}

static void
keep_position (const char *channel, CsStatus expect)
{
  CsHistoryQuery query = { .size = sizeof query };
  CsPosition top;

  g_assert_cmpint (
    cs_broker_history (&broker->broker, cs_slice_str (channel), &query, NULL, NULL, &top), ==,
    expect);
}

/* Idle positions make room, publications do not. */
static void
test_max_channels (void)
{
  char name[32];
  guint refused = 0;
  guint i;

  setup ();
  for (i = 0; i < 5000; i++)
    {
      g_snprintf (name, sizeof name, "idle-%u", i);
      keep_position (name, CS_OK);
    }
  g_assert_cmpint (broker->budget.channels, ==, settings.max_channels);
  for (i = 0; i < 5000; i++)
    {
      g_snprintf (name, sizeof name, "kept-%u", i);
      refused += publish (name, 1, 10) == CS_OVERLOADED;
    }
  g_assert_cmpint (broker->budget.channels, ==, settings.max_channels);
  g_assert_cmpuint (refused, >=, 4000);
  expect_warning ("raise memory.max-channels");
  keep_position ("one more", CS_OVERLOADED);
  settings.max_channels++;
  memory_reload_commit (broker, NULL);
  keep_position ("one more", CS_OK);
  teardown ();
}

static void
test_left_behind_is_told (void)
{
  Reader reader = { .channel = "c" };

  setup ();
  cs_harness_run (2, subscribe, &reader);
  cs_harness_run (2, stop_worker, NULL);
  publish ("c", 1, 0); /* reaches a worker that has stopped: dropped, not kept */
  cs_harness_settle ();
  g_assert_cmpuint (reader.calls, ==, 0);
  expect_warning ("subscriptions left behind count=1");
  cs_harness_run (2, start_worker, NULL);
  teardown ();
}

/* ---- the heap ---- */

#define N_ITEMS 500

static void
test_heap (void)
{
  MemoryHeap heap = { NULL, 0, 0 };
  MemoryDeadline *items = g_new0 (MemoryDeadline, N_ITEMS);
  MemoryDeadline *item;
  gint64 due[N_ITEMS];
  gint64 now;
  guint left = N_ITEMS;
  guint i;

  for (i = 0; i < 20000; i++)
    {
      guint at = (guint) g_test_rand_int_range (0, N_ITEMS);

      due[at] = g_test_rand_int_range (0, 1000);
      memory_heap_set (&heap, &items[at], due[at]);
      at = (guint) g_test_rand_int_range (0, N_ITEMS);
      if (i % 3 == 0)
        memory_heap_remove (&heap, &items[at]);
    }
  for (i = 0; i < N_ITEMS; i++)
    memory_heap_set (&heap, &items[i], due[i] = g_test_rand_int_range (0, 1000));
  for (now = 0; now < 1000; now += 7)
    while ((item = memory_heap_pop (&heap, now)) != NULL)
      {
        g_assert_cmpint (item->due, <=, now);
        g_assert_cmpint (item->due, >, now - 7);
        g_assert_cmpint (item->due, ==, due[item - items]);
        left--;
      }
  g_assert_cmpuint (left, ==, heap.n);
  g_assert_cmpint (memory_heap_next (&heap), >, 994);
  memory_heap_clear (&heap);
  g_free (items);
}

static void
test_patterns (void)
{
  static const struct
  {
    const char *text, *pattern;
    gboolean matches;
  } cases[] = {
    { "", "", TRUE },           { "abc", "abc", TRUE },
    { "abc", "ab", FALSE },     { "ab", "abc", FALSE },
    { "abc", "*", TRUE },       { "abc", "a*c", TRUE },
    { "abc", "a*b", FALSE },    { "aXbXc", "a*b*c", TRUE },
    { "abc", "a?c", TRUE },     { "ac", "a?c", FALSE },
    { "abc", "a[b]c", TRUE },   { "abc", "a[!b]c", FALSE },
    { "a]c", "a[]]c", TRUE },   { "a-c", "a[b-]c", TRUE },
    { "abc", "a[a-c]c", TRUE }, { "adc", "a[a-c]c", FALSE },
    { "a*c", "a\\*c", TRUE },   { "abc", "a\\*c", FALSE },
    { "abc", "abc*", TRUE },    { "abc", "***", TRUE },
    { "abc", "[", FALSE },      { "a", "[a", TRUE },
    { "a\\", "a\\", TRUE },     { "mississippi", "*issip*", TRUE },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s %s", cases[i].text, cases[i].pattern);
      g_assert_cmpint (
        memory_name_matches (cs_slice_str (cases[i].text), cs_slice_str (cases[i].pattern)), ==,
        cases[i].matches);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/memory/only-interested-workers", test_only_interested_workers);
  g_test_add_func ("/memory/wakes-are-merged", test_wakes_are_merged);
  g_test_add_func ("/memory/data-is-never-merged", test_data_is_never_merged);
  g_test_add_func ("/memory/long-turn-goes-on", test_long_turn_goes_on);
  g_test_add_func ("/memory/full-queue-is-told", test_full_queue_is_told);
  g_test_add_func ("/memory/lost-is-told-before-what-follows", test_lost_is_told_before_what_follows);
  g_test_add_func ("/memory/lost-is-bounded", test_lost_is_bounded);
  g_test_add_func ("/memory/max-bytes", test_max_bytes);
  g_test_add_func ("/memory/max-channels", test_max_channels);
  g_test_add_func ("/memory/left-behind-is-told", test_left_behind_is_told);
  g_test_add_func ("/memory/heap", test_heap);
  g_test_add_func ("/memory/patterns", test_patterns);
  return g_test_run ();
}
