/* keys.c: publications that are made once: by key, and by version.
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

static CsPublished
publish_keyed (const char *channel, const char *key, const char *text, guint size)
{
  CsPublish publish = { .channel = cs_slice_str (channel),
                        .history_size = size,
                        .history_ttl = TTL,
                        .key = cs_slice_str (key),
                        .key_ttl = CS_SECONDS (10) };
  CsPublished result;

  g_assert_cmpint (publish_with (&publish, text, &result), ==, CS_OK);
  return result;
}

static void
test_key (void)
{
  Reader reader = { 0 };
  CsPublished first, again, other, later;

  suite_start ();
  reader_subscribe_positioned (&reader, "s", 0);
  first = publish_keyed ("s", "k1", "a", 10);
  g_assert_false (first.repeated);
  publish_kept ("s", "between", 10);
  again = publish_keyed ("s", "k1", "b", 10);
  g_assert_true (again.repeated);
  g_assert_cmpuint (again.position.offset, ==, 1);
  g_assert_cmpuint (again.position.epoch, ==, first.position.epoch);
  other = publish_keyed ("s", "k2", "c", 10);
  g_assert_cmpuint (other.position.offset, ==, 3);
  g_assert_false (publish_keyed ("t", "k1", "x", 10).repeated); /* another channel's */
  provider_pass (CS_SECONDS (11));
  later = publish_keyed ("s", "k1", "d", 10);
  g_assert_false (later.repeated);
  g_assert_cmpuint (later.position.offset, ==, 4);
  provider_settle ();
  g_assert_cmpstr (reader.seen->str, ==, "a between c d ");
  reader_unsubscribe (&reader, 0);
  reader_clear (&reader);
  suite_stop ();
}

static void
test_key_without_history (void)
{
  Reader reader = { 0 };
  CsPublished again;

  suite_start ();
  reader_subscribe (&reader, "p", 0);
  g_assert_false (publish_keyed ("p", "k", "a", 0).repeated);
  again = publish_keyed ("p", "k", "b", 0);
  g_assert_true (again.repeated);
  g_assert_cmpuint (again.position.offset, ==, 0);
  provider_settle ();
  g_assert_cmpstr (reader.seen->str, ==, "a ");
  reader_unsubscribe (&reader, 0);
  reader_clear (&reader);
  suite_stop ();
}

typedef struct
{
  guint made;
} Racer;

static gpointer
publish_same_keys (gpointer data)
{
  Racer *racer = data;
  char key[16];

  for (guint i = 0; i < 500; i++)
    {
      g_snprintf (key, sizeof key, "%u", i);
      racer->made += !publish_keyed ("s", key, "x", 1000).repeated;
    }
  return NULL;
}

static void
test_key_races (void)
{
  Racer racers[3] = { 0 };
  GThread *threads[3];
  CsPosition top;

  suite_start ();
  for (guint i = 0; i < 3; i++)
    threads[i] = g_thread_new ("publisher", publish_same_keys, &racers[i]);
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (racers[0].made + racers[1].made + racers[2].made, ==, 500);
  g_free (read_since ("s", 0, 0, CS_OK, &top));
  g_assert_cmpuint (top.offset, ==, 500);
  suite_stop ();
}

/* ---- versions ---- */

static CsPublished
publish_version (const char *text, guint64 version, const char *epoch)
{
  CsPublish publish = { .channel = cs_slice_str ("s"),
                        .history_size = 10,
                        .history_ttl = TTL,
                        .version = version,
                        .version_epoch = cs_slice_str (epoch) };
  CsPublished result;

  g_assert_cmpint (publish_with (&publish, text, &result), ==, CS_OK);
  return result;
}

static void
test_versions (void)
{
  CsPublish without = { .channel = cs_slice_str ("s"), .version = 1 };
  CsPublished result;
  g_autofree char *kept = NULL;

  suite_start ();
  g_assert_false (publish_version ("a", 5, "").outdated);
  result = publish_version ("b", 5, "");
  g_assert_true (result.outdated);
  g_assert_cmpuint (result.position.offset, ==, 1);
  g_assert_true (publish_version ("c", 4, "").outdated);
  g_assert_false (publish_version ("d", 6, "").outdated);
  g_assert_false (publish_version ("e", 1, "x").outdated); /* another epoch: counted anew */
  g_assert_true (publish_version ("f", 1, "x").outdated);
  g_assert_true (publish_version ("g", 1, "").outdated); /* the same as any */
  g_assert_false (publish_version ("h", 2, "x").outdated);
  publish_kept ("s", "unversioned", 10);
  g_assert_true (publish_version ("i", 2, "x").outdated);
  kept = read_since ("s", 0, 0, CS_OK, NULL);
  g_assert_cmpstr (kept, ==, "a d e h unversioned");
  g_assert_cmpint (publish_with (&without, "x", NULL), ==, CS_INVALID);
  suite_stop ();
}

void
add_key_tests (void)
{
  g_test_add_func ("/broker/key", test_key);
  g_test_add_func ("/broker/key/without-history", test_key_without_history);
  g_test_add_func ("/broker/key/races", test_key_races);
  g_test_add_func ("/broker/version", test_versions);
}
