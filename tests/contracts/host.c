/* host.c: the core's loop table with another clock, and calls on workers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include "runtime/worker.h"

static gint64 passed; /* atomic: what the tests added to the clock */

static gint64
moved (void)
{
  return __atomic_load_n (&passed, __ATOMIC_SEQ_CST);
}

static gint64
loop_now (void)
{
  return cs_loop_table_.now () + moved ();
}

/* Timers keep the core's clock: one that becomes due because the clock was moved fires late, which
 * only gives memory back late. */
static void
loop_timer_start (gpointer self, CsTimer *timer, gint64 at, CsTimerFunc func, gpointer data)
{
  cs_loop_table_.timer_start (NULL, timer, at - moved (), func, data);
}

static CsStatus
loop_wait (CsWait *wait, gint64 deadline)
{
  return cs_loop_table_.wait (wait, deadline == CS_NEVER ? CS_NEVER : deadline - moved ());
}

void
host_start (guint n_workers)
{
  static CsLoopTable loop;
  CsRuntimeOptions options = { .n_workers = n_workers };
  g_autoptr (GError) error = NULL;

  loop = cs_loop_table_;
  loop.now = loop_now;
  loop.timer_start = loop_timer_start;
  loop.wait = loop_wait;
  cs_harness_start_on (&loop);
  cs_runtime_start (&options, &error);
  g_assert_no_error (error);
}

void
host_stop (void)
{
  cs_runtime_stop (g_get_monotonic_time () + CS_SECONDS (10));
  cs_harness_stop ();
}

static void
call_run (gpointer data)
{
  HostCall *call = data;

  call->fiber = cs_fiber_self ();
  call->func (call->data);
  cs_wake_from (&call->done);
}

static void
call_task (CsTask *task)
{
  HostCall *call = (HostCall *) task;

  if (!call->on_fiber)
    call_run (call);
  else
    g_assert_cmpint (cs_fiber_start (NULL, call_run, call, CS_NEVER), ==, CS_OK);
}

static void
begin (HostCall *call, guint worker, CsHarnessFunc func, gpointer data, gboolean on_fiber)
{
  *call = (HostCall){ .task.run = call_task, .func = func, .data = data, .on_fiber = on_fiber };
  cs_wait_init (&call->done);
  cs_post (worker, &call->task);
}

void
host_begin (HostCall *call, guint worker, CsHarnessFunc func, gpointer data)
{
  begin (call, worker, func, data, TRUE);
}

void
host_await (HostCall *call)
{
  cs_wait_through (&call->done);
}

void
host_on_fiber (guint worker, CsHarnessFunc func, gpointer data)
{
  HostCall call;

  begin (&call, worker, func, data, TRUE);
  host_await (&call);
}

void
host_on_worker (guint worker, CsHarnessFunc func, gpointer data)
{
  HostCall call;

  begin (&call, worker, func, data, FALSE);
  host_await (&call);
}

static void
nothing (gpointer data)
{
}

/* Twice: what a first task posts to its own worker is run too. */
void
host_settle (void)
{
  guint round, i;

  for (round = 0; round < 2; round++)
    for (i = 0; i < cs_n_workers (); i++)
      host_on_worker (i, nothing, NULL);
}

void
host_pass (gint64 length)
{
  __atomic_add_fetch (&passed, length, __ATOMIC_SEQ_CST);
}
