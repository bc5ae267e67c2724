/* history.c: what a stream keeps, for how long, and how it is read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

static void
expect_since (const char *channel, guint64 offset, guint64 epoch, CsStatus status,
              const char *expected)
{
  CsPosition top = { 0, 0 };
  g_autofree char *found = read_since (channel, offset, epoch, status, &top);

  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpuint (top.epoch, !=, 0);
}

static void
test_bounded_by_size (void)
{
  CsPosition last;

  suite_start ();
  publish_kept ("s", "a", 3);
  expect_since ("s", 0, 0, CS_OK, "a");
  publish_kept ("s", "b", 3);
  publish_kept ("s", "c", 3);
  expect_since ("s", 0, 0, CS_OK, "a b c");
  last = publish_kept ("s", "d", 3);
  g_assert_cmpuint (last.offset, ==, 4);
  expect_since ("s", 0, 0, CS_NOT_FOUND, "");
  expect_since ("s", 1, last.epoch, CS_OK, "b c d");
  publish_kept ("s", "e", 2); /* the newest publication's size counts */
  expect_since ("s", 2, 0, CS_NOT_FOUND, "");
  expect_since ("s", 3, 0, CS_OK, "d e");
  publish_kept ("s", "f", 5);
  publish_kept ("s", "g", 5);
  expect_since ("s", 3, 0, CS_OK, "d e f g");
  suite_stop ();
}

static void
test_long_history (void)
{
  CsHistoryQuery query = { .limit = 3 };
  CsPosition since = { 998, 0 };
  CsPosition top;
  g_autofree char *oldest = NULL;
  g_autofree char *newest = NULL;
  char text[16];
  guint i;

  suite_start ();
  for (i = 1; i <= 1500; i++)
    {
      g_snprintf (text, sizeof text, "%u", i);
      publish_kept ("s", text, 1000);
    }
  oldest = read_history ("s", &query, CS_OK, &top);
  g_assert_cmpstr (oldest, ==, "501 502 503");
  g_assert_cmpuint (top.offset, ==, 1500);
  query.since = &since;
  newest = read_history ("s", &query, CS_OK, &top);
  g_assert_cmpstr (newest, ==, "999 1000 1001");
  suite_stop ();
}

static void
test_bounded_by_ttl (void)
{
  CsPosition first, later;
  CsPosition top;
  g_autofree char *all = NULL;
  g_autofree char *none = NULL;

  suite_start ();
  first = publish_kept ("s", "a", 10);
  provider_pass (TTL - CS_SECONDS (5));
  publish_kept ("s", "b", 10);
  provider_pass (TTL - CS_SECONDS (5));
  all = read_since ("s", 1, first.epoch, CS_OK, &top);
  g_assert_cmpstr (all, ==, "b");
  provider_pass (CS_SECONDS (6));
  none = read_since ("s", 1, first.epoch, CS_NOT_FOUND, &top);
  g_assert_cmpuint (top.offset, ==, 2);
  g_assert_cmpuint (top.epoch, ==, first.epoch);
  expect_since ("s", 2, first.epoch, CS_OK, ""); /* who had it all misses nothing */
  later = publish_kept ("s", "c", 10);
  g_assert_cmpuint (later.offset, ==, 3);
  g_assert_cmpuint (later.epoch, ==, first.epoch);
  suite_stop ();
}

static void
test_numbers_live_longer (void)
{
  CsPublish publish = {
    .channel = cs_slice_str ("s"), .history_size = 10, .history_ttl = TTL, .meta_ttl = 10 * TTL
  };
  CsPublished first, second, third;

  suite_start ();
  g_assert_cmpint (publish_with (&publish, "a", &first), ==, CS_OK);
  provider_pass (9 * TTL);
  g_assert_cmpint (publish_with (&publish, "b", &second), ==, CS_OK);
  g_assert_cmpuint (second.position.offset, ==, 2);
  g_assert_cmpuint (second.position.epoch, ==, first.position.epoch);
  provider_pass (10 * TTL + CS_SECONDS (1));
  g_assert_cmpint (publish_with (&publish, "c", &third), ==, CS_OK);
  g_assert_cmpuint (third.position.offset, ==, 1);
  g_assert_cmpuint (third.position.epoch, !=, first.position.epoch);
  expect_since ("s", 1, first.position.epoch, CS_NOT_FOUND, "");
  suite_stop ();
}

static void
test_recovery_edges (void)
{
  CsPosition top;
  guint64 epoch;

  suite_start ();
  g_free (read_since ("s", 0, 0, CS_OK, &top)); /* a stream that nobody published to */
  g_assert_cmpuint (top.offset, ==, 0);
  epoch = top.epoch;
  expect_since ("s", 0, epoch, CS_OK, "");
  expect_since ("s", 0, epoch + 1, CS_NOT_FOUND, "");
  expect_since ("s", 1, epoch, CS_NOT_FOUND, "");
  g_assert_cmpuint (publish_kept ("s", "a", 2).epoch, ==, epoch);
  publish_kept ("s", "b", 2);
  publish_kept ("s", "c", 2);
  expect_since ("s", 3, epoch, CS_OK, "");        /* the top */
  expect_since ("s", 2, epoch, CS_OK, "c");       /* the newest missed */
  expect_since ("s", 1, epoch, CS_OK, "b c");     /* the oldest kept is the first missed */
  expect_since ("s", 0, epoch, CS_NOT_FOUND, ""); /* one older */
  expect_since ("s", 4, epoch, CS_NOT_FOUND, ""); /* the future */
  expect_since ("s", G_MAXUINT64, epoch, CS_NOT_FOUND, "");
  expect_since ("s", 2, epoch ^ 1, CS_NOT_FOUND, ""); /* another epoch */
  expect_since ("s", 2, 0, CS_OK, "c");               /* whichever */
  suite_stop ();
}

static void
expect_query (const CsHistoryQuery *query, const char *expected)
{
  g_autofree char *found = read_history ("s", query, CS_OK, NULL);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_reading_both_ways (void)
{
  CsPosition three = { 3, 0 };
  CsPosition one = { 1, 0 };
  CsPosition after = { 6, 0 };
  CsPosition far = { 100, 0 };
  CsPosition zero = { 0, 0 };

  suite_start ();
  for (const char *text = "abcde"; *text != '\0'; text++)
    publish_kept ("s", (char[]){ *text, '\0' }, 5);
  expect_query (&(CsHistoryQuery){ .limit = 0 }, "");
  expect_query (&(CsHistoryQuery){ .limit = 2 }, "a b");
  expect_query (&(CsHistoryQuery){ .limit = G_MAXUINT }, "a b c d e");
  expect_query (&(CsHistoryQuery){ .limit = 1, .since = &three }, "d");
  expect_query (&(CsHistoryQuery){ .limit = 2, .reverse = TRUE }, "e d");
  expect_query (&(CsHistoryQuery){ .limit = 9, .reverse = TRUE, .since = &three }, "b a");
  expect_query (&(CsHistoryQuery){ .limit = 9, .reverse = TRUE, .since = &after }, "e d c b a");
  expect_query (&(CsHistoryQuery){ .limit = 9, .reverse = TRUE, .since = &zero }, "");
  expect_query (&(CsHistoryQuery){ .limit = 9, .until = &three }, "a b c");
  expect_query (&(CsHistoryQuery){ .limit = 9, .since = &one, .until = &three }, "b c");
  expect_query (&(CsHistoryQuery){ .limit = 9, .since = &three, .until = &one }, "");
  expect_query (&(CsHistoryQuery){ .limit = 9, .until = &far }, "a b c d e");
  suite_stop ();
}

static gboolean
stop_at_second (const CsPublication *publication, gpointer data)
{
  return ++*(guint *) data < 2;
}

static void
test_reading_ends_when_told (void)
{
  CsHistoryQuery query = { .size = sizeof query, .limit = 10 };
  CsPosition top;
  guint n = 0;

  suite_start ();
  for (guint i = 0; i < 5; i++)
    publish_kept ("s", "x", 5);
  g_assert_cmpint (cs_broker_history (broker, cs_slice_str ("s"), &query, stop_at_second, &n, &top),
                   ==, CS_OK);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (top.offset, ==, 5);
  suite_stop ();
}

/* What a channel in cache mode does: the latest alone. */
static void
test_latest_only (void)
{
  CsHistoryQuery latest = { .limit = 1, .reverse = TRUE };
  CsPosition top;
  g_autofree char *found = NULL;

  suite_start ();
  publish_kept ("s", "a", 1);
  publish_kept ("s", "b", 1);
  found = read_history ("s", &latest, CS_OK, &top);
  g_assert_cmpstr (found, ==, "b");
  g_assert_cmpuint (top.offset, ==, 2);
  suite_stop ();
}

static void
test_removal (void)
{
  CsPosition first, next;
  CsPublish publish = { .channel = cs_slice_str ("s") };

  suite_start ();
  g_assert_cmpint (cs_broker_history_remove (broker, publish.channel), ==, CS_OK);
  first = publish_kept ("s", "a", 10);
  publish_plain ("s", "unkept"); /* does not count, is not kept */
  g_assert_cmpint (cs_broker_history_remove (broker, publish.channel), ==, CS_OK);
  expect_since ("s", 1, first.epoch, CS_OK, "");
  expect_since ("s", 0, first.epoch, CS_NOT_FOUND, "");
  next = publish_kept ("s", "b", 10);
  g_assert_cmpuint (next.offset, ==, 2);
  g_assert_cmpuint (next.epoch, ==, first.epoch);
  expect_since ("s", 1, first.epoch, CS_OK, "b");
  suite_stop ();
}

void
add_history_tests (void)
{
  g_test_add_func ("/broker/history/size", test_bounded_by_size);
  g_test_add_func ("/broker/history/long", test_long_history);
  g_test_add_func ("/broker/history/ttl", test_bounded_by_ttl);
  g_test_add_func ("/broker/history/meta-ttl", test_numbers_live_longer);
  g_test_add_func ("/broker/history/recovery-edges", test_recovery_edges);
  g_test_add_func ("/broker/history/both-ways", test_reading_both_ways);
  g_test_add_func ("/broker/history/ends-when-told", test_reading_ends_when_told);
  g_test_add_func ("/broker/history/latest-only", test_latest_only);
  g_test_add_func ("/broker/history/removal", test_removal);
}
