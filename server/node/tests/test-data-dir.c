/* test-data-dir.c: one node a directory; the second is told whose it is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/data-dir.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_lock (void)
{
  g_autofree char *top = g_dir_make_tmp ("cs-data-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (top, "below", "data", NULL);
  g_autofree char *file = g_build_filename (path, "lock", NULL);
  g_autofree char *below = g_path_get_dirname (path);
  g_autofree char *holder = g_strdup_printf ("process %d", (gint) getpid ());
  g_autoptr (GError) error = NULL;
  struct stat info;
  int first = cs_data_dir_lock (path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);

  g_assert_cmpint (cs_data_dir_lock (path, &error), ==, -1);
  g_assert_nonnull (g_strstr_len (error->message, -1, holder));
  g_assert_nonnull (g_strstr_len (error->message, -1, path));

  close (first);
  first = cs_data_dir_lock (path, NULL);
  g_assert_cmpint (first, >=, 0);
  close (first);
  g_unlink (file);
  g_rmdir (path);
  g_rmdir (below);
  g_rmdir (top);
}

static void
test_impossible (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (cs_data_dir_lock ("/dev/null/data", &error), ==, -1);
  g_assert_cmpstr (error->message, ==,
                   "/dev/null/data: the data directory cannot be made: Not a directory");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data-dir/lock", test_lock);
  g_test_add_func ("/data-dir/impossible", test_impossible);
  return g_test_run ();
}
