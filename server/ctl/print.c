/* print.c: shows a node's answers to people.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ctl/print.h"

#include <string.h>

#define COLUMNS_MAX 8

/* Rows of text that are as wide as their widest cell. */
typedef struct
{
  guint n_columns;
  GPtrArray *cells;
} Table;

static Table *
table_new (guint n_columns, const char *const *heads)
{
  Table *self = g_new0 (Table, 1);

  self->n_columns = n_columns;
  self->cells = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n_columns; i++)
    g_ptr_array_add (self->cells, g_strdup (heads[i]));
  return self;
}

static void
table_add (Table *self, char *cell)
{
  g_ptr_array_add (self->cells, cell);
}

static void
table_print_and_free (Table *self)
{
  gsize widths[COLUMNS_MAX] = { 0 };

  for (guint i = 0; i < self->cells->len; i++)
    {
      gsize width = strlen (g_ptr_array_index (self->cells, i));

      widths[i % self->n_columns] = MAX (widths[i % self->n_columns], width);
    }
  for (guint i = 0; i < self->cells->len; i++)
    {
      const char *cell = g_ptr_array_index (self->cells, i);

      if (i % self->n_columns == self->n_columns - 1)
        g_print ("%s\n", cell);
      else
        g_print ("%-*s  ", (int) widths[i % self->n_columns], cell);
    }
  g_ptr_array_unref (self->cells);
  g_free (self);
}

static const char *
text (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node)
                                                                          : "";
}

static gint64
number (JsonObject *object, const char *member)
{
  return json_object_get_int_member_with_default (object, member, 0);
}

static gboolean
truth (JsonObject *object, const char *member)
{
  return json_object_get_boolean_member_with_default (object, member, FALSE);
}

static JsonArray *
rows_of (JsonNode *result)
{
  return JSON_NODE_HOLDS_ARRAY (result) ? json_node_get_array (result) : NULL;
}

static JsonArray *
array_of (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL ? rows_of (node) : NULL;
}

static guint
length_of (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

/* The strings of an array, or of `contract=plugin` objects, joined. "-" when there are none. */
static char *
join (JsonArray *array)
{
  GString *joined = g_string_new (NULL);

  for (guint i = 0; i < length_of (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (joined->len > 0)
        g_string_append_c (joined, ' ');
      if (JSON_NODE_HOLDS_OBJECT (node))
        g_string_append_printf (joined, "%s=%s", text (json_node_get_object (node), "contract"),
                                text (json_node_get_object (node), "plugin"));
      else
        g_string_append (joined, json_node_get_string (node));
    }
  if (joined->len == 0)
    g_string_append_c (joined, '-');
  return g_string_free (joined, FALSE);
}

void
ctl_print_json (JsonNode *result)
{
  g_autofree char *json = json_to_string (result, TRUE);

  g_print ("%s\n", json);
}

void
ctl_print_json_aside (JsonNode *result)
{
  g_autofree char *json = json_to_string (result, FALSE);

  g_printerr ("%s\n", json);
}

void
ctl_print_progress_json (JsonObject *progress)
{
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *json = json_to_string (json_node_init_object (node, progress), FALSE);

  g_printerr ("{\"progress\":%s}\n", json);
}

static void
print_line (const char *name, const char *value)
{
  g_print ("%-10s %s\n", name, value);
}

static void
print_readiness (JsonObject *status)
{
  if (truth (status, "ready"))
    print_line ("ready", "yes");
  else
    {
      g_autofree char *why = g_strdup_printf ("no: %s", text (status, "reason"));

      print_line ("ready", why);
    }
}

static void
print_holds (JsonArray *holds)
{
  for (guint i = 0; i < length_of (holds); i++)
    {
      JsonObject *hold = json_array_get_object_element (holds, i);

      g_print ("%-10s %s: %" G_GINT64_FORMAT " in progress\n", "holds", text (hold, "plugin"),
               number (hold, "n"));
    }
}

void
ctl_print_status (JsonNode *result)
{
  JsonObject *status = json_node_get_object (result);
  g_autofree char *process = g_strdup_printf ("%" G_GINT64_FORMAT, number (status, "pid"));
  g_autofree char *workers = g_strdup_printf ("%" G_GINT64_FORMAT, number (status, "workers"));
  g_autofree char *since = g_strdup_printf ("%s (%" G_GINT64_FORMAT " s)", text (status, "started"),
                                            number (status, "uptime_s"));
  g_autofree char *listeners = join (array_of (status, "listeners"));

  print_line ("node", text (status, "name"));
  print_line ("version", text (status, "version"));
  print_line ("role", text (status, "role"));
  print_line ("state", text (status, "state"));
  print_readiness (status);
  print_line ("since", since);
  print_line ("process", process);
  print_line ("workers", workers);
  print_line ("data", text (status, "data_dir"));
  print_line ("listens", listeners);
  print_holds (array_of (status, "holds"));
}

static char *
plugin_state (JsonObject *plugin)
{
  if (truth (plugin, "healthy"))
    return g_strdup (text (plugin, "state"));
  return g_strdup_printf ("%s (%s)", text (plugin, "state"), text (plugin, "reason"));
}

void
ctl_print_plugins (JsonNode *result)
{
  static const char *const heads[] = { "PLUGIN", "VERSION", "STATE", "PROVIDES", "USES", "USED BY" };
  Table *table = table_new (G_N_ELEMENTS (heads), heads);
  JsonArray *plugins = rows_of (result);

  for (guint i = 0; i < length_of (plugins); i++)
    {
      JsonObject *plugin = json_array_get_object_element (plugins, i);

      table_add (table, g_strdup (text (plugin, "name")));
      table_add (table, g_strdup (text (plugin, "version")));
      table_add (table, plugin_state (plugin));
      table_add (table, join (array_of (plugin, "provides")));
      table_add (table, join (array_of (plugin, "uses")));
      table_add (table, join (array_of (plugin, "used_by")));
    }
  table_print_and_free (table);
}

void
ctl_print_config (JsonNode *result)
{
  static const char *const heads[] = { "SETTING", "VALUE", "FROM" };
  Table *table = table_new (G_N_ELEMENTS (heads), heads);
  JsonArray *settings = rows_of (result);

  for (guint i = 0; i < length_of (settings); i++)
    {
      JsonObject *setting = json_array_get_object_element (settings, i);

      table_add (table,
                 g_strdup_printf ("%s.%s", text (setting, "section"), text (setting, "key")));
      table_add (table, g_strdup (text (setting, "value")));
      table_add (table, g_strdup (text (setting, "source")));
    }
  table_print_and_free (table);
}

void
ctl_print_reload (JsonNode *result)
{
  JsonObject *reload = json_node_get_object (result);
  g_autofree char *changed = join (array_of (reload, "changed"));

  print_line ("changed", changed);
}

void
ctl_print_drain (JsonNode *result)
{
  g_print ("draining: requests in progress have %" G_GINT64_FORMAT " s to end\n",
           number (json_node_get_object (result), "deadline_s"));
}

void
ctl_print_check (JsonNode *result)
{
  JsonObject *results = json_node_get_object (result);
  g_autoptr (GList) plugins = json_object_get_members (results);

  for (GList *item = plugins; item != NULL; item = item->next)
    {
      g_autofree char *json
        = json_to_string (json_object_get_member (results, item->data), FALSE);

      g_print ("%-10s %s\n", (const char *) item->data, json);
    }
  if (plugins == NULL)
    g_print ("no plugin of this node has anything to check\n");
}

static void
print_stored (JsonObject *result)
{
  g_autofree char *size = g_format_size_full (
    (guint64) (number (result, "bytes") + number (result, "object_bytes")), G_FORMAT_SIZE_IEC_UNITS);

  g_print ("%" G_GINT64_FORMAT " databases, %" G_GINT64_FORMAT " documents and %" G_GINT64_FORMAT
           " deleted ones, %" G_GINT64_FORMAT " objects, %s", number (result, "databases"),
           number (result, "records"), number (result, "deleted"), number (result, "objects"), size);
}

void
ctl_print_backup (JsonNode *result)
{
  JsonObject *backup = json_node_get_object (result);

  g_print ("%s: ", text (backup, "directory"));
  print_stored (backup);
  g_print (", verified, in %.1f s\n",
           json_object_get_double_member_with_default (backup, "seconds", 0));
}

void
ctl_print_restore (JsonNode *result)
{
  g_print ("staged: ");
  print_stored (json_node_get_object (result));
  g_print ("\nRestart the node to put it in place. What is written until then stays in the files that are\n"
           "kept in DATA-DIR/replaced-TIME and is not in the restored store.\n");
}

void
ctl_print_export (JsonNode *result)
{
  JsonObject *done = json_node_get_object (result);

  g_printerr ("%" G_GINT64_FORMAT " documents in %" G_GINT64_FORMAT " revisions, %" G_GINT64_FORMAT
              " local ones, up to sequence %s\n", number (done, "documents"),
              number (done, "revisions"), number (done, "locals"), text (done, "update_seq"));
}

void
ctl_print_import (JsonNode *result)
{
  JsonObject *done = json_node_get_object (result);

  g_print ("%s%s: %" G_GINT64_FORMAT " revisions, %" G_GINT64_FORMAT " of them new, %"
           G_GINT64_FORMAT " local documents%s\n", text (done, "database"),
           truth (done, "made") ? " (new)" : "", number (done, "revisions"), number (done, "stored"),
           number (done, "locals"),
           json_object_get_null_member (done, "whole")
             ? "; the file has no end line: whether it is whole is not known" : "");
}

/* The value of the same series in an earlier answer. */
static gboolean
value_before (JsonArray *series, guint index, JsonObject *sample, gint64 *value)
{
  JsonObject *earlier;

  if (index >= length_of (series))
    return FALSE;
  earlier = json_array_get_object_element (series, index);
  if (strcmp (text (earlier, "name"), text (sample, "name")) != 0
      || strcmp (text (earlier, "labels"), text (sample, "labels")) != 0)
    return FALSE;
  *value = number (earlier, "value");
  return TRUE;
}

static char *
series_name (JsonObject *sample)
{
  const char *labels = text (sample, "labels");

  return *labels != '\0' ? g_strdup_printf ("%s{%s}", text (sample, "name"), labels)
                         : g_strdup (text (sample, "name"));
}

static char *
series_value (JsonObject *sample)
{
  if (strcmp (text (sample, "type"), "histogram") == 0)
    return g_strdup_printf ("n=%" G_GINT64_FORMAT " sum=%g", number (sample, "count"),
                            json_object_get_double_member_with_default (sample, "sum", 0));
  return g_strdup_printf ("%" G_GINT64_FORMAT, number (sample, "value"));
}

void
ctl_print_stats (JsonNode *result, JsonNode *before, double seconds)
{
  static const char *const heads[] = { "SERIES", "VALUE", "PER SECOND" };
  Table *table = table_new (before != NULL ? 3 : 2, heads);
  JsonArray *series = rows_of (result);
  JsonArray *earlier = before != NULL ? rows_of (before) : NULL;

  for (guint i = 0; i < length_of (series); i++)
    {
      JsonObject *sample = json_array_get_object_element (series, i);
      gint64 value;

      table_add (table, series_name (sample));
      table_add (table, series_value (sample));
      if (before == NULL)
        continue;
      if (strcmp (text (sample, "type"), "counter") == 0
          && value_before (earlier, i, sample, &value))
        table_add (table, g_strdup_printf ("%.1f", (number (sample, "value") - value) / seconds));
      else
        table_add (table, g_strdup (""));
    }
  table_print_and_free (table);
}

/* ---- accounts ---- */

static void
print_users (JsonArray *users)
{
  static const char *const heads[] = { "NAME", "TENANT", "ROLES" };
  Table *table = table_new (G_N_ELEMENTS (heads), heads);

  for (guint i = 0; i < length_of (users); i++)
    {
      JsonObject *user = json_array_get_object_element (users, i);
      const char *tenant = text (user, "tenant");

      table_add (table, g_strdup (text (user, "name")));
      table_add (table, g_strdup (*tenant != '\0' ? tenant : "-"));
      table_add (table, join (array_of (user, "roles")));
    }
  table_print_and_free (table);
}

/* A list, or {"added": name} and the like. */
void
ctl_print_user (JsonNode *result)
{
  g_autoptr (GList) members = NULL;

  if (!JSON_NODE_HOLDS_OBJECT (result))
    {
      print_users (rows_of (result));
      return;
    }
  members = json_object_get_members (json_node_get_object (result));
  for (GList *link = members; link != NULL; link = link->next)
    g_print ("%s: %s\n", text (json_node_get_object (result), link->data), (char *) link->data);
}

void
ctl_print_key (JsonNode *result)
{
  JsonObject *key = json_node_get_object (result);

  g_print ("%s\n\nIt is not shown again. To let it in, write this into a file of config.d and reload:\n\n"
           "[api-key NAME]\nhash = %s\n",
           text (key, "key"), text (key, "hash"));
}
