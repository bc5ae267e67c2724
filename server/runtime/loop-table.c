/* loop-table.c: the loop's functions as plugins reach them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pool.h"
#include "runtime/wait.h"
#include "runtime/worker-private.h"

static guint
loop_n_workers (void)
{
  return cs_n_workers_;
}

static gint
loop_worker (void)
{
  CsWorker *worker = cs_worker_self ();

  return worker != NULL ? (gint) worker->index : -1;
}

static gint64
loop_now (void)
{
  CsWorker *worker = cs_worker_self ();

  return worker != NULL ? worker->now : g_get_monotonic_time ();
}

static void
loop_defer (CsTask *task)
{
  g_assert (cs_worker_self () != NULL);
  cs_worker_defer (task);
}

static CsFiber *
loop_fiber_self (void)
{
  CsWorker *worker = cs_worker_self ();

  return worker != NULL ? worker->fiber : NULL;
}

static void
loop_fiber_cancel (CsFiber *fiber)
{
  g_assert (fiber->worker == cs_worker_self ());
  fiber->cancelled = TRUE;
  cs_fiber_interrupt (fiber, CS_CANCELLED);
}

static gint64
loop_fiber_deadline (void)
{
  CsFiber *fiber = loop_fiber_self ();

  return fiber != NULL ? fiber->deadline : CS_NEVER;
}

static void
loop_fiber_set_deadline (gint64 deadline)
{
  CsFiber *fiber = loop_fiber_self ();

  if (fiber != NULL)
    fiber->deadline = deadline;
}

static CsStatus
loop_sleep (gint64 length)
{
  CsWait wait;
  CsStatus status;
  gint64 until = loop_now () + MAX (length, 0), limit = loop_fiber_deadline ();

  cs_wait_prepare (&wait);
  status = cs_wait_until (&wait, until);
  return status == CS_TIMED_OUT && until <= limit ? CS_OK : status;
}

static void
loop_timer_start (gpointer self, CsTimer *timer, gint64 at, CsTimerFunc func, gpointer data)
{
  CsWorker *worker = cs_worker_self ();

  if (worker != NULL)
    {
      cs_wheel_start (&worker->wheel, self, timer, at, func, data);
      return;
    }
  g_assert (cs_main_is_current ());
  cs_wheel_start (cs_main_wheel (), self, timer, at, func, data);
  cs_main_rearm ();
}

const CsLoopTable cs_loop_table_ = {
  .size = sizeof cs_loop_table_,
  .n_workers = loop_n_workers,
  .worker = loop_worker,
  .now = loop_now,
  .post = cs_worker_post,
  .post_main = cs_main_post,
  .defer = loop_defer,
  .fiber_start = cs_fiber_launch,
  .fiber_self = loop_fiber_self,
  .fiber_cancel = loop_fiber_cancel,
  .fiber_deadline = loop_fiber_deadline,
  .fiber_set_deadline = loop_fiber_set_deadline,
  .wait_init = cs_wait_prepare,
  .wait = cs_wait_until,
  .wait_through = cs_wait_to_the_end,
  .wake = cs_wait_wake,
  .wake_from = cs_wait_wake_from,
  .sleep = loop_sleep,
  .wait_fd = cs_wait_fd_ready,
  .pool_run = cs_pool_call,
  .pool_push = cs_pool_add,
  .timer_start = loop_timer_start,
  .timer_stop = cs_wheel_stop,
};
