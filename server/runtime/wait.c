/* wait.c: the one primitive that everything waits on, for fibers and for threads of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/held-locks.h"
#include "runtime/worker-private.h"

static inline CsWaitBody *
body (CsWait *wait)
{
  return (CsWaitBody *) wait;
}

static inline gint
state_of (CsWaitBody *wait)
{
  return __atomic_load_n (&wait->state, __ATOMIC_ACQUIRE);
}

static inline gboolean
change (CsWaitBody *wait, CsWaitState from, CsWaitState to)
{
  gint expected = from;

  return __atomic_compare_exchange_n (&wait->state, &expected, to, FALSE, __ATOMIC_ACQ_REL,
                                      __ATOMIC_ACQUIRE);
}

static void
woken (CsWaitBody *wait)
{
  __atomic_store_n (&wait->state, CS_WAIT_WOKEN, __ATOMIC_RELEASE);
  cs_fiber_make_ready (wait->fiber, CS_OK);
}

static void
run_posted (CsTask *task)
{
  woken ((CsWaitBody *) task);
}

void
cs_wait_prepare (CsWait *wait_)
{
  CsWaitBody *wait = body (wait_);
  CsWorker *worker = cs_worker_self ();

  wait->task.run = run_posted;
  wait->fiber = NULL;
  wait->worker = worker != NULL ? (gint) worker->index : -1;
  __atomic_store_n (&wait->state, CS_WAIT_IDLE, __ATOMIC_RELAXED);
}

gboolean
cs_wait_give_up (CsWaitBody *wait)
{
  return change (wait, CS_WAIT_WAITING, CS_WAIT_IDLE);
}

void
cs_wait_timed_out (CsTimer *timer, gpointer fiber)
{
  cs_fiber_interrupt (fiber, CS_TIMED_OUT);
}

/* A thread of its own waits on the futex `state`; no fiber, no cancellation. */
static CsStatus
wait_thread (CsWaitBody *wait, gint64 deadline)
{
  if (!change (wait, CS_WAIT_IDLE, CS_WAIT_WAITING))
    return CS_OK;
  while (state_of (wait) != CS_WAIT_WOKEN)
    {
      gint64 left = deadline == CS_NEVER ? G_USEC_PER_SEC : deadline - g_get_monotonic_time ();
      struct timespec ts;

      if (left <= 0)
        {
          if (cs_wait_give_up (wait))
            return CS_TIMED_OUT;
          continue;
        }
      left = MIN (left, 60 * G_USEC_PER_SEC);
      ts.tv_sec = left / G_USEC_PER_SEC;
      ts.tv_nsec = left % G_USEC_PER_SEC * 1000;
      syscall (SYS_futex, &wait->state, FUTEX_WAIT_PRIVATE, CS_WAIT_WAITING, &ts, NULL, 0);
    }
  return CS_OK;
}

static CsFiber *
running_fiber (CsWorker *worker)
{
  if (G_UNLIKELY (worker->fiber == NULL))
    g_error ("worker %u would wait off a fiber, in %s of %s: start one with cs_fiber_start ()",
             worker->index, worker->op, worker->owner->name);
  return worker->fiber;
}

static CsStatus
wait_fiber (CsWorker *worker, CsFiber *fiber, CsWaitBody *wait, gint64 deadline)
{
  CsStatus status;

  g_assert (wait->worker == (gint) worker->index);
  if (G_UNLIKELY (cs_held_locks () != 0))
    g_error ("a fiber of %s would wait while it holds a mutex", worker->owner->name);
  wait->fiber = fiber;
  fiber->waiting = wait;
  if (!change (wait, CS_WAIT_IDLE, CS_WAIT_WAITING))
    return CS_OK;
  if (deadline == CS_NEVER)
    return cs_fiber_suspend (worker, fiber);
  cs_wheel_start (&worker->wheel, fiber->self, &fiber->timer, deadline, cs_wait_timed_out, fiber);
  status = cs_fiber_suspend (worker, fiber);
  cs_wheel_stop (&fiber->timer);
  return status;
}

CsStatus
cs_wait_until (CsWait *wait_, gint64 deadline)
{
  CsWaitBody *wait = body (wait_);
  CsWorker *worker = cs_worker_self ();
  CsFiber *fiber;

  if (worker == NULL)
    return wait_thread (wait, deadline);
  if (state_of (wait) == CS_WAIT_WOKEN)
    return CS_OK;
  fiber = running_fiber (worker);
  if (fiber->cancelled)
    return CS_CANCELLED;
  deadline = MIN (deadline, fiber->deadline);
  if (deadline <= worker->now)
    return CS_TIMED_OUT;
  fiber->through = FALSE;
  return wait_fiber (worker, fiber, wait, deadline);
}

void
cs_wait_to_the_end (CsWait *wait)
{
  CsWorker *worker = cs_worker_self ();
  CsFiber *fiber;

  if (worker == NULL)
    {
      wait_thread (body (wait), CS_NEVER);
      return;
    }
  if (state_of (body (wait)) == CS_WAIT_WOKEN)
    return;
  fiber = running_fiber (worker);
  fiber->through = TRUE;
  wait_fiber (worker, fiber, body (wait), CS_NEVER);
}

void
cs_wait_wake (CsWait *wait_)
{
  CsWaitBody *wait = body (wait_);
  CsWorker *worker = cs_worker_self ();

  if (worker == NULL || wait->worker != (gint) worker->index)
    cs_wait_wake_from (wait_);
  else if (__atomic_load_n (&wait->state, __ATOMIC_RELAXED) == CS_WAIT_WAITING)
    woken (wait);
  else
    __atomic_store_n (&wait->state, CS_WAIT_WOKEN, __ATOMIC_RELEASE);
}

/* Once the state has left IDLE for WOKEN the memory may be gone; while it is POSTED it stays. */
void
cs_wait_wake_from (CsWait *wait_)
{
  CsWaitBody *wait = body (wait_);
  gint worker = wait->worker;

  while (!change (wait, CS_WAIT_IDLE, CS_WAIT_WOKEN))
    if (worker >= 0)
      {
        if (change (wait, CS_WAIT_WAITING, CS_WAIT_POSTED))
          {
            cs_worker_post ((guint) worker, &wait->task);
            return;
          }
      }
    else if (change (wait, CS_WAIT_WAITING, CS_WAIT_WOKEN))
      {
        syscall (SYS_futex, &wait->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        return;
      }
}
