/* test-collate.c: the order of values: CouchDB's, the same as a comparison and as bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-collate.h>
#include <sync-icu.h>

#include "arena.h"

static SyncJson
parse (TestArena *arena, const char *text)
{
  SyncJson value;

  g_assert_true (sync_json_parse (test_arena_str (arena, text), 9000, &value));
  return value;
}

/* In CouchDB's order (docs.couchdb.org, "Views collation"), each below the next. */
static const char *const ascending[] = {
  "null",
  "false",
  "true",
  "-1e400",
  "-9007199254740993",
  "-9007199254740992",
  "-2.5",
  "-1",
  "-0.5",
  "0",
  "1e-300",
  "0.5",
  "1",
  "2",
  "10",
  "9007199254740992",
  "9007199254740993",
  "9007199254740994",
  "9223372036854775806",
  "9223372036854775807",
  "1e19",
  "1e400",
  "\"\"",
  "\"_\"",
  "\"-\"",
  "\",\"",
  "\"!\"",
  "\"?\"",
  "\"\\\"\"",
  "\"(\"",
  "\"@\"",
  "\"\\ud83d\\ude00\"",
  "\"0\"",
  "\"10\"",
  "\"2\"",
  "\"a\"",
  "\"A\"",
  "\"\\u00e1\"",
  "\"aa\"",
  "\"b\"",
  "\"B\"",
  "\"ba\"",
  "\"bb\"",
  "\"z\"",
  "\"\\u03b1\"",
  "\"\\u4e00\"",
  "[]",
  "[null]",
  "[[]]",
  "[[],1]",
  "[{}]",
  "{}",
  "{\"a\":1}",
  "{\"a\":2}",
  "{\"a\":2,\"b\":1}",
  "{\"b\":1}",
  "{\"b\":2}",
  "{\"b\":2,\"a\":1}",
  "{\"b\":2,\"c\":2}",
};

static const char *const in_arrays[] = {
  "[\"a\"]",       "[\"b\"]",
  "[\"b\",\"c\"]", "[\"b\",\"c\",\"a\"]",
  "[\"b\",\"d\"]", "[\"b\",\"d\",\"e\"]",
};

static GByteArray *
key_of (SyncJson value)
{
  GByteArray *key = g_byte_array_new ();

  g_assert_true (sync_key_append (key, value));
  return key;
}

/* Bytes say the same as the comparison, and both directions agree. */
static int
both_ways (SyncJson a, SyncJson b)
{
  g_autoptr (GByteArray) x = key_of (a);
  g_autoptr (GByteArray) y = key_of (b);
  int order = sync_collate (a, b);
  int bytes = cs_slice_compare (cs_slice (x->data, x->len), cs_slice (y->data, y->len));

  g_assert_cmpint (sync_collate (b, a), ==, -order);
  g_assert_cmpint ((bytes > 0) - (bytes < 0), ==, order);
  g_assert_cmpint (sync_collate_equal (a, b), ==, order == 0);
  return order;
}

static void
expect_ascending (const char *const *values, guint n)
{
  g_autoptr (TestArena) arena = test_arena_new ();

  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < n; j++)
      {
        int order = both_ways (parse (arena, values[i]), parse (arena, values[j]));

        if (order != (i > j) - (i < j))
          g_error ("%s against %s gives %d", values[i], values[j], order);
      }
}

static void
test_order (void)
{
  expect_ascending (ascending, G_N_ELEMENTS (ascending));
  expect_ascending (in_arrays, G_N_ELEMENTS (in_arrays));
}

static void
test_equal (void)
{
  static const char *const pairs[][2] = {
    { "1", "1.0" },
    { "100", "1e2" },
    { "0", "-0" },
    { "0.5", "5e-1" },
    { "\"a\"", "\"\\u0061\"" },
    { "\"a/b\"", "\"a\\/b\"" },
    { "[1,2]", " [ 1 , 2.0 ] " },
    { "{\"a\":[1]}", "{ \"\\u0061\" : [ 1 ] }" },
    { "\"a\\u0000\"", "\"a\"" }, /* ICU passes over it */
  };
  g_autoptr (TestArena) arena = test_arena_new ();

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpint (both_ways (parse (arena, pairs[i][0]), parse (arena, pairs[i][1])), ==, 0);
}

static void
append_random (GString *text, GRand *random, guint depth)
{
  static const char *const atoms[] = {
    "null",  "true",   "false",       "\"\"",         "\"a\"",
    "\"A\"", "\"ab\"", "\"\\u00e4\"", "\"\xc3\xa4\"", "\"b\"",
    "\" \"", "\"-\"",  "\"\\n\"",     "\"Z\"",        "0",
    "-1",    "1",      "1.5",         "-1e10",        "12345678901234567"
  };
  gint kind = g_rand_int_range (random, 0, depth > 3 ? 3 : 5);
  gint n = g_rand_int_range (random, 0, 4);

  if (kind < 3)
    {
      g_string_append (text, atoms[g_rand_int_range (random, 0, G_N_ELEMENTS (atoms))]);
      return;
    }
  g_string_append_c (text, kind == 3 ? '[' : '{');
  for (gint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      if (kind == 4)
        g_string_append_printf (text, "\"%c\":", g_rand_int_range (random, 'a', 'd'));
      append_random (text, random, depth + 1);
    }
  g_string_append_c (text, kind == 3 ? ']' : '}');
}

/* Any two values, and the order of three is one order. */
static void
test_random (void)
{
  GRand *random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint round = 0; round < 20000; round++)
    {
      g_autoptr (TestArena) arena = test_arena_new ();
      SyncJson values[3];

      for (guint i = 0; i < 3; i++)
        {
          g_string_truncate (text, 0);
          append_random (text, random, 0);
          values[i] = parse (arena, text->str);
        }
      if (both_ways (values[0], values[1]) <= 0 && both_ways (values[1], values[2]) <= 0)
        g_assert_cmpint (both_ways (values[0], values[2]), <=, 0);
    }
  g_rand_free (random);
}

static void
test_raw (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();

  g_assert_cmpint (sync_collate_raw (parse (arena, "\"a\""), parse (arena, "\"B\"")), >, 0);
  g_assert_cmpint (sync_collate (parse (arena, "\"a\""), parse (arena, "\"B\"")), <, 0);
  g_assert_cmpint (sync_collate_raw (parse (arena, "\"a\""), parse (arena, "{}")), >, 0);
  g_assert_cmpint (sync_collate_raw (parse (arena, "null"), parse (arena, "\"\"")), <, 0);
}

/* A key that is cut still lies where it belongs among shorter ones, and ends the key. */
static void
test_long (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_autofree char *many = g_strnfill (20000, 'm');
  g_autofree char *text = g_strdup_printf ("\"%s\"", many);
  g_autofree char *deep = g_strnfill (16000, '[');
  g_autoptr (GByteArray) key = g_byte_array_new ();
  g_autoptr (GByteArray) below = key_of (parse (arena, "\"mmmm\""));
  g_autoptr (GByteArray) above = key_of (parse (arena, "\"n\""));
  g_autoptr (GByteArray) nested = g_byte_array_new ();

  g_assert_false (sync_key_append (key, parse (arena, text)));
  g_assert_cmpuint (key->len, ==, SYNC_INDEX_KEY_MAX);
  g_assert_cmpint (memcmp (key->data, below->data, below->len), >, 0);
  g_assert_cmpint (memcmp (key->data, above->data, above->len), <, 0);
  memset (deep + 8000, ']', 8000);
  g_assert_false (sync_key_append (nested, parse (arena, deep)));
  g_assert_cmpint (sync_collate (parse (arena, deep), parse (arena, deep)), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_false (sync_icu_is_loaded ());
  g_assert_cmpstr (sync_icu_load (), ==, NULL);
  g_assert_true (sync_icu_is_loaded ());
  g_test_add_func ("/sync/collate/order", test_order);
  g_test_add_func ("/sync/collate/equal", test_equal);
  g_test_add_func ("/sync/collate/random", test_random);
  g_test_add_func ("/sync/collate/raw", test_raw);
  g_test_add_func ("/sync/collate/long", test_long);
  return g_test_run ();
}
