/* test-destination.c: where a COPY goes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"
#include "sync-destination.h"

static void
test_good (void)
{
  static const struct
  {
    const char *text;
    const char *id;
    const char *rev;
  } rows[] = {
    { "to", "to", NULL },
    { "to%2Fb", "to/b", NULL },
    { "a/b?rev=1-a", "a/b", "1-a" },
    { "%41%c3%A9", "A\xc3\xa9", NULL },
    { "_design/d", "_design/d", NULL },
    { "_local/l?rev=0-1", "_local/l", "0-1" },
    { "a+b", "a+b", NULL },
    { "to?rev=?", "to", "?" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestArena) arena = test_arena_new ();
      SyncError error = { 0 };
      CsSlice id;
      CsSlice rev;

      if (!sync_destination_read (cs_slice_str (rows[i].text), &arena->arena, &id, &rev, &error))
        g_error ("%s: %s", rows[i].text, error.reason);
      g_assert_true (cs_slice_is (id, rows[i].id));
      if (rows[i].rev != NULL)
        g_assert_true (cs_slice_is (rev, rows[i].rev));
      else
        g_assert_null (rev.data);
    }
}

static void
test_bad (void)
{
  static const char *const texts[] = { "",        "%2",    "a%",      "a%zz",         "a?",   "a?rev=",
                                       "?rev=1-a", "a?b=1", "_other", "http://h/db/x", "https://h", "%ff" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (TestArena) arena = test_arena_new ();
      SyncError error = { 0 };
      CsSlice id;
      CsSlice rev;

      if (sync_destination_read (cs_slice_str (texts[i]), &arena->arena, &id, &rev, &error))
        g_error ("taken: %s", texts[i]);
      g_assert_cmpuint (error.status, ==, 400);
    }
}

static void
test_absent (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncError error = { 0 };
  CsSlice id;
  CsSlice rev;

  g_assert_false (sync_destination_read (cs_slice (NULL, 0), &arena->arena, &id, &rev, &error));
  g_assert_cmpstr (error.reason, ==, "Destination header is mandatory for COPY.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/destination/good", test_good);
  g_test_add_func ("/sync/destination/bad", test_bad);
  g_test_add_func ("/sync/destination/absent", test_absent);
  return g_test_run ();
}
