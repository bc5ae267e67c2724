/* test-values.c: timestamps of RFC 3339, and lists of entity tags.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

const CsHost *cs_host_;

static void
test_times (void)
{
  static const struct
  {
    const char *text;
    gint64 time;
  } rows[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01t00:00:00.000001z", 1 },
    { "1969-12-31T23:59:59Z", -1000000 },
    { "2000-02-29T12:00:00Z", G_GINT64_CONSTANT (951825600000000) },
    { "2026-11-24T05:41:23.123456789Z", G_GINT64_CONSTANT (1795498883123456) },
    { "2026-11-24T11:11:23+05:30", G_GINT64_CONSTANT (1795498883000000) },
    { "2026-11-24T11:11:23 05:30", G_GINT64_CONSTANT (1795498883000000) },
    { "2026-11-23 22:41:23-07:00", G_GINT64_CONSTANT (1795498883000000) },
    { "1990-12-31T23:59:60Z", G_GINT64_CONSTANT (662688000000000) },
    { "0001-01-01T00:00:00Z", G_GINT64_CONSTANT (-62135596800000000) },
    { "9999-12-31T23:59:59.999999Z", G_GINT64_CONSTANT (253402300799999999) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 time = 0;

      g_test_message ("%s", rows[i].text);
      g_assert_true (rest_time_parse (cs_slice_str (rows[i].text), &time));
      g_assert_cmpint (time, ==, rows[i].time);
    }
}

static void
test_no_times (void)
{
  static const char *const texts[] = {
    "", "now", "2026-11-24", "2026-11-24T05:41Z", "2026-11-24T05:41:23", "2026-11-24T05:41:23Zx",
    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+5:30",
    "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0530", "0000-01-01T00:00:00Z",
    "26-01-01T00:00:00Z", "2026/01/01T00:00:00Z", "-026-01-01T00:00:00Z", " 2026-01-01T00:00:00Z",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      gint64 time;

      g_test_message ("%s", texts[i]);
      g_assert_false (rest_time_parse (cs_slice_str (texts[i]), &time));
    }
  g_assert_false (rest_time_parse (cs_slice ("2026-01-01\0" "00:00:00Z", 20), &(gint64){ 0 }));
}

static void
test_times_written (void)
{
  static const gint64 times[] = { 0, 1, 951825600000000, 1795498883123456, 253402300799999999 };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      gint64 time = -1;

      rest_time_append (text, times[i]);
      g_assert_true (rest_time_parse (cs_slice (text->str, text->len), &time));
      g_assert_cmpint (time, ==, times[i]);
    }
}

/* The tags joined by bars; "*" for any; "bad". */
static char *
tags_of (const char *text, gboolean strong)
{
  CsSlice tags[8];
  GString *joined = g_string_new (NULL);
  gboolean any;
  guint n;

  if (!rest_tags_read (cs_slice_str (text), strong, tags, G_N_ELEMENTS (tags), &n, &any))
    g_string_assign (joined, "bad");
  else if (any)
    g_string_assign (joined, "*");
  else
    for (guint i = 0; i < n; i++)
      {
        g_string_append_len (joined, tags[i].data, tags[i].len);
        g_string_append_c (joined, '|');
      }
  return g_string_free (joined, FALSE);
}

static void
test_tags (void)
{
  static const struct
  {
    const char *text;
    const char *weak;   /* as If-None-Match compares */
    const char *strong; /* as If-Match does */
  } rows[] = {
    { "*", "*", "*" },
    { "\"a\"", "a|", "a|" },
    { "W/\"a\"", "a|", "" },
    { "\"a\", W/\"b\" ,\t\"c\"", "a|b|c|", "a|c|" },
    { ",, \"a\",,\"b\",", "a|b|", "a|b|" },
    { "\"\"", "|", "|" },
    { "\"a,b\"", "a,b|", "a,b|" },
    { "\"1-a--gzip\"", "1-a--gzip|1-a|", "1-a--gzip|1-a|" },
    { "\"--gzip\"", "--gzip|", "--gzip|" },
    { "\"caf\xc3\xa9\"", "caf\xc3\xa9|", "caf\xc3\xa9|" },
    { "", "bad", "bad" },
    { " , ", "bad", "bad" },
    { "a", "bad", "bad" },
    { "\"a", "bad", "bad" },
    { "\"a\"b", "bad", "bad" },
    { "\"a\"\"b\"", "bad", "bad" },
    { "\"a\" \"b\"", "bad", "bad" },
    { "\"a b\"", "bad", "bad" },
    { "\"a\", *", "bad", "bad" },
    { "w/\"a\"", "bad", "bad" },
    { "W/a", "bad", "bad" },
    { "W/", "bad", "bad" },
    { "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"", "1|2|3|4|5|6|7|", "1|2|3|4|5|6|7|" },
    { "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"", "bad", "bad" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *weak = tags_of (rows[i].text, FALSE);
      g_autofree char *strong = tags_of (rows[i].text, TRUE);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpstr (weak, ==, rows[i].weak);
      g_assert_cmpstr (strong, ==, rows[i].strong);
    }
}

static void
test_encoding (void)
{
  g_autoptr (GString) path = g_string_new (NULL);
  g_autoptr (GString) json = g_string_new (NULL);

  rest_append_encoded (path, cs_slice ("a-b._~/\0%\xc3\xa9", 11));
  g_assert_cmpstr (path->str, ==, "a-b._~%2F%00%25%C3%A9");
  rest_append_string (json, cs_slice ("a\"\\\n\0\xc3\xa9", 7));
  g_assert_cmpstr (json->str, ==, "\"a\\\"\\\\\\u000a\\u0000\xc3\xa9\"");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rest/values/times", test_times);
  g_test_add_func ("/rest/values/no-times", test_no_times);
  g_test_add_func ("/rest/values/times-written", test_times_written);
  g_test_add_func ("/rest/values/tags", test_tags);
  g_test_add_func ("/rest/values/encoding", test_encoding);
  return g_test_run ();
}
