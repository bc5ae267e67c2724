/* loop.h: workers, fibers, waiting, timers and the pool of threads for calls that block.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LOOP_H
#define CS_LOOP_H

#include <cloudsync/error.h>
#include <cloudsync/host.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

/* A fiber is a small stack (128 KiB) on one worker, for life. Not kept over a wait: errno, OpenSSL's
 * error queue, setjmp, a C++ catch block, a database statement, a held mutex. */
typedef struct _CsFiber CsFiber;
typedef void (*CsFiberFunc) (gpointer data);

/* The one primitive that everything waits on. Lives wherever its user likes (often the stack);
 * cs_wait_init () before use; one waiter. */
typedef struct
{
  guint64 body_[8];
} CsWait;

/* A timer of one worker, embedded in its user's struct; zeroed before first use. */
typedef struct
{
  guint64 body_[8];
} CsTimer;
typedef void (*CsTimerFunc) (CsTimer *timer, gpointer data);

/* A message to a thread, embedded in its user's struct; not to be touched until run () is called. */
typedef struct _CsTask CsTask;
struct _CsTask
{
  CsTask *next_;
  void (*run) (CsTask *task);
};

typedef void (*CsPoolFunc) (gpointer data);

typedef enum
{
  CS_READABLE = 1 << 0,
  CS_WRITABLE = 1 << 2
} CsEvents;

typedef struct _CsLoopTable
{
  gsize size;
  guint (*n_workers) (void);
  gint (*worker) (void);
  gint64 (*now) (void);
  void (*post) (guint worker, CsTask *task);
  void (*post_main) (CsTask *task);
  void (*defer) (CsTask *task);
  CsStatus (*fiber_start) (gpointer self, CsFiberFunc func, gpointer data, gint64 deadline);
  CsFiber *(*fiber_self) (void);
  void (*fiber_cancel) (CsFiber *fiber);
  gint64 (*fiber_deadline) (void);
  void (*fiber_set_deadline) (gint64 deadline);
  void (*wait_init) (CsWait *wait);
  CsStatus (*wait) (CsWait *wait, gint64 deadline);
  void (*wait_through) (CsWait *wait);
  void (*wake) (CsWait *wait);
  void (*wake_from) (CsWait *wait);
  CsStatus (*sleep) (gint64 length);
  CsStatus (*wait_fd) (int fd, guint events, gint64 deadline, guint *ready);
  CsStatus (*pool_run) (gpointer self, CsPoolFunc func, gpointer data);
  void (*pool_push) (gpointer self, CsTask *task);
  void (*timer_start) (gpointer self, CsTimer *timer, gint64 at, CsTimerFunc func, gpointer data);
  void (*timer_stop) (CsTimer *timer);
} CsLoopTable;

/* The number of workers; constant while the node runs. Any thread. */
static inline guint
cs_n_workers (void)
{
  return cs_host_->loop->n_workers ();
}

/* The calling worker's index, or -1 on the main thread, a pool thread or a thread of one's own. */
static inline gint
cs_worker (void)
{
  return cs_host_->loop->worker ();
}

/* The monotonic time; on a worker that of the loop's turn, which costs no system call. */
static inline gint64
cs_now (void)
{
  return cs_host_->loop->now ();
}

/* Runs task->run (task) on another worker, in order of posting per sender. Any thread. No allocation;
 * cannot fail. During shutdown tasks that were posted are still run. */
static inline void
cs_post (guint worker, CsTask *task)
{
  cs_host_->loop->post (worker, task);
}

/* The same, on the main thread. */
static inline void
cs_post_main (CsTask *task)
{
  cs_host_->loop->post_main (task);
}

/* Runs the task at the end of this worker's current turn, before output is flushed. Worker only. */
static inline void
cs_defer (CsTask *task)
{
  cs_host_->loop->defer (task);
}

/* Runs func (data) on a new fiber of this worker at once; returns when it first waits or ends.
 * `deadline` bounds each of its waits. Worker only, on or off a fiber. CS_OVERLOADED when
 * node.max-fibers are in use: func was not called. */
static inline CsStatus
cs_fiber_start (gpointer self, CsFiberFunc func, gpointer data, gint64 deadline)
{
  return cs_host_->loop->fiber_start (self, func, data, deadline);
}

/* The running fiber, or NULL when the caller is on none. */
static inline CsFiber *
cs_fiber_self (void)
{
  return cs_host_->loop->fiber_self ();
}

/* Its waits, the current one included, return CS_CANCELLED from now on. Same worker; a fiber that
 * has ended must not be named. */
static inline void
cs_fiber_cancel (CsFiber *fiber)
{
  cs_host_->loop->fiber_cancel (fiber);
}

/* The running fiber's deadline; CS_NEVER off a fiber. */
static inline gint64
cs_fiber_deadline (void)
{
  return cs_host_->loop->fiber_deadline ();
}

static inline void
cs_fiber_set_deadline (gint64 deadline)
{
  cs_host_->loop->fiber_set_deadline (deadline);
}

/* Makes `wait` ready for one wait by the calling thread; afterwards it may be handed to whoever is
 * to wake it. May be called again for the next one. */
static inline void
cs_wait_init (CsWait *wait)
{
  cs_host_->loop->wait_init (wait);
}

/* Suspends the fiber until woken (CS_OK; at once if that happened already), `deadline` or the
 * fiber's own passes (CS_TIMED_OUT), or it is cancelled. After anything but CS_OK the caller makes
 * sure that nobody will wake it any more. On a thread that is no worker it blocks the thread. */
static inline CsStatus
cs_wait (CsWait *wait, gint64 deadline)
{
  return cs_host_->loop->wait (wait, deadline);
}

/* Waits for the wake alone, past deadlines and cancellation: for one whose memory another thread is
 * using. */
static inline void
cs_wait_through (CsWait *wait)
{
  cs_host_->loop->wait_through (wait);
}

/* Wakes the waiter; from the same worker. At most once for each cs_wait_init (). */
static inline void
cs_wake (CsWait *wait)
{
  cs_host_->loop->wake (wait);
}

/* Wakes the waiter from any thread. The CsWait must stay until the waiter has returned: the waiter
 * uses cs_wait_through (), or takes back the right to wake under the waker's lock. */
static inline void
cs_wake_from (CsWait *wait)
{
  cs_host_->loop->wake_from (wait);
}

/* CS_OK after `length` microseconds, or why it ended early. Fiber only. */
static inline CsStatus
cs_sleep (gint64 length)
{
  return cs_host_->loop->sleep (length);
}

/* Waits until descriptor fd is ready for any of `events` (CsEvents); *ready (may be NULL) tells
 * which, an error or hang-up counting as both. The way in for a client library's own socket. The
 * fd is non-blocking, belongs to no CsStream, and has one waiter. Fiber only. */
static inline CsStatus
cs_wait_fd (int fd, guint events, gint64 deadline, guint *ready)
{
  return cs_host_->loop->wait_fd (fd, events, deadline, ready);
}

/* Runs func (data) on a pool thread while the fiber waits. CS_CANCELLED, CS_TIMED_OUT: func was never
 * begun; once begun it is waited for. CS_OVERLOADED: node.pool-queue is full. On a thread that is no
 * worker func simply runs. func must not call what needs a worker. */
static inline CsStatus
cs_pool_run (gpointer self, CsPoolFunc func, gpointer data)
{
  return cs_host_->loop->pool_run (self, func, data);
}

/* Runs task->run (task) on a pool thread, with nobody waiting. Any thread. */
static inline void
cs_pool_push (gpointer self, CsTask *task)
{
  cs_host_->loop->pool_push (self, task);
}

/* func (timer, data) at the time `at` on this worker, off any fiber; a started timer is moved. It
 * must not outlive its memory. Worker only; on the main thread the main loop's. */
static inline void
cs_timer_start (gpointer self, CsTimer *timer, gint64 at, CsTimerFunc func, gpointer data)
{
  cs_host_->loop->timer_start (self, timer, at, func, data);
}

/* Stopping one that is not started does nothing. Same thread as the start. */
static inline void
cs_timer_stop (CsTimer *timer)
{
  cs_host_->loop->timer_stop (timer);
}

G_END_DECLS

#endif
