/* watchdog.c: a thread that notices a worker which is busy with one thing for too long.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/watchdog.h"

#include <cloudsync/stats.h>

#include "runtime/log-ring.h"
#include "runtime/stats-core.h"
#include "runtime/worker.h"

struct _CsWatchdog
{
  GThread *thread;
  GMutex lock;
  GCond wake;
  gboolean stop;
  guint n_workers;
  gint64 stuck_after;
  guint64 *reported; /* by worker: the turn that was logged */
  CsStat stuck;
};

static void
look_at (CsWatchdog *self, guint worker)
{
  gint64 now = g_get_monotonic_time ();
  CsHeartbeat beat;

  cs_worker_heartbeat (worker, &beat);
  if (beat.busy_since == 0 || now - beat.busy_since < self->stuck_after
      || beat.turns == self->reported[worker])
    return;
  self->reported[worker] = beat.turns;
  cs_stats_core_add (self->stuck, 1);
  cs_core_log (CS_LOG_WARNING, "a worker is stuck", CS_F_INT ("stuck-worker", worker),
               CS_F_STR ("plugin-at-work", beat.owner != NULL ? beat.owner->name : "core"),
               CS_F_STR ("op", beat.op != NULL ? beat.op : "loop"),
               CS_F_INT ("busy-ms", (now - beat.busy_since) / 1000));
}

static gpointer
watch (gpointer data)
{
  CsWatchdog *self = data;
  gint64 interval = self->stuck_after / 2;
  guint i;

  g_mutex_lock (&self->lock);
  while (!self->stop)
    {
      g_cond_wait_until (&self->wake, &self->lock, g_get_monotonic_time () + interval);
      for (i = 0; i < self->n_workers; i++)
        look_at (self, i);
    }
  g_mutex_unlock (&self->lock);
  return NULL;
}

CsWatchdog *
cs_watchdog_new (guint n_workers, gint64 stuck_after)
{
  CsWatchdog *self = g_new0 (CsWatchdog, 1);
  CsStatSpec spec = { sizeof spec, CS_STAT_COUNTER, "worker_stuck_total",
                      "Turns of a worker that lasted longer than node.stuck-after.", NULL, 1,
                      NULL, 0 };

  self->n_workers = n_workers;
  self->stuck_after = stuck_after;
  self->reported = g_new0 (guint64, n_workers);
  self->stuck = cs_stats_core_define (NULL, &spec);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  self->thread = g_thread_new ("watchdog", watch, self);
  return self;
}

void
cs_watchdog_free (CsWatchdog *self)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self->reported);
  g_free (self);
}
