/* watchdog.h: a thread that notices a worker which is busy with one thing for too long.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_WATCHDOG_H
#define CS_WATCHDOG_H

#include <glib.h>

typedef struct _CsWatchdog CsWatchdog;

/* Logs worker, plugin and operation once for each turn that lasts longer than `stuck_after`
 * microseconds. Between cs_runtime_start () and cs_runtime_stop (). Main thread. */
CsWatchdog *cs_watchdog_new (guint n_workers, gint64 stuck_after);
void cs_watchdog_free (CsWatchdog *self);

#endif
