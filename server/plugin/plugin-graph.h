/* plugin-graph.h: needs and offers become an order and a plan of who uses whom; pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_PLUGIN_GRAPH_H
#define CS_PLUGIN_GRAPH_H

#include "config/report.h"
#include "plugin/manifest.h"

typedef struct
{
  const char *contract;
  const char *plugin;
  const char *source; /* file:line */
  gboolean lenient;   /* of a role whose list of plugins was replaced: a plugin not there is no error */
} CsBind;

typedef struct
{
  const CsNeed *need;  /* of the user's manifest */
  gboolean required;
  gint provider;       /* index of the manifest that it is bound to; -1: a want that nobody meets */
  gboolean ordered;    /* the provider starts first; not so for wants that go in a circle */
} CsUse;

typedef struct
{
  GArray *order; /* guint: indexes of manifests, providers before users */
  GArray **uses; /* of each manifest, by its index: CsUse */
  guint n;
} CsGraph;

/* Who might provide a contract that nobody provides: a plugin's name, or NULL. For the message. */
typedef const char *(*CsGraphHint) (const char *contract, gpointer data);

/* `where` is the place of the list of plugins, for messages. NULL with lines in the report. */
CsGraph *cs_graph_new (CsManifest *const *manifests, guint n, const CsBind *binds, guint n_binds,
                       const char *where, CsGraphHint hint, gpointer data, CsReport *report);
void cs_graph_free (CsGraph *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsGraph, cs_graph_free)

#endif
