/* plugin-graph.c: needs and offers become an order and a plan of who uses whom; pure.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin-graph.h"

#include <string.h>

typedef struct
{
  CsGraph *graph;
  CsManifest *const *manifests;
  guint n;
  const CsBind *binds;
  guint n_binds;
  const char *where;
  CsGraphHint hint;
  gpointer hint_data;
  CsReport *report;
  guint8 *mark; /* 0 new, 1 being visited, 2 placed */
  GArray *path; /* guint: the manifests being visited */
} Build;

static gint
find_plugin (const Build *self, const char *name)
{
  guint i;

  for (i = 0; i < self->n; i++)
    if (strcmp (self->manifests[i]->name, name) == 0)
      return (gint) i;
  return -1;
}

static const CsBind *
find_bind (const Build *self, const char *contract)
{
  guint i;

  for (i = 0; i < self->n_binds; i++)
    if (strcmp (self->binds[i].contract, contract) == 0)
      return &self->binds[i];
  return NULL;
}

static void
check_names (const Build *self)
{
  guint i;

  for (i = 0; i < self->n; i++)
    if (find_plugin (self, self->manifests[i]->name) < (gint) i)
      cs_report_error (self->report, "%s: plugin '%s' is listed twice; keep one of the two",
                       self->where, self->manifests[i]->name);
}

static void
check_binds (const Build *self)
{
  guint i;

  for (i = 0; i < self->n_binds; i++)
    {
      const CsBind *bind = &self->binds[i];
      gint plugin = find_plugin (self, bind->plugin);

      if (plugin < 0 && !bind->lenient)
        cs_report_error (self->report, "%s: [bind] %s: plugin '%s' is not among those to run; add it "
                         "to the role's plugins (%s) or bind another", bind->source, bind->contract,
                         bind->plugin, self->where);
      else if (plugin >= 0
               && cs_manifest_find (self->manifests[plugin]->provides, bind->contract) == NULL)
        cs_report_error (self->report, "%s: [bind] %s: plugin '%s' does not provide %s",
                         bind->source, bind->contract, bind->plugin, bind->contract);
    }
}

static char *
names_of (const Build *self, const GArray *providers, const char *separator)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < providers->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? separator : "",
                            self->manifests[g_array_index (providers, guint, i)]->name);
  return g_string_free (text, FALSE);
}

static GArray *
providers_of (const Build *self, const char *contract)
{
  GArray *providers = g_array_new (FALSE, FALSE, sizeof (guint));
  guint i;

  for (i = 0; i < self->n; i++)
    if (cs_manifest_find (self->manifests[i]->provides, contract) != NULL)
      g_array_append_val (providers, i);
  return providers;
}

static void
report_missing (const Build *self, const CsManifest *user, const CsNeed *need)
{
  g_autofree char *text = cs_need_text (need);
  const char *hint = self->hint != NULL ? self->hint (need->contract, self->hint_data) : NULL;

  if (hint != NULL)
    cs_report_error (self->report, "%s: plugin '%s' needs %s, which no listed plugin provides; add "
                     "'%s' to the list", self->where, user->name, text, hint);
  else
    cs_report_error (self->report, "%s: plugin '%s' needs %s, which no installed plugin provides; "
                     "install one or remove '%s' from the list", self->where, user->name, text,
                     user->name);
}

static gint
choose_among (const Build *self, const CsManifest *user, const CsNeed *need,
              const GArray *providers)
{
  const CsBind *bind = find_bind (self, need->contract);
  gint bound = bind != NULL ? find_plugin (self, bind->plugin) : -1;
  g_autofree char *names = NULL;

  if (bound >= 0)
    return bound;
  if (providers->len == 1)
    return (gint) g_array_index (providers, guint, 0);

  names = names_of (self, providers, " and ");
  cs_report_error (self->report, "%s: plugin '%s' needs %s, which %s provide; choose with "
                   "`[bind] %s = %s`", self->where, user->name, need->contract, names,
                   need->contract, self->manifests[g_array_index (providers, guint, 0)]->name);
  return -1;
}

static gint
resolve (const Build *self, const CsManifest *user, const CsNeed *need, gboolean required)
{
  g_autoptr (GArray) providers = providers_of (self, need->contract);
  const CsNeed *offer;
  gint provider;

  if (providers->len == 0)
    {
      if (required)
        report_missing (self, user, need);
      return -1;
    }
  provider = choose_among (self, user, need, providers);
  if (provider < 0)
    return -1;

  offer = cs_manifest_find (self->manifests[provider]->provides, need->contract);
  if (offer != NULL && !cs_need_met (need, offer))
    {
      g_autofree char *text = cs_need_text (need);

      cs_report_error (self->report, "%s: plugin '%s' needs %s; '%s' provides version %u; upgrade "
                       "the older of the two", self->where, user->name, text,
                       self->manifests[provider]->name, offer->version);
      return -1;
    }
  return provider;
}

static void
add_uses (const Build *self, guint user, const GPtrArray *needs, gboolean required)
{
  guint i;

  for (i = 0; i < needs->len; i++)
    {
      CsUse use = { .need = g_ptr_array_index (needs, i), .required = required };

      use.provider = resolve (self, self->manifests[user], use.need, required);
      use.ordered = required && use.provider >= 0;
      if (use.provider == (gint) user)
        {
          if (required)
            cs_report_error (self->report, "%s: plugin '%s' requires %s, which it provides itself; "
                             "the plugin is built wrong", self->where, self->manifests[user]->name,
                             use.need->contract);
          use.provider = -1;
          use.ordered = FALSE;
        }
      g_array_append_val (self->graph->uses[user], use);
    }
}

static void
report_circle (const Build *self, guint back_to)
{
  GString *text = g_string_new (NULL);
  guint i, start = 0;

  while (g_array_index (self->path, guint, start) != back_to)
    start++;
  for (i = start; i < self->path->len; i++)
    g_string_append_printf (text, "'%s' needs ",
                            self->manifests[g_array_index (self->path, guint, i)]->name);
  cs_report_error (self->report, "%s: plugins need each other in a circle: %s'%s'; remove one of them "
                   "or bind its contract to another plugin", self->where, text->str,
                   self->manifests[back_to]->name);
  g_string_free (text, TRUE);
}

static void
visit (Build *self, guint index)
{
  const GArray *uses = self->graph->uses[index];
  guint i;

  self->mark[index] = 1;
  g_array_append_val (self->path, index);
  for (i = 0; i < uses->len; i++)
    {
      const CsUse *use = &g_array_index (uses, CsUse, i);

      if (!use->ordered)
        continue;
      if (self->mark[use->provider] == 1)
        report_circle (self, (guint) use->provider);
      else if (self->mark[use->provider] == 0)
        visit (self, (guint) use->provider);
    }
  g_array_set_size (self->path, self->path->len - 1);
  self->mark[index] = 2;
  g_array_append_val (self->graph->order, index);
}

static void
place_all (Build *self)
{
  guint i;

  g_array_set_size (self->graph->order, 0);
  memset (self->mark, 0, self->n);
  for (i = 0; i < self->n; i++)
    if (self->mark[i] == 0)
      visit (self, i);
}

static gboolean
reaches (Build *self, guint from, guint to)
{
  const GArray *uses = self->graph->uses[from];
  guint i;

  if (from == to)
    return TRUE;
  self->mark[from] = 1;
  for (i = 0; i < uses->len; i++)
    {
      const CsUse *use = &g_array_index (uses, CsUse, i);

      if (use->ordered && self->mark[use->provider] == 0 && reaches (self, (guint) use->provider, to))
        return TRUE;
    }
  return FALSE;
}

/* A want orders its provider first unless the provider stands on the user. */
static void
order_wants (Build *self)
{
  guint user, i;

  for (user = 0; user < self->n; user++)
    for (i = 0; i < self->graph->uses[user]->len; i++)
      {
        CsUse *use = &g_array_index (self->graph->uses[user], CsUse, i);

        if (use->required || use->provider < 0)
          continue;
        memset (self->mark, 0, self->n);
        use->ordered = !reaches (self, (guint) use->provider, user);
      }
}

CsGraph *
cs_graph_new (CsManifest *const *manifests, guint n, const CsBind *binds, guint n_binds,
              const char *where, CsGraphHint hint, gpointer data, CsReport *report)
{
  g_autoptr (CsGraph) graph = g_new0 (CsGraph, 1);
  Build self = { graph, manifests, n, binds, n_binds, where, hint, data, report, NULL, NULL };
  guint before = report->errors->len;
  guint i;

  graph->n = n;
  graph->order = g_array_new (FALSE, FALSE, sizeof (guint));
  graph->uses = g_new0 (GArray *, n);
  for (i = 0; i < n; i++)
    graph->uses[i] = g_array_new (FALSE, FALSE, sizeof (CsUse));

  check_names (&self);
  check_binds (&self);
  for (i = 0; i < n; i++)
    {
      add_uses (&self, i, manifests[i]->requires, TRUE);
      add_uses (&self, i, manifests[i]->wants, FALSE);
    }
  if (report->errors->len > before)
    return NULL;

  self.mark = g_new0 (guint8, n);
  self.path = g_array_new (FALSE, FALSE, sizeof (guint));
  place_all (&self);
  if (report->errors->len == before)
    {
      order_wants (&self);
      place_all (&self);
    }
  g_free (self.mark);
  g_array_unref (self.path);
  return report->errors->len == before ? g_steal_pointer (&graph) : NULL;
}

void
cs_graph_free (CsGraph *self)
{
  guint i;

  for (i = 0; i < self->n; i++)
    g_array_unref (self->uses[i]);
  g_free (self->uses);
  g_array_unref (self->order);
  g_free (self);
}
