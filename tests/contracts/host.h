/* host.h: the core's own workers and fibers under the harness's services, with a movable clock.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "harness.h"

G_BEGIN_DECLS

/* On the main thread. Between start and stop services may be made with cs_harness_instance (). */
void host_start (guint n_workers);
void host_stop (void);

/* func (data) on a fiber of the worker, or off any; returns when it has ended. Any thread but a
 * worker. */
void host_on_fiber (guint worker, CsHarnessFunc func, gpointer data);
void host_on_worker (guint worker, CsHarnessFunc func, gpointer data);

/* Starts func (data) on a fiber of the worker and returns; host_await () waits until it has ended.
 */
typedef struct
{
  CsTask task;
  CsHarnessFunc func;
  gpointer data;
  gboolean on_fiber;
  CsFiber *fiber; /* on its worker */
  CsWait done;
} HostCall;
void host_begin (HostCall *call, guint worker, CsHarnessFunc func, gpointer data);
void host_await (HostCall *call);

/* Everything that was posted to a worker before has been run. */
void host_settle (void);

/* Moves cs_now () on by so much. */
void host_pass (gint64 length);

G_END_DECLS
