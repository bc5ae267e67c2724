/* describe.c: a plugin's settings as a document, from its file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/describe.h"

#include "config/settings-schema.h"
#include "node/node-settings.h"
#include "plugin/settings-set.h"

static char *
describe (const char *title, const GArray *sections, gboolean schema)
{
  const CsSchemaSection *rows = (const CsSchemaSection *) (gpointer) sections->data;

  return schema ? cs_settings_schema (title, rows, sections->len)
                : cs_settings_doc (rows, sections->len);
}

char *
cs_describe_settings (const CsManifest *manifest, const CsPlugin *plugin, gboolean schema)
{
  g_autoptr (GArray) sections = g_array_new (FALSE, FALSE, sizeof (CsSchemaSection));
  g_autofree char *title = NULL;
  CsSchemaSection section;
  CsSectionKind row;
  guint i;

  if (manifest == NULL)
    {
      section = (CsSchemaSection){ "node", "The node as a whole.", FALSE, cs_node_settings_table };
      g_array_append_val (sections, section);
      section = (CsSchemaSection){ "log", "The log.", FALSE, cs_log_settings_table };
      g_array_append_val (sections, section);
      return describe ("Settings of the core", sections, schema);
    }

  section = (CsSchemaSection){ manifest->name, manifest->summary, FALSE,
                               cs_plugin_settings_table (plugin) };
  if (section.table.rows != NULL)
    g_array_append_val (sections, section);
  for (i = 0; cs_plugin_section_kind_at (plugin, i, &row); i++)
    {
      section = (CsSchemaSection){ row.kind, row.doc, TRUE, cs_section_kind_table (plugin, &row) };
      g_array_append_val (sections, section);
    }
  title = g_strdup_printf ("Settings of the plugin %s", manifest->name);
  return describe (title, sections, schema);
}
