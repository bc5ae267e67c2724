/* test-json.c: what JSON is and is not, and how it is read by slices.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-json.h>

#include "arena.h"

static gboolean
valid (const char *text, gsize len)
{
  g_autoptr (TestArena) arena = test_arena_new ();

  return sync_json_valid (test_arena_copy (arena, text, len), 512);
}

static void
test_accepts (void)
{
  static const char *const texts[] = {
    "null", "true", "false", "0", "-0", "1", "-1.5", "1e21", "1E+21", "1.25e-7",
    "123456789012345678901234567890", "\"\"", "\"a\"", "[]", "{}", " [ ] ", "\t{\r\n}\n",
    "[1,2,3]", "[[],[[]],{}]", "{\"a\":1}", "{\"a\":{\"b\":[null,{}]},\"c\":\"d\"}",
    "{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }", "{\"\":0}", "{\"a\":1,\"a\":2}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\\u2028\"", "\"\x7f\"",
    "\"caf\xc3\xa9 \xe6\x96\x87 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80\"",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!valid (texts[i], strlen (texts[i])))
      g_error ("refused: %s", texts[i]);
}

static void
test_refuses (void)
{
  static const char *const texts[] = {
    "", " ", "{bad", "{\"a\":1", "{} x", "{}{}", "{'a':1}", "{\"a\":1,}", "[1,]", "[,1]", "[1 2]",
    "{/*x*/}", "{\"a\":NaN}", "{\"a\":01}", "\"\x01\"", "\"\n\"", "\"\\q\"", "\"\\u12g4\"",
    "\"\\u123\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"",
    "\"\\udc00\"", "\"\\", "\"\\u", "\"a", "\"", "\"\\\"", "tru", "truee", "nul", "nulll",
    "True", "-", "+1", ".5", "1.", "1.e1", "1e", "1e+", "--1", "0x10", "1a", "00", "Infinity", "]",
    "}", "[}", "{]", "[", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\" 1}", "{1:2}", "{a:1}", "[[]",
    "{\"a\":1 \"b\":2}", "{,}", "[1,,2]", ",", ":", "\xef\xbb\xbf{}", "\"\x80\"", "\"\xc3\"",
    "\"\xc3(\"", "\"\xc0\xaf\"", "\"\xc1\xbf\"", "\"\xe0\x80\xaf\"", "\"\xe2\x82\"",
    "\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"", "\"\xf0\x80\x80\x80\"", "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"", "\"\xf0\x9f\x98\"", "\"\xff\"", "\xff", "\v1", "[1]\f",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (valid (texts[i], strlen (texts[i])))
      g_error ("accepted: %s", texts[i]);
  g_assert_false (valid ("[1]\0", 4));
  g_assert_false (valid ("\"\0\"", 3));
  g_assert_false (valid ("1\0", 2));
}

/* The eight-byte steps must see each byte at each place. */
static void
test_every_offset (void)
{
  for (guint len = 1; len < 40; len++)
    for (guint at = 0; at < len; at++)
      {
        g_autofree char *text = g_strdup_printf ("\"%*s\"", (int) len, "");

        g_assert_true (valid (text, len + 2));
        text[at + 1] = '\x1f';
        g_assert_false (valid (text, len + 2));
        text[at + 1] = '"';
        g_assert_false (valid (text, len + 2));
        text[at + 1] = '\xff';
        g_assert_false (valid (text, len + 2));
        text[at + 1] = '\\';
        g_assert_cmpint (valid (text, len + 2), ==, FALSE);
        if (at + 1 < len)
          {
            text[at + 2] = 'n';
            g_assert_true (valid (text, len + 2));
          }
      }
}

static gboolean
nested (guint depth, guint max_depth)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, i % 2 ? "{\"a\":" : "[");
  g_string_append_c (text, '1');
  for (guint i = depth; i-- > 0;)
    g_string_append_c (text, i % 2 ? '}' : ']');
  return sync_json_valid (cs_slice (text->str, text->len), max_depth);
}

static void
test_depth (void)
{
  g_autofree char *open = g_strnfill (10000, '[');

  g_assert_true (nested (1, 1));
  g_assert_false (nested (2, 1));
  g_assert_true (nested (512, 512));
  g_assert_false (nested (513, 512));
  g_assert_false (nested (10000, 512));
  g_assert_true (nested (SYNC_JSON_DEPTH_MAX, G_MAXUINT));
  g_assert_false (nested (SYNC_JSON_DEPTH_MAX + 1, G_MAXUINT));
  g_assert_true (nested (0, 0));
  g_assert_false (nested (1, 0));
  g_assert_false (sync_json_valid (cs_slice (open, 10000), G_MAXUINT));
}

static SyncJson
parse (TestArena *arena, const char *text)
{
  SyncJson value;

  g_assert_true (sync_json_parse (test_arena_str (arena, text), 512, &value));
  return value;
}

static void
check (SyncJson value, SyncJsonType type, const char *text)
{
  g_autofree char *got = g_strndup (value.text.data, value.text.len);

  g_assert_cmpint (value.type, ==, type);
  g_assert_cmpstr (got, ==, text);
}

static void
test_members (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncJson object
    = parse (arena, " { \"a\" : 1 ,\"b\":[ \"}]\\\"\" , {} ], \"\\u0063\":\"x\\\\\",\"d\":true} ");
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  g_assert_true (sync_json_members (&cursor, object));
  g_assert_false (sync_json_elements (&cursor, object));
  g_assert_true (sync_json_next_member (&cursor, &key, &value));
  check (key, SYNC_JSON_STRING, "\"a\"");
  check (value, SYNC_JSON_NUMBER, "1");
  g_assert_true (sync_json_next_member (&cursor, &key, &value));
  check (value, SYNC_JSON_ARRAY, "[ \"}]\\\"\" , {} ]");
  g_assert_true (sync_json_next_member (&cursor, &key, &value));
  g_assert_true (sync_json_is (key, "c"));
  check (value, SYNC_JSON_STRING, "\"x\\\\\"");
  g_assert_true (sync_json_next_member (&cursor, &key, &value));
  check (value, SYNC_JSON_TRUE, "true");
  g_assert_false (sync_json_next_member (&cursor, &key, &value));
  g_assert_cmpint (sync_json_member (object, "e").type, ==, SYNC_JSON_NONE);
  check (sync_json_member (parse (arena, "{\"a\":1,\"a\":2}"), "a"), SYNC_JSON_NUMBER, "2");
}

static void
test_elements (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  static const char *const texts[]
    = { "null", "-1.5e3", "\"[\"", "[[1],[2]]", "{\"k\":[\"]\"]}", "false" };
  SyncJson array
    = parse (arena, "[null,-1.5e3 , \"[\",[[1],[2]],{\"k\":[\"]\"]},\nfalse\t]");
  SyncJsonCursor cursor;
  SyncJson value;

  g_assert_true (sync_json_elements (&cursor, array));
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *got = NULL;

      g_assert_true (sync_json_next_element (&cursor, &value));
      got = g_strndup (value.text.data, value.text.len);
      g_assert_cmpstr (got, ==, texts[i]);
    }
  g_assert_false (sync_json_next_element (&cursor, &value));
  g_assert_true (sync_json_elements (&cursor, parse (arena, "[ ]")));
  g_assert_false (sync_json_next_element (&cursor, &value));
}

static void
test_text (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncJson plain = parse (arena, "\"plain \xc3\xa9\"");
  CsSlice text = sync_json_text (plain, &arena->arena);

  g_assert_true (text.data == plain.text.data + 1);
  g_assert_true (cs_slice_is (text, "plain \xc3\xa9"));
  text = sync_json_text (parse (arena, "\"a\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83d\\uDe00z\""),
                         &arena->arena);
  g_assert_cmpmem (text.data, text.len, "a\0\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80z", 17);
  g_assert_true (sync_json_is (parse (arena, "\"_\\u0069d\""), "_id"));
  g_assert_false (sync_json_is (parse (arena, "\"_id\\u0000\""), "_id"));
  g_assert_false (sync_json_is (parse (arena, "\"_i\""), "_id"));
  g_assert_false (sync_json_is (parse (arena, "5"), "5"));
}

static void
test_unsigned (void)
{
  static const struct
  {
    const char *text;
    gboolean ok;
    guint64 number;
  } rows[] = {
    { "0", TRUE, 0 },      { "17", TRUE, 17 },     { "9223372036854775807", TRUE, G_MAXINT64 },
    { "-1", FALSE, 0 },    { "-0", FALSE, 0 },     { "9223372036854775808", FALSE, 0 },
    { "1.0", FALSE, 0 },   { "1e2", FALSE, 0 },    { "99999999999999999999", FALSE, 0 },
    { "\"1\"", FALSE, 0 }, { "null", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestArena) arena = test_arena_new ();
      guint64 number = 0;

      g_assert_cmpint (sync_json_unsigned (parse (arena, rows[i].text), &number), ==, rows[i].ok);
      if (rows[i].ok)
        g_assert_cmpuint (number, ==, rows[i].number);
    }
}

static void
test_append (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (TestArena) arena = test_arena_new ();
  char bytes[128];

  sync_json_append_string (out, cs_slice_str ("a\"b\\c/\b\t\n\v\f\r\x01 \x1f\x7f\xc3\xa9"));
  g_assert_cmpstr (out->str, ==,
                   "\"a\\\"b\\\\c/\\b\\t\\n\\u000b\\f\\r\\u0001 \\u001f\x7f\xc3\xa9\"");
  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (char) i;
  g_string_truncate (out, 0);
  sync_json_append_string (out, cs_slice (bytes, sizeof bytes));
  g_assert_true (cs_slice_equal (sync_json_text (parse (arena, out->str), &arena->arena),
                                 cs_slice (bytes, sizeof bytes)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/json/accepts", test_accepts);
  g_test_add_func ("/sync/json/refuses", test_refuses);
  g_test_add_func ("/sync/json/every-offset", test_every_offset);
  g_test_add_func ("/sync/json/depth", test_depth);
  g_test_add_func ("/sync/json/members", test_members);
  g_test_add_func ("/sync/json/elements", test_elements);
  g_test_add_func ("/sync/json/text", test_text);
  g_test_add_func ("/sync/json/unsigned", test_unsigned);
  g_test_add_func ("/sync/json/append", test_append);
  return g_test_run ();
}
