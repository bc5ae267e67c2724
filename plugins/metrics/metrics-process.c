/* metrics-process.c: process_* as Prometheus' client libraries name them, and the node's own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "metrics-process.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

void
metrics_process_memory (MetricsMemory *memory)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  long pages[2] = { 0, 0 };

  memory->resident = memory->virtual_size = -1;
  if (file == NULL)
    return;
  if (fscanf (file, "%ld %ld", &pages[0], &pages[1]) == 2)
    {
      memory->virtual_size = (gint64) pages[0] * sysconf (_SC_PAGESIZE);
      memory->resident = (gint64) pages[1] * sysconf (_SC_PAGESIZE);
    }
  fclose (file);
}

static double
seconds (const struct timeval *time)
{
  return (double) time->tv_sec + (double) time->tv_usec / 1e6;
}

double
metrics_process_cpu (void)
{
  struct rusage usage;

  return getrusage (RUSAGE_SELF, &usage) == 0
           ? seconds (&usage.ru_utime) + seconds (&usage.ru_stime)
           : 0;
}

static gint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  gint n = -1; /* the directory's own is no descriptor of the server */

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
append_limits (MetricsText *text)
{
  struct rlimit limit;
  gint n = count_descriptors ();

  if (n >= 0)
    metrics_text_value (text, METRICS_GAUGE, "process_open_fds", "Open file descriptors.", NULL, n);
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    metrics_text_value (text, METRICS_GAUGE, "process_max_fds",
                        "File descriptors that may be open.", NULL, (double) limit.rlim_cur);
}

void
metrics_process_append (MetricsText *text)
{
  CsNodeInfo node = { .size = sizeof node };
  MetricsMemory memory;

  cs_node_info (&node);
  metrics_process_memory (&memory);
  metrics_text_value (text, METRICS_COUNTER, "process_cpu_seconds_total",
                      "User and system CPU time in seconds.", NULL, metrics_process_cpu ());
  if (memory.resident >= 0)
    {
      metrics_text_value (text, METRICS_GAUGE, "process_resident_memory_bytes",
                          "Resident memory in bytes.", NULL, (double) memory.resident);
      metrics_text_value (text, METRICS_GAUGE, "process_virtual_memory_bytes",
                          "Virtual memory in bytes.", NULL, (double) memory.virtual_size);
    }
  append_limits (text);
  metrics_text_value (text, METRICS_GAUGE, "process_start_time_seconds",
                      "When the process started, in seconds since 1970.", NULL,
                      (double) node.started / 1e6);
}

static void
append_plugin (const CsNodePlugin *plugin, gpointer data)
{
  MetricsText *text = data;
  g_autoptr (GString) labels = g_string_new (NULL);

  metrics_text_label (labels, "plugin", plugin->name);
  metrics_text_label (labels, "version", plugin->version);
  metrics_text_value (text, METRICS_INFO, METRICS_PREFIX "plugin_info", "A plugin that runs.",
                      labels->str, 1);
}

static void
append_plugin_health (const CsNodePlugin *plugin, gpointer data)
{
  MetricsText *text = data;
  g_autoptr (GString) labels = g_string_new (NULL);

  metrics_text_label (labels, "plugin", plugin->name);
  metrics_text_value (text, METRICS_GAUGE, METRICS_PREFIX "plugin_healthy",
                      "1 while the plugin says that it is healthy.", labels->str,
                      plugin->healthy ? 1 : 0);
}

void
metrics_node_append (MetricsText *text)
{
  CsNodeInfo node = { .size = sizeof node };
  g_autoptr (GString) build = g_string_new (NULL);
  g_autoptr (GString) labels = g_string_new (NULL);

  cs_node_info (&node);
  metrics_text_label (build, "version", node.version);
  metrics_text_label (build, "abi",
                      CS_STRINGIFY (CS_ABI_MAJOR) "." CS_STRINGIFY (CS_ABI_MINOR));
  metrics_text_label (build, "compiler", __VERSION__);
  metrics_text_value (text, METRICS_INFO, METRICS_PREFIX "build_info", "What was built, and how.",
                      build->str, 1);
  metrics_text_label (labels, "node", node.name);
  metrics_text_label (labels, "role", node.role);
  metrics_text_value (text, METRICS_INFO, METRICS_PREFIX "node_info", "The node.", labels->str, 1);
  metrics_text_value (text, METRICS_GAUGE, METRICS_PREFIX "node_ready",
                      "1 while the node answers /readyz with 200.", NULL,
                      cs_node_ready (NULL) ? 1 : 0);
  cs_visit_plugins (append_plugin, text);
  cs_visit_plugins (append_plugin_health, text);
}
