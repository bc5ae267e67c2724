/* worker.h: the worker threads: their loops, mailboxes, per-thread time, and the whole runtime's
 * life.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_WORKER_H
#define CS_WORKER_H

#include <cloudsync/loop.h>

#include "runtime/owner.h"

G_BEGIN_DECLS

/* The table that the host hands to plugins; its functions may be called by the core directly. */
extern const CsLoopTable cs_loop_table_;

typedef struct
{
  guint n_workers;    /* 0: cs_runtime_default_workers () */
  guint max_fibers;   /* of the node, divided among its workers; 0: 16384 */
  guint pool_threads; /* 0: 4 */
  guint pool_queue;   /* jobs that may wait for a pool thread; 0: 1024 */
} CsRuntimeOptions;

typedef void (*CsWorkerFunc) (guint worker, gpointer data);

/* min (affinity, ceil (cgroup CPU quota)), at least 1. Any thread. */
guint cs_runtime_default_workers (void);

/* Starts workers and pool. Main thread, whose GMainContext (the default one) serves post_main and
 * timers from then on. May be called again after cs_runtime_stop (). */
gboolean cs_runtime_start (const CsRuntimeOptions *options, GError **error);

/* Runs func (worker, data) once on each worker, off any fiber, and returns when all have: for
 * worker_start, worker_stop, audits. Main thread; blocks it, but posts to main stay queued. */
void cs_runtime_on_each_worker (CsWorkerFunc func, gpointer data);

/* Cancels every fiber with CS_CANCELLED and waits until the last has ended, while tasks, timers,
 * streams and the pool go on; main-thread tasks are run meanwhile. FALSE: some fiber was still
 * there at `deadline` (logged by owner); it may be called again. Main thread. */
gboolean cs_runtime_cancel_fibers (gint64 deadline);

/* Ends workers and pool: cancels what is left, lets closing streams flush until `deadline`, runs
 * every task that was posted, to workers, pool and main thread, joins all threads. Main thread. */
void cs_runtime_stop (gint64 deadline);

/* What an instance still has, for the leak audit after its worker_stop (): call it on each
 * worker by cs_runtime_on_each_worker () and once on the main thread (its timers); counts are
 * added up. */
typedef struct
{
  guint timers;
  guint fibers;
  guint streams;
} CsOwned;
void cs_worker_count_owned (gpointer self, CsOwned *owned);

/* What a worker is doing, read from any thread without a lock. */
typedef struct
{
  gint64 busy_since;    /* when the turn began; 0: it sleeps, nothing to do */
  guint64 turns;        /* rises with each turn */
  const CsOwner *owner; /* whose code runs now */
  const char *op;       /* "fiber", "timer", "stream", "task", … static */
  gint tid;             /* for a crash report */
} CsHeartbeat;
void cs_worker_heartbeat (guint worker, CsHeartbeat *beat);

/* Is `address` in the guard below the running fiber's stack? Then a fault there is an overflow. The
 * calling thread; may be called in a signal handler. */
gboolean cs_worker_stack_overflowed (const void *address);

/* Marks what the calling worker does now, for the watchdog and the crash report; gives back what
 * was marked before, to be restored. Elsewhere it does nothing. */
typedef struct
{
  const CsOwner *owner;
  const char *op;
} CsDoing;
CsDoing cs_worker_doing (gpointer self, const char *op);
void cs_worker_done (CsDoing before);

G_END_DECLS

#endif
