/* fiber.c: fibers run, wait, are cancelled and end; each stays on its worker.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fiber.h"

#include "runtime/wait.h"
#include "runtime/worker-private.h"

/* The two switches mark what the worker does, for the watchdog. */
void
cs_fiber_resume (CsWorker *worker, CsFiber *fiber)
{
  CsFiber *before = worker->fiber;
  CsContext *here = before != NULL ? &before->context : &worker->context;
  CsDoing doing = cs_worker_doing (fiber->self, "fiber");

  fiber->resumer = here;
  fiber->state = CS_FIBER_RUNNING;
  worker->fiber = fiber;
  cs_context_leave (here, &fiber->context);
  cs_fiber_switch_ (&here->sp, fiber->context.sp);
  cs_context_enter (here, &fiber->context);
  worker->fiber = before;
  cs_worker_done (doing);
}

static void
leave (CsFiber *fiber)
{
  CsContext *to = fiber->resumer;

  cs_context_leave (&fiber->context, to);
  cs_fiber_switch_ (&fiber->context.sp, to->sp);
  cs_context_enter (&fiber->context, fiber->resumer);
}

/* A stack runs one function after the other; it is never unwound in between. */
static void
fiber_main (void *data)
{
  CsFiber *fiber = data;

  cs_context_enter (&fiber->context, fiber->resumer);
  for (;;)
    {
      fiber->func (fiber->data);
      cs_fiber_give (fiber->worker, fiber);
      leave (fiber);
    }
}

CsStatus
cs_fiber_launch (gpointer self, CsFiberFunc func, gpointer data, gint64 deadline)
{
  CsWorker *worker = cs_worker_self ();
  CsFiber *fiber;

  if (G_UNLIKELY (worker == NULL))
    g_error ("a fiber was started on a thread that is no worker");
  fiber = cs_fiber_take (worker);
  if (fiber == NULL)
    return CS_OVERLOADED;
  fiber->self = self;
  fiber->func = func;
  fiber->data = data;
  fiber->deadline = deadline;
  fiber->cancelled = FALSE;
  if (fiber->context.sp == NULL)
    fiber->context.sp = cs_fiber_prepare_ (fiber->low, fiber, fiber_main, fiber);
  cs_fiber_resume (worker, fiber);
  return CS_OK;
}

CsStatus
cs_fiber_suspend (CsWorker *worker, CsFiber *fiber)
{
  fiber->state = CS_FIBER_WAITING;
  leave (fiber);
  return fiber->status;
}

void
cs_fiber_make_ready (CsFiber *fiber, CsStatus status)
{
  CsWorker *worker = fiber->worker;

  fiber->status = status;
  fiber->state = CS_FIBER_READY;
  fiber->waiting = NULL;
  fiber->next = NULL;
  *worker->ready_tail = fiber;
  worker->ready_tail = &fiber->next;
}

/* Ends the wait of a fiber that lets itself be interrupted. */
void
cs_fiber_interrupt (CsFiber *fiber, CsStatus status)
{
  if (fiber->state == CS_FIBER_WAITING && !fiber->through && cs_wait_give_up (fiber->waiting))
    cs_fiber_make_ready (fiber, status);
}

void
cs_fiber_cancel_all (CsWorker *worker)
{
  for (CsFiber *fiber = worker->fibers.all; fiber != NULL; fiber = fiber->all_next)
    if (fiber->state != CS_FIBER_FREE)
      {
        fiber->cancelled = TRUE;
        cs_fiber_interrupt (fiber, CS_CANCELLED);
      }
}
