/* memory-inbox.h: publications on their way to the workers, many publishers to one reader each.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "memory-message.h"

#include <pthread.h>

G_BEGIN_DECLS

typedef struct _MemoryInbox MemoryInbox;

typedef void (*MemoryInboxFunc) (MemoryInbox *inbox);

/* One worker's. */
struct _MemoryInbox
{
  CsTask task;
  gboolean posted; /* the task is on its way to the worker */
  MemoryLink *head;
  gint64 bytes; /* of the messages that have not been delivered */
  guint worker;
  MemoryInboxFunc func; /* on the worker: there is something to take */
  gpointer data;
  pthread_mutex_t lock; /* of `lost`, which is rarely needed */
  GHashTable *lost;     /* MemoryName: channels with messages that found no room; NULL: none */
  gboolean all_lost;    /* too many to be named */
};

void memory_inbox_init (MemoryInbox *inbox, guint worker, MemoryInboxFunc func, gpointer data);
void memory_inbox_clear (MemoryInbox *inbox);

/* Any thread; no lock. Takes over the link's reference on its message. Links that one thread puts
 * in are taken in that order; the worker is posted to once for all that come before it takes them.
 * Over `limit` bytes the message is dropped and its channel noted instead: FALSE. */
gboolean memory_inbox_put (MemoryInbox *inbox, MemoryLink *link, gint64 limit);

/* The worker is to run func again. */
void memory_inbox_post (MemoryInbox *inbox);

/* Everything that is in it, oldest first; on the worker, or when all threads have ended. */
MemoryLink *memory_inbox_take (MemoryInbox *inbox);

/* The message was delivered: there is room for others. */
void memory_inbox_done (MemoryInbox *inbox, const MemoryMessage *message);

/* The channels that lost something since the last call, to be unref()d; NULL: none. *all: any may
 * have. On the worker. */
GHashTable *memory_inbox_take_lost (MemoryInbox *inbox, gboolean *all);

G_END_DECLS
