/* hide-secrets.c: takes secrets given by --set out of the process's command line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/hide-secrets.h"

#include <string.h>

#include "config/config-reader.h"

static gboolean
secret_in (CsSettingsTable table, const char *key)
{
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (&table, i, &row); i++)
    if (strcmp (row.key, key) == 0)
      return row.type == CS_SETTING_SECRET;
  return FALSE;
}

static gboolean
is_secret (const CsPlan *plan, const char *section, const char *key)
{
  const char *space = strchr (section, ' ');
  g_autofree char *kind = g_strndup (section, space != NULL ? (gsize) (space - section) : 0);
  CsSectionKind row;
  guint i;

  for (i = 0; i < plan->n; i++)
    {
      const CsLoadedPlugin *one = &plan->loaded[i];

      if (strcmp (one->manifest->name, section) == 0
          && secret_in (cs_plugin_settings_table (&one->plugin), key))
        return TRUE;
      if (space != NULL && cs_plugin_section_kind (&one->plugin, kind, &row)
          && secret_in (cs_section_kind_table (&one->plugin, &row), key))
        return TRUE;
    }
  return FALSE;
}

static void
hide (char *argument, const CsPlan *plan)
{
  char *equals = strchr (argument, '=');
  g_autofree char *path = g_strndup (argument, equals != NULL ? (gsize) (equals - argument) : 0);
  char *dot = strrchr (path, '.');
  g_autofree char *section = NULL;

  if (dot == NULL)
    return;
  *dot = '\0';
  section = cs_config_section_name (path);
  if (section != NULL && is_secret (plan, section, g_strstrip (dot + 1)))
    memset (equals + 1, '*', strlen (equals + 1));
}

void
cs_hide_secrets (char *const *argv, const CsPlan *plan)
{
  guint i;

  for (i = 0; argv[i] != NULL; i++)
    if (strncmp (argv[i], "--set=", 6) == 0)
      hide (argv[i] + 6, plan);
    else if (i > 0 && (strcmp (argv[i - 1], "--set") == 0 || strcmp (argv[i - 1], "-s") == 0))
      hide (argv[i], plan);
}
