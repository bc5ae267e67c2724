/* settings-list.c: every effective setting of a node with the place it came from.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/settings-list.h"

#include <string.h>

typedef struct
{
  const CsConfigSection *section;
  const char *name;
  const void *filled; /* [node]: what a key that nobody set has come to; NULL elsewhere */
  CsSettingItemFunc func;
  gpointer data;
} Walk;

/* Defaults that depend on the machine: the host's name, directories. */
static const char *
found_out (const CsSetting *row, const void *filled)
{
  if (row->type != CS_SETTING_STRING || filled == NULL)
    return NULL;
  return *(char *const *) (gconstpointer) ((const char *) filled + row->offset);
}

static void
give (const CsSetting *row, const char *value, const char *source, gpointer data)
{
  const Walk *walk = data;
  const CsConfigEntry *entry = cs_config_entry (walk->section, row->key);
  CsSettingItem item = { .section = walk->name, .row = row, .shown = value, .source = source };

  if (item.shown == NULL)
    item.shown = found_out (row, walk->filled);
  item.plain = entry != NULL && entry->value != NULL ? entry->value : value;
  walk->func (&item, walk->data);
}

static void
list_table (const CsPlan *plan, CsSettingsTable table, const char *name, const void *filled,
            CsSettingItemFunc func, gpointer data)
{
  Walk walk = { cs_config_section (plan->config, name), name, filled, func, data };

  cs_settings_visit (&table, walk.section, give, &walk);
}

static void
list_kind (const CsPlan *plan, CsSettingsTable table, const char *kind, CsSettingItemFunc func,
           gpointer data)
{
  guint i;

  for (i = 0; i < plan->config->sections->len; i++)
    {
      const CsConfigSection *section = g_ptr_array_index (plan->config->sections, i);

      if (section->label != NULL && strcmp (section->kind, kind) == 0)
        list_table (plan, table, section->name, NULL, func, data);
    }
}

void
cs_settings_list (const CsPlan *plan, const CsPlugins *plugins, CsSettingItemFunc func,
                  gpointer data)
{
  CsSectionKind row;
  guint i, j;

  list_table (plan, cs_node_settings_table, "node", &plan->node, func, data);
  list_table (plan, cs_log_settings_table, "log", NULL, func, data);
  for (i = 0; i < plugins->instances->len; i++)
    {
      const CsInstance *instance = g_ptr_array_index (plugins->instances, i);
      const CsPlugin *plugin = &instance->plugin;

      list_table (plan, cs_plugin_settings_table (plugin), instance->owner.name, NULL, func, data);
      for (j = 0; cs_plugin_section_kind_at (plugin, j, &row); j++)
        list_kind (plan, cs_section_kind_table (plugin, &row), row.kind, func, data);
    }
}
