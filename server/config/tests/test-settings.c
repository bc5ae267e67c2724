/* test-settings.c: each type of setting, what is allowed, and what the message says of the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "config/settings.h"

typedef struct
{
  gboolean flag;
  gint64 count, size, wait;
  double share;
  char *text, *secret, *url, *listen;
  gint color;
  char **list, **addresses;
} Sample;

static const char *const colors[] = { "red", "green", NULL };

static const CsSetting rows[] = {
  CS_BOOL (Sample, flag, "flag", "no", "A flag"),
  CS_INT (Sample, count, "count", "3", "A number", .min = 1, .max = 9),
  CS_SIZE (Sample, size, "size", "1M", "A size", .min = 1024, .max = G_MAXINT64),
  CS_DURATION (Sample, wait, "wait", "30s", "A length of time", .max = CS_SECONDS (3600),
               .flags = CS_SETTING_RELOADABLE),
  CS_PERCENT (Sample, share, "share", "50%", "A share"),
  CS_STRING (Sample, text, "text", "hello, world\n", "A text"),
  CS_SECRET (Sample, secret, "secret", NULL, "A secret"),
  CS_URL (Sample, url, "url", NULL, "A URL"),
  CS_ADDRESS (Sample, listen, "listen", NULL, "An address"),
  CS_ENUM (Sample, color, "color", "red", "A word", .values = colors),
  CS_LIST (Sample, list, "list", "a, b", "A list"),
  CS_ADDRESSES (Sample, addresses, "addresses", NULL, "Addresses"),
  CS_STRING (Sample, text, "old-text", NULL, "An old name", .replaced_by = "text"),
  CS_SETTINGS_END
};

static const CsSettingsTable table = { rows, sizeof (CsSetting), sizeof (Sample) };

typedef struct
{
  Sample sample;
  CsReport report;
  CsConfig *config;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  memset (&fixture->sample, 0, sizeof fixture->sample);
  cs_report_init (&fixture->report);
  fixture->config = cs_config_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  cs_settings_clear (&table, &fixture->sample);
  cs_report_clear (&fixture->report);
  cs_config_free (fixture->config);
}

static gboolean
fill (Fixture *fixture, const char *text)
{
  g_autofree char *whole = g_strconcat ("[s]\n", text, NULL);

  cs_settings_clear (&table, &fixture->sample);
  cs_config_free (fixture->config);
  fixture->config = cs_config_new ();
  g_ptr_array_set_size (fixture->report.errors, 0);
  g_ptr_array_set_size (fixture->report.warnings, 0);
  cs_config_read_text (fixture->config, whole, strlen (whole), "f", &fixture->report);
  return cs_settings_fill (&table, cs_config_section (fixture->config, "s"), "s", &fixture->sample,
                           &fixture->report);
}

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  const Sample *sample = &fixture->sample;

  g_assert_true (fill (fixture, ""));
  g_assert_false (sample->flag);
  g_assert_cmpint (sample->count, ==, 3);
  g_assert_cmpint (sample->size, ==, 1024 * 1024);
  g_assert_cmpint (sample->wait, ==, 30 * G_USEC_PER_SEC);
  g_assert_cmpfloat (sample->share, ==, 50);
  g_assert_cmpstr (sample->text, ==, "hello, world\n");
  g_assert_null (sample->secret);
  g_assert_cmpint (sample->color, ==, 0);
  g_assert_cmpstr (sample->list[1], ==, "b");
  g_assert_null (sample->list[2]);
  g_assert_null (sample->addresses);
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  const Sample *sample = &fixture->sample;

  g_assert_true (fill (fixture, "flag = On\ncount = 9\nsize = 2 GiB\nwait = 250us\nshare = 12.5%\n"
                                "text = a = b\nurl = https://example.com/x?y\nlisten = [::1]:80\n"
                                "color = green\nlist = one,\n two\n three, four\n"
                                "addresses = 127.0.0.1:1, unix:/run/x, *:3\n"));
  g_assert_true (sample->flag);
  g_assert_cmpint (sample->count, ==, 9);
  g_assert_cmpint (sample->size, ==, (gint64) 2 << 30);
  g_assert_cmpint (sample->wait, ==, 250);
  g_assert_cmpfloat (sample->share, ==, 12.5);
  g_assert_cmpstr (sample->text, ==, "a = b");
  g_assert_cmpint (sample->color, ==, 1);
  g_assert_cmpuint (g_strv_length (sample->list), ==, 4);
  g_assert_cmpuint (g_strv_length (sample->addresses), ==, 3);
}

static const struct
{
  const char *text;
  const char *message;
} wrong[] = {
  { "flag = maybe", "f:2: [s] flag: 'maybe' is neither true nor false; allowed are true, false, yes, "
                    "no, on, off, 1, 0" },
  { "count = 10", "f:2: [s] count: 10 is out of range; allowed is 1 to 9" },
  { "count = 3x", "f:2: [s] count: '3x' is no whole number; allowed is one such as 3" },
  { "count = 99999999999999999999", "f:2: [s] count: '99999999999999999999' is no whole number; "
                                    "allowed is one such as 3" },
  { "size = 10", "f:2: [s] size: 10 is out of range; allowed is 1K or more" },
  { "size = 3 sacks", "f:2: [s] size: '3 sacks' is no size; allowed is a number of bytes, or with a "
                      "unit K, M, G or T (powers of 1024), such as 512K" },
  { "size = 9999999999G", "f:2: [s] size: '9999999999G' is no size; allowed is a number of bytes, or "
                          "with a unit K, M, G or T (powers of 1024), such as 512K" },
  { "wait = 30", "f:2: [s] wait: '30' is no duration; allowed is a whole number with a unit us, ms, s, "
                 "m, h or d, such as 30s" },
  { "wait = 30 fortnights", "f:2: [s] wait: '30 fortnights' is no duration; allowed is a whole number "
                            "with a unit us, ms, s, m, h or d, such as 30s" },
  { "wait = 2h", "f:2: [s] wait: 2h is out of range; allowed is 0s to 1h" },
  { "share = 101%", "f:2: [s] share: '101%' is no percentage; allowed is 0% to 100%, such as 80%" },
  { "color = blue", "f:2: [s] color: 'blue' is not known; allowed are red, green" },
  { "url = example.com", "f:2: [s] url: 'example.com' is no absolute URL; allowed is one such as "
                         "https://example.com/path" },
  { "cuont = 3", "f:2: [s] cuont: there is no such key; did you mean 'count'?" },
  { "zzzzzzzzzz = 3", "f:2: [s] zzzzzzzzzz: there is no such key; allowed are flag, count, size, wait, "
                      "share, text, secret, url, listen, color, list, addresses" },
  { "old-text = x\ntext = y", "f:2: [s] old-text: text, its new name, is set too (f:3); delete this "
                              "line" },
  { "secret = ${CS_TEST_NOT_SET}", "f:2: [s] secret: the environment variable CS_TEST_NOT_SET is not "
                                   "set" },
  { "secret = credential:x", "f:2: [s] secret: credential:x: systemd passed no such credential; see "
                             "LoadCredential= in systemd.exec(5)" },
};

static void
test_wrong (Fixture *fixture, gconstpointer data)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_false (fill (fixture, wrong[i].text));
      g_assert_cmpuint (fixture->report.errors->len, ==, 1);
      g_assert_cmpstr (g_ptr_array_index (fixture->report.errors, 0), ==, wrong[i].message);
    }
}

static void
test_wrong_address (Fixture *fixture, gconstpointer data)
{
  g_assert_false (fill (fixture, "listen = 999.0.0.1:80"));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (fixture->report.errors, 0), "f:2: [s] listen: "));
  g_assert_false (fill (fixture, "addresses = 127.0.0.1:1, nonsense"));
  g_assert_cmpuint (fixture->report.errors->len, ==, 1);
}

static void
test_deprecated (Fixture *fixture, gconstpointer data)
{
  g_assert_true (fill (fixture, "old-text = still heard\n"));
  g_assert_cmpstr (fixture->sample.text, ==, "still heard");
  g_assert_cmpuint (fixture->report.warnings->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (fixture->report.warnings, 0), ==,
                   "f:2: [s] old-text: deprecated; write text instead");
}

static void
test_secret (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dir = g_dir_make_tmp ("cs-secret-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "key", NULL);
  g_autofree char *line = g_strconcat ("secret = file:", path, "\n", NULL);

  g_assert_true (g_file_set_contents (path, "of a file\n", -1, NULL));
  g_assert_true (fill (fixture, line));
  g_assert_cmpstr (fixture->sample.secret, ==, "of a file");

  g_setenv ("CREDENTIALS_DIRECTORY", dir, TRUE);
  g_assert_true (fill (fixture, "secret = credential:key\n"));
  g_assert_cmpstr (fixture->sample.secret, ==, "of a file");
  g_assert_false (fill (fixture, "secret = credential:../key\n"));

  g_setenv ("CS_TEST_SECRET", "of the environment", TRUE);
  g_assert_true (fill (fixture, "secret = ${CS_TEST_SECRET}\n"));
  g_assert_cmpstr (fixture->sample.secret, ==, "of the environment");

  g_assert_true (fill (fixture, "secret = itself\n"));
  g_assert_cmpstr (fixture->sample.secret, ==, "itself");
  g_unlink (path);
  g_rmdir (dir);
}

static void
note (const CsSetting *row, const char *value, const char *source, gpointer data)
{
  g_string_append_printf (data, "%s=%s@%s ", row->key, value != NULL ? value : "-", source);
}

static void
test_visit (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_true (fill (fixture, "secret = hunter2\nold-text = t\ncount =\n"));
  cs_settings_visit (&table, cs_config_section (fixture->config, "s"), note, out);
  g_assert_nonnull (strstr (out->str, "secret=***@f:2 "));
  g_assert_nonnull (strstr (out->str, "text=t@f:3 "));
  g_assert_nonnull (strstr (out->str, "count=3@f:4 "));
  g_assert_nonnull (strstr (out->str, "url=-@default "));
  g_assert_null (strstr (out->str, "hunter2"));
}

static void
test_reloadable (Fixture *fixture, gconstpointer data)
{
  Sample before = { 0 };

  g_assert_true (fill (fixture, "wait = 1s\n"));
  before = fixture->sample;
  memset (&fixture->sample, 0, sizeof fixture->sample);
  g_assert_true (fill (fixture, "wait = 2s\n"));
  g_assert_false (cs_settings_equal (&table, &before, &fixture->sample));
  g_assert_true (cs_settings_reloadable (&table, cs_config_section (fixture->config, "s"), "s",
                                         &before, &fixture->sample, &fixture->report));
  g_assert_true (fill (fixture, "wait = 2s\nlist = other\n"));
  g_assert_false (cs_settings_reloadable (&table, cs_config_section (fixture->config, "s"), "s",
                                          &before, &fixture->sample, &fixture->report));
  g_assert_cmpstr (g_ptr_array_index (fixture->report.errors, 0), ==,
                   "f:3: [s] list: cannot change while the node runs; restart it");
  cs_settings_clear (&table, &before);
}

/* An older plugin's rows are shorter than the host's: what they lack is zero. */
static void
test_short_rows (Fixture *fixture, gconstpointer data)
{
  gsize row_size = G_STRUCT_OFFSET (CsSetting, flags);
  guint8 memory[2 * sizeof (CsSetting)] = { 0 };
  CsSettingsTable old = { (const CsSetting *) (gpointer) memory, row_size, sizeof (Sample) };
  CsSetting row;

  memcpy (memory, &rows[1], row_size);
  g_assert_true (cs_settings_row (&old, 0, &row));
  g_assert_cmpstr (row.key, ==, "count");
  g_assert_cmpint (row.max, ==, 0);
  g_assert_false (cs_settings_row (&old, 1, &row));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/settings/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("defaults", test_defaults);
  ADD ("values", test_values);
  ADD ("wrong", test_wrong);
  ADD ("wrong-address", test_wrong_address);
  ADD ("deprecated", test_deprecated);
  ADD ("secret", test_secret);
  ADD ("visit", test_visit);
  ADD ("reloadable", test_reloadable);
  ADD ("short-rows", test_short_rows);
  return g_test_run ();
}
