/* plan.c: from options, files and environment to what a node will run; nothing is started.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/plan.h"

#include <cloudsync/error.h>
#include <string.h>

#include "config/suggest.h"
#include "node/paths.h"
#include "node/require-tls.h"
#include "plugin/plugin-file.h"

void
cs_plan_free (CsPlan *self)
{
  guint i;

  for (i = 0; i < self->n; i++)
    {
      g_clear_pointer (&self->loaded[i].manifest, cs_manifest_free);
      g_clear_pointer (&self->loaded[i].settings, cs_settings_set_free);
    }
  g_free (self->loaded);
  g_clear_pointer (&self->graph, cs_graph_free);
  g_clear_pointer (&self->config, cs_config_free);
  g_clear_pointer (&self->role, cs_role_free);
  cs_settings_clear (&cs_node_settings_table, &self->node);
  cs_settings_clear (&cs_log_settings_table, &self->log);
  g_free (self->role_name);
  g_free (self->where);
  g_strfreev (self->names);
  g_strfreev (self->plugin_dirs);
  g_free (self);
}

char **
cs_plan_config_dirs (const CsOptions *options)
{
  return cs_paths_config_dirs (options->config_dir);
}

/* ---- configuration and role ---- */

static CsConfig *
read_config (const CsOptions *options, const char *const *dirs, CsReport *report)
{
  CsConfig *config = cs_config_new ();
  g_auto (GStrv) environ_ = g_get_environ ();
  guint i;

  if (options->config_dir != NULL && !g_file_test (options->config_dir, G_FILE_TEST_IS_DIR))
    cs_report_error (report, "--config %s: there is no such directory", options->config_dir);
  cs_config_read_dirs (config, dirs, report);
  cs_config_read_environment (config, (const char *const *) environ_, report);
  for (i = 0; options->set != NULL && options->set[i] != NULL; i++)
    cs_config_read_argument (config, options->set[i], report);
  return config;
}

static char **
split_names (const char *list)
{
  char **names = g_strsplit (list, ",", -1);
  guint i;

  for (i = 0; names[i] != NULL; i++)
    g_strstrip (names[i]);
  return names;
}

/* What the role's file sets is the weakest of all: it goes below everything read so far. */
static void
put_role_below (CsPlan *self)
{
  CsConfig *merged = cs_config_new ();

  cs_config_merge (merged, self->role->config, "role");
  cs_config_merge (merged, self->config, NULL);
  g_ptr_array_unref (merged->files);
  merged->files = g_ptr_array_ref (self->config->files);
  cs_config_free (self->config);
  self->config = merged;
}

static gboolean
choose_role (CsPlan *self, const CsOptions *options, const char *const *dirs, CsReport *report)
{
  const CsConfigEntry *entry
    = cs_config_entry (cs_config_section (self->config, "node"), "role");
  const char *name = entry != NULL && entry->value != NULL ? entry->value : "all";
  gboolean needed = options->role != NULL || options->plugins == NULL;
  CsReport ignored = { 0 };

  if (options->role != NULL)
    name = options->role;
  cs_report_init (&ignored);
  self->role = cs_role_load (name, dirs, needed ? report : &ignored);
  cs_report_clear (&ignored);
  if (self->role == NULL && needed)
    return FALSE;

  self->role_name = g_strdup (self->role != NULL ? name : "custom");
  if (options->plugins != NULL)
    {
      self->names = split_names (options->plugins);
      self->where = g_strdup ("--plugins");
    }
  else
    {
      const CsConfigEntry *list
        = cs_config_entry (cs_config_section (self->role->config, "role"), "plugins");

      self->names = g_strdupv (self->role->plugins);
      self->where = g_strdup (list->source);
    }
  if (self->role != NULL)
    put_role_below (self);
  return TRUE;
}

static void
fill_paths (CsPlan *self)
{
  CsNodeSettings *node = &self->node;

  if (node->data_dir == NULL)
    node->data_dir = cs_paths_data_dir ();
  else
    {
      g_autofree char *given = g_steal_pointer (&node->data_dir);

      node->data_dir = g_canonicalize_filename (given, NULL);
    }
  if (node->run_dir == NULL)
    node->run_dir = cs_paths_run_dir (node->data_dir);
  if (node->name == NULL)
    node->name = g_strdup (g_get_host_name ());
  self->plugin_dirs = node->plugin_dir != NULL && node->plugin_dir[0] != NULL
                        ? g_strdupv (node->plugin_dir)
                        : cs_paths_plugin_dirs ();
}

static gboolean
fill_core (CsPlan *self, CsReport *report)
{
  guint before = report->errors->len;

  cs_settings_fill (&cs_node_settings_table, cs_config_section (self->config, "node"), "node",
                    &self->node, report);
  if (cs_settings_fill (&cs_log_settings_table, cs_config_section (self->config, "log"), "log",
                        &self->log, report))
    cs_log_settings_check (&self->log, self->config, (const char *const *) self->names, report);
  if (report->errors->len > before)
    return FALSE;
  fill_paths (self);
  return TRUE;
}

static CsPlan *
begin (const CsOptions *options, CsReport *report)
{
  g_autoptr (CsPlan) self = g_new0 (CsPlan, 1);
  g_auto (GStrv) dirs = cs_plan_config_dirs (options);
  guint before = report->errors->len;

  self->config = read_config (options, (const char *const *) dirs, report);
  if (report->errors->len > before
      || !choose_role (self, options, (const char *const *) dirs, report)
      || !fill_core (self, report))
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- plugins ---- */

static void
report_missing (const CsPlan *self, const char *name, GError *error, CsReport *report)
{
  g_autoptr (GPtrArray) list = cs_plugin_file_list ((const char *const *) self->plugin_dirs);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *all = NULL;
  const char *near;
  guint i;

  for (i = 0; i < list->len; i++)
    g_ptr_array_add (names, ((CsManifest *) g_ptr_array_index (list, i))->name);
  near = cs_suggest (name, (const char *const *) names->pdata, names->len);
  g_ptr_array_add (names, NULL);
  all = g_strjoinv (", ", (char **) names->pdata);
  if (near != NULL)
    cs_report_error (report, "%s: %s; did you mean '%s'?", self->where, error->message, near);
  else
    cs_report_error (report, "%s: %s; installed are: %s", self->where, error->message,
                     *all != '\0' ? all : "none");
}

static gboolean
read_manifests (CsPlan *self, CsReport *report)
{
  guint before = report->errors->len;
  guint i;

  self->n = g_strv_length (self->names);
  self->loaded = g_new0 (CsLoadedPlugin, self->n + 1);
  for (i = 0; i < self->n; i++)
    {
      g_autoptr (GError) error = NULL;

      self->loaded[i].manifest = cs_plugin_file_find ((const char *const *) self->plugin_dirs,
                                                      self->names[i], &error);
      if (g_error_matches (error, CS_ERROR, CS_NOT_FOUND))
        report_missing (self, self->names[i], error, report);
      else if (error != NULL)
        cs_report_error (report, "%s: %s", self->where, error->message);
    }
  return report->errors->len == before;
}

/* What a role says of plugins that --plugins has left out is no mistake. */
static gboolean
of_replaced_role (const CsPlan *self, const CsOptions *options, const char *source)
{
  return options->plugins != NULL && self->role != NULL
         && g_str_has_prefix (source, self->role->file);
}

static GArray *
collect_binds (const CsPlan *self, const CsOptions *options)
{
  GArray *binds = g_array_new (FALSE, FALSE, sizeof (CsBind));
  const CsConfigSection *section = cs_config_section (self->config, "bind");
  guint i;

  for (i = 0; section != NULL && i < section->entries->len; i++)
    {
      const CsConfigEntry *entry = g_ptr_array_index (section->entries, i);
      CsBind bind = { entry->key, entry->value, entry->source, FALSE };

      if (entry->value == NULL)
        continue;
      bind.lenient = of_replaced_role (self, options, entry->source);
      g_array_append_val (binds, bind);
    }
  return binds;
}

static const char *
who_provides (const char *contract, gpointer data)
{
  const CsPlan *self = data;
  g_autoptr (GPtrArray) list = cs_plugin_file_list ((const char *const *) self->plugin_dirs);
  guint i;

  for (i = 0; i < list->len; i++)
    {
      const CsManifest *manifest = g_ptr_array_index (list, i);

      if (cs_manifest_find (manifest->provides, contract) != NULL)
        return g_intern_string (manifest->name);
    }
  return NULL;
}

static gboolean
make_graph (CsPlan *self, const CsOptions *options, CsReport *report)
{
  g_autoptr (GArray) binds = collect_binds (self, options);
  g_autofree CsManifest **manifests = g_new0 (CsManifest *, self->n + 1);
  guint i;

  for (i = 0; i < self->n; i++)
    manifests[i] = self->loaded[i].manifest;
  self->graph = cs_graph_new (manifests, self->n, (const CsBind *) (gpointer) binds->data,
                              binds->len, self->where, who_provides, self, report);
  return self->graph != NULL;
}

static gboolean
load_code (CsPlan *self, CsReport *report)
{
  guint before = report->errors->len;
  guint i;

  for (i = 0; i < self->n; i++)
    {
      GError *error = NULL;

      if (!cs_plugin_file_load (self->loaded[i].manifest, &self->loaded[i].plugin, &error))
        cs_report_take (report, error);
    }
  return report->errors->len == before;
}

/* ---- sections that nobody reads ---- */

static gboolean
section_known (const CsPlan *self, const CsConfigSection *section)
{
  CsSectionKind row;
  guint i;

  if (section->label == NULL
      && (strcmp (section->name, "node") == 0 || strcmp (section->name, "log") == 0
          || strcmp (section->name, "bind") == 0
          || g_strv_contains ((const char *const *) self->names, section->name)))
    return TRUE;
  for (i = 0; i < self->n && section->label != NULL; i++)
    if (cs_plugin_section_kind (&self->loaded[i].plugin, section->kind, &row))
      return TRUE;
  return FALSE;
}

/* A section may belong to a plugin that is installed and not part of this role. */
static gboolean
section_of_other (const GPtrArray *installed, const CsConfigSection *section)
{
  guint i;

  for (i = 0; i < installed->len; i++)
    {
      const CsManifest *manifest = g_ptr_array_index (installed, i);

      if (section->label == NULL ? strcmp (manifest->name, section->name) == 0
                                 : g_strv_contains ((const char *const *) manifest->kinds,
                                                    section->kind))
        return TRUE;
    }
  return FALSE;
}

static void
unknown_section (const CsPlan *self, const GPtrArray *installed, const CsConfigSection *section,
                 CsReport *report)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const char *near;
  guint i, j;

  g_ptr_array_add (names, (gpointer) "node");
  g_ptr_array_add (names, (gpointer) "log");
  g_ptr_array_add (names, (gpointer) "bind");
  for (i = 0; i < installed->len; i++)
    {
      const CsManifest *manifest = g_ptr_array_index (installed, i);

      g_ptr_array_add (names, manifest->name);
      for (j = 0; manifest->kinds[j] != NULL; j++)
        g_ptr_array_add (names, manifest->kinds[j]);
    }

  near = cs_suggest (section->kind, (const char *const *) names->pdata, names->len);
  cs_report_error (report, "%s: [%s]: no installed plugin has such a section%s%s%s", section->source,
                   section->name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
}

static void
check_sections (const CsPlan *self, const CsOptions *options, CsReport *report)
{
  g_autoptr (GPtrArray) installed = NULL;
  guint i;

  for (i = 0; i < self->config->sections->len; i++)
    {
      const CsConfigSection *section = g_ptr_array_index (self->config->sections, i);

      if (section_known (self, section) || of_replaced_role (self, options, section->source))
        continue;
      if (installed == NULL)
        installed = cs_plugin_file_list ((const char *const *) self->plugin_dirs);
      if (!section_of_other (installed, section))
        unknown_section (self, installed, section, report);
    }
}

/* ---- the whole ---- */

CsPlan *
cs_plan_new (const CsOptions *options, CsReport *report)
{
  g_autoptr (CsPlan) self = begin (options, report);
  guint before = report->errors->len;
  guint i;

  if (self == NULL || !read_manifests (self, report) || !make_graph (self, options, report)
      || !load_code (self, report))
    return NULL;

  check_sections (self, options, report);
  for (i = 0; i < self->n; i++)
    self->loaded[i].settings = cs_settings_set_new (self->loaded[i].manifest->name,
                                                    &self->loaded[i].plugin, self->config, report);
  for (i = 0; i < self->n && self->node.require_tls; i++)
    cs_require_tls_check (self->loaded[i].manifest->name, self->loaded[i].settings, self->config,
                          report);
  return report->errors->len == before ? g_steal_pointer (&self) : NULL;
}

static void
check_same (const CsPlan *old, const CsPlan *new_plan, CsReport *report)
{
  const CsConfigSection *old_binds = cs_config_section (old->config, "bind");
  const CsConfigSection *binds = cs_config_section (new_plan->config, "bind");
  guint i;

  if (!g_strv_equal ((const char *const *) old->names, (const char *const *) new_plan->names))
    cs_report_error (report, "%s: the list of plugins cannot change while the node runs; restart it",
                     new_plan->where);
  for (i = 0; binds != NULL && i < binds->entries->len; i++)
    {
      const CsConfigEntry *entry = g_ptr_array_index (binds->entries, i);
      const CsConfigEntry *was = cs_config_entry (old_binds, entry->key);

      if (was == NULL || g_strcmp0 (was->value, entry->value) != 0)
        cs_report_error (report, "%s: [bind] %s: cannot change while the node runs; restart it",
                         entry->source, entry->key);
    }
}

/* The plugins' descriptors are those that run; a changed file is not looked at. */
static void
borrow_loaded (CsPlan *self, const CsPlugins *plugins)
{
  guint i;

  self->n = plugins->instances->len;
  self->loaded = g_new0 (CsLoadedPlugin, self->n + 1);
  for (i = 0; i < self->n; i++)
    self->loaded[i].plugin = ((CsInstance *) g_ptr_array_index (plugins->instances, i))->plugin;
}

CsPlan *
cs_plan_reload (const CsOptions *options, const CsPlan *old, const CsPlugins *plugins,
                CsSettingsSet ***sets, CsReport *report)
{
  g_autoptr (CsPlan) self = begin (options, report);
  guint before = report->errors->len;
  CsSettingsSet **new_sets;
  guint i;

  *sets = NULL;
  if (self == NULL)
    return NULL;
  borrow_loaded (self, plugins);
  check_same (old, self, report);
  check_sections (self, options, report);
  cs_settings_reloadable (&cs_node_settings_table, cs_config_section (self->config, "node"), "node",
                          &old->node, &self->node, report);

  new_sets = g_new0 (CsSettingsSet *, self->n + 1);
  for (i = 0; i < self->n; i++)
    {
      CsInstance *instance = g_ptr_array_index (plugins->instances, i);

      new_sets[i] = cs_settings_set_new (instance->owner.name, &instance->plugin, self->config,
                                         report);
      if (new_sets[i] != NULL)
        cs_settings_set_reloadable (instance->settings, new_sets[i], self->config, report);
      if (self->node.require_tls)
        cs_require_tls_check (instance->owner.name, new_sets[i], self->config, report);
    }
  if (report->errors->len == before)
    {
      *sets = new_sets;
      return g_steal_pointer (&self);
    }
  for (i = 0; i < self->n; i++)
    g_clear_pointer (&new_sets[i], cs_settings_set_free);
  g_free (new_sets);
  return NULL;
}

static void
describe_plugin (const CsPlan *self, guint index, GString *text)
{
  const CsManifest *manifest = self->loaded[index].manifest;
  const GArray *uses = self->graph->uses[index];
  guint i;

  g_string_append_printf (text, "  %-12s %s  %s\n", manifest->name, manifest->version,
                          manifest->summary != NULL ? manifest->summary : "");
  for (i = 0; i < uses->len; i++)
    {
      const CsUse *use = &g_array_index (uses, CsUse, i);
      g_autofree char *need = cs_need_text (use->need);

      g_string_append_printf (text, "    %s %s: %s\n", use->required ? "requires" : "wants", need,
                              use->provider >= 0
                                ? self->loaded[use->provider].manifest->name
                                : "none");
    }
}

char *
cs_plan_text (const CsPlan *self)
{
  GString *text = g_string_new (NULL);
  guint i;

  g_string_append_printf (text, "role %s: %s\n", self->role_name,
                          self->role != NULL ? self->role->summary : "plugins named by hand");
  g_string_append_printf (text, "plugins, in start order (%s):\n", self->where);
  for (i = 0; i < self->graph->order->len; i++)
    describe_plugin (self, g_array_index (self->graph->order, guint, i), text);
  g_string_append (text, "files:\n");
  for (i = 0; i < self->config->files->len; i++)
    g_string_append_printf (text, "  %s\n", (char *) g_ptr_array_index (self->config->files, i));
  return g_string_free (text, FALSE);
}
