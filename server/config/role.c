/* role.c: a role file: which plugins a node runs, and which engine a contract is bound to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/role.h"

#include <string.h>

#include "config/settings.h"
#include "config/suggest.h"

typedef struct
{
  char *summary;
  char **plugins;
} RoleSettings;

static const CsSetting role_rows[] = {
  CS_STRING (RoleSettings, summary, "summary", NULL, "What a node of this role is for",
             .flags = CS_SETTING_REQUIRED),
  CS_LIST (RoleSettings, plugins, "plugins", NULL, "The plugins that it runs",
           .flags = CS_SETTING_REQUIRED),
  CS_SETTINGS_END
};

static const CsSettingsTable role_table = { role_rows, sizeof (CsSetting), sizeof (RoleSettings) };

void
cs_role_free (CsRole *self)
{
  g_free (self->name);
  g_free (self->file);
  g_free (self->summary);
  g_strfreev (self->plugins);
  g_clear_pointer (&self->config, cs_config_free);
  g_free (self);
}

static char *
find_file (const char *name, const char *const *dirs)
{
  g_autofree char *base = g_strconcat (name, ".role", NULL);
  char *found = NULL;

  if (strchr (name, '/') != NULL)
    return NULL;
  for (; *dirs != NULL; dirs++)
    {
      g_autofree char *path = g_build_filename (*dirs, "roles", base, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        {
          g_free (found);
          found = g_steal_pointer (&path);
        }
    }
  return found;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_roles (const char *const *dirs)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (; *dirs != NULL; dirs++)
    {
      g_autofree char *path = g_build_filename (*dirs, "roles", NULL);
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      const char *file;

      while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
        if (g_str_has_suffix (file, ".role"))
          {
            g_autofree char *name = g_strndup (file, strlen (file) - strlen (".role"));

            if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
              g_ptr_array_add (names, g_steal_pointer (&name));
          }
    }
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
unknown_role (const char *name, const char *const *dirs, CsReport *report)
{
  g_autoptr (GPtrArray) names = list_roles (dirs);
  const char *near = cs_suggest (name, (const char *const *) names->pdata, names->len);
  g_autofree char *all = NULL;
  g_autofree char *places = g_strjoinv (", ", (char **) dirs);
  g_autofree char *hint = near != NULL ? g_strdup_printf ("; did you mean '%s'?", near) : NULL;

  g_ptr_array_add (names, NULL);
  all = g_strjoinv (", ", (char **) names->pdata);
  cs_report_error (report, "there is no role '%s'%s (known are: %s; looked in roles/ of %s)", name,
                   hint != NULL ? hint : "", *all != '\0' ? all : "none", places);
}

CsRole *
cs_role_load (const char *name, const char *const *dirs, CsReport *report)
{
  g_autofree char *file = find_file (name, dirs);
  g_autofree char *text = NULL;
  RoleSettings settings = { 0 };
  GError *error = NULL;
  guint before = report->errors->len;
  CsRole *self;
  gsize len;

  if (file == NULL)
    {
      unknown_role (name, dirs, report);
      return NULL;
    }
  if (!g_file_get_contents (file, &text, &len, &error))
    {
      cs_report_take (report, error);
      return NULL;
    }

  self = g_new0 (CsRole, 1);
  self->name = g_strdup (name);
  self->config = cs_config_new ();
  cs_config_read_text (self->config, text, len, file, report);
  self->file = g_steal_pointer (&file);
  if (report->errors->len == before)
    cs_settings_fill (&role_table, cs_config_section (self->config, "role"), "role", &settings,
                      report);
  self->summary = settings.summary;
  self->plugins = settings.plugins;
  if (report->errors->len > before)
    g_clear_pointer (&self, cs_role_free);
  return self;
}
