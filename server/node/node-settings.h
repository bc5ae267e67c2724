/* node-settings.h: the core's own sections, [node] and [log], as tables like any plugin's.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_NODE_SETTINGS_H
#define CS_NODE_SETTINGS_H

#include "config/settings.h"

typedef struct
{
  char *role;
  char *name;
  char *data_dir;
  char *run_dir;
  char **plugin_dir;
  gint64 workers;
  gint64 max_fibers;
  gint64 pool_threads;
  gint64 pool_queue;
  gint64 max_series;
  gint64 start_timeout;
  gint64 drain_timeout;
  gint64 stuck_after;
  gboolean require_tls;
} CsNodeSettings;

typedef struct
{
  gint format; /* CsLogFormat */
  gint level;  /* index into the names from "error" on */
  char **levels;
} CsLogSettings;

extern const CsSettingsTable cs_node_settings_table;
extern const CsSettingsTable cs_log_settings_table;

/* [log] levels = plugin:level: checked against the plugins of the node. */
gboolean cs_log_settings_check (const CsLogSettings *self, const CsConfig *config,
                                const char *const *plugins, CsReport *report);

/* The CsLogLevel of a plugin. */
gint cs_log_settings_level (const CsLogSettings *self, const char *plugin);

#endif
