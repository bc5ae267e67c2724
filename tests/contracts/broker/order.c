/* order.c: who gets a publication, in which order, under which number.
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#include <stdio.h>

#define N_PUBLISHERS 4
#define N_EACH 2000

static void
test_reaches_all_workers (void)
{
  Reader readers[N_WORKERS] = { 0 };
  guint i;

  suite_start ();
  for (i = 0; i < N_WORKERS; i++)
    reader_subscribe (&readers[i], "news", i);
  publish_plain ("news", "a");
  publish_plain ("other", "x");
  publish_plain ("news", "b");
  provider_settle ();
  for (i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "a b ");
      reader_unsubscribe (&readers[i], i);
    }
  publish_plain ("news", "c");
  provider_settle ();
  for (i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "a b ");
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

static void
test_bad_arguments (void)
{
  g_autofree char *name = g_strnfill (CS_CHANNEL_MAX + 1, 'n');
  CsPublish publish = { .channel = cs_slice ("", 0) };
  CsPosition top;
  CsHistoryQuery query = { sizeof query, NULL, NULL, 0, FALSE, 0, 0 };

  suite_start ();
  g_assert_cmpint (publish_with (&publish, "x", NULL), ==, CS_INVALID);
  publish.channel = cs_slice_str (name);
  g_assert_cmpint (publish_with (&publish, "x", NULL), ==, CS_INVALID);
  g_assert_cmpint (cs_broker_history (broker, cs_slice_str (name), &query, NULL, NULL, &top), ==,
                   CS_INVALID);
  publish.channel.len--;
  g_assert_cmpint (publish_with (&publish, "x", NULL), ==, CS_OK);
  g_assert_cmpint (cs_broker_channels (broker, cs_slice_str (name), NULL, NULL), ==, CS_INVALID);
  publish.kind = CS_BROKER_LOST;
  g_assert_cmpint (publish_with (&publish, "x", NULL), ==, CS_INVALID);
  suite_stop ();
}

static void
check_whole (Reader *reader, const CsPublication *publication)
{
  const CsMember *member = &publication->member;

  g_assert_true (cs_slice_is (publication->tags, "{\"k\":\"v\"}"));
  g_assert_true (cs_slice_is (member->client, "c1"));
  g_assert_true (cs_slice_is (member->user, "ann"));
  g_assert_true (cs_slice_is (member->connection_info, "{\"a\":1}"));
  g_assert_true (cs_slice_is (member->channel_info, "[]"));
  g_assert_cmpint (g_get_real_time () - publication->time, <, CS_SECONDS (10));
  g_assert_cmpint (publication->time, <=, g_get_real_time ());
}

static gboolean
check_kept (const CsPublication *publication, gpointer data)
{
  check_whole (NULL, publication);
  return TRUE;
}

static void
test_goes_whole (void)
{
  CsMember ann = { cs_slice_str ("c1"), cs_slice_str ("ann"), cs_slice_str ("{\"a\":1}"),
                   cs_slice_str ("[]") };
  CsPublish publish = { .channel = cs_slice_str ("news"),
                        .tags = cs_slice_str ("{\"k\":\"v\"}"),
                        .member = &ann,
                        .history_size = 1,
                        .history_ttl = TTL };
  CsHistoryQuery query = { .size = sizeof query, .limit = 10 };
  Reader reader = { .then = check_whole };
  CsPosition top;

  suite_start ();
  reader_subscribe (&reader, "news", 1);
  g_assert_cmpint (publish_with (&publish, "x", NULL), ==, CS_OK);
  provider_settle ();
  g_assert_cmpstr (reader.seen->str, ==, "x ");
  g_assert_cmpint (cs_broker_history (broker, publish.channel, &query, check_kept, NULL, &top), ==,
                   CS_OK);
  g_assert_cmpuint (top.offset, ==, 1);
  reader_unsubscribe (&reader, 1);
  reader_clear (&reader);
  suite_stop ();
}

static void
test_joins_and_leaves (void)
{
  CsMember ann = { .client = cs_slice_str ("c1") };
  CsPublish event = { .kind = CS_BROKER_JOIN,
                      .channel = cs_slice_str ("room"),
                      .member = &ann,
                      .history_size = 10,
                      .history_ttl = TTL };
  Reader reader = { 0 };
  CsPublished result;
  g_autofree char *kept = NULL;

  suite_start ();
  reader_subscribe (&reader, "room", 0);
  g_assert_cmpint (publish_with (&event, "", &result), ==, CS_OK);
  g_assert_cmpuint (result.position.offset, ==, 0);
  publish_kept ("room", "hi", 10);
  event.kind = CS_BROKER_LEAVE;
  g_assert_cmpint (publish_with (&event, "", NULL), ==, CS_OK);
  provider_settle ();
  g_assert_cmpstr (reader.seen->str, ==, "+c1 hi -c1 ");
  kept = read_since ("room", 0, 0, CS_OK, NULL);
  g_assert_cmpstr (kept, ==, "hi");
  reader_unsubscribe (&reader, 0);
  reader_clear (&reader);
  suite_stop ();
}

static void
test_serials (void)
{
  Reader readers[3] = { 0 };
  guint64 first, second;
  guint i;

  suite_start ();
  for (i = 0; i < 3; i++)
    reader_subscribe (&readers[i], i < 2 ? "a" : "b", 1);
  publish_plain ("a", "1");
  publish_plain ("b", "2");
  publish_plain ("a", "3");
  provider_settle ();
  for (i = 0; i < 2; i++)
    {
      first = g_array_index (readers[i].serials, guint64, 0);
      second = g_array_index (readers[i].serials, guint64, 1);
      g_assert_cmpuint (first, !=, 0);
      g_assert_cmpuint (first, ==, g_array_index (readers[0].serials, guint64, 0));
      g_assert_cmpuint (second, ==, g_array_index (readers[0].serials, guint64, 1));
      g_assert_cmpuint (second, !=, first);
      g_assert_cmpuint (g_array_index (readers[2].serials, guint64, 0), !=, first);
      g_assert_cmpuint (g_array_index (readers[2].serials, guint64, 0), !=, second);
    }
  for (i = 0; i < 3; i++)
    {
      reader_unsubscribe (&readers[i], 1);
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

/* ---- many publishers ---- */

typedef struct
{
  gboolean kept;
  guint index;
  guint64 offsets[N_EACH]; /* the results */
  HostCall call;
} Publisher;

static void
publish_many (gpointer data)
{
  Publisher *publisher = data;
  CsPublish publish = { .channel = cs_slice_str ("many"),
                        .history_size = publisher->kept ? 100 : 0,
                        .history_ttl = TTL };
  CsPublished result;
  char text[32];
  guint i;

  for (i = 0; i < N_EACH; i++)
    {
      g_snprintf (text, sizeof text, "%u:%u", publisher->index, i);
      g_assert_cmpint (publish_with (&publish, text, &result), ==, CS_OK);
      publisher->offsets[i] = result.position.offset;
    }
}

static gpointer
publish_many_here (gpointer data)
{
  publish_many (data);
  return NULL;
}

/* Of each publisher the texts come in its own order. */
static void
check_order (const Reader *reader)
{
  g_auto (GStrv) texts = g_strsplit (reader->seen->str, " ", -1);
  guint next[N_PUBLISHERS] = { 0 };
  guint i;

  for (i = 0; texts[i] != NULL && texts[i][0] != '\0'; i++)
    {
      guint from, number;

      g_assert_cmpint (sscanf (texts[i], "%u:%u", &from, &number), ==, 2);
      g_assert_cmpuint (number, ==, next[from]++);
    }
  g_assert_cmpuint (i, ==, N_PUBLISHERS * N_EACH);
}

/* Two on fibers of different workers, two on threads of their own. */
static void
run_publishers (Publisher *publishers, gboolean kept)
{
  GThread *threads[N_PUBLISHERS] = { NULL };
  guint i;

  for (i = 0; i < N_PUBLISHERS; i++)
    {
      publishers[i].kept = kept;
      publishers[i].index = i;
      if (i < 2)
        host_begin (&publishers[i].call, i, publish_many, &publishers[i]);
      else
        threads[i] = g_thread_new ("publisher", publish_many_here, &publishers[i]);
    }
  for (i = 0; i < N_PUBLISHERS; i++)
    if (i < 2)
      host_await (&publishers[i].call);
    else
      g_thread_join (threads[i]);
  provider_settle ();
}

static void
test_order_of_each_publisher (void)
{
  g_autofree Publisher *publishers = g_new0 (Publisher, N_PUBLISHERS);
  Reader readers[N_WORKERS] = { 0 };
  guint i;

  suite_start ();
  for (i = 0; i < N_WORKERS; i++)
    reader_subscribe (&readers[i], "many", i);
  run_publishers (publishers, FALSE);
  for (i = 0; i < N_WORKERS; i++)
    {
      check_order (&readers[i]);
      reader_unsubscribe (&readers[i], i);
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

/* Every number once: in the results, and on every worker in order. */
static void
test_numbers_without_gaps (void)
{
  g_autofree Publisher *publishers = g_new0 (Publisher, N_PUBLISHERS);
  g_autofree guint8 *given = g_malloc0 (N_PUBLISHERS * N_EACH + 1);
  Reader readers[N_WORKERS] = { 0 };
  guint i, j;

  suite_start ();
  for (i = 0; i < N_WORKERS; i++)
    reader_subscribe_positioned (&readers[i], "many", i);
  run_publishers (publishers, TRUE);
  for (i = 0; i < N_PUBLISHERS; i++)
    for (j = 0; j < N_EACH; j++)
      {
        g_assert_cmpuint (publishers[i].offsets[j], <=, N_PUBLISHERS * N_EACH);
        g_assert_cmpuint (given[publishers[i].offsets[j]]++, ==, 0);
      }
  g_assert_cmpuint (given[0], ==, 0);
  for (i = 0; i < N_WORKERS; i++)
    {
      check_order (&readers[i]);
      reader_expect_run (&readers[i], 1, N_PUBLISHERS * N_EACH);
      g_assert_cmpuint (readers[i].epoch, ==, readers[0].result.position.epoch);
      reader_unsubscribe (&readers[i], i);
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

/* ---- wake-ups ---- */

static void
note_position (Reader *reader, const CsPublication *publication)
{
  *(CsPosition *) reader->data = publication->position;
}

/* The last of any number of them comes; how many do is the provider's affair. */
static void
test_wakes (void)
{
  CsPosition last = { 0, 0 };
  Reader reader = { .then = note_position, .data = &last };
  guint i;

  suite_start ();
  reader_subscribe (&reader, "store", 2);
  for (i = 1; i <= 1000; i++)
    {
      CsPosition position = { i, 7 };

      cs_broker_wake (broker, cs_slice_str ("store"), &position);
    }
  provider_settle ();
  g_assert_cmpuint (last.offset, ==, 1000);
  g_assert_cmpuint (last.epoch, ==, 7);
  g_assert_cmpuint (reader.offsets->len, ==, 0);
  reader_unsubscribe (&reader, 2);
  reader_clear (&reader);
  suite_stop ();
}

/* ---- which channels there are ---- */

static gboolean
note_channel (CsSlice channel, guint64 n_subscriptions, gpointer data)
{
  g_ptr_array_add (data, g_strdup_printf ("%.*s=%" G_GUINT64_FORMAT, (int) channel.len,
                                          channel.data, n_subscriptions));
  return TRUE;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

typedef struct
{
  const char *pattern;
  char *found;
} Listing;

static void
list_here (gpointer data)
{
  Listing *listing = data;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  g_assert_cmpint (
    cs_broker_channels (broker, cs_slice_str (listing->pattern), note_channel, names), ==, CS_OK);
  g_ptr_array_sort (names, compare_texts);
  g_ptr_array_add (names, NULL);
  listing->found = g_strjoinv (" ", (char **) names->pdata);
}

static void
expect_channels (const char *pattern, const char *expected)
{
  Listing listing = { pattern, NULL };

  host_on_fiber (0, list_here, &listing);
  g_assert_cmpstr (listing.found, ==, expected);
  g_free (listing.found);
  list_here (&listing); /* on a thread that is no worker */
  g_assert_cmpstr (listing.found, ==, expected);
  g_free (listing.found);
}

static void
test_channels (void)
{
  static const char *const names[] = { "chat:1", "chat:2", "chat:10", "news", "n*ws", "chat:1" };
  Reader readers[G_N_ELEMENTS (names)] = { 0 };
  guint i;

  suite_start ();
  expect_channels ("", "");
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    reader_subscribe (&readers[i], names[i], i % N_WORKERS);
  publish_kept ("chat:silent", "x", 10); /* nobody subscribes */
  expect_channels ("", "chat:10=1 chat:1=2 chat:2=1 n*ws=1 news=1");
  expect_channels ("chat:*", "chat:10=1 chat:1=2 chat:2=1");
  expect_channels ("chat:?", "chat:1=2 chat:2=1");
  expect_channels ("chat:[!1]", "chat:2=1");
  expect_channels ("chat:[0-1]*", "chat:10=1 chat:1=2");
  expect_channels ("n\\*ws", "n*ws=1");
  expect_channels ("*0", "chat:10=1");
  expect_channels ("nothing", "");
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    {
      reader_unsubscribe (&readers[i], i % N_WORKERS);
      reader_clear (&readers[i]);
    }
  expect_channels ("*", "");
  suite_stop ();
}

void
add_order_tests (void)
{
  g_test_add_func ("/broker/reaches-all-workers", test_reaches_all_workers);
  g_test_add_func ("/broker/bad-arguments", test_bad_arguments);
  g_test_add_func ("/broker/goes-whole", test_goes_whole);
  g_test_add_func ("/broker/joins-and-leaves", test_joins_and_leaves);
  g_test_add_func ("/broker/serials", test_serials);
  g_test_add_func ("/broker/order-of-each-publisher", test_order_of_each_publisher);
  g_test_add_func ("/broker/numbers-without-gaps", test_numbers_without_gaps);
  g_test_add_func ("/broker/wakes", test_wakes);
  g_test_add_func ("/broker/channels", test_channels);
}
