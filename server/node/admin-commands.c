/* admin-commands.c: what the control socket answers by itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/admin-commands.h"

#include <cloudsync/error.h>
#include <cloudsync/stats.h>
#include <string.h>
#include <unistd.h>

#include "config/json-text.h"
#include "net/listener.h"
#include "node/drain.h"
#include "node/reload.h"
#include "node/settings-list.h"
#include "plugin/host-api.h"
#include "runtime/stats-core.h"

static CsInstance *
nth (const CsNode *node, guint i)
{
  return g_ptr_array_index (node->plugins->instances, i);
}

/* ---- status ---- */

static void
add_listener (const char *address, const char *owner, gpointer data)
{
  cs_json_next (data);
  cs_json_string (data, address);
}

static void
add_holds (const CsNode *node, GString *out)
{
  guint i;

  cs_json_name (out, "holds");
  g_string_append_c (out, '[');
  for (i = 0; i < node->plugins->instances->len; i++)
    {
      gint64 holds = cs_instance_holds (nth (node, i));

      if (holds == 0)
        continue;
      cs_json_next (out);
      g_string_append_c (out, '{');
      cs_json_member (out, "plugin", nth (node, i)->owner.name);
      cs_json_member_int (out, "n", holds);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

static gboolean
status (CsNode *node, const char *const *args, GString *out, GError **error)
{
  static const char *const states[] = { "starting", "running", "draining", "stopping" };
  g_autoptr (GDateTime) started = g_date_time_new_from_unix_utc (node->started / G_USEC_PER_SEC);
  g_autofree char *when = g_date_time_format_iso8601 (started);
  const char *reason = NULL;
  gboolean ready = cs_host_ready (&reason);

  g_string_append_c (out, '{');
  cs_json_member (out, "name", node->plan->node.name);
  cs_json_member (out, "version", CS_SERVER_VERSION);
  cs_json_member_int (out, "pid", getpid ());
  cs_json_member (out, "role", node->plan->role_name);
  cs_json_member (out, "state", states[cs_host_state ()]);
  cs_json_member (out, "started", when);
  cs_json_member_int (out, "uptime_s", (g_get_real_time () - node->started) / G_USEC_PER_SEC);
  cs_json_member_int (out, "workers", node->n_workers);
  cs_json_member (out, "data_dir", node->plan->node.data_dir);
  cs_json_member_bool (out, "ready", ready);
  cs_json_member (out, "reason", reason);
  cs_json_name (out, "listeners");
  g_string_append_c (out, '[');
  cs_listeners_visit (add_listener, out);
  g_string_append_c (out, ']');
  add_holds (node, out);
  g_string_append_c (out, '}');
  return TRUE;
}

/* ---- plugins ---- */

static void
add_needs (GString *out, const char *name, const GPtrArray *needs)
{
  guint i;

  cs_json_name (out, name);
  g_string_append_c (out, '[');
  for (i = 0; i < needs->len; i++)
    {
      g_autofree char *text = cs_need_text (g_ptr_array_index (needs, i));

      cs_json_next (out);
      cs_json_string (out, text);
    }
  g_string_append_c (out, ']');
}

static void
add_uses (GString *out, const CsInstance *instance)
{
  guint i;

  cs_json_name (out, "uses");
  g_string_append_c (out, '[');
  for (i = 0; i < instance->uses->len; i++)
    {
      const CsUsedService *use = &g_array_index (instance->uses, CsUsedService, i);

      if (use->provider == NULL)
        continue;
      cs_json_next (out);
      g_string_append_c (out, '{');
      cs_json_member (out, "contract", use->contract);
      cs_json_member (out, "plugin", use->provider->owner.name);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

static gboolean
uses (const CsInstance *user, const CsInstance *provider)
{
  guint i;

  for (i = 0; i < user->uses->len; i++)
    if (g_array_index (user->uses, CsUsedService, i).provider == provider)
      return TRUE;
  return FALSE;
}

static void
add_users (GString *out, const CsNode *node, const CsInstance *provider)
{
  guint i;

  cs_json_name (out, "used_by");
  g_string_append_c (out, '[');
  for (i = 0; i < node->plugins->instances->len; i++)
    if (uses (nth (node, i), provider))
      {
        cs_json_next (out);
        cs_json_string (out, nth (node, i)->owner.name);
      }
  g_string_append_c (out, ']');
}

static void
add_plugin (GString *out, const CsNode *node, CsInstance *instance)
{
  const CsManifest *manifest = instance->manifest;
  const char *reason = g_atomic_pointer_get (&instance->unhealthy);

  cs_json_next (out);
  g_string_append_c (out, '{');
  cs_json_member (out, "name", manifest->name);
  cs_json_member (out, "version", manifest->version);
  cs_json_member (out, "summary", manifest->summary);
  cs_json_member (out, "state", cs_instance_state_name (instance->state));
  cs_json_member (out, "path", manifest->path);
  cs_json_member (out, "build_id", manifest->build_id);
  cs_json_member_strv (out, "provides", (const char *const *) instance->provides_text);
  add_needs (out, "requires", manifest->requires);
  add_needs (out, "wants", manifest->wants);
  add_uses (out, instance);
  add_users (out, node, instance);
  cs_json_member_bool (out, "healthy", reason == NULL);
  cs_json_member (out, "reason", reason);
  g_string_append_c (out, '}');
}

static gboolean
plugins (CsNode *node, const char *const *args, GString *out, GError **error)
{
  guint i;

  g_string_append_c (out, '[');
  for (i = 0; i < node->plugins->instances->len; i++)
    add_plugin (out, node, nth (node, i));
  g_string_append_c (out, ']');
  return TRUE;
}

/* ---- config, reload, drain ---- */

static void
add_setting (const CsSettingItem *item, gpointer data)
{
  GString *out = data;

  cs_json_next (out);
  g_string_append_c (out, '{');
  cs_json_member (out, "section", item->section);
  cs_json_member (out, "key", item->row->key);
  cs_json_member (out, "value", item->shown);
  cs_json_member (out, "source", item->source);
  cs_json_member_bool (out, "secret", item->row->type == CS_SETTING_SECRET);
  cs_json_member_bool (out, "reloadable", (item->row->flags & CS_SETTING_RELOADABLE) != 0);
  g_string_append_c (out, '}');
}

static gboolean
config (CsNode *node, const char *const *args, GString *out, GError **error)
{
  g_string_append_c (out, '[');
  cs_settings_list (node->plan, node->plugins, add_setting, out);
  g_string_append_c (out, ']');
  return TRUE;
}

static gboolean
reload (CsNode *node, const char *const *args, GString *out, GError **error)
{
  g_string_append (out, "{\"changed\":[");
  if (!cs_reload (node, out, error))
    return FALSE;
  g_string_append (out, "]}");
  return TRUE;
}

static gboolean
drain (CsNode *node, const char *const *args, GString *out, GError **error)
{
  gint64 seconds = node->plan->node.drain_timeout / G_USEC_PER_SEC;

  if (args[0] != NULL && !g_ascii_string_to_signed (args[0], 10, 0, 86400, &seconds, error))
    return FALSE;
  g_string_append_printf (out, "{\"deadline_s\":%" G_GINT64_FORMAT "}", seconds);
  if (!node->stop_asked)
    cs_drain_begin (node, CS_SECONDS (seconds));
  return TRUE;
}

/* ---- stats and commands ---- */

static void
append_double (GString *out, double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (text, sizeof text, "%.10g", number));
}

static void
add_histogram (GString *out, const CsStatSample *sample, double scale)
{
  guint64 count = 0;
  guint i;

  for (i = 0; i <= sample->spec->n_bounds; i++)
    count += sample->buckets[i];
  cs_json_name (out, "value");
  append_double (out, count > 0 ? (double) sample->value * scale / (double) count : 0);
  cs_json_name (out, "sum");
  append_double (out, (double) sample->value * scale);
  cs_json_member_int (out, "count", (gint64) count);
}

static void
add_sample (const CsStatSample *sample, gpointer data)
{
  static const char *const types[] = { "", "counter", "gauge", "histogram" };
  double scale = sample->spec->scale > 0 ? sample->spec->scale : 1;
  GString *out = data;

  cs_json_next (out);
  g_string_append_c (out, '{');
  cs_json_member (out, "name", sample->spec->name);
  cs_json_member (out, "plugin", sample->plugin);
  cs_json_member (out, "type", types[sample->spec->type]);
  cs_json_member (out, "labels", sample->spec->labels != NULL ? sample->spec->labels : "");
  if (sample->spec->type == CS_STAT_HISTOGRAM)
    add_histogram (out, sample, scale);
  else
    {
      cs_json_name (out, "value");
      append_double (out, (double) sample->value * scale);
    }
  g_string_append_c (out, '}');
}

static gboolean
stats (CsNode *node, const char *const *args, GString *out, GError **error)
{
  g_string_append_c (out, '[');
  cs_stats_core_visit (add_sample, out);
  g_string_append_c (out, ']');
  return TRUE;
}

static void
add_command (GString *out, const char *name, const char *summary, const char *plugin)
{
  cs_json_next (out);
  g_string_append_c (out, '{');
  cs_json_member (out, "name", name);
  cs_json_member (out, "summary", summary);
  cs_json_member (out, "plugin", plugin);
  g_string_append_c (out, '}');
}

static gboolean commands (CsNode *node, const char *const *args, GString *out, GError **error);

static const struct
{
  const char *name;
  CsAdminFunc func;
  const char *summary;
} own_commands[] = {
  { "status", status, "State, listeners and holds of the node" },
  { "plugins", plugins, "Plugins, their contracts and who uses whom" },
  { "config", config, "Every effective setting and where it comes from" },
  { "reload", reload, "Reads the configuration again: all of it or nothing" },
  { "drain", drain, "Stops taking work, then stops; may be given seconds" },
  { "stats", stats, "Every series of statistics" },
  { "commands", commands, "These commands" },
};

static gboolean
commands (CsNode *node, const char *const *args, GString *out, GError **error)
{
  guint i, j;

  g_string_append_c (out, '[');
  for (i = 0; i < G_N_ELEMENTS (own_commands); i++)
    add_command (out, own_commands[i].name, own_commands[i].summary, "core");
  add_command (out, "check", "Runs the check of every plugin that has one", "core");
  for (i = 0; i < node->plugins->instances->len; i++)
    for (j = 0; j < nth (node, i)->commands->len; j++)
      {
        const CsNodeCommand *command = &g_array_index (nth (node, i)->commands, CsNodeCommand, j);

        add_command (out, command->name, command->summary, nth (node, i)->owner.name);
      }
  g_string_append_c (out, ']');
  return TRUE;
}

CsAdminFunc
cs_admin_command (const char *name)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (own_commands); i++)
    if (strcmp (own_commands[i].name, name) == 0)
      return own_commands[i].func;
  return NULL;
}

gboolean
cs_admin_plugin_command (CsNode *node, const char *name, guint *index, CsInstance **instance,
                         CsNodeCommand *command)
{
  guint i;

  for (; *index < node->plugins->instances->len; (*index)++)
    for (i = 0; i < nth (node, *index)->commands->len; i++)
      {
        *command = g_array_index (nth (node, *index)->commands, CsNodeCommand, i);
        if (strcmp (command->name, name) != 0)
          continue;
        *instance = nth (node, *index);
        (*index)++;
        return TRUE;
      }
  return FALSE;
}
