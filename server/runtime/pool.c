/* pool.c: threads for calls that block. A job waits in one queue; a fiber that is cancelled takes
 * back its job if it was not begun, and else waits for its end: the job uses the fiber's memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pool.h"

#include "runtime/stats-core.h"
#include "runtime/thread.h"
#include "runtime/wait.h"
#include "runtime/worker-private.h"

typedef struct
{
  CsTask task;
  CsPoolFunc func;
  gpointer data;
  gint64 queued_at;
  CsWait done;
} Job;

static struct
{
  GMutex lock;
  GCond wake;
  CsTask *head;
  CsTask **tail;
  guint n_queued;
  guint n_busy;
  guint limit;
  gboolean stop;
  GPtrArray *threads;
  guint64 refused;
  CsStat wait_time;
} pool;

static void
run_job (CsTask *task)
{
  Job *job = (Job *) task;

  cs_stats_core_observe (pool.wait_time, g_get_monotonic_time () - job->queued_at);
  job->func (job->data);
  cs_wait_wake_from (&job->done);
}

static void
push (CsTask *task)
{
  task->next_ = NULL;
  *pool.tail = task;
  pool.tail = &task->next_;
  pool.n_queued++;
  g_cond_signal (&pool.wake);
}

static CsTask *
pop (void)
{
  CsTask *task = pool.head;

  if (task == NULL)
    return NULL;
  pool.head = task->next_;
  if (pool.head == NULL)
    pool.tail = &pool.head;
  pool.n_queued--;
  return task;
}

static gboolean
take_back (Job *job)
{
  CsTask **at;
  gboolean found = FALSE;

  g_mutex_lock (&pool.lock);
  for (at = &pool.head; *at != NULL && *at != &job->task; at = &(*at)->next_)
    ;
  if (*at != NULL)
    {
      *at = job->task.next_;
      if (*at == NULL)
        pool.tail = at;
      pool.n_queued--;
      found = TRUE;
    }
  g_mutex_unlock (&pool.lock);
  return found;
}

static gpointer
pool_main (gpointer data)
{
  cs_thread_block_signals ();
  g_mutex_lock (&pool.lock);
  for (;;)
    {
      CsTask *task = pop ();

      if (task != NULL)
        {
          pool.n_busy++;
          g_mutex_unlock (&pool.lock);
          task->run (task);
          g_mutex_lock (&pool.lock);
          pool.n_busy--;
        }
      else if (pool.stop)
        break;
      else
        g_cond_wait (&pool.wake, &pool.lock);
    }
  g_mutex_unlock (&pool.lock);
  return NULL;
}

gboolean
cs_pool_start (guint threads, guint queue, GError **error)
{
  pool.head = NULL;
  pool.tail = &pool.head;
  pool.limit = queue;
  pool.stop = FALSE;
  pool.threads = g_ptr_array_new ();
  for (guint i = 0; i < threads; i++)
    {
      g_autofree char *name = g_strdup_printf ("pool-%u", i);
      GThread *thread = g_thread_try_new (name, pool_main, NULL, error);

      if (thread == NULL)
        {
          cs_pool_stop ();
          return FALSE;
        }
      g_ptr_array_add (pool.threads, thread);
    }
  return TRUE;
}

void
cs_pool_stop (void)
{
  g_mutex_lock (&pool.lock);
  pool.stop = TRUE;
  g_cond_broadcast (&pool.wake);
  g_mutex_unlock (&pool.lock);
  for (guint i = 0; i < pool.threads->len; i++)
    g_thread_join (g_ptr_array_index (pool.threads, i));
  g_clear_pointer (&pool.threads, g_ptr_array_unref);
}

gboolean
cs_pool_is_idle (void)
{
  gboolean idle;

  g_mutex_lock (&pool.lock);
  idle = pool.n_queued == 0 && pool.n_busy == 0;
  g_mutex_unlock (&pool.lock);
  return idle;
}

static gboolean
enqueue (Job *job)
{
  gboolean room;

  g_mutex_lock (&pool.lock);
  room = pool.n_queued < pool.limit + pool.threads->len - pool.n_busy;
  if (room)
    push (&job->task);
  else
    pool.refused++;
  g_mutex_unlock (&pool.lock);
  return room;
}

CsStatus
cs_pool_call (gpointer self, CsPoolFunc func, gpointer data)
{
  CsWorker *worker = cs_worker_self ();
  Job job = { .task.run = run_job, .func = func, .data = data };
  CsStatus status;

  if (worker == NULL)
    {
      func (data);
      return CS_OK;
    }
  if (worker->fiber != NULL && worker->fiber->cancelled)
    return CS_CANCELLED;
  job.queued_at = g_get_monotonic_time ();
  cs_wait_prepare (&job.done);
  if (!enqueue (&job))
    return CS_OVERLOADED;
  status = cs_wait_until (&job.done, CS_NEVER);
  if (status == CS_OK || take_back (&job))
    return status;
  cs_wait_to_the_end (&job.done);
  return CS_OK;
}

void
cs_pool_add (gpointer self, CsTask *task)
{
  g_mutex_lock (&pool.lock);
  push (task);
  g_mutex_unlock (&pool.lock);
}

static gint64
read_queued (gpointer data)
{
  gint64 n;

  g_mutex_lock (&pool.lock);
  n = pool.n_queued;
  g_mutex_unlock (&pool.lock);
  return n;
}

static gint64
read_busy (gpointer data)
{
  gint64 n;

  g_mutex_lock (&pool.lock);
  n = pool.n_busy;
  g_mutex_unlock (&pool.lock);
  return n;
}

static gint64
read_refused (gpointer data)
{
  gint64 n;

  g_mutex_lock (&pool.lock);
  n = (gint64) pool.refused;
  g_mutex_unlock (&pool.lock);
  return n;
}

void
cs_pool_define_stats (void)
{
  static const gint64 bounds[] = { 100, 1000, 10000, 100000, 1000000 };
  CsStatSpec wait = { sizeof wait, CS_STAT_HISTOGRAM, "pool_wait_seconds",
                      "Time a job waited for a pool thread.", NULL, 1e-6, bounds,
                      G_N_ELEMENTS (bounds) };

  pool.wait_time = cs_stats_core_define (NULL, &wait);
  cs_stats_read_gauge ("pool_queue", "Jobs that wait for a pool thread.", read_queued, NULL);
  cs_stats_read_gauge ("pool_busy", "Pool threads that run a job.", read_busy, NULL);
  cs_stats_read_counter ("pool_refused_total", "Jobs refused because the pool's queue was full.",
                         read_refused, NULL);
}
