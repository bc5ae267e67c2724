/* test-selector.c: each operator against documents, the one form that selectors are put in, and
 * what is refused. SPDX-License-Identifier: Apache-2.0 */
#include <sync-selector.h>

#include "arena.h"

static SyncJson
parse (TestArena *arena, const char *text)
{
  SyncJson value;

  if (!sync_json_parse (test_arena_str (arena, text), 9000, &value))
    g_error ("no JSON: %s", text);
  return value;
}

/* Single quotes stand for double ones. */
static char *
quoted (const char *text)
{
  char *copy = g_strdup (text);

  g_strdelimit (copy, "'", '"');
  return copy;
}

static gboolean
prepare (SyncSelector *selector, SyncJson object, TestArena *arena, SyncError *error)
{
  const SyncTerm *bad;

  if (!sync_selector_read (selector, object, &arena->arena, error))
    return FALSE;
  bad = sync_selector_compile (selector);
  return bad == NULL || sync_selector_bad_regex (bad, &arena->arena, error);
}

static gboolean
matches (const char *selector_text, const char *doc_text)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_autofree char *selector_json = quoted (selector_text);
  g_autofree char *doc_json = quoted (doc_text);
  g_auto (SyncSelector) selector = { 0 };
  SyncError error = { 0 };

  if (!prepare (&selector, parse (arena, selector_json), arena, &error))
    g_error ("%s: %s", selector_text, error.reason);
  return sync_selector_match (&selector, parse (arena, doc_json));
}

static const struct
{
  const char *selector;
  const char *yes[6];
  const char *no[6];
} table[] = {
  { "{}", { "{}", "{'a':1}" }, { NULL } },
  { "{'a':1}",
    { "{'a':1}", "{'a':1.0}", "{'b':2,'a':1}" },
    { "{}", "{'a':'1'}", "{'a':[1]}", "[1]" } },
  { "{'a':{}}", { "{'a':{}}" }, { "{'a':1}", "{'a':{'b':1}}", "{}" } },
  { "{'a':{'$eq':[1,2]}}", { "{'a':[1,2]}" }, { "{'a':[2,1]}", "{'a':[1]}", "{'a':1}" } },
  { "{'a':{'$ne':1}}", { "{'a':2}", "{'a':null}" }, { "{'a':1}", "{}" } },
  { "{'a':{'$lt':5}}",
    { "{'a':4.9}", "{'a':true}", "{'a':null}" },
    { "{'a':5}", "{'a':'x'}", "{}" } },
  { "{'a':{'$lte':5}}", { "{'a':5}", "{'a':5.0}" }, { "{'a':6}" } },
  { "{'a':{'$gte':'m'}}", { "{'a':'m'}", "{'a':'Z'}", "{'a':[]}" }, { "{'a':'b'}", "{'a':9}" } },
  { "{'a':{'$gt':null}}", { "{'a':false}", "{'a':{}}" }, { "{'a':null}", "{}" } },
  { "{'a':{'$gt':1,'$lt':3}}", { "{'a':2}" }, { "{'a':1}", "{'a':3}", "{}" } },
  { "{'a':9007199254740993}", { "{'a':9007199254740993}" }, { "{'a':9007199254740992}" } },
  { "{'_id':{'$lt':'B'}}", { "{'_id':'A'}" }, { "{'_id':'a'}", "{'_id':'B'}" } },
  { "{'_id':{'$gt':null}}", { "{'_id':''}", "{'_id':'x'}" }, { "{}" } },
  { "{'a':{'$in':[1,'x',null]}}",
    { "{'a':1}", "{'a':'x'}", "{'a':null}", "{'a':[7,1]}" },
    { "{'a':2}", "{'a':[]}", "{}" } },
  { "{'a':{'$in':[]}}", { NULL }, { "{'a':1}", "{'a':[]}", "{}" } },
  { "{'a':{'$nin':[1]}}", { "{'a':2}", "{'a':[]}" }, { "{'a':1}", "{'a':[2,1]}", "{}" } },
  { "{'a':{'$all':[1,2]}}", { "{'a':[2,3,1]}" }, { "{'a':[1]}", "{'a':1}", "{}" } },
  { "{'a':{'$all':[[1,2]]}}", { "{'a':[1,2]}", "{'a':[[1,2]]}" }, { "{'a':[2,1]}" } },
  { "{'a':{'$all':[]}}", { NULL }, { "{'a':[]}", "{'a':[1]}" } },
  { "{'a':{'$exists':true}}", { "{'a':null}" }, { "{}", "{'b':1}" } },
  { "{'a':{'$exists':false}}", { "{}" }, { "{'a':null}" } },
  { "{'a.b':{'$exists':false}}",
    { "{'a':{}}", "{}" },
    { "{'a':{'b':1}}", "{'a':5}", "{'a':[1]}" } },
  { "{'a':{'$type':'number'}}", { "{'a':1}" }, { "{'a':'1'}", "{}" } },
  { "{'a':{'$type':'boolean'}}", { "{'a':true}", "{'a':false}" }, { "{'a':null}" } },
  { "{'a':{'$type':'nothing'}}", { NULL }, { "{'a':1}", "{'a':null}" } },
  { "{'a':{'$mod':[3,1]}}",
    { "{'a':4}", "{'a':1}" },
    { "{'a':3}", "{'a':4.0}", "{'a':-2}", "{'a':'4'}" } },
  { "{'a':{'$mod':[-1,0]}}", { "{'a':-9223372036854775807}" }, { "{'a':1.5}" } },
  { "{'a':{'$size':2}}", { "{'a':[1,[2]]}" }, { "{'a':[1]}", "{'a':'ab'}", "{}" } },
  { "{'a':{'$regex':'^x+$'}}",
    { "{'a':'xx'}" },
    { "{'a':'xy'}", "{'a':5}", "{'a':['xx']}", "{}" } },
  { "{'a':{'$regex':'(?i)^\\u00c4.$'}}", { "{'a':'\\u00e4\\u00f6'}" }, { "{'a':'ae'}" } },
  { "{'a':{'$beginsWith':'ab'}}",
    { "{'a':'ab'}", "{'a':'abc'}" },
    { "{'a':'Abc'}", "{'a':'a'}", "{'a':['ab']}" } },
  { "{'a':{'$beginsWith':''}}", { "{'a':''}", "{'a':'x'}" }, { "{'a':1}" } },
  { "{'$and':[{'a':1},{'b':2}]}", { "{'a':1,'b':2}" }, { "{'a':1}", "{'b':2}" } },
  { "{'$and':[]}", { "{}" }, { NULL } },
  { "{'$or':[{'a':1},{'b':2}]}", { "{'a':1}", "{'b':2}" }, { "{}", "{'a':2}" } },
  { "{'$or':[]}", { "{}" }, { NULL } },
  { "{'$and':[{},{'a':1}]}", { "{'a':1}" }, { "{'a':2}" } },
  { "{'$nor':[{'a':1},{'b':2}]}", { "{'a':2,'b':1}" }, { "{'a':1,'b':1}", "{'a':2,'b':2}", "{}" } },
  { "{'$not':{'a':1}}", { "{'a':2}" }, { "{'a':1}", "{}" } },
  { "{'$not':{'$not':{'a':1}}}", { "{'a':1}" }, { "{'a':2}", "{}" } },
  { "{'$not':{'a':1,'b':2}}", { "{'a':2}", "{'b':3}" }, { "{'a':1,'b':2}", "{}" } },
  { "{'$not':{'a':{'$exists':true}}}", { "{}" }, { "{'a':1}" } },
  { "{'a':{'$not':{'$regex':'x'}}}", { "{'a':'y'}", "{'a':5}" }, { "{'a':'x'}", "{}" } },
  { "{'a':{'$or':[{'$lt':2},{'$gt':8}]}}", { "{'a':1}", "{'a':9}" }, { "{'a':5}" } },
  { "{'a.b':1}", { "{'a':{'b':1}}" }, { "{'a.b':1}", "{'a':1}" } },
  { "{'a':{'b':{'c':1}}}", { "{'a':{'b':{'c':1,'d':2}}}" }, { "{'a':{'b':1}}" } },
  { "{'a\\\\.b':1}", { "{'a.b':1}" }, { "{'a':{'b':1}}" } },
  { "{'a.1':5}", { "{'a':[4,5]}", "{'a':{'1':5}}" }, { "{'a':[5]}", "{'a':5}" } },
  { "{'\\u0061':1}", { "{'a':1}", "{'\\u0061':1}" }, { "{}" } },
  { "{'a':1}", { "{'a':2,'a':1}" }, { "{'a':1,'a':2}" } },
  { "{'a':{'$elemMatch':{'$gt':3}}}", { "{'a':[1,4]}" }, { "{'a':[1]}", "{'a':4}", "{'a':[]}" } },
  { "{'a':{'$elemMatch':{'b':1,'c':{'$in':[2]}}}}",
    { "{'a':[{'b':1},{'b':1,'c':2}]}" },
    { "{'a':[{'b':1},{'c':2}]}" } },
  { "{'a':{'$elemMatch':{'$or':[1,{'$eq':7}]}}}", { "{'a':[7]}", "{'a':[1]}" }, { "{'a':[2]}" } },
  { "{'a':{'$not':{'$elemMatch':{'$eq':1}}}}", { "{'a':[2]}", "{'a':2}" }, { "{'a':[1]}", "{}" } },
  { "{'a':{'$elemMatch':{'$nor':[{'b':1}]}}}", { "{'a':[{'b':2}]}" }, { "{'a':[{'b':1}]}" } },
  { "{'a':{'$allMatch':{'$gt':3}}}", { "{'a':[4,5]}" }, { "{'a':[3,4]}", "{'a':[]}", "{'a':4}" } },
  { "{'a':{'$keyMapMatch':{'$beginsWith':'k'}}}",
    { "{'a':{'x':1,'k1':2}}" },
    { "{'a':{'x':1}}", "{'a':['k1']}" } },
};

static void
test_operators (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      for (guint j = 0; table[i].yes[j] != NULL; j++)
        if (!matches (table[i].selector, table[i].yes[j]))
          g_error ("%s does not match %s", table[i].selector, table[i].yes[j]);
      for (guint j = 0; table[i].no[j] != NULL; j++)
        if (matches (table[i].selector, table[i].no[j]))
          g_error ("%s matches %s", table[i].selector, table[i].no[j]);
    }
}

static char *
form_of (TestArena *arena, const char *json)
{
  g_auto (SyncSelector) selector = { 0 };
  SyncError error = { 0 };
  GString *out = g_string_new (NULL);

  if (!sync_selector_read (&selector, parse (arena, json), &arena->arena, &error))
    g_error ("%s: %s", json, error.reason);
  sync_selector_append (&selector, out);
  return g_string_free (out, FALSE);
}

static void
test_form (void)
{
  static const char *const forms[][2] = {
    { "{}", "{}" },
    { "{'a':1}", "{'a':{'$eq':1}}" },
    { "{'a':{'b':1}}", "{'a.b':{'$eq':1}}" },
    { "{'a':1,'b':{'$gt':2}}", "{'$and':[{'a':{'$eq':1}},{'b':{'$gt':2}}]}" },
    { "{'a':{'$and':[{'$gt':1},{'$lt':2}]}}", "{'$and':[{'a':{'$gt':1}},{'a':{'$lt':2}}]}" },
    { "{'$not':{'a':{'$gt':1}}}", "{'a':{'$lte':1}}" },
    { "{'$nor':[{'a':1},{'b':{'$lte':2}}]}", "{'$and':[{'a':{'$ne':1}},{'b':{'$gt':2}}]}" },
    { "{'$not':{'$and':[{'a':{'$lt':1}},{'b':{'$in':[1]}}]}}",
      "{'$or':[{'a':{'$gte':1}},{'b':{'$nin':[1]}}]}" },
    { "{'a':{'$not':{'$exists':true}}}", "{'a':{'$exists':false}}" },
    { "{'a':{'$not':{'$size':1}}}", "{'a':{'$not':{'$size':1}}}" },
    { "{'a':{'$elemMatch':{'$gt':1,'b':2}}}",
      "{'a':{'$elemMatch':{'$and':[{'$gt':1},{'b':{'$eq':2}}]}}}" },
  };
  g_autoptr (TestArena) arena = test_arena_new ();

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autofree char *given = quoted (forms[i][0]);
      g_autofree char *wanted = quoted (forms[i][1]);
      g_autofree char *form = form_of (arena, given);
      g_autofree char *again = form_of (arena, form);

      g_assert_cmpstr (form, ==, wanted);
      g_assert_cmpstr (again, ==, wanted);
    }
}

static void
expect_refused (const char *json, const char *name, const char *reason)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_autofree char *text = quoted (json);
  g_auto (SyncSelector) selector = { 0 };
  SyncError error = { 0 };

  g_assert_false (prepare (&selector, parse (arena, text), arena, &error));
  g_assert_cmpuint (error.status, ==, 400);
  g_assert_cmpstr (error.error, ==, name);
  if (reason != NULL)
    {
      g_autofree char *wanted = quoted (reason);

      g_assert_cmpstr (error.reason, ==, wanted);
    }
}

static void
test_refused (void)
{
  expect_refused ("5", "invalid_selector_json", "Selector must be a JSON object, not: 5");
  expect_refused ("{'$bad':[]}", "invalid_operator", "Invalid operator: $bad");
  expect_refused ("{'a':{'$bad':1}}", "invalid_operator", "Invalid operator: $bad");
  expect_refused ("{'a':{'$in':1}}", "bad_arg", "Bad argument for operator $in: 1");
  expect_refused ("{'a':{'$nin':{}}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$all':'x'}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$mod':[2]}}", "bad_arg", "Bad argument for operator $mod: [2]");
  expect_refused ("{'a':{'$mod':[0,1]}}", "bad_arg", "Bad argument for operator $mod: [0,1]");
  expect_refused ("{'a':{'$mod':[1.5,1]}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$size':-1}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$size':'x'}}", "bad_arg", "Bad argument for operator $size: 'x'");
  expect_refused ("{'a':{'$exists':1}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$type':1}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$regex':'('}}", "bad_arg", "Bad argument for operator $regex: '('");
  expect_refused ("{'a':{'$regex':'\\\\C'}}", "bad_arg", NULL);
  expect_refused ("{'a':{'$beginsWith':5}}", "bad_arg", NULL);
  expect_refused ("{'$and':{}}", "bad_arg", "Bad argument for operator $and: {}");
  expect_refused ("{'$nor':1}", "bad_arg", "Bad argument for operator $nor: 1");
  expect_refused ("{'$not':1}", "bad_arg", "Bad argument for operator $not: 1");
  expect_refused ("{'a':{'$elemMatch':1}}", "bad_arg", NULL);
  expect_refused ("{'$text':'x'}", "not_supported", "Unsupported operator: $text");
  expect_refused ("{'$where':'x'}", "not_supported", NULL);
  expect_refused ("{'$eq':1}", "invalid_selector",
                  "One or more conditions is missing a field name.");
  expect_refused ("{'':1}", "invalid_selector", NULL);
  expect_refused ("{'a..b':1}", "invalid_field_name", "Invalid field name: a..b");
}

/* The reader's stack is a fiber's: a selector cannot be deeper than it knows. */
static void
test_bounds (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) wide = g_string_new ("{'$or':[");

  for (guint i = 0; i < 500; i++)
    g_string_append (deep, "{'$not':");
  g_string_append (deep, "{'a':1}");
  for (guint i = 0; i < 500; i++)
    g_string_append_c (deep, '}');
  expect_refused (deep->str, "invalid_selector", NULL);
  for (guint i = 0; i <= SYNC_SELECTOR_TERMS_MAX; i++)
    g_string_append (wide, "{'a':1},");
  g_string_append (wide, "{'a':1}]}");
  expect_refused (wide->str, "invalid_selector", NULL);
}

/* Values are counted over the whole selector. */
static void
test_values (void)
{
  g_autoptr (GString) half = g_string_new ("0");
  g_autofree char *two = NULL;
  g_autofree char *three = NULL;

  for (guint i = 1; i < SYNC_SELECTOR_VALUES_MAX / 2; i++)
    g_string_append (half, ",1");
  two = g_strdup_printf ("{'a':{'$in':[%s]},'b':{'$all':[%s]}}", half->str, half->str);
  three = g_strdup_printf ("{'a':{'$in':[%s]},'b':{'$nin':[%s]},'c':{'$all':[1]}}", half->str,
                           half->str);
  g_assert_false (matches (two, "{'a':0,'b':[2]}"));
  expect_refused (three, "invalid_selector",
                  "The selector has more than 10000 values in $in, $nin and $all.");
}

/* An expression that would run for years is given up, and counted. */
static void
test_limits (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_auto (SyncSelector) selector = { 0 };
  SyncError error = { 0 };
  SyncJson doc =
    parse (arena, "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}");
  gint64 before = g_get_monotonic_time ();

  g_assert_true (
    prepare (&selector, parse (arena, "{\"a\":{\"$regex\":\"^(a+)+$\"}}"), arena, &error));
  g_assert_false (sync_selector_match (&selector, doc));
  g_assert_cmpuint (selector.n_given_up, ==, 1);
  g_assert_cmpint (g_get_monotonic_time () - before, <, 2 * G_USEC_PER_SEC);
}

/* {"a":[ELEMENT, …]} */
static char *
many (const char *element, guint n)
{
  GString *text = g_string_new ("{'a':[");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s'%s'", i > 0 ? "," : "", element);
  g_string_append (text, "]}");
  return g_string_free (text, FALSE);
}

/* Whether it matches; *given_up: at how many documents an expression was. */
static gboolean
matches_within (const char *selector_text, const char *doc_text, guint *given_up)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_autofree char *selector_json = quoted (selector_text);
  g_autofree char *doc_json = quoted (doc_text);
  g_auto (SyncSelector) selector = { 0 };
  SyncError error = { 0 };
  gint64 before = g_get_monotonic_time ();
  gboolean result;

  g_assert_true (prepare (&selector, parse (arena, selector_json), arena, &error));
  result = sync_selector_match (&selector, parse (arena, doc_json));
  *given_up = selector.n_given_up;
  g_assert_cmpint (g_get_monotonic_time () - before, <, 10 * G_USEC_PER_SEC);
  return result;
}

/* The work at one document is bounded over all its values, at each place where a match may begin,
 * and in what a repetition passes over. */
static void
test_work (void)
{
  g_autofree char *near = many ("aaaaaaaaaaaaaaaaaa!", 200000);
  g_autofree char *plain = many ("a name of someone", 20000);
  g_autofree char *as = g_strnfill (1000000, 'a');
  g_autofree char *long_text = g_strdup_printf ("{'a':'%s','b':1}", as);
  guint given_up;

  g_assert_false (matches_within ("{'a':{'$elemMatch':{'$regex':'^(a|aa)+$'}}}", near, &given_up));
  g_assert_cmpuint (given_up, ==, 1);
  g_assert_false (
    matches_within ("{'a':{'$allMatch':{'$not':{'$regex':'^(a|aa)+$'}}}}", near, &given_up));
  g_assert_cmpuint (given_up, ==, 1);
  g_assert_false (matches_within ("{'a':{'$regex':'[ab]*[cd]'}}", long_text, &given_up));
  g_assert_cmpuint (given_up, ==, 1);
  g_assert_false (matches_within ("{'a':{'$regex':'a.{0,9999}(b|c)'}}", long_text, &given_up));
  g_assert_cmpuint (given_up, ==, 1);
  g_assert_true (matches_within ("{'a':{'$allMatch':{'$regex':'(?i)some(one|body)$'}}}", plain,
                                 &given_up));
  g_assert_cmpuint (given_up, ==, 0);
  g_assert_false (matches_within ("{'a':{'$regex':'b'}}", long_text, &given_up));
  g_assert_cmpuint (given_up, ==, 0);
  g_assert_true (matches_within ("{'a':{'$regex':'^[a-c]+$'}}", long_text, &given_up));
  g_assert_cmpuint (given_up, ==, 0);
}

static char *
projected (const char *fields, const char *doc)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  g_autofree char *fields_json = quoted (fields);
  g_autofree char *doc_json = quoted (doc);
  SyncProjection *projection;
  SyncError error;
  GString *out = g_string_new (NULL);

  g_assert_true (
    sync_projection_read (&projection, parse (arena, fields_json), &arena->arena, &error));
  sync_projection_append (projection, parse (arena, doc_json), out);
  return g_string_free (out, FALSE);
}

static void
test_projection (void)
{
  static const char *const cases[][3] = {
    { "['b','a']", "{'a':1,'b':[2],'c':3}", "{'b':[2],'a':1}" },
    { "['a.b','none','a.d.e']", "{'a':{'b':1,'c':2}}", "{'a':{'b':1}}" },
    { "['a.b','a.c']", "{'a':{'b':1,'c':2,'d':3}}", "{'a':{'b':1,'c':2}}" },
    { "['a','a.b']", "{'a':{'b':1,'c':2}}", "{'a':{'b':1,'c':2}}" },
    { "['x.y','z']", "{'x':5,'z':1}", "{'z':1}" },
    { "['a.1']", "{'a':[4,5]}", "{'a':{'1':5}}" },
    { "['p\\\\.q']", "{'p.q':1}", "{'p.q':1}" },
    { "['n']", "{'a':1}", "{}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *got = projected (cases[i][0], cases[i][1]);
      g_autofree char *wanted = quoted (cases[i][2]);

      g_assert_cmpstr (got, ==, wanted);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/selector/operators", test_operators);
  g_test_add_func ("/sync/selector/form", test_form);
  g_test_add_func ("/sync/selector/refused", test_refused);
  g_test_add_func ("/sync/selector/bounds", test_bounds);
  g_test_add_func ("/sync/selector/limits", test_limits);
  g_test_add_func ("/sync/selector/values", test_values);
  g_test_add_func ("/sync/selector/work", test_work);
  g_test_add_func ("/sync/selector/projection", test_projection);
  return g_test_run ();
}
