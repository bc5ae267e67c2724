/* files-queue.h: blocking work for the pool, so many pieces at once and no more.
 *
 * Writing and syncing may take long when the disk is busy: it must not hold all threads of the pool.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_QUEUE_H
#define FILES_QUEUE_H

#include <cloudsync/sdk.h>
#include <pthread.h>

typedef struct _FilesQueue FilesQueue;
typedef struct _FilesJob FilesJob;

/* Embedded in its user's struct, which `run` may free. */
struct _FilesJob
{
  CsTask task;
  FilesQueue *queue;
  FilesJob *next;
  void (*run) (FilesJob *job);
};

struct _FilesQueue
{
  gpointer self; /* the plugin's instance */
  pthread_mutex_t lock;
  pthread_cond_t idle;
  FilesJob *head, **tail;
  guint n_running;
  guint limit;
  CsStat waiting;
};

void files_queue_init (FilesQueue *queue, gpointer self);
void files_queue_clear (FilesQueue *queue);

/* job->run (job) on a pool thread, in order. Any thread; does not wait. */
void files_queue_push (FilesQueue *queue, FilesJob *job);
/* func (data) as a job, waited for past deadlines and cancellation; on a thread that is no worker it
 * simply runs. */
void files_queue_run (FilesQueue *queue, CsPoolFunc func, gpointer data);
/* Blocks until nothing is left. Main thread. */
void files_queue_settle (FilesQueue *queue);

#endif
