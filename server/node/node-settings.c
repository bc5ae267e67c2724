/* node-settings.c: the core's own sections, [node] and [log], as tables like any plugin's.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/node-settings.h"

#include <string.h>

#include "runtime/log-ring.h"

static const CsSetting node_rows[] = {
  CS_STRING (CsNodeSettings, role, "role", "all", "Which roles/NAME.role says what the node runs"),
  CS_STRING (CsNodeSettings, name, "name", NULL, "The node's name; by default the host's"),
  CS_STRING (CsNodeSettings, data_dir, "data-dir", NULL,
             "Where everything durable is kept; by default /var/lib/cloudsync, in a build tree var/"),
  CS_STRING (CsNodeSettings, run_dir, "run-dir", NULL,
             "Where the control socket is; by default /run/cloudsync, in a build tree DATA-DIR/run"),
  CS_LIST (CsNodeSettings, plugin_dir, "plugin-dir", NULL,
           "Directories that plugins are loaded from; by default the package's"),
  CS_INT (CsNodeSettings, workers, "workers", "0",
          "Worker threads; 0: as many as the CPUs the process may use", .min = 0, .max = 1024),
  CS_INT (CsNodeSettings, max_fibers, "max-fibers", "16384",
          "Requests and tasks that may be in progress at once; beyond it they are refused",
          .min = 16, .max = 32000),
  CS_INT (CsNodeSettings, pool_threads, "pool-threads", "4", "Threads for calls that block",
          .min = 1, .max = 256),
  CS_INT (CsNodeSettings, pool_queue, "pool-queue", "1024",
          "Blocking calls that may wait for a thread", .min = 1, .max = 1000000),
  CS_INT (CsNodeSettings, max_series, "max-series", "10000", "Series of statistics that are kept",
          .min = 100, .max = 1000000),
  CS_DURATION (CsNodeSettings, start_timeout, "start-timeout", "30s",
               "How long one plugin may take to start", .min = CS_MS (100), .max = CS_SECONDS (3600)),
  CS_DURATION (CsNodeSettings, drain_timeout, "drain-timeout", "30s",
               "How long requests in progress may go on when the node is told to stop",
               .min = 0, .max = CS_SECONDS (86400), .flags = CS_SETTING_RELOADABLE),
  CS_DURATION (CsNodeSettings, stuck_after, "stuck-after", "50ms",
               "A worker busy for longer with one thing is logged", .min = CS_MS (10),
               .max = CS_SECONDS (3600)),
  CS_BOOL (CsNodeSettings, require_tls, "require-tls", "false",
           "Refuse listeners and peers in plaintext that are neither loopback nor a UNIX socket",
           .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static const char *const formats[] = { "auto", "text", "json", "journal", NULL };
static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };

static const CsSetting log_rows[] = {
  CS_ENUM (CsLogSettings, format, "format", "auto",
           "auto: journal under systemd, text on a terminal, else JSON", .values = formats,
           .flags = CS_SETTING_RELOADABLE),
  CS_ENUM (CsLogSettings, level, "level", "info", "What is logged at all", .values = levels,
           .flags = CS_SETTING_RELOADABLE),
  CS_LIST (CsLogSettings, levels, "levels", NULL, "Levels of single plugins, as PLUGIN:LEVEL",
           .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

const CsSettingsTable cs_node_settings_table
  = { node_rows, sizeof (CsSetting), sizeof (CsNodeSettings) };
const CsSettingsTable cs_log_settings_table
  = { log_rows, sizeof (CsSetting), sizeof (CsLogSettings) };

static gboolean
split_level (const char *text, char **plugin, CsLogLevel *level)
{
  const char *colon = strchr (text, ':');

  if (colon == NULL || !cs_log_level_parse (colon + 1, level))
    return FALSE;
  *plugin = g_strndup (text, (gsize) (colon - text));
  return TRUE;
}

gboolean
cs_log_settings_check (const CsLogSettings *self, const CsConfig *config,
                       const char *const *plugins, CsReport *report)
{
  const CsConfigEntry *entry = cs_config_entry (cs_config_section (config, "log"), "levels");
  guint before = report->errors->len;
  guint i;

  for (i = 0; self->levels != NULL && self->levels[i] != NULL; i++)
    {
      g_autofree char *plugin = NULL;
      CsLogLevel level;

      if (!split_level (self->levels[i], &plugin, &level))
        cs_report_error (report, "%s: [log] levels: '%s' is not PLUGIN:LEVEL; levels are error, "
                         "warning, notice, info, debug", entry->source, self->levels[i]);
      else if (strcmp (plugin, "core") != 0 && !g_strv_contains (plugins, plugin))
        cs_report_error (report, "%s: [log] levels: plugin '%s' is not among those to run",
                         entry->source, plugin);
    }
  return report->errors->len == before;
}

gint
cs_log_settings_level (const CsLogSettings *self, const char *plugin)
{
  gint found = CS_LOG_ERROR + self->level;
  guint i;

  for (i = 0; self->levels != NULL && self->levels[i] != NULL; i++)
    {
      g_autofree char *name = NULL;
      CsLogLevel level;

      if (split_level (self->levels[i], &name, &level) && strcmp (name, plugin) == 0)
        found = (gint) level;
    }
  return found;
}
