/* memory-inbox.h: publications on their way to the workers, many publishers to one reader each.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct _MemoryMessage MemoryMessage;
typedef struct _MemoryLink MemoryLink;
typedef struct _MemoryInbox MemoryInbox;

/* One publication, shared by the inboxes it was put into; the last reader frees it. */
struct _MemoryMessage
{
  gint ref_count;
  guint32 hash; /* of the channel */
  CsPublication publication;
  MemoryLink *links;
};

/* A message's place in one inbox. */
struct _MemoryLink
{
  MemoryLink *next;
  MemoryMessage *message;
};

typedef void (*MemoryInboxFunc) (MemoryInbox *inbox);

/* One worker's. */
struct _MemoryInbox
{
  CsTask task;
  gboolean posted; /* the task is on its way to the worker */
  MemoryLink *head;
  guint worker;
  MemoryInboxFunc func; /* on the worker: there is something to take */
  gpointer data;
};

/* A copy of the publication with room for `n_links` readers, each of which holds a reference. */
MemoryMessage *memory_message_new (const CsPublication *publication, guint32 hash, guint n_links);
void memory_message_unref (MemoryMessage *message);

void memory_inbox_init (MemoryInbox *inbox, guint worker, MemoryInboxFunc func, gpointer data);

/* Any thread; no lock. Takes over the link's reference on its message. Links that one thread puts in are
 * taken in that order; the worker is posted to once for all that come before it takes them. */
void memory_inbox_put (MemoryInbox *inbox, MemoryLink *link);

/* Everything that is in it, oldest first; on the worker, or when all threads have ended. */
MemoryLink *memory_inbox_take (MemoryInbox *inbox);

G_END_DECLS
