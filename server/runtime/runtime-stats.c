/* runtime-stats.c: the runtime's own figures; each is read from the workers when somebody asks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log-ring.h"
#include "runtime/stats-core.h"
#include "runtime/worker-private.h"

typedef gint64 (*WorkerRead) (CsWorker *worker);

static gint64
sum (WorkerRead read)
{
  gint64 total = 0;

  for (guint i = 0; i < cs_n_workers_; i++)
    total += read (cs_workers_[i]);
  return total;
}

static gint64
load (const guint64 *figure)
{
  return (gint64) __atomic_load_n (figure, __ATOMIC_RELAXED);
}

static gint64
worker_fibers (CsWorker *worker)
{
  return __atomic_load_n (&worker->fibers.n_live, __ATOMIC_RELAXED);
}

static gint64
worker_stacks (CsWorker *worker)
{
  return __atomic_load_n (&worker->fibers.n_stacks, __ATOMIC_RELAXED);
}

static gint64
worker_started (CsWorker *worker)
{
  return load (&worker->fibers.started);
}

static gint64
worker_refused (CsWorker *worker)
{
  return load (&worker->fibers.refused);
}

static gint64
worker_turns (CsWorker *worker)
{
  return load (&worker->turns);
}

static gint64
worker_tasks (CsWorker *worker)
{
  return load (&worker->tasks);
}

static gint64
read_sum (gpointer data)
{
  return sum (*(WorkerRead *) data);
}

static gint64
read_turn_max (gpointer data)
{
  gint64 most = 0;

  for (guint i = 0; i < cs_n_workers_; i++)
    for (guint k = 0; k < 2; k++)
      most = MAX (most, __atomic_load_n (&cs_workers_[i]->turn_max[k], __ATOMIC_RELAXED));
  return most;
}

static gint64
read_workers (gpointer data)
{
  return cs_n_workers_;
}

static gint64
read_high_water (gpointer data)
{
  return (gint64) cs_fiber_high_water ();
}

static gint64
read_dropped (gpointer data)
{
  return (gint64) cs_log_dropped ();
}

void
cs_runtime_define_stats (void)
{
  static WorkerRead fibers = worker_fibers, stacks = worker_stacks, started = worker_started,
                    refused = worker_refused, turns = worker_turns, tasks = worker_tasks;
  CsStatSpec turn_max = { sizeof turn_max, CS_STAT_GAUGE, "loop_turn_max_seconds",
                          "Longest turn of a worker's loop in the last 10 to 20 seconds.", NULL,
                          1e-6, NULL, 0 };

  cs_stats_read_gauge ("workers", "Worker threads.", read_workers, NULL);
  cs_stats_read_gauge ("fibers", "Fibers that run or wait.", read_sum, &fibers);
  cs_stats_read_gauge ("fiber_stacks", "Stacks that were made for fibers.", read_sum, &stacks);
  cs_stats_read_gauge ("fiber_stack_max_bytes", "Deepest use of a fiber's stack that was seen.",
                       read_high_water, NULL);
  cs_stats_read_counter ("fibers_started_total", "Fibers started.", read_sum, &started);
  cs_stats_read_counter ("fibers_refused_total",
                         "Fibers refused because node.max-fibers are in use.", read_sum, &refused);
  cs_stats_read_counter ("loop_turns_total", "Turns of the workers' loops.", read_sum, &turns);
  cs_stats_read_counter ("mailbox_tasks_total", "Tasks posted to workers that have run.", read_sum,
                         &tasks);
  cs_stats_read_counter ("log_dropped_total", "Log lines dropped because a ring was full.",
                         read_dropped, NULL);
  cs_stats_define_read (NULL, &turn_max, read_turn_max, NULL);
}
