/* plugins.h: all instances of a node in start order, taken through their lives together.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_PLUGINS_H
#define CS_PLUGINS_H

#include "plugin/plugin-graph.h"
#include "plugin/plugin.h"

typedef struct
{
  GPtrArray *instances; /* CsInstance *, providers before users */
} CsPlugins;

/* What was read and loaded of one plugin; manifest and settings are taken. */
typedef struct
{
  CsManifest *manifest;
  CsPlugin plugin;
  CsSettingsSet *settings;
} CsLoadedPlugin;

/* `loaded` is in the graph's numbering. */
CsPlugins *cs_plugins_new (CsLoadedPlugin *loaded, const CsGraph *graph, guint n_workers);
void cs_plugins_free (CsPlugins *self);

CsInstance *cs_plugins_find (const CsPlugins *self, const char *name);

/* create, start and worker_start of all, between cs_runtime_start () and cs_runtime_stop (). On failure
 * those that had started are stopped in reverse; cs_plugins_stop () is not to be called, but destroy is. */
gboolean cs_plugins_start (CsPlugins *self, gint64 timeout, GError **error);

void cs_plugins_drain (CsPlugins *self, gint64 deadline);

/* The sum of all holds. */
gint64 cs_plugins_holds (const CsPlugins *self);

/* worker_stop and stop of all, in reverse. The runtime still runs. */
void cs_plugins_stop (CsPlugins *self);

/* Logs what each instance left behind: timers, fibers, streams, holds. Returns how many things. After
 * cs_plugins_stop (), before cs_runtime_stop (). */
guint cs_plugins_audit (CsPlugins *self);

/* destroy of all, in reverse; after cs_runtime_stop (), so that no task can come any more. */
void cs_plugins_destroy (CsPlugins *self);

/* Asks every health (). Main thread; from time to time. */
void cs_plugins_check_health (CsPlugins *self);

/* Prepares all, then commits all; when one refuses, those that had prepared are aborted and nothing has
 * changed. `sets` (taken) has one for each instance, in order. */
gboolean cs_plugins_reload (CsPlugins *self, CsSettingsSet **sets, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsPlugins, cs_plugins_free)

#endif
