/* test-pins.c: an object that somebody uses, or has used since it was condemned, is not removed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static FilesPins pins;
static const CsBlobId id = { "an object" };

static void
test_condemned_and_removed (void)
{
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_CONFLICT);
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_OK);
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_OK);
  g_assert_cmpint (files_pins_take (&pins, &id), ==, CS_NOT_FOUND);
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_CONFLICT);
  files_pins_end_remove (&pins, &id);
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_CONFLICT);
}

static void
test_pinned (void)
{
  g_assert_cmpint (files_pins_take (&pins, &id), ==, CS_OK);
  g_assert_cmpint (files_pins_take (&pins, &id), ==, CS_OK);
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_CONFLICT);
  files_pins_give (&pins, &id);
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_CONFLICT);
  files_pins_give (&pins, &id);
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_OK);
  files_pins_pardon (&pins, &id);
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_CONFLICT);
}

/* Used and let go between the condemning and the removal: whoever used it may have named it since. */
static void
test_used_in_between (void)
{
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_OK);
  g_assert_cmpint (files_pins_take (&pins, &id), ==, CS_OK);
  files_pins_give (&pins, &id);
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_CONFLICT);
  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_OK);
  files_pins_take_for_put (&pins, &id);
  files_pins_give (&pins, &id);
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_CONFLICT);
}

static gpointer
put_later (gpointer done)
{
  files_pins_take_for_put (&pins, &id);
  g_atomic_int_set ((gint *) done, TRUE);
  return NULL;
}

static void
test_put_waits_for_removal (void)
{
  gint done = FALSE;
  GThread *thread;

  g_assert_cmpint (files_pins_condemn (&pins, &id), ==, CS_OK);
  g_assert_cmpint (files_pins_begin_remove (&pins, &id), ==, CS_OK);
  thread = g_thread_new ("put", put_later, &done);
  g_usleep (50000);
  g_assert_false (g_atomic_int_get (&done));
  files_pins_end_remove (&pins, &id);
  g_thread_join (thread);
  g_assert_true (g_atomic_int_get (&done));
  files_pins_give (&pins, &id);
}

static void
test_damaged (void)
{
  files_pins_set_damaged (&pins, &id, TRUE);
  g_assert_cmpint (files_pins_take (&pins, &id), ==, CS_CORRUPT);
  files_pins_take_for_put (&pins, &id);
  files_pins_set_damaged (&pins, &id, FALSE);
  g_assert_cmpint (files_pins_take (&pins, &id), ==, CS_OK);
  files_pins_give (&pins, &id);
  files_pins_give (&pins, &id);
}

static void
test_nothing_is_kept (void)
{
  g_assert_cmpuint (g_hash_table_size (pins.entries), ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  files_pins_init (&pins);
  g_test_add_func ("/files/pins/condemned-and-removed", test_condemned_and_removed);
  g_test_add_func ("/files/pins/pinned", test_pinned);
  g_test_add_func ("/files/pins/used-in-between", test_used_in_between);
  g_test_add_func ("/files/pins/put-waits-for-removal", test_put_waits_for_removal);
  g_test_add_func ("/files/pins/damaged", test_damaged);
  g_test_add_func ("/files/pins/z-nothing-is-kept", test_nothing_is_kept);
  result = g_test_run ();
  files_pins_clear (&pins);
  return result;
}
