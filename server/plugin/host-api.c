/* host-api.c: fills the host table: the only file that knows both sides.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/host-api.h"

#include <cloudsync/stats.h>
#include <cloudsync/stream.h>
#include <string.h>

#include "net/net-stream.h"
#include "plugin/command.h"
#include "plugin/service.h"
#include "runtime/log-ring.h"
#include "runtime/stats-core.h"
#include "runtime/worker.h"

static struct
{
  CsPlugins *plugins;
  CsNodeInfo info;
  gint state; /* CsNodeState, atomically */
  GThread *main;
} node;

/* ---- the instance's own ---- */

/* In reload_prepare () a plugin sees the sections that it is asked about; nobody else does. */
static const CsSettingsSet *
settings_seen (CsInstance *instance)
{
  if (g_thread_self () == node.main && instance->preparing != NULL)
    return instance->preparing;
  return g_atomic_pointer_get (&instance->settings);
}

static const void *
get_settings (gpointer self)
{
  return cs_settings_set_own (g_atomic_pointer_get (&cs_instance (self)->settings));
}

static const CsSection *
get_sections (gpointer self, const char *kind, guint *n)
{
  return cs_settings_set_sections (settings_seen (cs_instance (self)), kind, n);
}

static const char *
get_name (gpointer self)
{
  return cs_owner (self)->name;
}

static gboolean
provide (gpointer self, const char *contract, guint version, gpointer service, GError **error)
{
  return cs_service_offer (cs_instance (self), contract, version, service, error);
}

static gpointer
require (gpointer self, const char *contract, guint version)
{
  return cs_service_find (cs_instance (self), contract, version);
}

static void
watch (gpointer self, const char *contract, guint version, CsServiceWatchFunc func)
{
  cs_service_watch (cs_instance (self), contract, version, func);
}

static void
set_local (gpointer self, gpointer state)
{
  gint worker = cs_loop_table_.worker ();

  if (worker >= 0)
    cs_instance (self)->locals[worker] = state;
}

static gpointer
get_local (gpointer self)
{
  gint worker = cs_loop_table_.worker ();

  return worker >= 0 ? cs_instance (self)->locals[worker] : NULL;
}

static void
start_pending (gpointer self)
{
  cs_instance (self)->pending = TRUE;
}

static void
started (gpointer self, const GError *error)
{
  CsInstance *instance = cs_instance (self);

  instance->pending = FALSE;
  if (error != NULL && instance->pending_error == NULL)
    instance->pending_error = g_error_copy (error);
  g_main_context_wakeup (NULL);
}

static const CsInstanceTable instance_table = {
  .size = sizeof (CsInstanceTable),
  .settings = get_settings,
  .sections = get_sections,
  .name = get_name,
  .provide = provide,
  .require = require,
  .watch = watch,
  .set_local = set_local,
  .local = get_local,
  .start_pending = start_pending,
  .started = started,
};

/* ---- the node ---- */

static void
node_info (CsNodeInfo *info)
{
  gsize size = MIN (info->size, sizeof node.info);
  CsNodeInfo now = node.info;

  now.size = size;
  now.state = cs_host_state ();
  memcpy (info, &now, size);
}

/* On a worker the slot has one writer, so that a load and a store will do. */
static void
hold (gpointer self, gint delta)
{
  CsInstance *instance = cs_instance (self);
  gint worker = cs_loop_table_.worker ();
  gint64 *n = &instance->holds[worker >= 0 ? (guint) worker : instance->n_workers].n;

  if (worker >= 0)
    __atomic_store_n (n, *n + delta, __ATOMIC_RELEASE);
  else
    __atomic_add_fetch (n, delta, __ATOMIC_ACQ_REL);
}

static void
visit_plugins (CsNodePluginFunc func, gpointer data)
{
  guint i;

  for (i = 0; i < node.plugins->instances->len; i++)
    {
      CsInstance *instance = g_ptr_array_index (node.plugins->instances, i);
      const char *reason = g_atomic_pointer_get (&instance->unhealthy);
      CsNodePlugin plugin = { .size = sizeof plugin,
                              .name = instance->owner.name,
                              .version = instance->manifest->version,
                              .summary = instance->manifest->summary,
                              .provides = (const char *const *) instance->provides_text,
                              .uses = (const char *const *) instance->uses_text,
                              .healthy = reason == NULL,
                              .reason = reason };

      func (&plugin, data);
    }
}

gboolean
cs_host_ready (const char **reason)
{
  static const char *const states[] = { "starting", NULL, "draining", "stopping" };
  const char *why = states[cs_host_state ()];
  guint i;

  for (i = 0; why == NULL && i < node.plugins->instances->len; i++)
    {
      CsInstance *instance = g_ptr_array_index (node.plugins->instances, i);

      why = g_atomic_pointer_get (&instance->unhealthy);
    }
  if (why != NULL && reason != NULL)
    *reason = why;
  return why == NULL;
}

static void
add_command (gpointer self, const CsNodeCommand *command)
{
  g_array_append_val (cs_instance (self)->commands, *command);
}

static const CsNodeTable node_table = {
  .size = sizeof (CsNodeTable),
  .info = node_info,
  .hold = hold,
  .visit_plugins = visit_plugins,
  .ready = cs_host_ready,
  .add_command = add_command,
  .command_progress = cs_command_tell,
  .command_cancelled = cs_command_is_cancelled,
  .command_fd = cs_command_descriptor,
};

static const CsHost host = {
  .size = sizeof (CsHost),
  .abi_major = CS_ABI_MAJOR,
  .abi_minor = CS_ABI_MINOR,
  .instance = &instance_table,
  .loop = &cs_loop_table_,
  .stream = &cs_stream_table_,
  .log = &cs_log_table_,
  .stats = &cs_stats_table_,
  .node = &node_table,
};

void
cs_host_open (CsPlugins *plugins, const CsNodeInfo *info)
{
  node.plugins = plugins;
  node.info = *info;
  node.main = g_thread_self ();
}

void
cs_host_give (const CsPlugin *plugin)
{
  *plugin->host = &host;
}

void
cs_host_set_state (CsNodeState state)
{
  g_atomic_int_set (&node.state, (gint) state);
}

CsNodeState
cs_host_state (void)
{
  return (CsNodeState) g_atomic_int_get (&node.state);
}
