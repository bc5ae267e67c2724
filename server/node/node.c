/* node.c: the one server object of the process: boot, run, drain, stop.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/node.h"

#include <cloudsync/error.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/net-stream.h"
#include "node/admin.h"
#include "node/crash.h"
#include "node/data-dir.h"
#include "node/drain.h"
#include "node/reload.h"
#include "node/sd-notify.h"
#include "node/watchdog.h"
#include "plugin/host-api.h"
#include "runtime/log-ring.h"
#include "runtime/stats-core.h"
#include "runtime/worker.h"

enum
{
  CANCEL_WITHIN_MS = 5000,
  FLUSH_WITHIN_MS = 500
};

void
cs_node_apply_log (CsNode *self)
{
  const CsLogSettings *log = &self->plan->log;
  guint i;

  cs_log_set_format ((CsLogFormat) log->format);
  cs_log_set_level (&cs_core_owner, (CsLogLevel) cs_log_settings_level (log, "core"));
  for (i = 0; self->plugins != NULL && i < self->plugins->instances->len; i++)
    {
      CsInstance *instance = g_ptr_array_index (self->plugins->instances, i);

      cs_log_set_level (&instance->owner,
                        (CsLogLevel) cs_log_settings_level (log, instance->owner.name));
    }
}

/* ---- signals ---- */

static gboolean
on_stop (gpointer data)
{
  CsNode *self = data;

  cs_drain_begin (self, self->plan->node.drain_timeout);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer data)
{
  g_autoptr (GError) error = NULL;

  cs_sd_notify ("RELOADING=1");
  if (cs_reload (data, NULL, &error))
    cs_core_log (CS_LOG_NOTICE, "reloaded");
  else
    cs_core_log (CS_LOG_ERROR, "reload refused; nothing has changed",
                 CS_F_STR ("reason", error->message));
  cs_sd_notify ("READY=1");
  return G_SOURCE_CONTINUE;
}

static void
watch_signals (CsNode *self)
{
  signal (SIGPIPE, SIG_IGN);
  g_unix_signal_add (SIGTERM, on_stop, self);
  g_unix_signal_add (SIGINT, on_stop, self);
  g_unix_signal_add (SIGHUP, on_hangup, self);
}

/* ---- boot ---- */

static gboolean
start_runtime (CsNode *self, GError **error)
{
  const CsNodeSettings *node = &self->plan->node;
  CsRuntimeOptions options = { .max_fibers = (guint) node->max_fibers,
                               .pool_threads = (guint) node->pool_threads,
                               .pool_queue = (guint) node->pool_queue };

  self->n_workers
    = node->workers != 0 ? (guint) node->workers : cs_runtime_default_workers ();
  options.n_workers = self->n_workers;
  cs_stats_set_max_series ((guint) node->max_series);
  if (!cs_runtime_start (&options, error))
    return FALSE;
  cs_net_start ();
  return TRUE;
}

static void
make_plugins (CsNode *self)
{
  const CsPlan *plan = self->plan;
  CsNodeInfo info = { .size = sizeof info, .version = CS_SERVER_VERSION };
  guint i;

  info.role = g_intern_string (plan->role_name);
  info.data_dir = g_intern_string (plan->node.data_dir);
  info.name = g_intern_string (plan->node.name);
  info.started = self->started;
  self->plugins = cs_plugins_new (plan->loaded, plan->graph, self->n_workers);
  cs_host_open (self->plugins, &info);
  for (i = 0; i < self->plugins->instances->len; i++)
    cs_host_give (&((CsInstance *) g_ptr_array_index (self->plugins->instances, i))->plugin);
  cs_node_apply_log (self);
  cs_crash_set_plugins (self->plugins, plan->node.data_dir);
}

static gboolean
boot (CsNode *self, GError **error)
{
  self->lock_fd = cs_data_dir_lock (self->plan->node.data_dir, error);
  if (self->lock_fd < 0 || !start_runtime (self, error))
    return FALSE;
  make_plugins (self);
  return cs_plugins_start (self->plugins, self->plan->node.start_timeout, error);
}

static void
log_ready (CsNode *self, gint64 since)
{
  cs_plugins_check_health (self->plugins);
  cs_core_log (CS_LOG_NOTICE, "ready", CS_F_STR ("version", CS_SERVER_VERSION),
               CS_F_STR ("role", self->plan->role_name), CS_F_INT ("workers", self->n_workers),
               CS_F_INT ("plugins", self->plugins->instances->len),
               CS_F_INT ("started-in-ms", (g_get_monotonic_time () - since) / 1000));
  cs_sd_notify ("READY=1");
}

/* ---- run and stop ---- */

static gboolean
on_second (gpointer data)
{
  CsNode *self = data;

  cs_plugins_check_health (self->plugins);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_watchdog (gpointer data)
{
  cs_sd_notify ("WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

static void
run (CsNode *self)
{
  guint second = g_timeout_add_seconds (1, on_second, self);
  gint64 interval = cs_sd_watchdog_interval ();
  guint watchdog = interval > 0 ? g_timeout_add ((guint) (interval / 1000), on_watchdog, self) : 0;

  if (self->stop_asked)
    {
      self->stop_asked = FALSE;
      cs_drain_begin (self, self->plan->node.drain_timeout);
    }
  g_main_loop_run (self->loop);
  g_source_remove (second);
  g_clear_handle_id (&watchdog, g_source_remove);
}

static gint64
from_now (gint ms)
{
  return g_get_monotonic_time () + CS_MS (ms);
}

/* What cannot be cancelled stands in the middle of a plugin's state: no further call into it is safe. */
static void
leave_by_force (void)
{
  cs_core_log (CS_LOG_ERROR, "some work would not end; the process is left by force");
  cs_log_flush (CS_SECONDS (1));
  _exit (CS_EXIT_FORCED);
}

static void
stop_plugins (CsNode *self)
{
  if (!cs_runtime_cancel_fibers (from_now (CANCEL_WITHIN_MS)))
    leave_by_force ();
  cs_plugins_stop (self->plugins);
  cs_plugins_audit (self->plugins);
}

static void
clean_up (CsNode *self)
{
  if (self->n_workers > 0)
    cs_runtime_stop (from_now (self->stop_now ? 0 : FLUSH_WITHIN_MS));
  if (self->plugins != NULL)
    cs_plugins_destroy (self->plugins);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_clear_pointer (&self->plan, cs_plan_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

int
cs_node_run (const CsOptions *options, CsPlan *plan)
{
  g_autoptr (GError) error = NULL;
  CsNode self = { .options = options, .plan = plan, .lock_fd = -1 };
  gint64 since = g_get_monotonic_time ();

  self.started = g_get_real_time ();
  self.loop = g_main_loop_new (NULL, FALSE);
  cs_log_start ((CsLogFormat) plan->log.format, -1);
  cs_log_take_glib ();
  cs_crash_install ();
  watch_signals (&self);

  if (boot (&self, &error))
    {
      CsAdmin *admin = cs_admin_new (&self);
      CsWatchdog *watchdog = cs_watchdog_new (self.n_workers, plan->node.stuck_after);

      cs_host_set_state (CS_NODE_RUNNING);
      cs_listeners_open ();
      log_ready (&self, since);
      run (&self);
      cs_host_set_state (CS_NODE_STOPPING);
      if (!cs_admin_free (admin, CS_MS (CANCEL_WITHIN_MS)))
        leave_by_force ();
      cs_watchdog_free (watchdog);
      stop_plugins (&self);
    }
  else
    cs_core_log (CS_LOG_ERROR, "start failed", CS_F_STR ("reason", error->message));

  clean_up (&self);
  cs_core_log (CS_LOG_NOTICE, "stopped");
  cs_log_stop ();
  g_clear_pointer (&self.plugins, cs_plugins_free);
  return error == NULL ? CS_EXIT_OK : CS_EXIT_START;
}
