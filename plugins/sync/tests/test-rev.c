/* test-rev.c: revision ids, as Apache CouchDB orders them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-rev.h"

static SyncRev
rev (const char *text)
{
  SyncRev out;

  if (!sync_rev_parse (cs_slice_str (text), &out))
    g_error ("refused: %s", text);
  return out;
}

static void
test_text (void)
{
  static const char *const texts[] = { "1-a", "2-bbb", "10-0123456789abcdef0123456789abcdef",
                                       "3-0123456789abcdef", "1-zz", "0-a", "1-" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      SyncRev parsed = rev (texts[i]);

      sync_rev_append (out, &parsed);
      g_assert_cmpstr (out->str, ==, texts[i]);
    }
}

static void
test_malformed (void)
{
  static const char *const texts[] = { "", "1", "-", "-abc", "a-b", "nodash", "*", "1-a b",
                                       "1-\"", "99999999999999999-a", "-1-a", "1-\xc3\xa9" };
  SyncRev out;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (sync_rev_parse (cs_slice_str (texts[i]), &out))
      g_error ("accepted: %s", texts[i]);
  out = rev ("0-a");
  g_assert_false (sync_rev_storable (&out));
  out = rev ("1-");
  g_assert_false (sync_rev_storable (&out));
}

/* In rising order; a hash of 32 digits counts as its 16 bytes, any other as its text. */
static void
test_order (void)
{
  static const char *const texts[] = {
    "1-00000000000000000000000000000000", "1-bbb", "1-bbbb",
    "1-99999999999999999999999999999999", "2-a", "9-ffffffffffffffffffffffffffffffff",
    "10-00000000000000000000000000000000",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (texts); j++)
      {
        SyncRev a = rev (texts[i]);
        SyncRev b = rev (texts[j]);
        int order = sync_rev_compare (&a, &b);

        g_assert_cmpint ((order > 0) - (order < 0), ==, (i > j) - (i < j));
        g_assert_cmpint (sync_rev_equal (&a, &b), ==, i == j);
      }
}

static void
test_upper_case (void)
{
  SyncRev out = rev ("1-ABCDEF00ABCDEF00ABCDEF00ABCDEF00");
  g_autoptr (GString) text = g_string_new (NULL);

  sync_rev_append (text, &out);
  g_assert_cmpstr (text->str, ==, "1-abcdef00abcdef00abcdef00abcdef00");
}

/* Sixteen bytes of text are not the bytes of 32 digits. */
static void
test_sixteen (void)
{
  SyncRev text = rev ("1-aaaaaaaaaaaaaaaa");
  SyncRev bytes = rev ("1-61616161616161616161616161616161");

  g_assert_false (sync_rev_equal (&text, &bytes));
  g_assert_cmpint (sync_rev_compare (&text, &bytes), !=, 0);
}

static void
test_make (void)
{
  CsSlice whole = cs_slice_str ("\"a\":1,\"b\":2");
  CsSlice pieces[] = { cs_slice_str ("\"a\":1"), cs_slice_str (","), cs_slice_str ("\"b\":2") };
  CsSlice none = { NULL, 0 };
  SyncRev parent = rev ("4-x");
  SyncRev a;
  SyncRev b;

  sync_rev_make (&a, NULL, FALSE, &whole, 1, none);
  sync_rev_make (&b, NULL, FALSE, pieces, 3, none);
  g_assert_true (sync_rev_equal (&a, &b));
  g_assert_cmpuint (a.generation, ==, 1);
  sync_rev_make (&b, &parent, FALSE, pieces, 3, none);
  g_assert_cmpuint (b.generation, ==, 5);
  sync_rev_make (&a, &parent, TRUE, pieces, 3, none);
  g_assert_false (sync_rev_equal (&a, &b));
  sync_rev_make (&a, &parent, FALSE, pieces, 3, cs_slice_str ("att"));
  g_assert_false (sync_rev_equal (&a, &b));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/rev/text", test_text);
  g_test_add_func ("/sync/rev/malformed", test_malformed);
  g_test_add_func ("/sync/rev/order", test_order);
  g_test_add_func ("/sync/rev/upper-case", test_upper_case);
  g_test_add_func ("/sync/rev/sixteen-bytes-of-text", test_sixteen);
  g_test_add_func ("/sync/rev/make", test_make);
  return g_test_run ();
}
