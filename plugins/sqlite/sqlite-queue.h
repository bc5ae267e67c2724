/* sqlite-queue.h: jobs on their way to a file's writer: a list without a lock, taken in groups.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_QUEUE_H
#define SQLITE_QUEUE_H

#include "sqlite-writer.h"

typedef struct
{
  SqliteStore *store;
  int wakeup;      /* eventfd */
  SqliteJob *head; /* atomic: newest first */
  gint n;          /* atomic */
  gint stopping;   /* atomic */
  SqliteJob *pending, **pending_end; /* the writer's: taken from the list, oldest first */
} SqliteQueue;

void sqlite_queue_init (SqliteQueue *self, SqliteStore *store);
void sqlite_queue_clear (SqliteQueue *self);

/* Hands over the job and waits until the writer wakes it. CS_CLOSED, CS_OVERLOADED: it was not taken; CS_CANCELLED,
 * CS_TIMED_OUT: nor will it be. Any thread. */
CsStatus sqlite_queue_submit (SqliteQueue *self, SqliteJob *job);

/* Nothing is taken any more; the writer ends after what is there. Any thread. */
void sqlite_queue_stop (SqliteQueue *self);

/* ---- on the writer's thread ---- */

gboolean sqlite_queue_stopping (SqliteQueue *self);
/* Fills the group with the oldest jobs; how many rows that are. */
guint sqlite_queue_take (SqliteQueue *self, GPtrArray *group);
/* Until something is there, `timeout` milliseconds at most (-1: for ever). */
void sqlite_queue_wait (SqliteQueue *self, int timeout);

#endif
