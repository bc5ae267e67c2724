/* files-queue.c: see files-queue.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files-queue.h"

void
files_queue_init (FilesQueue *queue, gpointer self)
{
  pthread_mutex_init (&queue->lock, NULL);
  pthread_cond_init (&queue->idle, NULL);
  queue->self = self;
  queue->head = NULL;
  queue->tail = &queue->head;
  queue->n_running = 0;
  queue->limit = 1;
}

void
files_queue_clear (FilesQueue *queue)
{
  pthread_cond_destroy (&queue->idle);
  pthread_mutex_destroy (&queue->lock);
}

/* Takes the place of the one that has ended. Locked. */
static FilesJob *
next_job (FilesQueue *queue)
{
  FilesJob *job = queue->head;

  if (job == NULL)
    {
      if (--queue->n_running == 0)
        pthread_cond_broadcast (&queue->idle);
      return NULL;
    }
  queue->head = job->next;
  if (queue->head == NULL)
    queue->tail = &queue->head;
  cs_stat_add (queue->waiting, -1);
  return job;
}

/* One job, so that others of the pool have their turn between two. */
static void
run_task (CsTask *task)
{
  FilesJob *job = (FilesJob *) task;
  FilesQueue *queue = job->queue;

  job->run (job);
  pthread_mutex_lock (&queue->lock);
  job = next_job (queue);
  if (job != NULL)
    cs_pool_push (queue->self, &job->task);
  pthread_mutex_unlock (&queue->lock);
}

void
files_queue_push (FilesQueue *queue, FilesJob *job)
{
  gboolean now;

  job->task.run = run_task;
  job->queue = queue;
  job->next = NULL;
  pthread_mutex_lock (&queue->lock);
  now = queue->n_running < queue->limit;
  if (now)
    queue->n_running++;
  else
    {
      *queue->tail = job;
      queue->tail = &job->next;
      cs_stat_add (queue->waiting, 1);
    }
  pthread_mutex_unlock (&queue->lock);
  if (now)
    cs_pool_push (queue->self, &job->task);
}

typedef struct
{
  FilesJob job;
  CsPoolFunc func;
  gpointer data;
  CsWait done;
} Call;

static void
run_call (FilesJob *job)
{
  Call *call = (Call *) job;

  call->func (call->data);
  cs_wake_from (&call->done);
}

void
files_queue_run (FilesQueue *queue, CsPoolFunc func, gpointer data)
{
  Call call = { .job.run = run_call, .func = func, .data = data };

  if (cs_worker () < 0)
    {
      func (data);
      return;
    }
  cs_wait_init (&call.done);
  files_queue_push (queue, &call.job);
  cs_wait_through (&call.done);
}

void
files_queue_settle (FilesQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  while (queue->n_running > 0)
    pthread_cond_wait (&queue->idle, &queue->lock);
  pthread_mutex_unlock (&queue->lock);
}
