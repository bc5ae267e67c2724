/* pool.h: a bounded set of threads for calls that block.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_POOL_H
#define CS_POOL_H

#include <cloudsync/loop.h>

G_BEGIN_DECLS

/* Main thread. `queue` bounds the jobs of cs_pool_call () that wait for a thread. */
gboolean cs_pool_start (guint threads, guint queue, GError **error);

/* Runs what is queued, then ends the threads. Nobody adds any more. */
void cs_pool_stop (void);

/* Nothing is queued and no thread is running a job. Any thread. */
gboolean cs_pool_is_idle (void);

CsStatus cs_pool_call (gpointer self, CsPoolFunc func, gpointer data);
void cs_pool_add (gpointer self, CsTask *task);
void cs_pool_define_stats (void);

G_END_DECLS

#endif
