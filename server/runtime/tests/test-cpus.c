/* test-cpus.c: the number of workers follows the cgroup's quota.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <glib/gstdio.h>

#include "runtime/cpus.h"

static void
test_quota (void)
{
  g_assert_cmpuint (cs_cpus_of_quota ("max 100000\n"), ==, G_MAXUINT);
  g_assert_cmpuint (cs_cpus_of_quota ("150000 100000\n"), ==, 2);
  g_assert_cmpuint (cs_cpus_of_quota ("50000 100000\n"), ==, 1);
  g_assert_cmpuint (cs_cpus_of_quota ("-1 100000\n"), ==, G_MAXUINT);
  g_assert_cmpuint (cs_cpus_of_quota ("nonsense"), ==, G_MAXUINT);
}

static void
test_group (void)
{
  g_autofree char *root = g_dir_make_tmp ("cs-cgroup-XXXXXX", NULL);
  g_autofree char *slice = g_build_filename (root, "a.slice", NULL);
  g_autofree char *service = g_build_filename (slice, "b.service", NULL);
  g_autofree char *slice_max = g_build_filename (slice, "cpu.max", NULL);
  g_autofree char *service_max = g_build_filename (service, "cpu.max", NULL);

  g_mkdir_with_parents (service, 0700);
  g_file_set_contents (slice_max, "300000 100000\n", -1, NULL);
  g_file_set_contents (service_max, "max 100000\n", -1, NULL);
  g_assert_cmpuint (cs_cpus_in_group (root, "/a.slice/b.service"), ==, 3);
  g_assert_cmpuint (cs_cpus_in_group (root, "/"), ==, G_MAXUINT);
  g_unlink (slice_max);
  g_unlink (service_max);
  g_rmdir (service);
  g_rmdir (slice);
  g_rmdir (root);
}

static void
test_usable (void)
{
  g_assert_cmpuint (cs_cpus_usable (), >=, 1);
  g_assert_cmpuint (cs_cpus_usable (), <=, g_get_num_processors ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runtime/cpus/quota", test_quota);
  g_test_add_func ("/runtime/cpus/group", test_group);
  g_test_add_func ("/runtime/cpus/usable", test_usable);
  return g_test_run ();
}
