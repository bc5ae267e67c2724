/* settings-set.c: all settings of one instance: its own section and its named ones, filled together.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/settings-set.h"

#include <string.h>

typedef struct
{
  CsSectionKind row;
  CsSettingsTable table;
  GArray *sections; /* CsSection; name and settings are ours */
} Kind;

struct _CsSettingsSet
{
  char *name;
  CsPlugin plugin;
  CsSettingsTable table;
  gpointer own;
  GArray *kinds; /* Kind */
};

gboolean
cs_plugin_section_kind_at (const CsPlugin *plugin, guint index, CsSectionKind *row)
{
  const char *at = (const char *) plugin->section_kinds;

  if (at == NULL)
    return FALSE;
  memset (row, 0, sizeof *row);
  memcpy (row, at + index * plugin->section_kind_row_size,
          MIN (plugin->section_kind_row_size, sizeof *row));
  return row->kind != NULL;
}

gboolean
cs_plugin_section_kind (const CsPlugin *plugin, const char *kind, CsSectionKind *row)
{
  guint i;

  for (i = 0; cs_plugin_section_kind_at (plugin, i, row); i++)
    if (strcmp (row->kind, kind) == 0)
      return TRUE;
  return FALSE;
}

CsSettingsTable
cs_plugin_settings_table (const CsPlugin *plugin)
{
  return (CsSettingsTable){ plugin->settings, plugin->settings_row_size, plugin->settings_size };
}

CsSettingsTable
cs_section_kind_table (const CsPlugin *plugin, const CsSectionKind *row)
{
  gsize row_size = plugin->settings_row_size != 0 ? plugin->settings_row_size : sizeof (CsSetting);

  return (CsSettingsTable){ row->settings, row_size, row->settings_size };
}

static void
check_across (const CsSettingsSet *self, const CsConfigSection *section, const char *kind,
              const void *settings, CsReport *report)
{
  g_autoptr (GError) error = NULL;
  const char *name = section != NULL ? section->name : self->name;

  if (self->plugin.settings_check == NULL || settings == NULL
      || self->plugin.settings_check (kind, settings, &error))
    return;
  cs_report_error (report, "%s: [%s] %s", section != NULL ? section->source : "configuration", name,
                   error != NULL ? error->message : "refused by the plugin");
}

static void
fill_own (CsSettingsSet *self, const CsConfig *config, CsReport *report)
{
  const CsConfigSection *section = cs_config_section (config, self->name);

  if (self->table.rows != NULL)
    self->own = g_malloc0 (self->table.struct_size);
  if (cs_settings_fill (&self->table, section, self->name, self->own, report))
    check_across (self, section, NULL, self->own, report);
}

static void
add_section (CsSettingsSet *self, Kind *kind, const CsConfigSection *section, CsReport *report)
{
  gpointer settings = g_malloc0 (MAX (kind->table.struct_size, 1));
  CsSection row = { g_strdup (section->label), settings };

  g_array_append_val (kind->sections, row);
  if (cs_settings_fill (&kind->table, section, section->name, settings, report))
    check_across (self, section, kind->row.kind, settings, report);
}

static void
fill_kinds (CsSettingsSet *self, const CsConfig *config, CsReport *report)
{
  Kind kind;
  guint i;

  while (cs_plugin_section_kind_at (&self->plugin, self->kinds->len, &kind.row))
    {
      kind.table = cs_section_kind_table (&self->plugin, &kind.row);
      kind.sections = g_array_new (FALSE, FALSE, sizeof (CsSection));
      g_array_append_val (self->kinds, kind);
      for (i = 0; i < config->sections->len; i++)
        {
          const CsConfigSection *section = g_ptr_array_index (config->sections, i);

          if (section->label != NULL && strcmp (section->kind, kind.row.kind) == 0)
            add_section (self, &kind, section, report);
        }
    }
}

CsSettingsSet *
cs_settings_set_new (const char *name, const CsPlugin *plugin, const CsConfig *config,
                     CsReport *report)
{
  CsSettingsSet *self = g_new0 (CsSettingsSet, 1);
  guint before = report->errors->len;

  self->name = g_strdup (name);
  self->plugin = *plugin;
  self->table = cs_plugin_settings_table (plugin);
  self->kinds = g_array_new (FALSE, FALSE, sizeof (Kind));
  fill_own (self, config, report);
  fill_kinds (self, config, report);
  if (report->errors->len > before)
    g_clear_pointer (&self, cs_settings_set_free);
  return self;
}

static void
kind_clear (Kind *kind)
{
  guint i;

  for (i = 0; i < kind->sections->len; i++)
    {
      CsSection *section = &g_array_index (kind->sections, CsSection, i);

      cs_settings_clear (&kind->table, (gpointer) section->settings);
      g_free ((gpointer) section->settings);
      g_free ((gpointer) section->name);
    }
  g_array_unref (kind->sections);
}

void
cs_settings_set_free (CsSettingsSet *self)
{
  guint i;

  if (self->own != NULL)
    cs_settings_clear (&self->table, self->own);
  g_free (self->own);
  for (i = 0; i < self->kinds->len; i++)
    kind_clear (&g_array_index (self->kinds, Kind, i));
  g_array_unref (self->kinds);
  g_free (self->name);
  g_free (self);
}

const void *
cs_settings_set_own (const CsSettingsSet *self)
{
  return self->own;
}

const CsSection *
cs_settings_set_sections (const CsSettingsSet *self, const char *kind, guint *n)
{
  guint i;

  for (i = 0; i < self->kinds->len; i++)
    {
      const Kind *row = &g_array_index (self->kinds, Kind, i);

      if (strcmp (row->row.kind, kind) == 0)
        {
          *n = row->sections->len;
          return (const CsSection *) (gconstpointer) row->sections->data;
        }
    }
  *n = 0;
  return NULL;
}

/* ---- addresses ---- */

typedef struct
{
  const char *section;
  CsSetEndpointFunc func;
  gpointer data;
} Telling;

static void
tell (const CsEndpoint *endpoint, gpointer data)
{
  const Telling *telling = data;

  telling->func (telling->section, endpoint, telling->data);
}

/* Calls func for the plugin's own struct and for each named section's. */
typedef gboolean (*SectionFunc) (const CsSettingsSet *self, const CsSettingsTable *table,
                                 const char *kind, const char *section, const void *settings,
                                 gpointer data);

static gboolean
each_section (const CsSettingsSet *self, SectionFunc func, gpointer data)
{
  guint i, j;

  if (self->own != NULL && func (self, &self->table, NULL, self->name, self->own, data))
    return TRUE;
  for (i = 0; i < self->kinds->len; i++)
    {
      const Kind *kind = &g_array_index (self->kinds, Kind, i);

      for (j = 0; j < kind->sections->len; j++)
        {
          const CsSection *section = &g_array_index (kind->sections, CsSection, j);
          g_autofree char *name = g_strdup_printf ("%s %s", kind->row.kind, section->name);

          if (func (self, &kind->table, kind->row.kind, name, section->settings, data))
            return TRUE;
        }
    }
  return FALSE;
}

static gboolean
tell_section (const CsSettingsSet *self, const CsSettingsTable *table, const char *kind,
              const char *section, const void *settings, gpointer data)
{
  Telling *telling = data;

  telling->section = section;
  self->plugin.endpoints (kind, settings, tell, telling);
  return FALSE;
}

void
cs_settings_set_endpoints (const CsSettingsSet *self, CsSetEndpointFunc func, gpointer data)
{
  Telling telling = { NULL, func, data };

  if (self->plugin.endpoints != NULL)
    each_section (self, tell_section, &telling);
}

typedef struct
{
  char **section;
  const char **key;
} Untold;

static gboolean
find_address (const CsSettingsSet *self, const CsSettingsTable *table, const char *kind,
              const char *section, const void *settings, gpointer data)
{
  Untold *untold = data;
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    if ((row.type == CS_SETTING_ADDRESS || row.type == CS_SETTING_ADDRESSES
         || row.type == CS_SETTING_URL)
        && *(const gconstpointer *) (const void *) ((const char *) settings + row.offset) != NULL)
      {
        *untold->section = g_strdup (section);
        *untold->key = row.key;
        return TRUE;
      }
  return FALSE;
}

gboolean
cs_settings_set_untold (const CsSettingsSet *self, char **section, const char **key)
{
  Untold untold = { section, key };

  return self->plugin.endpoints == NULL && each_section (self, find_address, &untold);
}

/* ---- reload ---- */

static const CsSection *
find_section (const Kind *kind, const char *name)
{
  guint i;

  for (i = 0; i < kind->sections->len; i++)
    {
      const CsSection *section = &g_array_index (kind->sections, CsSection, i);

      if (strcmp (section->name, name) == 0)
        return section;
    }
  return NULL;
}

static void
refuse_section (const CsSettingsSet *self, const Kind *kind, const char *name, const char *what,
                CsReport *report)
{
  cs_report_error (report, "[%s %s]: plugin '%s' cannot %s a section while it runs; restart the node",
                   kind->row.kind, name, self->name, what);
}

static void
compare_kind (const CsSettingsSet *self, const Kind *from, const Kind *to, const CsConfig *config,
              CsReport *report)
{
  gboolean may_change = self->plugin.reload_prepare != NULL;
  guint i;

  for (i = 0; i < to->sections->len; i++)
    {
      const CsSection *now = &g_array_index (to->sections, CsSection, i);
      const CsSection *old = find_section (from, now->name);
      g_autofree char *name = g_strdup_printf ("%s %s", to->row.kind, now->name);

      if (old != NULL)
        cs_settings_reloadable (&to->table, cs_config_section (config, name), name, old->settings,
                                now->settings, report);
      else if (!may_change)
        refuse_section (self, to, now->name, "add", report);
    }
  for (i = 0; i < from->sections->len && !may_change; i++)
    {
      const CsSection *old = &g_array_index (from->sections, CsSection, i);

      if (find_section (to, old->name) == NULL)
        refuse_section (self, from, old->name, "remove", report);
    }
}

gboolean
cs_settings_set_reloadable (const CsSettingsSet *from, const CsSettingsSet *to,
                            const CsConfig *config, CsReport *report)
{
  guint before = report->errors->len;
  guint i;

  if (to->own != NULL)
    cs_settings_reloadable (&to->table, cs_config_section (config, to->name), to->name, from->own,
                            to->own, report);
  for (i = 0; i < to->kinds->len; i++)
    compare_kind (to, &g_array_index (from->kinds, Kind, i), &g_array_index (to->kinds, Kind, i),
                  config, report);
  return report->errors->len == before;
}
