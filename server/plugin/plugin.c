/* plugin.c: one instance of a plugin: its state machine, and what the host keeps for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin.h"

#include <cloudsync/error.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/worker.h"

static const char *main_plugin = "core";
static const char *main_op = "main loop";

typedef struct
{
  CsDoing worker;
  const char *plugin;
  const char *op;
} Before;

/* Every call into a plugin is marked with its name and operation. */
static Before
enter (CsInstance *self, const char *op)
{
  Before before = { .worker = cs_worker_doing (cs_instance_self (self), op) };

  if (cs_loop_table_.worker () < 0)
    {
      before.plugin = g_atomic_pointer_get (&main_plugin);
      before.op = g_atomic_pointer_get (&main_op);
      g_atomic_pointer_set (&main_op, op);
      g_atomic_pointer_set (&main_plugin, self->owner.name);
    }
  return before;
}

static void
leave (Before before)
{
  cs_worker_done (before.worker);
  if (before.op != NULL)
    {
      g_atomic_pointer_set (&main_op, before.op);
      g_atomic_pointer_set (&main_plugin, before.plugin);
    }
}

void
cs_instance_main_doing (const char **plugin, const char **op)
{
  *plugin = g_atomic_pointer_get (&main_plugin);
  *op = g_atomic_pointer_get (&main_op);
}

static gpointer
allocate (gsize size)
{
  gpointer memory = NULL;

  if (posix_memalign (&memory, 64, size) != 0)
    g_error ("out of memory: %" G_GSIZE_FORMAT " bytes", size);
  memset (memory, 0, size);
  return memory;
}

static void
set_free (gpointer set)
{
  cs_settings_set_free (set);
}

CsInstance *
cs_instance_new (CsManifest *manifest, const CsPlugin *plugin, CsSettingsSet *settings, guint index,
                 guint n_workers)
{
  CsInstance *self = allocate (sizeof *self + plugin->state_size);

  self->manifest = manifest;
  self->plugin = *plugin;
  self->settings = settings;
  self->sets = g_ptr_array_new_with_free_func (set_free);
  g_ptr_array_add (self->sets, settings);
  self->offers = g_array_new (FALSE, FALSE, sizeof (CsOffer));
  self->uses = g_array_new (FALSE, FALSE, sizeof (CsUsedService));
  self->commands = g_array_new (FALSE, FALSE, sizeof (CsNodeCommand));
  self->n_workers = n_workers;
  self->locals = allocate (MAX (n_workers, 1) * sizeof (gpointer));
  self->worker_ready = g_new0 (guint8, MAX (n_workers, 1));
  self->holds = allocate ((n_workers + 1) * sizeof (CsHoldSlot));
  self->owner.name = g_intern_string (manifest->name);
  self->owner.log_level = cs_core_owner.log_level;
  self->owner.index = index;
  return self;
}

void
cs_instance_free (CsInstance *self)
{
  g_ptr_array_unref (self->sets);
  g_array_unref (self->offers);
  g_array_unref (self->uses);
  g_array_unref (self->commands);
  free (self->locals);
  free (self->holds);
  g_free (self->worker_ready);
  g_clear_error (&self->pending_error);
  g_strfreev (self->provides_text);
  g_strfreev (self->uses_text);
  cs_manifest_free (self->manifest);
  free (self);
}

/* A plugin that fails without saying why is a bug of its own; the message must not be empty. */
static gboolean
failed (CsInstance *self, const char *op, GError **error)
{
  if (error != NULL && *error == NULL)
    g_set_error (error, CS_ERROR, CS_FAILED, "%s failed without a reason", op);
  g_prefix_error (error, "plugin '%s': ", self->owner.name);
  return FALSE;
}

static gboolean
check_promises (CsInstance *self, GError **error)
{
  guint i, j;

  for (i = 0; i < self->manifest->provides->len; i++)
    {
      const CsNeed *promise = g_ptr_array_index (self->manifest->provides, i);

      for (j = 0; j < self->offers->len; j++)
        if (strcmp (g_array_index (self->offers, CsOffer, j).contract, promise->contract) == 0)
          break;
      if (j == self->offers->len)
        {
          g_set_error (error, CS_ERROR, CS_INVALID, "its manifest provides %s=%u, but create () did "
                       "not offer it", promise->contract, promise->version);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
cs_instance_create (CsInstance *self, GError **error)
{
  Before before = enter (self, "create");
  gboolean ok = self->plugin.create == NULL
                || self->plugin.create (cs_instance_self (self), error);

  leave (before);
  if (!ok)
    return failed (self, "create", error);
  self->state = CS_INSTANCE_CREATED;
  if (check_promises (self, error))
    return TRUE;
  cs_instance_destroy (self);
  return failed (self, "create", error);
}

static gboolean
wake_loop (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static gboolean
wait_pending (CsInstance *self, gint64 timeout, GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout;
  guint timer = g_timeout_add ((guint) (timeout / 1000), wake_loop, NULL);

  while (self->pending && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  if (self->pending)
    {
      g_set_error (error, CS_ERROR, CS_TIMED_OUT, "its start was not over after %d s; see "
                   "node.start-timeout", (gint) (timeout / G_USEC_PER_SEC));
      return FALSE;
    }
  g_source_remove (timer);
  if (self->pending_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->pending_error));
      return FALSE;
    }
  return TRUE;
}

gboolean
cs_instance_start (CsInstance *self, gint64 timeout, GError **error)
{
  Before before = enter (self, "start");
  gboolean ok = self->plugin.start == NULL || self->plugin.start (cs_instance_self (self), error);

  ok = ok && (!self->pending || wait_pending (self, timeout, error));
  leave (before);
  if (!ok)
    {
      self->state = CS_INSTANCE_FAILED;
      return failed (self, "start", error);
    }
  self->state = CS_INSTANCE_STARTED;
  return TRUE;
}

gboolean
cs_instance_worker_start (CsInstance *self, guint worker, GError **error)
{
  Before before = enter (self, "worker_start");
  gboolean ok = self->plugin.worker_start == NULL
                || self->plugin.worker_start (cs_instance_self (self), worker, error);

  leave (before);
  if (!ok)
    return failed (self, "worker_start", error);
  self->worker_ready[worker] = TRUE;
  return TRUE;
}

void
cs_instance_worker_stop (CsInstance *self, guint worker)
{
  Before before = enter (self, "worker_stop");

  if (self->plugin.worker_stop != NULL)
    self->plugin.worker_stop (cs_instance_self (self), worker);
  self->locals[worker] = NULL;
  self->worker_ready[worker] = FALSE;
  leave (before);
}

void
cs_instance_drain (CsInstance *self, gint64 deadline)
{
  Before before = enter (self, "drain");

  if (self->plugin.drain != NULL)
    self->plugin.drain (cs_instance_self (self), deadline);
  leave (before);
}

void
cs_instance_stop (CsInstance *self)
{
  Before before = enter (self, "stop");

  self->state = CS_INSTANCE_STOPPED;
  if (self->plugin.stop != NULL)
    self->plugin.stop (cs_instance_self (self));
  leave (before);
}

void
cs_instance_destroy (CsInstance *self)
{
  Before before = enter (self, "destroy");

  self->state = CS_INSTANCE_DESTROYED;
  if (self->plugin.destroy != NULL)
    self->plugin.destroy (cs_instance_self (self));
  leave (before);
}

/* ---- reload ---- */

gboolean
cs_instance_reload_prepare (CsInstance *self, CsSettingsSet *settings, GError **error)
{
  Before before = enter (self, "reload_prepare");
  gboolean ok = TRUE;

  g_ptr_array_add (self->sets, settings);
  self->preparing = settings;
  self->token = NULL;
  if (self->plugin.reload_prepare != NULL)
    ok = self->plugin.reload_prepare (cs_instance_self (self), cs_settings_set_own (settings),
                                      &self->token, error);
  leave (before);
  if (ok)
    return TRUE;
  self->preparing = NULL;
  g_ptr_array_remove (self->sets, settings);
  return failed (self, "reload", error);
}

void
cs_instance_reload_commit (CsInstance *self)
{
  Before before = enter (self, "reload_commit");

  g_atomic_pointer_set (&self->settings, self->preparing);
  self->preparing = NULL;
  if (self->plugin.reload_commit != NULL)
    self->plugin.reload_commit (cs_instance_self (self), self->token);
  leave (before);
}

void
cs_instance_reload_abort (CsInstance *self)
{
  Before before = enter (self, "reload_abort");
  CsSettingsSet *settings = g_steal_pointer (&self->preparing);

  if (self->plugin.reload_abort != NULL)
    self->plugin.reload_abort (cs_instance_self (self), self->token);
  g_ptr_array_remove (self->sets, settings);
  leave (before);
}

gboolean
cs_instance_healthy (CsInstance *self, const char **reason)
{
  const char *said = NULL;

  if (self->plugin.health == NULL || self->plugin.health (cs_instance_self (self), &said))
    return TRUE;
  *reason = said != NULL ? said : "not healthy";
  return FALSE;
}

gint64
cs_instance_holds (const CsInstance *self)
{
  gint64 sum = 0;
  guint i;

  for (i = 0; i <= self->n_workers; i++)
    sum += __atomic_load_n (&self->holds[i].n, __ATOMIC_ACQUIRE);
  return sum;
}

const char *
cs_instance_state_name (CsInstanceState state)
{
  static const char *const names[] = { "loaded", "created", "started",
                                       "failed", "stopped", "destroyed" };

  return names[state];
}
