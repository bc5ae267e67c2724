/* settings.c: a table of settings and the text of a section become a filled struct, or messages.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include <string.h>

#include "config/settings-value.h"
#include "config/suggest.h"

gboolean
cs_settings_row (const CsSettingsTable *table, guint index, CsSetting *row)
{
  const char *at;

  if (table->rows == NULL)
    return FALSE;
  at = (const char *) table->rows + index * table->row_size;
  memset (row, 0, sizeof *row);
  memcpy (row, at, MIN (table->row_size, sizeof *row));
  return row->key != NULL;
}

static gboolean
find_row (const CsSettingsTable *table, const char *key, CsSetting *row)
{
  guint i;

  for (i = 0; cs_settings_row (table, i, row); i++)
    if (strcmp (row->key, key) == 0)
      return TRUE;
  return FALSE;
}

static void
unknown_key (const CsSettingsTable *table, const char *name, const CsConfigEntry *entry,
             CsReport *report)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autofree char *all = NULL;
  const char *near;
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    if (row.replaced_by == NULL)
      g_ptr_array_add (keys, (gpointer) row.key);

  near = cs_suggest (entry->key, (const char *const *) keys->pdata, keys->len);
  if (near != NULL)
    {
      cs_report_error (report, "%s: [%s] %s: there is no such key; did you mean '%s'?",
                       entry->source, name, entry->key, near);
      return;
    }
  g_ptr_array_add (keys, NULL);
  all = g_strjoinv (", ", (char **) keys->pdata);
  cs_report_error (report, "%s: [%s] %s: there is no such key; allowed are %s", entry->source, name,
                   entry->key, *all != '\0' ? all : "none");
}

static gboolean
check_keys (const CsSettingsTable *table, const CsConfigSection *section, const char *name,
            CsReport *report)
{
  guint before = report->errors->len;
  CsSetting row;
  guint i;

  for (i = 0; section != NULL && i < section->entries->len; i++)
    {
      const CsConfigEntry *entry = g_ptr_array_index (section->entries, i);

      if (!find_row (table, entry->key, &row))
        unknown_key (table, name, entry, report);
    }
  return report->errors->len == before;
}

/* The key of the files that speaks for the row: its own, or a deprecated one that it replaces. */
static const CsConfigEntry *
entry_of (const CsSettingsTable *table, const CsConfigSection *section, const CsSetting *row)
{
  const CsConfigEntry *entry = cs_config_entry (section, row->key);
  CsSetting old;
  guint i;

  if (entry != NULL && entry->value != NULL)
    return entry;
  for (i = 0; cs_settings_row (table, i, &old); i++)
    if (old.replaced_by != NULL && strcmp (old.replaced_by, row->key) == 0)
      {
        const CsConfigEntry *given = cs_config_entry (section, old.key);

        if (given != NULL && given->value != NULL)
          return given;
      }
  return entry;
}

static void
check_deprecated (const CsConfigSection *section, const char *name, const CsSetting *row,
                  CsReport *report)
{
  const CsConfigEntry *old = cs_config_entry (section, row->key);
  const CsConfigEntry *replacement = cs_config_entry (section, row->replaced_by);

  if (old == NULL || old->value == NULL)
    return;
  if (replacement != NULL && replacement->value != NULL)
    cs_report_error (report, "%s: [%s] %s: %s, its new name, is set too (%s); delete this line",
                     old->source, name, row->key, row->replaced_by, replacement->source);
  else
    cs_report_warning (report, "%s: [%s] %s: deprecated; write %s instead", old->source, name,
                       row->key, row->replaced_by);
}

static void
fill_row (const CsSettingsTable *table, const CsConfigSection *section, const char *name,
          const CsSetting *row, gpointer target, CsReport *report)
{
  const CsConfigEntry *entry = entry_of (table, section, row);
  const char *value = entry != NULL && entry->value != NULL ? entry->value : row->fallback;
  g_autofree char *problem = NULL;

  if (value == NULL)
    {
      if (row->flags & CS_SETTING_REQUIRED)
        cs_report_error (report, "%s: [%s] %s: required but not set: %s",
                         section != NULL ? section->source : "configuration", name, row->key,
                         row->doc);
      return;
    }
  problem = cs_setting_parse (row, value, target);
  if (problem != NULL)
    cs_report_error (report, "%s: [%s] %s: %s",
                     value == row->fallback ? "built-in default" : entry->source, name, row->key,
                     problem);
}

gboolean
cs_settings_fill (const CsSettingsTable *table, const CsConfigSection *section, const char *name,
                  gpointer target, CsReport *report)
{
  guint before = report->errors->len;
  CsSetting row;
  guint i;

  check_keys (table, section, name, report);
  for (i = 0; cs_settings_row (table, i, &row); i++)
    if (row.replaced_by != NULL)
      check_deprecated (section, name, &row, report);
    else
      fill_row (table, section, name, &row, target, report);
  return report->errors->len == before;
}

void
cs_settings_clear (const CsSettingsTable *table, gpointer target)
{
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    if (row.replaced_by == NULL)
      cs_setting_clear (&row, target);
  memset (target, 0, table->struct_size);
}

gboolean
cs_settings_equal (const CsSettingsTable *table, gconstpointer a, gconstpointer b)
{
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    if (row.replaced_by == NULL && !cs_setting_equal (&row, a, b))
      return FALSE;
  return TRUE;
}

gboolean
cs_settings_reloadable (const CsSettingsTable *table, const CsConfigSection *section,
                        const char *name, gconstpointer from, gconstpointer to, CsReport *report)
{
  guint before = report->errors->len;
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    {
      const CsConfigEntry *entry;

      if (row.replaced_by != NULL || (row.flags & CS_SETTING_RELOADABLE)
          || cs_setting_equal (&row, from, to))
        continue;
      entry = entry_of (table, section, &row);
      cs_report_error (report, "%s: [%s] %s: cannot change while the node runs; restart it",
                       entry != NULL ? entry->source : "configuration", name, row.key);
    }
  return report->errors->len == before;
}

void
cs_settings_visit (const CsSettingsTable *table, const CsConfigSection *section,
                   CsSettingsVisitFunc func, gpointer data)
{
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    {
      const CsConfigEntry *entry;
      const char *value;

      if (row.replaced_by != NULL)
        continue;
      entry = entry_of (table, section, &row);
      value = entry != NULL && entry->value != NULL ? entry->value : row.fallback;
      if (value != NULL && row.type == CS_SETTING_SECRET)
        value = "***";
      func (&row, value, entry != NULL ? entry->source : "default", data);
    }
}
