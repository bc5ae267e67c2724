/* config.c: fragments, environment and arguments merged, each value with its source.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <errno.h>
#include <string.h>

#include "config/config-reader.h"

#define ENVIRONMENT_PREFIX "CLOUDSYNC_"

static void
entry_free (gpointer data)
{
  CsConfigEntry *entry = data;

  g_free (entry->key);
  g_free (entry->value);
  g_free (entry->source);
  g_free (entry);
}

static void
section_free (gpointer data)
{
  CsConfigSection *section = data;

  g_free (section->name);
  g_free (section->kind);
  g_free (section->source);
  g_ptr_array_unref (section->entries);
  g_free (section);
}

CsConfig *
cs_config_new (void)
{
  CsConfig *self = g_new0 (CsConfig, 1);

  self->sections = g_ptr_array_new_with_free_func (section_free);
  self->files = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
cs_config_free (CsConfig *self)
{
  g_ptr_array_unref (self->sections);
  g_ptr_array_unref (self->files);
  g_free (self);
}

CsConfigSection *
cs_config_section (const CsConfig *self, const char *name)
{
  guint i;

  for (i = 0; i < self->sections->len; i++)
    {
      CsConfigSection *section = g_ptr_array_index (self->sections, i);

      if (strcmp (section->name, name) == 0)
        return section;
    }
  return NULL;
}

static CsConfigEntry *
find_entry (const CsConfigSection *section, const char *key)
{
  guint i;

  for (i = 0; i < section->entries->len; i++)
    {
      CsConfigEntry *entry = g_ptr_array_index (section->entries, i);

      if (strcmp (entry->key, key) == 0)
        return entry;
    }
  return NULL;
}

const CsConfigEntry *
cs_config_entry (const CsConfigSection *section, const char *key)
{
  return section != NULL ? find_entry (section, key) : NULL;
}

const char *
cs_config_value (const CsConfig *self, const char *section, const char *key)
{
  const CsConfigEntry *entry = cs_config_entry (cs_config_section (self, section), key);

  return entry != NULL ? entry->value : NULL;
}

static CsConfigSection *
need_section (CsConfig *self, const char *name, const char *source)
{
  CsConfigSection *section = cs_config_section (self, name);
  gsize kind_len = strcspn (name, " ");

  if (section != NULL)
    return section;

  section = g_new0 (CsConfigSection, 1);
  section->name = g_strdup (name);
  section->kind = g_strndup (name, kind_len);
  section->label = name[kind_len] == ' ' ? section->name + kind_len + 1 : NULL;
  section->source = g_strdup (source);
  section->entries = g_ptr_array_new_with_free_func (entry_free);
  g_ptr_array_add (self->sections, section);
  return section;
}

void
cs_config_set (CsConfig *self, const char *section_name, const char *key, const char *value,
               const char *source)
{
  CsConfigSection *section = need_section (self, section_name, source);
  CsConfigEntry *entry = find_entry (section, key);

  if (entry == NULL)
    {
      entry = g_new0 (CsConfigEntry, 1);
      entry->key = g_strdup (key);
      g_ptr_array_add (section->entries, entry);
    }
  g_free (entry->value);
  g_free (entry->source);
  entry->value = value != NULL && *value != '\0' ? g_strdup (value) : NULL;
  entry->source = g_strdup (source);
}

void
cs_config_merge (CsConfig *self, const CsConfig *from, const char *except)
{
  guint i, j;

  for (i = 0; i < from->sections->len; i++)
    {
      const CsConfigSection *section = g_ptr_array_index (from->sections, i);

      if (g_strcmp0 (section->name, except) == 0)
        continue;
      need_section (self, section->name, section->source);
      for (j = 0; j < section->entries->len; j++)
        {
          const CsConfigEntry *entry = g_ptr_array_index (section->entries, j);

          cs_config_set (self, section->name, entry->key, entry->value, entry->source);
        }
    }
}

/* ---- files ---- */

typedef struct
{
  CsConfig *config;
  const char *file;
  char *section;
} Merge;

static void
merge_section (const char *name, guint line, gpointer data)
{
  Merge *merge = data;
  g_autofree char *source = g_strdup_printf ("%s:%u", merge->file, line);

  need_section (merge->config, name, source);
  g_free (merge->section);
  merge->section = g_strdup (name);
}

static void
merge_entry (const char *key, const char *value, guint line, gpointer data)
{
  Merge *merge = data;
  g_autofree char *source = g_strdup_printf ("%s:%u", merge->file, line);

  cs_config_set (merge->config, merge->section, key, value, source);
}

void
cs_config_read_text (CsConfig *self, const char *text, gsize len, const char *file,
                     CsReport *report)
{
  static const CsConfigSink sink = { merge_section, merge_entry };
  Merge merge = { self, file, NULL };
  GError *error = NULL;

  if (!cs_config_read (text, len, file, &sink, &merge, &error))
    cs_report_take (report, error);
  g_free (merge.section);
}

static void
read_file (CsConfig *self, const char *path, CsReport *report)
{
  g_autofree char *text = NULL;
  GError *error = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, &error))
    {
      cs_report_take (report, error);
      return;
    }
  g_ptr_array_add (self->files, g_strdup (path));
  cs_config_read_text (self, text, len, path, report);
}

static void
list_dir (GTree *fragments, const char *path, CsReport *report)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *name;

  if (dir == NULL)
    {
      if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        cs_report_error (report, "%s: %s", path, error->message);
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".conf") && name[0] != '.')
      g_tree_insert (fragments, g_strdup (name), g_build_filename (path, name, NULL));
}

typedef struct
{
  CsConfig *config;
  CsReport *report;
} ReadAll;

static gboolean
read_fragment (gpointer name, gpointer path, gpointer data)
{
  ReadAll *all = data;

  read_file (all->config, path, all->report);
  return FALSE;
}

static gint
compare_names (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

void
cs_config_read_dirs (CsConfig *self, const char *const *dirs, CsReport *report)
{
  GTree *fragments = g_tree_new_full (compare_names, NULL, g_free, g_free);
  ReadAll all = { self, report };

  for (; *dirs != NULL; dirs++)
    list_dir (fragments, *dirs, report);
  g_tree_foreach (fragments, read_fragment, &all);
  g_tree_unref (fragments);
}

/* ---- environment and arguments ---- */

static char *
from_environment (const char *text)
{
  char *name = g_ascii_strdown (text, -1);

  return g_strdelimit (name, "_", '-');
}

static gboolean
same_in_environment (const char *label, const char *part)
{
  for (; *label != '\0' && *part != '\0'; label++, part++)
    {
      char c = g_ascii_isalnum (*label) ? g_ascii_toupper (*label) : '_';

      if (c != g_ascii_toupper (*part))
        return FALSE;
    }
  return *label == *part;
}

/* The section of the files that KIND__NAME stands for, or the plainest spelling of a new one. */
static char *
named_section (const CsConfig *self, const char *kind, const char *part)
{
  g_autofree char *label = NULL;
  guint i;

  for (i = 0; i < self->sections->len; i++)
    {
      const CsConfigSection *section = g_ptr_array_index (self->sections, i);

      if (section->label != NULL && strcmp (section->kind, kind) == 0
          && same_in_environment (section->label, part))
        return g_strdup (section->name);
    }
  label = from_environment (part);
  return g_strconcat (kind, " ", label, NULL);
}

static void
read_variable (CsConfig *self, const char *name, const char *value, CsReport *report)
{
  g_auto (GStrv) parts = g_strsplit (name + strlen (ENVIRONMENT_PREFIX), "__", -1);
  guint n = g_strv_length (parts);
  g_autofree char *section = NULL;
  g_autofree char *key = NULL;
  g_autofree char *source = g_strconcat ("environment ", name, NULL);

  if (n < 2)
    return;
  if (n > 3 || *parts[0] == '\0' || *parts[1] == '\0' || *parts[n - 1] == '\0')
    {
      cs_report_error (report, "%s: expected CLOUDSYNC_SECTION__KEY or CLOUDSYNC_KIND__NAME__KEY",
                       source);
      return;
    }

  section = from_environment (parts[0]);
  key = from_environment (parts[n - 1]);
  if (n == 3)
    {
      g_autofree char *kind = g_steal_pointer (&section);

      section = named_section (self, kind, parts[1]);
    }
  cs_config_set (self, section, key, value, source);
}

void
cs_config_read_environment (CsConfig *self, const char *const *environ_, CsReport *report)
{
  for (; *environ_ != NULL; environ_++)
    {
      const char *equals = strchr (*environ_, '=');

      if (equals != NULL && g_str_has_prefix (*environ_, ENVIRONMENT_PREFIX))
        {
          g_autofree char *name = g_strndup (*environ_, (gsize) (equals - *environ_));

          read_variable (self, name, equals + 1, report);
        }
    }
}

void
cs_config_read_argument (CsConfig *self, const char *argument, CsReport *report)
{
  const char *equals = strchr (argument, '=');
  g_autofree char *path = g_strndup (argument, equals != NULL ? (gsize) (equals - argument) : 0);
  char *dot = strrchr (path, '.');
  g_autofree char *source = g_strconcat ("--set ", path, NULL);
  g_autofree char *section = NULL;
  char *key;

  if (dot != NULL)
    {
      *dot = '\0';
      section = cs_config_section_name (path);
      key = g_strstrip (dot + 1);
    }
  if (section == NULL || !cs_config_key_valid (key))
    {
      cs_report_error (report, "--set %.*s: expected section.key=value or 'kind name.key=value'",
                       (int) strcspn (argument, "="), argument);
      return;
    }
  cs_config_set (self, section, key, equals + 1, source);
}
