/* test-query.c: names that CouchDB makes for indexes, bookmarks, orders, and what a selector says
 * of a field. SPDX-License-Identifier: Apache-2.0 */
#include <sync-find.h>

#include "arena.h"

static SyncJson
parse (TestArena *arena, const char *text)
{
  g_autofree char *quoted = g_strdup (text);
  SyncJson value;

  g_strdelimit (quoted, "'", '"');
  g_assert_true (sync_json_parse (test_arena_str (arena, quoted), 9000, &value));
  return value;
}

/* This one was recorded from CouchDB 3.4.3 (golden 18, "_explain without a fitting index"). Blanks
 * do not count, options and names do. */
static void
test_names (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncIndexRequest request = { .definition = parse (arena, "{'fields':[]}"), .w = 2 };
  char recorded[41];
  char again[41];
  char other[41];

  sync_index_make_name (&request, recorded);
  g_assert_cmpstr (recorded, ==, "16d64bc5aa5ac9a0662f02b45a7d70d4a6923ccc");
  request.definition = parse (arena, " { 'fields' : [ ] } ");
  sync_index_make_name (&request, again);
  g_assert_cmpstr (again, ==, recorded);
  request.w = 3;
  sync_index_make_name (&request, other);
  g_assert_cmpstr (other, !=, recorded);
  request.w = 2;
  request.name = cs_slice_str ("given");
  sync_index_make_name (&request, other);
  g_assert_cmpstr (other, !=, recorded);
}

/* Anything that a definition may hold has a name, and the same one each time. */
static void
test_odd_definitions (void)
{
  static const char *const definitions[] = {
    "{'fields':['a',{'b':'desc'}],'partial_filter_selector':{'n':{'$in':[1,2,255]}}}",
    "{'fields':['\\u00e4'],'partial_filter_selector':{'n':{'$in':[1,256,-1,1.5,null,true,"
    "9007199254740993]}}}",
    "{'fields':[[[[]]]]}",
    "[]",
    "5",
  };
  g_autoptr (TestArena) arena = test_arena_new ();
  char names[G_N_ELEMENTS (definitions)][41];

  for (guint i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      SyncIndexRequest request = { .definition = parse (arena, definitions[i]), .w = 2 };

      sync_index_make_name (&request, names[i]);
      g_assert_cmpuint (strlen (names[i]), ==, 40);
      for (guint j = 0; j < i; j++)
        g_assert_cmpstr (names[i], !=, names[j]);
    }
}

static void
test_bookmarks (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncBookmark bookmark = { .mark = { 1, 2, 0xff },
                            .key = { "\0\xff key", 6 },
                            .id = { "doc", 3 } };
  g_autoptr (GString) text = g_string_new (NULL);
  SyncBookmark read;

  sync_bookmark_append (&bookmark, text);
  g_assert_true (sync_bookmark_read (&read, test_arena_str (arena, text->str), &arena->arena));
  g_assert_cmpmem (read.mark, 8, bookmark.mark, 8);
  g_assert_true (cs_slice_equal (read.key, bookmark.key));
  g_assert_true (cs_slice_equal (read.id, bookmark.id));
  for (gsize len = 0; len < text->len - 4; len++)
    if (sync_bookmark_read (&read, cs_slice (text->str, len), &arena->arena))
      g_assert_cmpuint (read.id.len, <, bookmark.id.len);
  g_assert_false (sync_bookmark_read (&read, cs_slice_str ("bad bookmark"), &arena->arena));
  g_assert_false (sync_bookmark_read (&read, cs_slice_str ("nil"), &arena->arena));
  g_assert_false (sync_bookmark_read (&read, cs_slice_str (""), &arena->arena));
}

static char *
sort_of (const char *json)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  GString *out = g_string_new (NULL);
  SyncError error;
  SyncField *fields;
  gboolean descending;
  guint n;

  if (!sync_sort_read (parse (arena, json), &arena->arena, &fields, &n, &descending, &error))
    return g_string_free (g_string_assign (out, error.error), FALSE);
  g_string_append (out, descending ? "down" : "up");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, " %.*s", (int) fields[i].text.len, fields[i].text.data);
  return g_string_free (out, FALSE);
}

static void
test_sorts (void)
{
  static const char *const cases[][2] = {
    { "['a',{'b.c':'asc'}]", "up a b.c" },
    { "[{'a':'desc'},{'b':'desc'}]", "down a b" },
    { "{'a':'asc','b':'asc'}", "up a b" },
    { "[]", "up" },
    { "['a',{'b':'desc'}]", "unsupported_mixed_sort" },
    { "'a'", "invalid_sort_json" },
    { "[5]", "invalid_sort_field" },
    { "[{'a':'up'}]", "invalid_sort_field" },
    { "[{'a':'asc','b':'asc'}]", "invalid_sort_field" },
    { "['']", "invalid_sort_field" },
    { "[{}]", "invalid_sort_field" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *got = sort_of (cases[i][0]);

      g_assert_cmpstr (got, ==, cases[i][1]);
    }
}

/* "low..high" with brackets for what is inside and out; "-" when nothing narrows the field, "none"
 * when nothing can match. */
static char *
range_of (const char *json, const char *field)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncSelector selector;
  SyncError error;
  SyncRange range;

  g_assert_true (sync_selector_read (&selector, parse (arena, json), &arena->arena, &error));
  if (!sync_range_of (&selector, cs_slice_str (field), &arena->arena, &range))
    return g_strdup ("-");
  if (sync_range_is_empty (&range, cs_slice_str (field)))
    return g_strdup ("none");
  return g_strdup_printf (
    "%c%.*s..%.*s%c", range.low_open ? ']' : '[', (int) range.low.text.len,
    range.low.text.len > 0 ? range.low.text.data : "", (int) range.high.text.len,
    range.high.text.len > 0 ? range.high.text.data : "", range.high_open ? '[' : ']');
}

static void
test_ranges (void)
{
  static const char *const cases[][3] = {
    { "{'a':5}", "a", "[5..5]" },
    { "{'a':{'$gt':1,'$lte':9}}", "a", "]1..9]" },
    { "{'$and':[{'a':{'$gte':1}},{'$and':[{'a':{'$gt':1}},{'a':{'$lt':7}}]}]}", "a", "]1..7[" },
    { "{'a':{'$gte':1,'$gt':0}}", "a", "[1..]" },
    { "{'a':{'$not':{'$gt':3}}}", "a", "[..3]" },
    { "{'a':{'$eq':1,'$gt':1}}", "a", "none" },
    { "{'a':1,'b':2}", "a", "[1..1]" },
    { "{'$and':[{'a':1},{'a':2}]}", "a", "none" },
    { "{'a':{'$gt':'b','$lt':'B'}}", "a", "]\"b\"..\"B\"[" },
    { "{'_id':{'$gt':'b','$lt':'B'}}", "_id", "none" },
    { "{'$or':[{'a':1},{'a':2}]}", "a", "-" },
    { "{'a':{'$in':[1]}}", "a", "-" },
    { "{'a':{'$ne':1}}", "a", "-" },
    { "{'b':1}", "a", "-" },
    { "{'a':{'$beginsWith':'x'}}", "a", "[\"x\"..\"x\xef\xbf\xbf\"[" },
    { "{'a':{'$beginsWith':'\\u00e4'}}", "a", "-" },
    { "{'a':{'$elemMatch':{'$gt':1}}}", "a", "-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *got = range_of (cases[i][0], cases[i][1]);
      g_autofree char *wanted = g_strdup (cases[i][2]);

      g_assert_cmpstr (got, ==, wanted);
    }
}

static gboolean
requires (const char *json, const char *field)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncSelector selector;
  SyncError error;

  g_assert_true (sync_selector_read (&selector, parse (arena, json), &arena->arena, &error));
  return sync_selector_requires (&selector, cs_slice_str (field));
}

static void
test_required (void)
{
  g_assert_true (requires ("{'a':1}", "a"));
  g_assert_true (requires ("{'a':{'$ne':1},'b':2}", "a"));
  g_assert_true (requires ("{'a':{'$not':{'$regex':'x'}}}", "a"));
  g_assert_true (requires ("{'a':{'$exists':true}}", "a"));
  g_assert_true (requires ("{'$or':[{'a':1},{'b':1,'a':2}]}", "a"));
  g_assert_false (requires ("{'$or':[{'a':1},{'b':1}]}", "a"));
  g_assert_false (requires ("{'$or':[]}", "a"));
  g_assert_false (requires ("{'a':{'$exists':false}}", "a"));
  g_assert_false (requires ("{'$not':{'a':{'$exists':true}}}", "a"));
  g_assert_false (requires ("{'a.b':1}", "a"));
  g_assert_false (requires ("{}", "a"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/query/names", test_names);
  g_test_add_func ("/sync/query/odd-definitions", test_odd_definitions);
  g_test_add_func ("/sync/query/bookmarks", test_bookmarks);
  g_test_add_func ("/sync/query/sorts", test_sorts);
  g_test_add_func ("/sync/query/ranges", test_ranges);
  g_test_add_func ("/sync/query/required", test_required);
  return g_test_run ();
}
