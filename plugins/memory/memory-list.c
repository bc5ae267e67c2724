/* memory-list.c: the channels that have subscribers, asked of every worker.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#define SLICE 500 /* channels that a worker looks at in one turn */

typedef struct _Listing Listing;

/* What one worker has to do. */
typedef struct
{
  CsTask task;
  Listing *listing;
  guint worker;
  gboolean begun;
  MemoryWalk walk;
} Part;

typedef struct
{
  MemoryName name;
  guint64 n;
} Found;

struct _Listing
{
  MemoryBroker *broker;
  CsSlice pattern;
  pthread_mutex_t lock;
  GHashTable *found; /* Found; under the lock */
  guint left;        /* parts; under the lock */
  CsWait wait;
};

static void
note (Listing *listing, const MemoryChannel *channel)
{
  MemoryName name = channel->name;
  Found *found;

  if (channel->n_subscriptions == 0)
    return;
  name.variant = 0;
  found = g_hash_table_lookup (listing->found, &name);
  if (found == NULL)
    {
      found = g_malloc0 (sizeof *found + name.text.len);
      found->name = name;
      found->name.text.data = memcpy (found + 1, name.text.data, name.text.len);
      g_hash_table_add (listing->found, found);
    }
  found->n += channel->n_subscriptions;
}

/* FALSE: there are more channels. */
static gboolean
look (Part *part, MemoryWorker *worker)
{
  Listing *listing = part->listing;
  MemoryChannel *channel = NULL;
  guint i;

  for (i = 0; i < SLICE && (channel = memory_walk_next (&part->walk)) != NULL; i++)
    if (memory_name_matches (channel->name.text, listing->pattern))
      {
        pthread_mutex_lock (&listing->lock);
        note (listing, channel);
        pthread_mutex_unlock (&listing->lock);
      }
  return channel == NULL;
}

static void
finish (Listing *listing)
{
  gboolean last;

  pthread_mutex_lock (&listing->lock);
  last = --listing->left == 0;
  pthread_mutex_unlock (&listing->lock);
  if (last)
    cs_wake_from (&listing->wait);
}

static void
part_run (CsTask *task)
{
  Part *part = (Part *) task;
  MemoryWorker *worker = cs_local (part->listing->broker);

  if (worker != NULL && !part->begun)
    memory_walk_begin (worker->channels, &part->walk);
  part->begun = TRUE;
  if (worker != NULL && !look (part, worker))
    {
      cs_post (part->worker, &part->task);
      return;
    }
  if (worker != NULL)
    memory_walk_end (worker->channels, &part->walk);
  finish (part->listing);
}

static void
gather (Listing *listing)
{
  g_autofree Part *parts = g_new0 (Part, listing->broker->n_workers);
  guint i;

  cs_wait_init (&listing->wait);
  for (i = 0; i < listing->broker->n_workers; i++)
    {
      parts[i].task.run = part_run;
      parts[i].listing = listing;
      parts[i].worker = i;
      cs_post (i, &parts[i].task);
    }
  cs_wait_through (&listing->wait);
}

CsStatus
memory_list (CsBroker *broker, CsSlice pattern, CsChannelFunc func, gpointer data)
{
  Listing listing = { .broker = memory_of (broker), .pattern = pattern };
  GHashTableIter iter;
  gpointer found;

  if (pattern.len > CS_CHANNEL_MAX)
    return CS_INVALID;
  listing.found = memory_name_table (g_free);
  listing.left = listing.broker->n_workers;
  pthread_mutex_init (&listing.lock, NULL);
  gather (&listing);
  g_hash_table_iter_init (&iter, listing.found);
  while (g_hash_table_iter_next (&iter, &found, NULL))
    if (!func (((Found *) found)->name.text, ((Found *) found)->n, data))
      break;
  g_hash_table_unref (listing.found);
  pthread_mutex_destroy (&listing.lock);
  return CS_OK;
}
