/* test-config.c: files, environment and arguments merged; each value knows where it came from.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "config/config.h"

typedef struct
{
  char *vendor, *local;
  CsConfig *config;
  CsReport report;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->vendor = g_dir_make_tmp ("cs-vendor-XXXXXX", NULL);
  fixture->local = g_dir_make_tmp ("cs-local-XXXXXX", NULL);
  fixture->config = cs_config_new ();
  cs_report_init (&fixture->report);
}

static void
remove_dir (char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
  g_rmdir (path);
  g_free (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_dir (fixture->vendor);
  remove_dir (fixture->local);
  cs_config_free (fixture->config);
  cs_report_clear (&fixture->report);
}

static void
put (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
read_dirs (Fixture *fixture)
{
  const char *dirs[] = { fixture->vendor, fixture->local, "/nonexistent/config.d", NULL };

  cs_config_read_dirs (fixture->config, dirs, &fixture->report);
}

static void
expect (Fixture *fixture, const char *section, const char *key, const char *value,
        const char *source_end)
{
  const CsConfigEntry *entry
    = cs_config_entry (cs_config_section (fixture->config, section), key);

  g_assert_nonnull (entry);
  g_assert_cmpstr (entry->value, ==, value);
  if (!g_str_has_suffix (entry->source, source_end))
    g_error ("%s does not end in %s", entry->source, source_end);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  put (fixture->vendor, "10-a.conf", "[a]\nx = vendor\ny = vendor\n");
  put (fixture->vendor, "20-b.conf", "[a]\nz = masked\n");
  put (fixture->local, "20-b.conf", "[a]\n\nx = local\n");
  put (fixture->local, "30-c.conf", "[a]\ny =\n");
  put (fixture->local, "40-d.txt", "not a configuration");
  read_dirs (fixture);

  g_assert_cmpuint (fixture->report.errors->len, ==, 0);
  expect (fixture, "a", "x", "local", "/20-b.conf:3");
  expect (fixture, "a", "y", NULL, "/30-c.conf:2");
  g_assert_null (cs_config_entry (cs_config_section (fixture->config, "a"), "z"));
  g_assert_cmpuint (fixture->config->files->len, ==, 3);
}

static void
test_strength (Fixture *fixture, gconstpointer data)
{
  const char *environ_[] = { "CLOUDSYNC_HTTP__MAX_BODY=2M", "CLOUDSYNC_USER__ALICE_B__PASSWORD=x",
                             "CLOUDSYNC_USER__NEW__PASSWORD=y", "CLOUDSYNC_SOCKET=/x", "PATH=/bin",
                             "CLOUDSYNC_HTTP__LISTEN=environment", NULL };

  put (fixture->vendor, "10-a.conf",
       "[http]\nmax-body = 1M\nlisten = file\n[user Alice.B]\npassword = file\n");
  read_dirs (fixture);
  cs_config_read_environment (fixture->config, environ_, &fixture->report);
  cs_config_read_argument (fixture->config, "http.listen=argument=1", &fixture->report);
  cs_config_read_argument (fixture->config, "listener api.example.com.port=80", &fixture->report);

  g_assert_cmpuint (fixture->report.errors->len, ==, 0);
  expect (fixture, "http", "max-body", "2M", "environment CLOUDSYNC_HTTP__MAX_BODY");
  expect (fixture, "http", "listen", "argument=1", "--set http.listen");
  expect (fixture, "user Alice.B", "password", "x", "CLOUDSYNC_USER__ALICE_B__PASSWORD");
  expect (fixture, "user new", "password", "y", "CLOUDSYNC_USER__NEW__PASSWORD");
  expect (fixture, "listener api.example.com", "port", "80", "--set listener api.example.com.port");
}

static void
expect_error (Fixture *fixture, const char *text)
{
  g_assert_cmpuint (fixture->report.errors->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (fixture->report.errors, 0), ==, text);
  g_ptr_array_set_size (fixture->report.errors, 0);
}

static void
test_mistakes (Fixture *fixture, gconstpointer data)
{
  const char *environ_[] = { "CLOUDSYNC_A__B__C__D=1", NULL };

  cs_config_read_argument (fixture->config, "nonsense", &fixture->report);
  expect_error (fixture, "--set nonsense: expected section.key=value or 'kind name.key=value'");
  cs_config_read_argument (fixture->config, "auth.=secret", &fixture->report);
  expect_error (fixture, "--set auth.: expected section.key=value or 'kind name.key=value'");
  cs_config_read_argument (fixture->config, "key=secret", &fixture->report);
  expect_error (fixture, "--set key: expected section.key=value or 'kind name.key=value'");
  cs_config_read_environment (fixture->config, environ_, &fixture->report);
  expect_error (fixture, "environment CLOUDSYNC_A__B__C__D: expected CLOUDSYNC_SECTION__KEY or "
                         "CLOUDSYNC_KIND__NAME__KEY");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/config/order", Fixture, NULL, set_up, test_order, tear_down);
  g_test_add ("/config/strength", Fixture, NULL, set_up, test_strength, tear_down);
  g_test_add ("/config/mistakes", Fixture, NULL, set_up, test_mistakes, tear_down);
  return g_test_run ();
}
