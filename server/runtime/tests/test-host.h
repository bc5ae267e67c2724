/* test-host.h: the host table of a test, and running a function on a fiber of a worker.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include <cloudsync/sdk.h>

#include "runtime/log-ring.h"
#include "runtime/stats-core.h"
#include "runtime/worker.h"

/* Starts a runtime of n workers, or fails the test. */
void test_start (guint n_workers);
void test_stop (void);

/* Calls func (data) on a fiber of the worker and returns when it ended; test's thread. */
void test_on_fiber (guint worker, CsFiberFunc func, gpointer data);
void test_on_fiber_until (guint worker, CsFiberFunc func, gpointer data, gint64 deadline);

/* The same, off any fiber. */
void test_on_worker (guint worker, CsFiberFunc func, gpointer data);

#endif
