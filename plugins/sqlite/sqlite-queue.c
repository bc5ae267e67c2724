/* sqlite-queue.c: jobs on their way to a file's writer: a list without a lock, taken in groups.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-queue.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef enum
{
  JOB_QUEUED,
  JOB_TAKEN,
  JOB_ABANDONED
} JobState;

void
sqlite_queue_init (SqliteQueue *self, SqliteStore *store)
{
  self->store = store;
  self->wakeup = eventfd (0, EFD_CLOEXEC);
  self->pending_end = &self->pending;
}

void
sqlite_queue_clear (SqliteQueue *self)
{
  close (self->wakeup);
}

/* ---- whoever submits ---- */

static void
wake_writer (SqliteQueue *self)
{
  guint64 one = 1;

  while (write (self->wakeup, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

void
sqlite_queue_stop (SqliteQueue *self)
{
  g_atomic_int_set (&self->stopping, TRUE);
  wake_writer (self);
}

static void
enqueue (SqliteQueue *self, SqliteJob *job)
{
  SqliteJob *head = __atomic_load_n (&self->head, __ATOMIC_RELAXED);

  do
    job->next = head;
  while (!__atomic_compare_exchange_n (&self->head, &head, job, TRUE, __ATOMIC_RELEASE,
                                       __ATOMIC_RELAXED));
  if (head == NULL)
    wake_writer (self);
}

CsStatus
sqlite_queue_submit (SqliteQueue *self, SqliteJob *job)
{
  gint was = JOB_QUEUED;
  CsStatus status;

  if (g_atomic_int_get (&self->stopping))
    return CS_CLOSED;
  if (g_atomic_int_add (&self->n, 1) >= self->store->settings->queue_limit)
    {
      g_atomic_int_add (&self->n, -1);
      return CS_OVERLOADED;
    }
  cs_stat_add (self->store->stats.queue, 1);
  job->state = JOB_QUEUED;
  cs_wait_init (&job->wait);
  enqueue (self, job);
  status = cs_wait (&job->wait, CS_NEVER);
  if (status == CS_OK)
    return job->status;
  /* Cancelled or too late. The writer still has the job in its list: wait until it lets go. */
  if (__atomic_compare_exchange_n (&job->state, &was, JOB_ABANDONED, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    {
      cs_wait_through (&job->wait);
      return status;
    }
  cs_wait_through (&job->wait);
  return job->status;
}

/* ---- the writer ---- */

gboolean
sqlite_queue_stopping (SqliteQueue *self)
{
  return g_atomic_int_get (&self->stopping);
}

static void
take_list (SqliteQueue *self)
{
  SqliteJob *job = __atomic_exchange_n (&self->head, NULL, __ATOMIC_ACQ_REL);
  SqliteJob *oldest_first = NULL;

  while (job != NULL)
    {
      SqliteJob *next = job->next;

      job->next = oldest_first;
      oldest_first = job;
      job = next;
    }
  *self->pending_end = oldest_first;
  while (*self->pending_end != NULL)
    self->pending_end = &(*self->pending_end)->next;
}

static gboolean
take_job (SqliteQueue *self, SqliteJob *job)
{
  gint was = JOB_QUEUED;

  g_atomic_int_add (&self->n, -1);
  cs_stat_add (self->store->stats.queue, -1);
  if (__atomic_compare_exchange_n (&job->state, &was, JOB_TAKEN, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return TRUE;
  cs_wake_from (&job->wait);
  return FALSE;
}

guint
sqlite_queue_take (SqliteQueue *self, GPtrArray *group)
{
  guint rows = 0, limit = (guint) self->store->settings->group_rows;

  take_list (self);
  g_ptr_array_set_size (group, 0);
  while (self->pending != NULL)
    {
      SqliteJob *job = self->pending;

      if (rows > 0 && rows + job->n_rows > limit)
        break;
      self->pending = job->next;
      if (self->pending == NULL)
        self->pending_end = &self->pending;
      if (!take_job (self, job))
        continue;
      g_ptr_array_add (group, job);
      rows += job->n_rows;
    }
  return rows;
}

void
sqlite_queue_wait (SqliteQueue *self, int timeout)
{
  struct pollfd fd = { .fd = self->wakeup, .events = POLLIN };
  guint64 count;

  if (self->pending != NULL || __atomic_load_n (&self->head, __ATOMIC_ACQUIRE) != NULL
      || sqlite_queue_stopping (self))
    return;
  if (poll (&fd, 1, timeout) == 1)
    while (read (self->wakeup, &count, sizeof count) < 0 && errno == EINTR)
      ;
}
