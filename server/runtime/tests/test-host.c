/* test-host.c: the host table of a test.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

#ifdef TEST_NET
#include "net/net-stream.h"
#endif

static const CsHost host = {
  .size = sizeof host,
  .abi_major = CS_ABI_MAJOR,
  .abi_minor = CS_ABI_MINOR,
  .loop = &cs_loop_table_,
#ifdef TEST_NET
  .stream = &cs_stream_table_,
#endif
  .log = &cs_log_table_,
  .stats = &cs_stats_table_,
};
const CsHost *cs_host_ = &host;

typedef struct
{
  CsTask task;
  CsFiberFunc func;
  gpointer data;
  gint64 deadline;
  CsWait done;
} Call;

void
test_start (guint n_workers)
{
  CsRuntimeOptions options = { .n_workers = n_workers };
  g_autoptr (GError) error = NULL;

  cs_runtime_start (&options, &error);
  g_assert_no_error (error);
#ifdef TEST_NET
  cs_net_start ();
#endif
}

void
test_stop (void)
{
  cs_runtime_stop (g_get_monotonic_time () + CS_SECONDS (10));
}

static void
run_fiber (gpointer data)
{
  Call *call = data;

  call->func (call->data);
  cs_wake_from (&call->done);
}

static void
run_on_fiber (CsTask *task)
{
  Call *call = (Call *) task;

  g_assert_cmpint (cs_fiber_start (NULL, run_fiber, call, call->deadline), ==, CS_OK);
}

static void
run_on_worker (CsTask *task)
{
  run_fiber (task);
}

static void
call (guint worker, void (*run) (CsTask *task), CsFiberFunc func, gpointer data, gint64 deadline)
{
  Call call = { .task.run = run, .func = func, .data = data, .deadline = deadline };

  cs_wait_init (&call.done);
  cs_post (worker, &call.task);
  cs_wait_through (&call.done);
}

void
test_on_fiber_until (guint worker, CsFiberFunc func, gpointer data, gint64 deadline)
{
  call (worker, run_on_fiber, func, data, deadline);
}

void
test_on_fiber (guint worker, CsFiberFunc func, gpointer data)
{
  test_on_fiber_until (worker, func, data, CS_NEVER);
}

void
test_on_worker (guint worker, CsFiberFunc func, gpointer data)
{
  call (worker, run_on_worker, func, data, CS_NEVER);
}
