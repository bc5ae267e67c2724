/* test-suggest.c: the nearest name, and none when all are far.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/suggest.h"

static void
test_distance (void)
{
  g_assert_cmpuint (cs_edit_distance ("", ""), ==, 0);
  g_assert_cmpuint (cs_edit_distance ("listen", "listen"), ==, 0);
  g_assert_cmpuint (cs_edit_distance ("lsiten", "listen"), ==, 1);
  g_assert_cmpuint (cs_edit_distance ("lisen", "listen"), ==, 1);
  g_assert_cmpuint (cs_edit_distance ("listten", "listen"), ==, 1);
  g_assert_cmpuint (cs_edit_distance ("kitten", "sitting"), ==, 3);
  g_assert_cmpuint (cs_edit_distance ("", "abc"), ==, 3);
}

static void
test_suggest (void)
{
  const char *const names[] = { "listen", "max-body", "max-head", "tls" };

  g_assert_cmpstr (cs_suggest ("max-bodi", names, 4), ==, "max-body");
  g_assert_cmpstr (cs_suggest ("maxbody", names, 4), ==, "max-body");
  g_assert_null (cs_suggest ("quite-other", names, 4));
  g_assert_null (cs_suggest ("x", names, 4));
  g_assert_null (cs_suggest ("listen", names, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/suggest/distance", test_distance);
  g_test_add_func ("/suggest/suggest", test_suggest);
  return g_test_run ();
}
