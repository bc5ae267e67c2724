/* test-merge-patch.c: JSON merge patch: RFC 7396's own examples, order, odd names, depth and size.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-merge-patch.h>

#include "arena.h"

static void
expect (const char *target, const char *patch, const char *expected)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  SyncJson one;
  SyncJson two;

  g_assert_true (sync_json_parse (test_arena_str (arena, target), 5000, &one));
  g_assert_true (sync_json_parse (test_arena_str (arena, patch), 5000, &two));
  sync_merge_patch (one, two, &arena->arena, out);
  g_assert_cmpstr (out->str, ==, expected);
}

/* Appendix A, those whose patch is an object. */
static void
test_appendix (void)
{
  expect ("{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}");
  expect ("{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}");
  expect ("{\"a\":\"b\"}", "{\"a\":null}", "{}");
  expect ("{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}");
  expect ("{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}");
  expect ("{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}");
  expect ("{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}");
  expect ("{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}");
  expect ("{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}");
  expect ("[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}");
  expect ("{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}");
}

/* Section 3's example: what is not named stays where it is, what is new comes behind. */
static void
test_example (void)
{
  expect ("{\"title\":\"Goodbye!\",\"author\":{\"givenName\":\"John\",\"familyName\":\"Doe\"},"
          "\"tags\":[\"example\",\"sample\"],\"content\":\"This will be unchanged\"}",
          "{\"title\":\"Hello!\",\"phoneNumber\":\"+01-123-456-7890\","
          "\"author\":{\"familyName\":null},\"tags\":[\"example\"]}",
          "{\"title\":\"Hello!\",\"author\":{\"givenName\":\"John\"},\"tags\":[\"example\"],"
          "\"content\":\"This will be unchanged\",\"phoneNumber\":\"+01-123-456-7890\"}");
}

static void
test_names (void)
{
  expect ("{ \"a\" : 1 , \"b\" : [ null ] }", "{ \"c\" : 2 }", "{\"a\":1,\"b\":[ null ],\"c\":2}");
  expect ("{\"\\u0061\":1,\"b\":2}", "{\"a\":3}", "{\"a\":3,\"b\":2}");
  expect ("{\"a\":1}", "{\"\\u0061\":null}", "{}");
  expect ("{\"a\":1}", "{\"a\":2,\"b\":3,\"a\":4,\"b\":null}", "{\"a\":4}");
  expect ("{\"a\":1,\"x\":0,\"a\":2}", "{\"a\":3}", "{\"x\":0,\"a\":3}");
  expect ("{\"a\":{\"x\":1},\"a\":{\"y\":2}}", "{\"a\":{\"z\":3}}", "{\"a\":{\"y\":2,\"z\":3}}");
  expect ("{\"\":1}", "{\"\":null,\"b\":{}}", "{\"b\":{}}");
  expect ("{\"a\":{\"n\":1}}", "{\"a\":{}}", "{\"a\":{\"n\":1}}");
  expect ("{\"a\":null}", "{\"a\":{\"b\":[null,{\"c\":null}]}}",
          "{\"a\":{\"b\":[null,{\"c\":null}]}}");
}

static char *
nested (guint depth, const char *inside)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, "{\"a\":");
  g_string_append (text, inside);
  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

/* A fiber's stack would not hold a call a level. */
static void
test_deep (void)
{
  g_autofree char *target = nested (4000, "{\"x\":1,\"y\":2}");
  g_autofree char *patch = nested (4000, "{\"x\":null,\"z\":3}");
  g_autofree char *expected = nested (4000, "{\"y\":2,\"z\":3}");
  g_autofree char *removed = nested (4000, "null");
  g_autofree char *empty = nested (3999, "{}");

  expect (target, patch, expected);
  expect ("{}", removed, empty);
}

static char *
numbered (guint from, guint to, const char *value)
{
  GString *text = g_string_new ("{");

  for (guint i = from; i < to; i++)
    g_string_append_printf (text, "%s\"m%u\":%s", i > from ? "," : "", i, value);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

/* A hundred thousand members on both sides: quadratic would take minutes. */
static void
test_wide (void)
{
  g_autofree char *target = numbered (0, 100000, "1");
  g_autofree char *patch = numbered (50000, 100000, "null");
  g_autofree char *expected = numbered (0, 50000, "1");
  gint64 begin = g_get_monotonic_time ();

  expect (target, patch, expected);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 20 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/merge-patch/appendix", test_appendix);
  g_test_add_func ("/sync/merge-patch/example", test_example);
  g_test_add_func ("/sync/merge-patch/names", test_names);
  g_test_add_func ("/sync/merge-patch/deep", test_deep);
  g_test_add_func ("/sync/merge-patch/wide", test_wide);
  return g_test_run ();
}
