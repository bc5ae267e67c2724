/* memory-subscribe.c: who gets what, and from which position on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

void
memory_added (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel, gboolean first)
{
  guint32 hash = channel->name.hash;

  if (first)
    {
      worker->users[hash % MEMORY_SLOTS]++;
      worker->n_variants += channel->name.variant != 0;
    }
  memory_interest (self, hash, (guint) cs_worker (), TRUE);
  cs_stat_add (self->subscriptions, 1);
}

MemoryChannel *
memory_take_out (MemoryBroker *self, MemoryWorker *worker, CsSubscription *subscription)
{
  MemoryChannel *channel = memory_channels_remove (worker->channels, subscription);
  guint32 hash;

  if (channel == NULL)
    return NULL;
  cs_stat_add (self->subscriptions, -1);
  if (channel->first != NULL)
    return channel;
  hash = channel->name.hash;
  worker->n_variants -= channel->name.variant != 0;
  if (--worker->users[hash % MEMORY_SLOTS] == 0)
    memory_interest (self, hash, (guint) cs_worker (), FALSE);
  return channel;
}

void
memory_settle (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel)
{
  if (channel->first != NULL || channel->delivering)
    return;
  if (channel->feed != NULL)
    memory_feed_settle (channel);
  memory_channels_drop (worker->channels, channel);
}

static void
subscribe_plain (MemoryBroker *self, MemoryWorker *worker, const MemoryName *name,
                 CsSubscription *subscription, guint64 order)
{
  MemoryChannel *channel = memory_channels_make (worker->channels, name);

  memory_added (self, worker, channel,
                memory_channels_add (worker->channels, channel, subscription, order));
}

/* Under the shelf's lock nothing is numbered: what was is at or before the position, and not for
 * this subscription though it may still lie in the inbox; what will be finds the worker interested.
 */
static CsStatus
subscribe_positioned (MemoryBroker *self, MemoryWorker *worker, const MemoryName *name,
                      gint64 meta_ttl, CsSubscription *subscription, CsSubscribed *result)
{
  gint64 now = cs_now ();
  MemoryShelf *shelf = memory_shelf_open (self, name, now);
  MemoryStream *stream = memory_stream_use (shelf, name, meta_ttl, now);

  if (stream != NULL)
    {
      result->position = stream->top;
      result->feed = FALSE;
      subscribe_plain (self, worker, name, subscription, shelf->order);
    }
  memory_shelf_close (self, shelf);
  return stream != NULL ? CS_OK : memory_refuse_channel (self);
}

CsStatus
memory_subscribe (CsBroker *broker, CsSlice channel, const CsSubscribe *options,
                  CsSubscription *subscription, CsSubscribed *result)
{
  MemoryBroker *self = memory_of (broker);
  MemoryWorker *worker = cs_local (self);
  const MemoryOwner *owner;
  MemoryName name;

  if (worker == NULL)
    return CS_CLOSED;
  if (!memory_legal (channel) || (options != NULL && options->variant > 1))
    return CS_INVALID;
  owner = memory_owner_of (self, channel);
  name = memory_name (channel, options != NULL && owner != NULL ? options->variant : 0);
  if (owner != NULL)
    return memory_feed_subscribe (self, owner, &name, subscription, result);
  if (result != NULL)
    return subscribe_positioned (self, worker, &name, options != NULL ? options->meta_ttl : 0,
                                 subscription, result);
  subscribe_plain (self, worker, &name, subscription, 0);
  return CS_OK;
}

void
memory_unsubscribe (CsBroker *broker, CsSubscription *subscription)
{
  MemoryBroker *self = memory_of (broker);
  MemoryWorker *worker = cs_local (self);
  MemoryChannel *channel;

  if (worker == NULL)
    return;
  channel = memory_take_out (self, worker, subscription);
  if (channel != NULL)
    memory_settle (self, worker, channel);
}
