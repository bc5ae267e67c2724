/* plugins.c: all instances of a node in start order, taken through their lives together.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugins.h"

#include <string.h>

#include "net/listener.h"
#include "plugin/service.h"
#include "runtime/log-ring.h"
#include "runtime/worker.h"

static CsInstance *
nth (const CsPlugins *self, guint i)
{
  return g_ptr_array_index (self->instances, i);
}

static void
bind_uses (CsInstance *instance, const GArray *uses, CsInstance *const *by_index)
{
  guint i;

  for (i = 0; i < uses->len; i++)
    {
      const CsUse *use = &g_array_index (uses, CsUse, i);
      CsUsedService used = { .contract = use->need->contract,
                             .version = use->need->version,
                             .required = use->required,
                             .ordered = use->ordered };

      if (use->provider >= 0)
        used.provider = by_index[use->provider];
      g_array_append_val (instance->uses, used);
    }
}

static void
describe (gpointer data, gpointer unused)
{
  CsInstance *instance = data;
  GPtrArray *provides = g_ptr_array_new ();
  GPtrArray *uses = g_ptr_array_new ();
  guint i;

  for (i = 0; i < instance->manifest->provides->len; i++)
    {
      const CsNeed *offer = g_ptr_array_index (instance->manifest->provides, i);

      g_ptr_array_add (provides, g_strdup_printf ("%s=%u", offer->contract, offer->version));
    }
  for (i = 0; i < instance->uses->len; i++)
    {
      const CsUsedService *use = &g_array_index (instance->uses, CsUsedService, i);

      if (use->provider != NULL)
        g_ptr_array_add (uses, g_strconcat (use->contract, "=", use->provider->owner.name, NULL));
    }
  g_ptr_array_add (provides, NULL);
  g_ptr_array_add (uses, NULL);
  instance->provides_text = (char **) g_ptr_array_free (provides, FALSE);
  instance->uses_text = (char **) g_ptr_array_free (uses, FALSE);
}

CsPlugins *
cs_plugins_new (CsLoadedPlugin *loaded, const CsGraph *graph, guint n_workers)
{
  CsPlugins *self = g_new0 (CsPlugins, 1);
  g_autofree CsInstance **by_index = g_new0 (CsInstance *, graph->n + 1);
  guint i;

  self->instances = g_ptr_array_new ();
  for (i = 0; i < graph->order->len; i++)
    {
      guint index = g_array_index (graph->order, guint, i);
      CsLoadedPlugin *one = &loaded[index];

      by_index[index] = cs_instance_new (g_steal_pointer (&one->manifest), &one->plugin,
                                         g_steal_pointer (&one->settings), i, n_workers);
      g_ptr_array_add (self->instances, by_index[index]);
    }
  for (i = 0; i < graph->n; i++)
    bind_uses (by_index[i], graph->uses[i], by_index);
  g_ptr_array_foreach (self->instances, describe, NULL);
  return self;
}

void
cs_plugins_free (CsPlugins *self)
{
  guint i;

  for (i = 0; i < self->instances->len; i++)
    cs_instance_free (nth (self, i));
  g_ptr_array_unref (self->instances);
  g_free (self);
}

CsInstance *
cs_plugins_find (const CsPlugins *self, const char *name)
{
  guint i;

  for (i = 0; i < self->instances->len; i++)
    if (strcmp (nth (self, i)->owner.name, name) == 0)
      return nth (self, i);
  return NULL;
}

/* ---- start ---- */

typedef struct
{
  CsPlugins *plugins;
  gint failed;   /* atomically; workers stop at the first failure */
  GError *error; /* of the first */
} WorkerStart;

static void
start_on_worker (guint worker, gpointer data)
{
  WorkerStart *start = data;
  guint i;

  for (i = 0; i < start->plugins->instances->len; i++)
    {
      GError *error = NULL;

      if (cs_instance_worker_start (nth (start->plugins, i), worker, &error))
        continue;
      if (g_atomic_int_compare_and_exchange (&start->failed, 0, 1))
        start->error = error;
      else
        g_error_free (error);
      break;
    }
}

static void
stop_on_worker (guint worker, gpointer data)
{
  CsPlugins *plugins = data;
  guint i;

  for (i = plugins->instances->len; i > 0; i--)
    {
      CsInstance *instance = nth (plugins, i - 1);

      if (instance->worker_ready[worker])
        cs_instance_worker_stop (instance, worker);
    }
}

static void
stop_all (CsPlugins *self)
{
  guint i;

  cs_runtime_on_each_worker (stop_on_worker, self);
  cs_listeners_close (NULL);
  for (i = self->instances->len; i > 0; i--)
    {
      CsInstance *instance = nth (self, i - 1);

      if (instance->state != CS_INSTANCE_STARTED)
        continue;
      cs_service_changed (instance, self->instances, FALSE);
      cs_instance_stop (instance);
    }
}

static gboolean
create_all (CsPlugins *self, GError **error)
{
  guint i;

  for (i = 0; i < self->instances->len; i++)
    if (!cs_instance_create (nth (self, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
start_all (CsPlugins *self, gint64 timeout, GError **error)
{
  guint i;

  for (i = 0; i < self->instances->len; i++)
    {
      CsInstance *instance = nth (self, i);

      if (!cs_instance_start (instance, timeout, error))
        return FALSE;
      cs_service_changed (instance, self->instances, TRUE);
    }
  return TRUE;
}

gboolean
cs_plugins_start (CsPlugins *self, gint64 timeout, GError **error)
{
  WorkerStart workers = { .plugins = self };

  if (!create_all (self, error))
    return FALSE;
  if (start_all (self, timeout, error))
    {
      cs_runtime_on_each_worker (start_on_worker, &workers);
      if (workers.error == NULL)
        return TRUE;
      g_propagate_error (error, workers.error);
    }
  cs_runtime_cancel_fibers (g_get_monotonic_time () + CS_SECONDS (5));
  stop_all (self);
  return FALSE;
}

/* ---- drain and stop ---- */

void
cs_plugins_drain (CsPlugins *self, gint64 deadline)
{
  guint i;

  for (i = self->instances->len; i > 0; i--)
    cs_instance_drain (nth (self, i - 1), deadline);
}

gint64
cs_plugins_holds (const CsPlugins *self)
{
  gint64 sum = 0;
  guint i;

  for (i = 0; i < self->instances->len; i++)
    sum += cs_instance_holds (nth (self, i));
  return sum;
}

void
cs_plugins_stop (CsPlugins *self)
{
  stop_all (self);
}

void
cs_plugins_destroy (CsPlugins *self)
{
  guint i;

  for (i = self->instances->len; i > 0; i--)
    {
      CsInstance *instance = nth (self, i - 1);

      if (instance->state == CS_INSTANCE_CREATED || instance->state == CS_INSTANCE_STOPPED)
        cs_instance_destroy (instance);
    }
}

/* ---- audit ---- */

/* Workers count at the same time, each into a row of its own; the last row is the main thread's. */
typedef struct
{
  CsPlugins *plugins;
  CsOwned *rows;
} Audit;

static void
count_owned (guint row, gpointer data)
{
  Audit *audit = data;
  guint n = audit->plugins->instances->len, i;

  for (i = 0; i < n; i++)
    cs_worker_count_owned (cs_instance_self (nth (audit->plugins, i)), &audit->rows[row * n + i]);
}

static guint
report_owned (CsInstance *instance, const CsOwned *owned)
{
  gint64 holds = cs_instance_holds (instance);

  if (owned->timers == 0 && owned->fibers == 0 && owned->streams == 0 && holds == 0)
    return 0;
  cs_core_log_for (cs_instance_self (instance), CS_LOG_ERROR, "left something behind",
                   CS_F_INT ("timers", owned->timers), CS_F_INT ("fibers", owned->fibers),
                   CS_F_INT ("streams", owned->streams), CS_F_INT ("holds", holds));
  return owned->timers + owned->fibers + owned->streams + (holds != 0);
}

static CsOwned
sum_owned (const CsOwned *rows, guint n_rows, guint n, guint i)
{
  CsOwned sum = { 0 };
  guint row;

  for (row = 0; row < n_rows; row++)
    {
      sum.timers += rows[row * n + i].timers;
      sum.fibers += rows[row * n + i].fibers;
      sum.streams += rows[row * n + i].streams;
    }
  return sum;
}

guint
cs_plugins_audit (CsPlugins *self)
{
  guint n_rows = cs_loop_table_.n_workers () + 1, n = self->instances->len;
  g_autofree CsOwned *rows = g_new0 (CsOwned, n_rows * n + 1);
  Audit audit = { self, rows };
  guint i, left = 0;

  cs_runtime_on_each_worker (count_owned, &audit);
  count_owned (n_rows - 1, &audit);
  for (i = 0; i < n; i++)
    {
      CsOwned owned = sum_owned (rows, n_rows, n, i);

      left += report_owned (nth (self, i), &owned);
    }
  return left;
}

/* ---- while running ---- */

static void
check_health (gpointer data, gpointer unused)
{
  CsInstance *instance = data;
  const char *before = g_atomic_pointer_get (&instance->unhealthy);
  const char *reason = NULL;

  cs_instance_healthy (instance, &reason);
  if (reason == before || g_strcmp0 (reason, before) == 0)
    return;
  g_atomic_pointer_set (&instance->unhealthy, reason);
  if (reason != NULL)
    cs_core_log_for (cs_instance_self (instance), CS_LOG_WARNING, "not healthy",
                     CS_F_STR ("reason", reason));
  else
    cs_core_log_for (cs_instance_self (instance), CS_LOG_NOTICE, "healthy again");
}

void
cs_plugins_check_health (CsPlugins *self)
{
  g_ptr_array_foreach (self->instances, check_health, NULL);
}

gboolean
cs_plugins_reload (CsPlugins *self, CsSettingsSet **sets, GError **error)
{
  guint i, n = 0;
  gboolean ok = TRUE;

  while (ok && n < self->instances->len)
    {
      ok = cs_instance_reload_prepare (nth (self, n), g_steal_pointer (&sets[n]), error);
      n += ok;
    }
  for (i = n; i > 0 && !ok; i--)
    cs_instance_reload_abort (nth (self, i - 1));
  for (i = 0; i < self->instances->len; i++)
    if (ok)
      cs_instance_reload_commit (nth (self, i));
    else
      g_clear_pointer (&sets[i], cs_settings_set_free);
  return ok;
}
