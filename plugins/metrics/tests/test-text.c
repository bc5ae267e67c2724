/* test-text.c: both text formats, byte by byte, and what promtool says of the whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "metrics-text.h"
#include "metrics.h"

#include <gio/gio.h>

static const gint64 bounds[] = { 250, 1000000 };

static char *
render_stats (gboolean open)
{
  MetricsText text;

  metrics_text_init (&text, open);
  cs_stats_visit (metrics_text_sample, &text);
  return g_string_free (metrics_text_end (&text), FALSE);
}

static void
define_all (void)
{
  CsStatSpec seconds = { sizeof seconds, CS_STAT_HISTOGRAM, "wait_seconds", "Time.",
                         "route=\"/{db}\"", 1e-6, bounds, 2 };
  CsStat histogram = cs_stat_define (NULL, &seconds);

  cs_stat_add (cs_counter (NULL, "writes_total", "A \\ and\na line.", "code=\"2xx\""),
               G_GINT64_CONSTANT (9007199254740993));
  cs_stat_add (cs_counter (NULL, "writes_total", "A \\ and\na line.", "code=\"4xx\""), 2);
  cs_stat_add (cs_gauge (NULL, "open_feeds", "Said \"now\".", NULL), -3);
  cs_stat_observe (histogram, 100);
  cs_stat_observe (histogram, 1000);
  cs_stat_observe (histogram, 2000000);
}

static void
test_classic (void)
{
  g_autofree char *text = NULL;

  cs_harness_start (1);
  define_all ();
  text = render_stats (FALSE);
  g_assert_cmpstr (text, ==,
                   "# HELP cloudsync_wait_seconds Time.\n"
                   "# TYPE cloudsync_wait_seconds histogram\n"
                   "cloudsync_wait_seconds_bucket{route=\"/{db}\",le=\"0.00025\"} 1\n"
                   "cloudsync_wait_seconds_bucket{route=\"/{db}\",le=\"1\"} 2\n"
                   "cloudsync_wait_seconds_bucket{route=\"/{db}\",le=\"+Inf\"} 3\n"
                   "cloudsync_wait_seconds_sum{route=\"/{db}\"} 2.0011\n"
                   "cloudsync_wait_seconds_count{route=\"/{db}\"} 3\n"
                   "# HELP cloudsync_writes_total A \\\\ and\\na line.\n"
                   "# TYPE cloudsync_writes_total counter\n"
                   "cloudsync_writes_total{code=\"2xx\"} 9007199254740993\n"
                   "cloudsync_writes_total{code=\"4xx\"} 2\n"
                   "# HELP cloudsync_open_feeds Said \"now\".\n"
                   "# TYPE cloudsync_open_feeds gauge\n"
                   "cloudsync_open_feeds -3\n");
  cs_harness_stop ();
}

static void
test_openmetrics (void)
{
  g_autofree char *text = NULL;

  cs_harness_start (1);
  define_all ();
  text = render_stats (TRUE);
  g_assert_nonnull (strstr (text, "# TYPE cloudsync_writes counter\n"
                                  "cloudsync_writes_total{code=\"2xx\"} 9007199254740993\n"));
  g_assert_nonnull (strstr (text, "le=\"1.0\"} 2\n"));
  g_assert_nonnull (strstr (text, "# HELP cloudsync_open_feeds Said \\\"now\\\".\n"));
  g_assert_true (g_str_has_suffix (text, "\n# EOF\n"));
  cs_harness_stop ();
}

static void
test_labels (void)
{
  g_autoptr (GString) labels = g_string_new (NULL);

  metrics_text_label (labels, "a", "x\"y\\z\n");
  metrics_text_label (labels, "b", "");
  g_assert_cmpstr (labels->str, ==, "a=\"x\\\"y\\\\z\\n\",b=\"\"");
}

static const CsNodePlugin plugins[] = {
  { .size = sizeof (CsNodePlugin), .name = "http", .version = "1.0.0", .healthy = TRUE },
  { .size = sizeof (CsNodePlugin), .name = "sqlite", .version = "1.1.0", .reason = "disk \"full\"" },
};

static char *
render_all (gboolean open)
{
  return g_string_free (metrics_render (open), FALSE);
}

static void
test_process_and_node (void)
{
  g_autofree char *text = NULL;
  g_autofree char *open = NULL;

  cs_harness_start (1);
  cs_harness_set_plugins (plugins, G_N_ELEMENTS (plugins));
  cs_harness_set_unready ("draining");
  text = render_all (FALSE);
  open = render_all (TRUE);
  g_assert_nonnull (strstr (text, "\nprocess_cpu_seconds_total "));
  g_assert_nonnull (strstr (text, "\nprocess_resident_memory_bytes "));
  g_assert_nonnull (strstr (text, "\nprocess_open_fds "));
  g_assert_nonnull (strstr (text, "\nprocess_start_time_seconds 1\n"));
  g_assert_nonnull (strstr (text, "\n# TYPE cloudsync_build_info gauge\n"));
  g_assert_nonnull (strstr (text, "\ncloudsync_node_info{node=\"node1\",role=\"test\"} 1\n"));
  g_assert_nonnull (strstr (text, "\ncloudsync_node_ready 0\n"));
  g_assert_nonnull (strstr (text, "cloudsync_plugin_info{plugin=\"http\",version=\"1.0.0\"} 1\n"));
  g_assert_nonnull (strstr (text, "cloudsync_plugin_healthy{plugin=\"sqlite\"} 0\n"));
  g_assert_nonnull (strstr (open, "\n# TYPE cloudsync_build info\ncloudsync_build_info{"));
  cs_harness_stop ();
}

/* rc 0: it parses, and every rule of naming is kept. */
static void
test_promtool (void)
{
  const char *promtool = g_getenv ("PROMTOOL");
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *complaint = NULL;

#ifdef __SANITIZE_THREAD__ /* GIO's own threads are not instrumented: a subprocess looks like a race */
  promtool = NULL;
#endif
  if (promtool == NULL || *promtool == '\0')
    {
      g_test_skip ("promtool is not installed (Debian: prometheus)");
      return;
    }
  cs_harness_start (1);
  cs_harness_set_plugins (plugins, G_N_ELEMENTS (plugins));
  define_all ();
  text = render_all (FALSE);
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                | G_SUBPROCESS_FLAGS_STDERR_MERGE,
                              &error, promtool, "check", "metrics", NULL);
  g_assert_no_error (error);
  g_assert_true (
    g_subprocess_communicate_utf8 (process, text, NULL, &complaint, NULL, &error));
  g_assert_cmpstr (complaint, ==, "");
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
  cs_harness_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/text/classic", test_classic);
  g_test_add_func ("/metrics/text/openmetrics", test_openmetrics);
  g_test_add_func ("/metrics/text/labels", test_labels);
  g_test_add_func ("/metrics/text/process-and-node", test_process_and_node);
  g_test_add_func ("/metrics/text/promtool", test_promtool);
  return g_test_run ();
}
