/* harness-loop.c: worker threads with mailboxes, waits that block, a clock that the test moves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness-private.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

typedef struct
{
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t filled;
  CsTask *head;
  CsTask *tail;
  gboolean stop;
} HarnessWorker;

typedef struct
{
  CsTask task;
  CsHarnessFunc func;
  gpointer data;
  sem_t done;
} HarnessCall;

G_STATIC_ASSERT (sizeof (sem_t) <= sizeof (CsWait));

static HarnessWorker workers[CS_HARNESS_MAX_WORKERS];
static guint n_running;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pool_idle = PTHREAD_COND_INITIALIZER;
static guint pool_tasks;
static __thread gint this_worker = -1;
static __thread GPtrArray *timers; /* HarnessTimer, of this worker, in no order */
static gint64 passed;              /* atomic: what the test added to the clock */

/* In a CsTimer. */
typedef struct
{
  gint64 at;
  CsTimerFunc func;
  gpointer data;
} HarnessTimer;

G_STATIC_ASSERT (sizeof (HarnessTimer) <= sizeof (CsTimer));

static CsTask *
next_task (HarnessWorker *worker)
{
  CsTask *task;

  pthread_mutex_lock (&worker->lock);
  while (worker->head == NULL && !worker->stop)
    pthread_cond_wait (&worker->filled, &worker->lock);
  task = worker->head;
  if (task != NULL)
    worker->head = task->next_;
  pthread_mutex_unlock (&worker->lock);
  return task;
}

static void *
worker_main (void *data)
{
  CsTask *task;

  this_worker = GPOINTER_TO_INT (data);
  timers = g_ptr_array_new ();
  while ((task = next_task (&workers[this_worker])) != NULL)
    task->run (task);
  g_assert_cmpuint (timers->len, ==, 0); /* a timer must not outlive its memory */
  g_ptr_array_unref (timers);
  return NULL;
}

static void
loop_post (guint index, CsTask *task)
{
  HarnessWorker *worker = &workers[index];

  g_assert_cmpuint (index, <, n_running);
  task->next_ = NULL;
  pthread_mutex_lock (&worker->lock);
  if (worker->head == NULL)
    worker->head = task;
  else
    worker->tail->next_ = task;
  worker->tail = task;
  pthread_cond_signal (&worker->filled);
  pthread_mutex_unlock (&worker->lock);
}

void
harness_loop_start (guint n_workers)
{
  guint i;

  g_assert_cmpuint (n_workers, <=, CS_HARNESS_MAX_WORKERS);
  n_running = n_workers;
  for (i = 0; i < n_workers; i++)
    {
      pthread_mutex_init (&workers[i].lock, NULL);
      pthread_cond_init (&workers[i].filled, NULL);
      workers[i].head = workers[i].tail = NULL;
      workers[i].stop = FALSE;
      pthread_create (&workers[i].thread, NULL, worker_main, GINT_TO_POINTER (i));
    }
}

static void *
pool_task_main (void *data)
{
  CsTask *task = data;

  task->run (task);
  pthread_mutex_lock (&pool_lock);
  if (--pool_tasks == 0)
    pthread_cond_broadcast (&pool_idle);
  pthread_mutex_unlock (&pool_lock);
  return NULL;
}

static void
wait_for_pool (void)
{
  pthread_mutex_lock (&pool_lock);
  while (pool_tasks > 0)
    pthread_cond_wait (&pool_idle, &pool_lock);
  pthread_mutex_unlock (&pool_lock);
}

void
harness_loop_stop (void)
{
  guint i;

  wait_for_pool ();
  for (i = 0; i < n_running; i++)
    {
      pthread_mutex_lock (&workers[i].lock);
      workers[i].stop = TRUE;
      pthread_cond_signal (&workers[i].filled);
      pthread_mutex_unlock (&workers[i].lock);
    }
  for (i = 0; i < n_running; i++)
    pthread_join (workers[i].thread, NULL);
  n_running = 0;
}

static void
call_run (CsTask *task)
{
  HarnessCall *call = (HarnessCall *) task;

  call->func (call->data);
  sem_post (&call->done);
}

static void
wait_semaphore (sem_t *semaphore)
{
  while (sem_wait (semaphore) != 0)
    g_assert_cmpint (errno, ==, EINTR);
}

void
cs_harness_run (guint worker, CsHarnessFunc func, gpointer data)
{
  HarnessCall call = { .task.run = call_run, .func = func, .data = data };

  sem_init (&call.done, 0, 0);
  loop_post (worker, &call.task);
  wait_semaphore (&call.done);
  sem_destroy (&call.done);
}

static void
nothing (gpointer data)
{
}

void
cs_harness_settle (void)
{
  guint i;

  wait_for_pool ();
  for (i = 0; i < n_running; i++)
    cs_harness_run (i, nothing, NULL);
}

/* ---- the clock ---- */

static gint64
loop_now (void)
{
  return g_get_monotonic_time () + __atomic_load_n (&passed, __ATOMIC_SEQ_CST);
}

static void
loop_timer_stop (CsTimer *timer)
{
  g_ptr_array_remove_fast (timers, timer);
}

static void
loop_timer_start (gpointer self, CsTimer *timer, gint64 at, CsTimerFunc func, gpointer data)
{
  loop_timer_stop (timer);
  *(HarnessTimer *) timer = (HarnessTimer){ at, func, data };
  g_ptr_array_add (timers, timer);
}

static HarnessTimer *
due_timer (gint64 now)
{
  guint i;

  for (i = 0; i < timers->len; i++)
    if (((HarnessTimer *) timers->pdata[i])->at <= now)
      return timers->pdata[i];
  return NULL;
}

static void
run_timers (gpointer data)
{
  gint64 now = loop_now ();
  HarnessTimer *timer;

  while ((timer = due_timer (now)) != NULL)
    {
      loop_timer_stop ((CsTimer *) timer);
      timer->func ((CsTimer *) timer, timer->data);
    }
}

void
cs_harness_pass (gint64 length)
{
  guint i;

  __atomic_add_fetch (&passed, length, __ATOMIC_SEQ_CST);
  for (i = 0; i < n_running; i++)
    cs_harness_run (i, run_timers, NULL);
}

static guint
loop_n_workers (void)
{
  return n_running;
}

static gint
loop_worker (void)
{
  return this_worker;
}

static void
loop_defer (CsTask *task)
{
  loop_post ((guint) this_worker, task);
}

static CsStatus
loop_fiber_start (gpointer self, CsFiberFunc func, gpointer data, gint64 deadline)
{
  func (data);
  return CS_OK;
}

static gint64
loop_fiber_deadline (void)
{
  return CS_NEVER;
}

static void
loop_wait_init (CsWait *wait)
{
  sem_init ((sem_t *) wait, 0, 0);
}

static CsStatus
loop_wait (CsWait *wait, gint64 deadline)
{
  gint64 left = deadline == CS_NEVER ? CS_SECONDS (3600) : deadline - loop_now ();
  gint64 until = g_get_real_time () + MAX (left, 0);
  struct timespec at
    = { .tv_sec = until / G_USEC_PER_SEC, .tv_nsec = (until % G_USEC_PER_SEC) * 1000 };

  while (sem_timedwait ((sem_t *) wait, &at) != 0)
    if (errno == ETIMEDOUT)
      return CS_TIMED_OUT;
  return CS_OK;
}

static void
loop_wait_through (CsWait *wait)
{
  wait_semaphore ((sem_t *) wait);
}

static void
loop_wake (CsWait *wait)
{
  sem_post ((sem_t *) wait);
}

static CsStatus
loop_sleep (gint64 length)
{
  g_usleep ((gulong) length);
  return CS_OK;
}

static void *
pool_call_main (void *data)
{
  HarnessCall *call = data;

  call->func (call->data);
  return NULL;
}

static CsStatus
loop_pool_run (gpointer self, CsPoolFunc func, gpointer data)
{
  HarnessCall call = { .func = func, .data = data };
  pthread_t thread;

  pthread_create (&thread, NULL, pool_call_main, &call);
  pthread_join (thread, NULL);
  return CS_OK;
}

static void
loop_pool_push (gpointer self, CsTask *task)
{
  pthread_t thread;

  pthread_mutex_lock (&pool_lock);
  pool_tasks++;
  pthread_mutex_unlock (&pool_lock);
  pthread_create (&thread, NULL, pool_task_main, task);
  pthread_detach (thread);
}

const CsLoopTable harness_loop_table = {
  .size = sizeof (CsLoopTable),
  .n_workers = loop_n_workers,
  .worker = loop_worker,
  .now = loop_now,
  .post = loop_post,
  .defer = loop_defer,
  .fiber_start = loop_fiber_start,
  .fiber_deadline = loop_fiber_deadline,
  .wait_init = loop_wait_init,
  .wait = loop_wait,
  .wait_through = loop_wait_through,
  .wake = loop_wake,
  .wake_from = loop_wake,
  .sleep = loop_sleep,
  .pool_run = loop_pool_run,
  .pool_push = loop_pool_push,
  .timer_start = loop_timer_start,
  .timer_stop = loop_timer_stop,
};
