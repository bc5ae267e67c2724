/* worker-private.h: a worker's insides, for this room and for net.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_WORKER_PRIVATE_H
#define CS_WORKER_PRIVATE_H

#include "runtime/fiber.h"
#include "runtime/mailbox.h"
#include "runtime/poller.h"
#include "runtime/timer.h"
#include "runtime/worker.h"

G_BEGIN_DECLS

typedef struct
{
  CsTask *head;
  CsTask **tail;
} CsTaskList;

struct _CsWorker
{
  guint index;
  gint tid;
  GThread *thread;
  gboolean stop;

  gint64 now;
  CsFiber *fiber; /* the running one */
  CsContext context;
  CsFiber *ready_head;
  CsFiber **ready_tail;
  CsTaskList deferred;
  CsTaskList flushes;
  CsFiberPool fibers;
  CsPoller poller;
  CsWheel wheel;
  gpointer net; /* the net room's part */

  /* Read by other threads, without a lock. */
  gint64 busy_since;
  guint64 turns;
  const CsOwner *owner;
  const char *op;
  gint64 turn_max[2]; /* longest turn of this and the last span of time */
  gint64 turn_span;
  guint64 tasks; /* run from the mailbox */

  CsMailbox mailbox __attribute__ ((aligned (64))); /* written by other threads */
};

extern CsWorker **cs_workers_;
extern guint cs_n_workers_;
extern __thread CsWorker *cs_worker_self_;

/* The calling thread's worker, or NULL. */
static inline CsWorker *
cs_worker_self (void)
{
  return cs_worker_self_;
}

CsWorker *cs_worker_new (guint index, guint max_fibers, GError **error);
gboolean cs_worker_run (CsWorker *worker, GError **error);
void cs_worker_free (CsWorker *worker);

void cs_worker_post (guint index, CsTask *task);

/* Runs at the end of the turn, after deferred tasks: for streams that have output. */
void cs_worker_flush_later (CsWorker *worker, CsTask *task);
void cs_worker_defer (CsTask *task);

/* The room above that has descriptors on the workers. `stop` aborts what is open, and is called
 * until it answers TRUE: nothing is left; `force` drops what is closing too. On the worker. */
typedef struct
{
  void (*begin_stop) (void); /* main thread, before all else */
  gboolean (*stop) (CsWorker *worker, gboolean force);
  void (*clear) (CsWorker *worker);
  guint (*count_owned) (CsWorker *worker, gpointer self);
  void (*ended) (void); /* main thread, after the last worker */
} CsWorkerRoom;
extern const CsWorkerRoom *cs_worker_room_;

/* The main thread's share (main-loop.c). */
gboolean cs_main_is_current (void);
void cs_main_start (void);
void cs_main_stop (void);
void cs_main_post (CsTask *task);
guint cs_main_run_tasks (void);
CsWheel *cs_main_wheel (void);
void cs_main_rearm (void);

CsStatus cs_wait_fd_ready (int fd, guint events, gint64 deadline, guint *ready);
void cs_runtime_define_stats (void);

G_END_DECLS

#endif
