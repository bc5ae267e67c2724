/* reload.c: new settings for a running node: all of them or none.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/reload.h"

#include <cloudsync/error.h>

#include "config/json-text.h"
#include "node/settings-list.h"
#include "plugin/host-api.h"
#include "runtime/log-ring.h"

typedef struct
{
  GHashTable *before; /* "section.key" -> text */
  GString *changed;
} Compare;

static void
remember (const CsSettingItem *item, gpointer data)
{
  Compare *compare = data;

  g_hash_table_insert (compare->before, g_strdup_printf ("%s.%s", item->section, item->row->key),
                       g_strdup (item->plain));
}

static void
compare_item (const CsSettingItem *item, gpointer data)
{
  Compare *compare = data;
  g_autofree char *name = g_strdup_printf ("%s.%s", item->section, item->row->key);
  gpointer before;

  if (g_hash_table_lookup_extended (compare->before, name, NULL, &before)
      && g_strcmp0 (before, item->plain) == 0)
    return;
  cs_json_next (compare->changed);
  cs_json_string (compare->changed, name);
}

static void
list_changes (const CsPlan *old, const CsPlan *new_plan, const CsPlugins *plugins, GString *changed)
{
  Compare compare = { .changed = changed };

  compare.before = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  cs_settings_list (old, plugins, remember, &compare);
  cs_settings_list (new_plan, plugins, compare_item, &compare);
  g_hash_table_unref (compare.before);
}

static void
log_warnings (const CsReport *report)
{
  guint i;

  for (i = 0; i < report->warnings->len; i++)
    cs_core_log (CS_LOG_WARNING, "configuration",
                 CS_F_STR ("problem", g_ptr_array_index (report->warnings, i)));
}

gboolean
cs_reload (CsNode *node, GString *changed, GError **error)
{
  g_auto (CsReport) report = { 0 };
  g_autoptr (CsPlan) plan = NULL;
  g_autofree CsSettingsSet **sets = NULL;
  CsPlan *old = node->plan;

  if (cs_host_state () != CS_NODE_RUNNING)
    {
      g_set_error_literal (error, CS_ERROR, CS_AGAIN, "the node is not running; nothing was reloaded");
      return FALSE;
    }
  cs_report_init (&report);
  plan = cs_plan_reload (node->options, old, node->plugins, &sets, &report);
  if (plan == NULL)
    return cs_report_finish (&report, error);
  if (!cs_plugins_reload (node->plugins, sets, error))
    return FALSE;

  if (changed != NULL)
    list_changes (old, plan, node->plugins, changed);
  node->plan = g_steal_pointer (&plan);
  cs_plan_free (old);
  cs_node_apply_log (node);
  log_warnings (&report);
  return TRUE;
}
