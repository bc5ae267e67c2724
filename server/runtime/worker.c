/* worker.c: one worker's loop: descriptors, mailbox, timers, fibers, deferred tasks, output; in
 * this order each turn, so that all a turn queues for a connection leaves in one write.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/thread.h"
#include "runtime/wait.h"
#include "runtime/worker-private.h"

/* Fibers resumed in one turn: those that wake each other do not keep the others from their turn. */
#define RESUMES 4096
#define TURN_SPAN CS_SECONDS (10)
#define ALTERNATE_STACK (64 * 1024)

CsWorker **cs_workers_;
guint cs_n_workers_;
__thread CsWorker *cs_worker_self_;
const CsWorkerRoom *cs_worker_room_;

static void
list_init (CsTaskList *list)
{
  list->head = NULL;
  list->tail = &list->head;
}

static inline void
list_push (CsTaskList *list, CsTask *task)
{
  task->next_ = NULL;
  *list->tail = task;
  list->tail = &task->next_;
}

static inline CsTask *
list_take (CsTaskList *list)
{
  CsTask *head = list->head;

  list_init (list);
  return head;
}

static inline guint64
run_tasks (CsTask *task)
{
  guint64 n = 0;

  while (task != NULL)
    {
      CsTask *next = task->next_;

      task->run (task);
      task = next;
      n++;
    }
  return n;
}

CsDoing
cs_worker_doing (gpointer self, const char *op)
{
  CsWorker *worker = cs_worker_self ();
  CsDoing before = { NULL, NULL };

  if (worker == NULL)
    return before;
  before.owner = worker->owner;
  before.op = worker->op;
  __atomic_store_n (&worker->owner, cs_owner (self), __ATOMIC_RELAXED);
  __atomic_store_n (&worker->op, op, __ATOMIC_RELAXED);
  return before;
}

void
cs_worker_done (CsDoing before)
{
  CsWorker *worker = cs_worker_self ();

  if (worker == NULL)
    return;
  __atomic_store_n (&worker->owner, before.owner, __ATOMIC_RELAXED);
  __atomic_store_n (&worker->op, before.op, __ATOMIC_RELAXED);
}

void
cs_worker_heartbeat (guint index, CsHeartbeat *beat)
{
  CsWorker *worker = cs_workers_[index];

  beat->busy_since = __atomic_load_n (&worker->busy_since, __ATOMIC_RELAXED);
  beat->turns = __atomic_load_n (&worker->turns, __ATOMIC_RELAXED);
  beat->owner = __atomic_load_n (&worker->owner, __ATOMIC_RELAXED);
  beat->op = __atomic_load_n (&worker->op, __ATOMIC_RELAXED);
  beat->tid = __atomic_load_n (&worker->tid, __ATOMIC_RELAXED);
}

void
cs_worker_post (guint index, CsTask *task)
{
  CsWorker *worker = cs_workers_[index];

  if (cs_mailbox_push (&worker->mailbox, task))
    cs_poller_wake (&worker->poller);
}

void
cs_worker_defer (CsTask *task)
{
  list_push (&cs_worker_self ()->deferred, task);
}

void
cs_worker_flush_later (CsWorker *worker, CsTask *task)
{
  list_push (&worker->flushes, task);
}

static gboolean
has_work (CsWorker *worker)
{
  return worker->ready_head != NULL || worker->deferred.head != NULL
         || worker->flushes.head != NULL || worker->stop;
}

/* How long the poller may wait, in ms; the mailbox is told when that is not zero. */
static int
may_wait (CsWorker *worker, gint64 now)
{
  gint64 next;

  if (has_work (worker))
    return 0;
  next = cs_wheel_next (&worker->wheel);
  if (next <= now || !cs_mailbox_may_sleep (&worker->mailbox))
    return 0;
  if (next == CS_NEVER)
    return -1;
  return (int) MIN ((next - now + 999) / 1000, G_MAXINT);
}

static void
awake (gpointer data)
{
  CsWorker *worker = data;

  if (__atomic_load_n (&worker->mailbox.sleeping, __ATOMIC_RELAXED) != 0)
    cs_mailbox_awake (&worker->mailbox);
  worker->now = g_get_monotonic_time ();
  __atomic_store_n (&worker->busy_since, worker->now, __ATOMIC_RELAXED);
  __atomic_store_n (&worker->turns, worker->turns + 1, __ATOMIC_RELAXED);
}

static void
run_mailbox (CsWorker *worker)
{
  CsTask *task = cs_mailbox_take (&worker->mailbox);

  if (task != NULL)
    __atomic_store_n (&worker->tasks, worker->tasks + run_tasks (task), __ATOMIC_RELAXED);
}

static void
run_fibers (CsWorker *worker)
{
  for (guint n = 0; worker->ready_head != NULL && n < RESUMES; n++)
    {
      CsFiber *fiber = worker->ready_head;

      worker->ready_head = fiber->next;
      if (worker->ready_head == NULL)
        worker->ready_tail = &worker->ready_head;
      cs_fiber_resume (worker, fiber);
    }
}

static gint64
end_turn (CsWorker *worker)
{
  gint64 now = g_get_monotonic_time (), length = now - worker->now;

  if (now - worker->turn_span > TURN_SPAN)
    {
      worker->turn_span = now;
      __atomic_store_n (&worker->turn_max[1], worker->turn_max[0], __ATOMIC_RELAXED);
      __atomic_store_n (&worker->turn_max[0], 0, __ATOMIC_RELAXED);
    }
  if (length > worker->turn_max[0])
    __atomic_store_n (&worker->turn_max[0], length, __ATOMIC_RELAXED);
  __atomic_store_n (&worker->busy_since, 0, __ATOMIC_RELAXED);
  return now;
}

static gint64
turn (CsWorker *worker, gint64 now)
{
  cs_poller_turn (&worker->poller, may_wait (worker, now), awake, worker);
  run_mailbox (worker);
  cs_wheel_advance (&worker->wheel, worker->now);
  run_fibers (worker);
  run_tasks (list_take (&worker->deferred));
  run_tasks (list_take (&worker->flushes));
  return end_turn (worker);
}

/* A stack for signal handlers: a crash report is written even when the stack overflowed. */
static void *
take_signal_stack (void)
{
  stack_t stack = { .ss_size = ALTERNATE_STACK };

  stack.ss_sp = mmap (NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
  if (stack.ss_sp == MAP_FAILED)
    return NULL;
  sigaltstack (&stack, NULL);
  return stack.ss_sp;
}

static void
give_signal_stack (void *memory)
{
  stack_t none = { .ss_flags = SS_DISABLE };

  sigaltstack (&none, NULL);
  if (memory != NULL)
    munmap (memory, ALTERNATE_STACK);
}

/* What a fault raises is not blocked: it must reach its handler. */
void
cs_thread_block_signals (void)
{
  sigset_t set;

  sigfillset (&set);
  sigdelset (&set, SIGSEGV);
  sigdelset (&set, SIGBUS);
  sigdelset (&set, SIGILL);
  sigdelset (&set, SIGFPE);
  sigdelset (&set, SIGABRT);
  sigdelset (&set, SIGTRAP);
  sigdelset (&set, SIGSYS);
  sigdelset (&set, SIGPROF);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
}

static gpointer
worker_main (gpointer data)
{
  CsWorker *worker = data;
  void *signal_stack;
  gint64 now;

  cs_thread_block_signals ();
  signal_stack = take_signal_stack ();
  cs_worker_self_ = worker;
  __atomic_store_n (&worker->tid, (gint) syscall (SYS_gettid), __ATOMIC_RELAXED);
  worker->now = now = g_get_monotonic_time ();
  while (!worker->stop)
    now = turn (worker, now);
  if (cs_worker_room_ != NULL && cs_worker_room_->clear != NULL)
    cs_worker_room_->clear (worker);
  if (worker->fibers.n_live == 0)
    cs_fiber_pool_clear (worker); /* else what still points into the stacks stays valid */
  cs_worker_self_ = NULL;
  give_signal_stack (signal_stack);
  return NULL;
}

CsWorker *
cs_worker_new (guint index, guint max_fibers, GError **error)
{
  CsWorker *worker = g_aligned_alloc0 (1, sizeof *worker, 64);

  worker->index = index;
  worker->fibers.max = max_fibers;
  worker->owner = &cs_core_owner;
  worker->op = "loop";
  worker->ready_tail = &worker->ready_head;
  list_init (&worker->deferred);
  list_init (&worker->flushes);
  worker->now = g_get_monotonic_time ();
  cs_wheel_init (&worker->wheel, worker->now);
  if (cs_poller_init (&worker->poller, error))
    return worker;
  g_aligned_free (worker);
  return NULL;
}

gboolean
cs_worker_run (CsWorker *worker, GError **error)
{
  g_autofree char *name = g_strdup_printf ("worker-%u", worker->index);

  worker->thread = g_thread_try_new (name, worker_main, worker, error);
  return worker->thread != NULL;
}

void
cs_worker_free (CsWorker *worker)
{
  cs_poller_clear (&worker->poller);
  g_aligned_free (worker);
}

void
cs_worker_count_owned (gpointer self, CsOwned *owned)
{
  CsWorker *worker = cs_worker_self ();

  if (worker == NULL)
    {
      owned->timers += cs_wheel_count_owned (cs_main_wheel (), self);
      return;
    }
  owned->timers += cs_wheel_count_owned (&worker->wheel, self);
  for (CsFiber *fiber = worker->fibers.all; fiber != NULL; fiber = fiber->all_next)
    owned->fibers += fiber->state != CS_FIBER_FREE && fiber->self == self;
  if (cs_worker_room_ != NULL)
    owned->streams += cs_worker_room_->count_owned (worker, self);
}
