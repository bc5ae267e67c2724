/* test-role.c: role files, and what is said of a role that is not there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "config/role.h"

static char *
make_roles (const char *first, const char *text)
{
  char *dir = g_dir_make_tmp ("cs-roles-XXXXXX", NULL);
  g_autofree char *roles = g_build_filename (dir, "roles", NULL);
  g_autofree char *file = g_build_filename (roles, first, NULL);

  g_mkdir (roles, 0700);
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
  return dir;
}

static void
remove_roles (char *dir, const char *first)
{
  g_autofree char *roles = g_build_filename (dir, "roles", NULL);
  g_autofree char *file = g_build_filename (roles, first, NULL);

  g_unlink (file);
  g_rmdir (roles);
  g_rmdir (dir);
  g_free (dir);
}

static void
test_load (void)
{
  char *dir = make_roles ("app.role", "[role]\nsummary = Serves\nplugins = http,\n  sync\n"
                                      "[bind]\nstore = sqlite\n[http]\nmax = 1\n");
  const char *dirs[] = { "/nonexistent", dir, NULL };
  g_auto (CsReport) report = { 0 };
  g_autoptr (CsRole) role = NULL;

  cs_report_init (&report);
  role = cs_role_load ("app", dirs, &report);
  g_assert_nonnull (role);
  g_assert_cmpstr (role->summary, ==, "Serves");
  g_assert_cmpstr (role->plugins[1], ==, "sync");
  g_assert_cmpstr (cs_config_value (role->config, "bind", "store"), ==, "sqlite");
  g_assert_cmpstr (cs_config_value (role->config, "http", "max"), ==, "1");
  remove_roles (dir, "app.role");
}

static void
test_unknown (void)
{
  char *dir = make_roles ("gateway.role", "[role]\nsummary = x\nplugins = http\n");
  const char *dirs[] = { dir, NULL };
  g_auto (CsReport) report = { 0 };
  g_autofree char *wanted = g_strdup_printf ("there is no role 'gatway'; did you mean 'gateway'? (known "
                                             "are: gateway; looked in roles/ of %s)", dir);

  cs_report_init (&report);
  g_assert_null (cs_role_load ("gatway", dirs, &report));
  g_assert_cmpstr (g_ptr_array_index (report.errors, 0), ==, wanted);
  g_assert_null (cs_role_load ("../roles/gateway", dirs, &report));
  remove_roles (dir, "gateway.role");
}

static void
test_incomplete (void)
{
  char *dir = make_roles ("x.role", "[role]\nsummary = x\n");
  const char *dirs[] = { dir, NULL };
  g_auto (CsReport) report = { 0 };

  cs_report_init (&report);
  g_assert_null (cs_role_load ("x", dirs, &report));
  g_assert_cmpuint (report.errors->len, ==, 1);
  g_assert_true (g_str_has_suffix (g_ptr_array_index (report.errors, 0),
                                   "/x.role:1: [role] plugins: required but not set: The plugins that "
                                   "it runs"));
  remove_roles (dir, "x.role");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/role/load", test_load);
  g_test_add_func ("/role/unknown", test_unknown);
  g_test_add_func ("/role/incomplete", test_incomplete);
  return g_test_run ();
}
