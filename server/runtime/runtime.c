/* runtime.c: the runtime's life: workers and pool start together, and stop once all that was posted
 * has run.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "runtime/cpus.h"
#include "runtime/log-ring.h"
#include "runtime/pool.h"
#include "runtime/wait.h"
#include "runtime/worker-private.h"

#define DEFAULT_FIBERS 16384
#define TSAN_FIBERS 8000 /* gcc 12's thread sanitizer dies at 8,128 */
#define DEFAULT_POOL_THREADS 4
#define DEFAULT_POOL_QUEUE 1024
#define GRACE CS_MS (50) /* what a cancelled fiber has at least */
#define POLL_EVERY CS_MS (1)

typedef struct
{
  CsTask task;
  guint worker;
  CsWorkerFunc func;
  gpointer data;
  CsWait done;
} Call;

guint
cs_runtime_default_workers (void)
{
  return cs_cpus_usable ();
}

static void
run_call (CsTask *task)
{
  Call *call = (Call *) task;

  call->func (call->worker, call->data);
  cs_wait_wake_from (&call->done);
}

void
cs_runtime_on_each_worker (CsWorkerFunc func, gpointer data)
{
  guint n = cs_n_workers_;
  g_autofree Call *calls = g_new0 (Call, n);

  for (guint i = 0; i < n; i++)
    {
      calls[i].task.run = run_call;
      calls[i].worker = i;
      calls[i].func = func;
      calls[i].data = data;
      cs_wait_prepare (&calls[i].done);
      cs_worker_post (i, &calls[i].task);
    }
  for (guint i = 0; i < n; i++)
    cs_wait_to_the_end (&calls[i].done);
}

static void
stop_worker (guint index, gpointer data)
{
  cs_workers_[index]->stop = TRUE;
}

/* Workers whose thread could not be started, or has ended. */
static void
free_workers (void)
{
  for (guint i = 0; i < cs_n_workers_; i++)
    cs_worker_free (cs_workers_[i]);
  g_clear_pointer (&cs_workers_, g_free);
  cs_n_workers_ = 0;
}

static void
join_workers (void)
{
  cs_runtime_on_each_worker (stop_worker, NULL);
  for (guint i = 0; i < cs_n_workers_; i++)
    g_thread_join (cs_workers_[i]->thread);
  free_workers ();
}

static gboolean
start_workers (guint n, guint max_fibers, GError **error)
{
  guint each = MAX ((max_fibers + n - 1) / n, 1);

  cs_workers_ = g_new0 (CsWorker *, n);
  for (guint i = 0; i < n; i++)
    {
      CsWorker *worker = cs_worker_new (i, each, error);

      if (worker == NULL)
        {
          free_workers ();
          return FALSE;
        }
      cs_workers_[cs_n_workers_++] = worker;
    }
  for (guint i = 0; i < n; i++)
    if (!cs_worker_run (cs_workers_[i], error))
      {
        for (guint k = i; k < n; k++)
          cs_worker_free (cs_workers_[k]);
        cs_n_workers_ = i;
        join_workers ();
        return FALSE;
      }
  return TRUE;
}

gboolean
cs_runtime_start (const CsRuntimeOptions *options, GError **error)
{
  guint n = options->n_workers != 0 ? options->n_workers : cs_cpus_usable ();
  guint threads = options->pool_threads != 0 ? options->pool_threads : DEFAULT_POOL_THREADS;
  guint queue = options->pool_queue != 0 ? options->pool_queue : DEFAULT_POOL_QUEUE;
  guint max_fibers = options->max_fibers != 0 ? options->max_fibers : DEFAULT_FIBERS;

#ifdef CS_TSAN
  max_fibers = MIN (max_fibers, TSAN_FIBERS);
#endif
  if (g_getenv ("CLOUDSYNC_MEASURE_STACKS") != NULL)
    cs_fiber_paint (TRUE);
  signal (SIGPIPE, SIG_IGN);
  cs_main_start ();
  if (!cs_pool_start (threads, queue, error))
    {
      cs_main_stop ();
      return FALSE;
    }
  if (!start_workers (n, max_fibers, error))
    {
      cs_pool_stop ();
      cs_main_stop ();
      return FALSE;
    }
  cs_runtime_define_stats ();
  cs_pool_define_stats ();
  return TRUE;
}

static void
cancel_all (guint index, gpointer data)
{
  CsWorker *worker = cs_workers_[index];

  cs_fiber_cancel_all (worker);
  __atomic_add_fetch ((guint *) data, worker->fibers.n_live, __ATOMIC_RELAXED);
}

static void
log_live (guint index, gpointer data)
{
  for (CsFiber *fiber = cs_workers_[index]->fibers.all; fiber != NULL; fiber = fiber->all_next)
    if (fiber->state != CS_FIBER_FREE)
      cs_core_log_for (fiber->self, CS_LOG_WARNING, "a fiber outlived the drain",
                       CS_F_INT ("worker", index));
}

/* Fibers may need tasks of the main thread to end, so these run meanwhile. */
static void
give_time (void)
{
  cs_main_run_tasks ();
  g_usleep (POLL_EVERY);
}

gboolean
cs_runtime_cancel_fibers (gint64 deadline)
{
  deadline = MAX (deadline, g_get_monotonic_time () + GRACE);
  for (;;)
    {
      guint live = 0;

      cs_runtime_on_each_worker (cancel_all, &live);
      if (live == 0)
        return TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
      give_time ();
    }
  cs_runtime_on_each_worker (log_live, NULL);
  return FALSE;
}

typedef struct
{
  gboolean force;
  guint busy;
} RoomStop;

static void
stop_room (guint index, gpointer data)
{
  RoomStop *stop = data;

  if (cs_worker_room_ != NULL && !cs_worker_room_->stop (cs_workers_[index], stop->force))
    __atomic_add_fetch (&stop->busy, 1, __ATOMIC_RELAXED);
}

static void
stop_streams (gint64 deadline)
{
  RoomStop stop = { FALSE, 1 };

  while (stop.busy != 0)
    {
      stop.busy = 0;
      cs_runtime_on_each_worker (stop_room, &stop);
      if (stop.busy == 0 || stop.force)
        break;
      stop.force = g_get_monotonic_time () >= deadline;
      give_time ();
    }
}

static void
nothing (guint index, gpointer data)
{
}

static guint64
tasks_run (void)
{
  guint64 sum = 0;

  for (guint i = 0; i < cs_n_workers_; i++)
    sum += __atomic_load_n (&cs_workers_[i]->tasks, __ATOMIC_RELAXED);
  return sum;
}

/* Nobody ran anything while a task went past every mailbox; that task counts too. */
static gboolean
round_was_quiet (void)
{
  gboolean idle = cs_pool_is_idle ();
  guint64 before = tasks_run ();
  guint n;

  cs_runtime_on_each_worker (nothing, NULL);
  n = cs_main_run_tasks ();
  return idle && n == 0 && cs_pool_is_idle () && tasks_run () - before <= cs_n_workers_;
}

/* A task may post another one, to any thread: so several rounds in a row must be quiet. */
static void
run_out (void)
{
  guint quiet = 0;

  while (quiet < 3)
    if (round_was_quiet ())
      quiet++;
    else
      {
        quiet = 0;
        g_usleep (POLL_EVERY);
      }
}

void
cs_runtime_stop (gint64 deadline)
{
  if (cs_worker_room_ != NULL)
    cs_worker_room_->begin_stop ();
  cs_runtime_cancel_fibers (deadline);
  stop_streams (deadline);
  cs_runtime_cancel_fibers (deadline);
  run_out ();
  cs_pool_stop ();
  run_out ();
  join_workers ();
  if (cs_worker_room_ != NULL)
    cs_worker_room_->ended ();
  cs_main_stop ();
}
