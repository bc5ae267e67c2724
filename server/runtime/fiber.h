/* fiber.h: a worker's fibers: their stacks, and switching to and from them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_FIBER_H
#define CS_FIBER_H

#include <cloudsync/loop.h>

#include "runtime/fiber-switch.h"

G_BEGIN_DECLS

#define CS_FIBER_STACK (128 * 1024)
#define CS_FIBER_GUARD (64 * 1024)

typedef struct _CsWorker CsWorker;
typedef struct _CsWaitBody CsWaitBody;

typedef enum
{
  CS_FIBER_FREE,
  CS_FIBER_RUNNING, /* or it has resumed another one that is */
  CS_FIBER_WAITING,
  CS_FIBER_READY
} CsFiberState;

/* Lies at the top of its own stack, so that one that is in use touches no page besides. */
struct _CsFiber
{
  CsContext context;
  CsContext *resumer; /* whom a wait goes back to */
  CsWorker *worker;
  CsFiberState state;
  CsStatus status; /* what the wait returns */
  gboolean cancelled;
  gboolean through; /* the wait ends by its wake only */
  CsWaitBody *waiting;
  gint64 deadline;
  CsFiberFunc func;
  gpointer data;
  gpointer self;
  CsTimer timer;
  CsFiber *next;     /* of the run queue or the free list */
  CsFiber *all_next; /* every stack the worker made */
  char *low;         /* the stack's lowest address, above the guard */
  gsize size;        /* from there to the end of the mapping */
  gboolean clean;    /* its pages were given back since it last ran */
  gboolean painted;
};

typedef struct
{
  CsFiber *free;
  guint n_free;
  guint max;
  guint n_stacks; /* from here on read by other threads, without a lock */
  guint n_live;
  guint64 started;
  guint64 refused;
  gsize high_water; /* deepest stack seen, bytes */
  CsFiber *all;
  CsTimer trim_timer;
} CsFiberPool;

/* A free fiber, or NULL when `max` are in use or the system gives no more. */
CsFiber *cs_fiber_take (CsWorker *worker);

/* Puts one that has ended on the free list. */
void cs_fiber_give (CsWorker *worker, CsFiber *fiber);

/* Unmaps all stacks; none is in use. */
void cs_fiber_pool_clear (CsWorker *worker);

/* Cancels every fiber of the worker. */
void cs_fiber_cancel_all (CsWorker *worker);

/* Goes on with a fiber until it waits or ends. Worker's thread. */
void cs_fiber_resume (CsWorker *worker, CsFiber *fiber);

/* Leaves the running fiber until cs_fiber_make_ready (). */
CsStatus cs_fiber_suspend (CsWorker *worker, CsFiber *fiber);
void cs_fiber_make_ready (CsFiber *fiber, CsStatus status);

CsStatus cs_fiber_launch (gpointer self, CsFiberFunc func, gpointer data, gint64 deadline);
void cs_fiber_interrupt (CsFiber *fiber, CsStatus status);

/* From now on stacks are filled with a pattern, and the deepest use of each fiber is measured by
 * the byte when it ends instead of by the page. For tests; costs 128 KiB of memory a stack. Any
 * thread. */
void cs_fiber_paint (gboolean paint);

/* The deepest stack of the node in bytes; so far or, while stacks are painted, since the last call.
 * Any thread. */
gsize cs_fiber_high_water (void);

G_END_DECLS

#endif
