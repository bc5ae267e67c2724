/* settings-schema.c: a table of settings as JSON Schema for editors and as Markdown for people.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/settings-schema.h"

#include "config/json-text.h"
#include "config/settings-value.h"

static const char *
pattern_of (CsSettingType type)
{
  switch (type)
    {
    case CS_SETTING_SIZE:
      return "^[0-9]+ *(K|M|G|T|KiB|MiB|GiB|TiB)?$";
    case CS_SETTING_DURATION:
      return "^[0-9]+ *(us|ms|s|m|h|d)$";
    case CS_SETTING_PERCENT:
      return "^[0-9]+(\\.[0-9]+)?%$";
    default:
      return NULL;
    }
}

static void
add_type (GString *out, const CsSetting *row)
{
  const char *pattern = pattern_of (row->type);

  if (row->type == CS_SETTING_BOOL)
    cs_json_member_strv (out, "enum", (const char *const[]){ "true", "false", "yes", "no", "on",
                                                             "off", "1", "0", NULL });
  else if (row->type == CS_SETTING_ENUM)
    cs_json_member_strv (out, "enum", row->values);
  else
    cs_json_member (out, "type", row->type == CS_SETTING_INT ? "integer" : "string");

  if (pattern != NULL)
    cs_json_member (out, "pattern", pattern);
  if (row->type == CS_SETTING_URL)
    cs_json_member (out, "format", "uri");
  if (row->type == CS_SETTING_INT && (row->min != 0 || row->max != 0))
    {
      cs_json_member_int (out, "minimum", row->min);
      if (row->max != G_MAXINT64)
        cs_json_member_int (out, "maximum", row->max);
    }
}

static void
add_default (GString *out, const CsSetting *row)
{
  if (row->fallback == NULL || row->type == CS_SETTING_SECRET)
    return;
  cs_json_name (out, "default");
  if (row->type == CS_SETTING_INT)
    g_string_append (out, row->fallback);
  else
    cs_json_string (out, row->fallback);
}

static void
add_property (GString *out, const CsSetting *row)
{
  g_string_append (out, out->str[out->len - 1] == '{' ? "\n        " : ",\n        ");
  cs_json_string (out, row->key);
  g_string_append (out, ": {");
  cs_json_member (out, "description", row->doc);
  add_type (out, row);
  add_default (out, row);
  if (row->replaced_by != NULL)
    cs_json_member_bool (out, "deprecated", TRUE);
  if (row->type == CS_SETTING_SECRET)
    cs_json_member_bool (out, "writeOnly", TRUE);
  if (row->flags & CS_SETTING_RELOADABLE)
    cs_json_member_bool (out, "x-reloadable", TRUE);
  g_string_append_c (out, '}');
}

static void
add_required (GString *out, const CsSettingsTable *table)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  CsSetting row;
  guint i;

  for (i = 0; cs_settings_row (table, i, &row); i++)
    if ((row.flags & CS_SETTING_REQUIRED) && row.fallback == NULL)
      g_ptr_array_add (keys, (gpointer) row.key);
  if (keys->len == 0)
    return;
  g_ptr_array_add (keys, NULL);
  g_string_append (out, ",\n      \"required\":");
  g_string_append_c (out, '[');
  for (i = 0; i + 1 < keys->len; i++)
    {
      cs_json_next (out);
      cs_json_string (out, g_ptr_array_index (keys, i));
    }
  g_string_append_c (out, ']');
}

static void
add_section (GString *out, const CsSchemaSection *section)
{
  CsSetting row;
  guint i;

  g_string_append (out, out->str[out->len - 1] == '{' ? "\n    " : ",\n    ");
  if (section->named)
    g_string_append_printf (out, "\"^%s .+$\": {\n      ", section->name);
  else
    g_string_append_printf (out, "\"%s\": {\n      ", section->name);
  if (section->doc != NULL)
    {
      g_string_append (out, "\"description\": ");
      cs_json_string (out, section->doc);
      g_string_append (out, ",\n      ");
    }
  g_string_append (out, "\"type\": \"object\",\n      \"additionalProperties\": false,\n"
                        "      \"properties\": {");
  for (i = 0; cs_settings_row (&section->table, i, &row); i++)
    add_property (out, &row);
  g_string_append (out, "\n      }");
  add_required (out, &section->table);
  g_string_append (out, "\n    }");
}

static void
add_sections (GString *out, const char *member, const CsSchemaSection *sections, gsize n,
              gboolean named)
{
  gsize i;

  g_string_append_printf (out, ",\n  \"%s\": {", member);
  for (i = 0; i < n; i++)
    if (sections[i].named == named)
      add_section (out, &sections[i]);
  g_string_append (out, "\n  }");
}

char *
cs_settings_schema (const char *title, const CsSchemaSection *sections, gsize n)
{
  GString *out = g_string_new ("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                               "  \"title\": ");

  cs_json_string (out, title);
  g_string_append (out, ",\n  \"type\": \"object\",\n  \"additionalProperties\": false");
  add_sections (out, "properties", sections, n, FALSE);
  add_sections (out, "patternProperties", sections, n, TRUE);
  g_string_append (out, "\n}\n");
  return g_string_free (out, FALSE);
}

/* ---- Markdown ---- */

static void
add_code (GString *out, const char *text)
{
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;
  g_autofree char *line = lines != NULL ? g_strjoinv ("\\n", lines) : NULL;

  if (line != NULL)
    g_string_append_printf (out, " `%s`", line);
}

static void
add_row (GString *out, const CsSetting *row)
{
  g_string_append_printf (out, "| `%s` | ", row->key);
  if (row->type == CS_SETTING_ENUM)
    {
      g_autofree char *words = g_strjoinv (", ", (char **) row->values);

      g_string_append (out, words);
    }
  else
    g_string_append (out, cs_setting_type_name (row->type));
  g_string_append (out, " |");
  add_code (out, row->fallback);
  g_string_append_printf (out, " | %s |", row->flags & CS_SETTING_RELOADABLE ? "yes" : "");
  if (row->replaced_by != NULL)
    g_string_append_printf (out, " Deprecated: write `%s`. |\n", row->replaced_by);
  else
    g_string_append_printf (out, " %s%s |\n",
                            row->flags & CS_SETTING_REQUIRED ? "Required. " : "", row->doc);
}

char *
cs_settings_doc (const CsSchemaSection *sections, gsize n)
{
  GString *out = g_string_new (NULL);
  CsSetting row;
  gsize i;
  guint j;

  for (i = 0; i < n; i++)
    {
      g_string_append_printf (out, "%s### `[%s%s]`\n\n", i > 0 ? "\n" : "", sections[i].name,
                              sections[i].named ? " NAME" : "");
      if (sections[i].doc != NULL)
        g_string_append_printf (out, "%s\n\n", sections[i].doc);
      g_string_append (out, "| key | value | default | reload | what |\n|---|---|---|---|---|\n");
      for (j = 0; cs_settings_row (&sections[i].table, j, &row); j++)
        add_row (out, &row);
    }
  return g_string_free (out, FALSE);
}
