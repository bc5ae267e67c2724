/* test-node-settings.c: the level of each plugin's log lines.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/node-settings.h"

#include <cloudsync/log.h>
#include <string.h>

static gboolean
fill (const char *text, CsLogSettings *log, CsReport *report)
{
  static const char *const plugins[] = { "http", "sync", NULL };
  g_autoptr (CsConfig) config = cs_config_new ();

  cs_config_read_text (config, text, strlen (text), "f", report);
  return cs_settings_fill (&cs_log_settings_table, cs_config_section (config, "log"), "log", log,
                           report)
         && cs_log_settings_check (log, config, plugins, report);
}

static void
test_levels (void)
{
  g_auto (CsReport) report = { 0 };
  CsLogSettings log = { 0 };

  cs_report_init (&report);
  g_assert_true (fill ("[log]\nlevel = warning\nlevels = http:debug, core:error\n", &log, &report));
  g_assert_cmpint (cs_log_settings_level (&log, "http"), ==, CS_LOG_DEBUG);
  g_assert_cmpint (cs_log_settings_level (&log, "core"), ==, CS_LOG_ERROR);
  g_assert_cmpint (cs_log_settings_level (&log, "sync"), ==, CS_LOG_WARNING);
  cs_settings_clear (&cs_log_settings_table, &log);
}

static void
test_wrong (void)
{
  g_auto (CsReport) report = { 0 };
  CsLogSettings log = { 0 };

  cs_report_init (&report);
  g_assert_false (fill ("[log]\nlevels = http, nobody:debug, sync:info\n", &log, &report));
  g_assert_cmpuint (report.errors->len, ==, 2);
  cs_settings_clear (&cs_log_settings_table, &log);
}

static void
test_defaults (void)
{
  g_auto (CsReport) report = { 0 };
  CsNodeSettings node = { 0 };

  cs_report_init (&report);
  g_assert_true (cs_settings_fill (&cs_node_settings_table, NULL, "node", &node, &report));
  g_assert_cmpstr (node.role, ==, "all");
  g_assert_cmpint (node.drain_timeout, ==, CS_SECONDS (30));
  g_assert_cmpint (node.max_fibers, ==, 16384);
  g_assert_null (node.data_dir);
  cs_settings_clear (&cs_node_settings_table, &node);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/node-settings/levels", test_levels);
  g_test_add_func ("/node-settings/wrong", test_wrong);
  g_test_add_func ("/node-settings/defaults", test_defaults);
  return g_test_run ();
}
