/* memory-feed.c: channels that another plugin numbers and keeps, each worker its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

typedef struct _Waiter Waiter;

/* Open, or being opened by a fiber that the waiters wait for. */
struct _MemoryFeed
{
  CsFeed feed; /* first: the owner holds a pointer to it */
  const MemoryOwner *owner;
  MemoryChannel *channel;
  Waiter *waiters;
  gboolean opening;
  gboolean *gone; /* of whoever is delivering: set when the feed was closed meanwhile */
};

struct _Waiter
{
  CsWait wait;
  Waiter *next;
  CsStatus status; /* of the opening; CS_AGAIN: it ended for reasons of the opener's own */
  gboolean told;
};

/* ---- owners ---- */

const MemoryOwner *
memory_owner_of (MemoryBroker *self, CsSlice channel)
{
  guint i;

  for (i = 0; i < self->owners->len; i++)
    {
      const MemoryOwner *owner = &g_array_index (self->owners, MemoryOwner, i);

      if (channel.len >= owner->len && memcmp (channel.data, owner->prefix, owner->len) == 0)
        return owner;
    }
  return NULL;
}

CsStatus
memory_own (CsBroker *broker, gpointer user, CsSlice prefix, const CsStreamOwner *owner)
{
  MemoryBroker *self = memory_of (broker);
  MemoryOwner added = { NULL, prefix.len, user, owner };
  guint i;

  if (!memory_legal (prefix))
    return CS_INVALID;
  for (i = 0; i < self->owners->len; i++)
    {
      const MemoryOwner *other = &g_array_index (self->owners, MemoryOwner, i);

      if (memcmp (other->prefix, prefix.data, MIN (other->len, prefix.len)) == 0)
        return CS_EXISTS;
    }
  added.prefix = g_strndup (prefix.data, prefix.len);
  g_array_append_val (self->owners, added);
  return CS_OK;
}

CsStatus
memory_admits (CsBroker *broker, CsSlice channel, CsIdentity *identity, char *actual)
{
  const MemoryOwner *owner = memory_owner_of (memory_of (broker), channel);

  return owner != NULL ? owner->owner->admits (owner->self, channel, identity, actual)
                       : CS_UNSUPPORTED;
}

/* ---- opening and closing ---- */

static void
tell_waiters (MemoryFeed *feed, CsStatus status)
{
  if (status == CS_CANCELLED || status == CS_TIMED_OUT)
    status = CS_AGAIN;
  while (feed->waiters != NULL)
    {
      Waiter *waiter = feed->waiters;

      feed->waiters = waiter->next;
      waiter->status = status;
      waiter->told = TRUE;
      cs_wake (&waiter->wait);
    }
}

/* The channel stays while the owner opens its feed; without the feed it may be gone afterwards. */
static CsStatus
open_feed (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel,
           const MemoryOwner *owner)
{
  MemoryFeed *feed = g_new0 (MemoryFeed, 1);
  CsStatus status;

  feed->feed.size = sizeof feed->feed;
  feed->feed.channel = channel->name.text;
  feed->feed.variant = channel->name.variant;
  feed->owner = owner;
  feed->channel = channel;
  feed->opening = TRUE;
  channel->feed = feed;
  status = owner->owner->open (owner->self, &feed->feed);
  feed->opening = FALSE;
  tell_waiters (feed, status);
  if (status == CS_OK)
    return CS_OK;
  channel->feed = NULL;
  g_free (feed);
  memory_settle (self, worker, channel);
  return status;
}

static void
forget_waiter (MemoryFeed *feed, Waiter *waiter)
{
  Waiter **at = &feed->waiters;

  while (*at != waiter)
    at = &(*at)->next;
  *at = waiter->next;
}

/* CS_OK: look again. */
static CsStatus
wait_for_opening (MemoryFeed *feed)
{
  Waiter waiter = { .next = feed->waiters, .status = CS_AGAIN };
  CsStatus status;

  cs_wait_init (&waiter.wait);
  feed->waiters = &waiter;
  status = cs_wait (&waiter.wait, CS_NEVER);
  if (!waiter.told)
    forget_waiter (feed, &waiter);
  if (status != CS_OK)
    return status;
  return waiter.status == CS_AGAIN ? CS_OK : waiter.status;
}

void
memory_feed_settle (MemoryChannel *channel)
{
  MemoryFeed *feed = channel->feed;

  if (feed->opening)
    return;
  channel->feed = NULL;
  if (feed->gone != NULL)
    *feed->gone = TRUE;
  feed->owner->owner->close (feed->owner->self, &feed->feed);
  g_free (feed);
}

CsStatus
memory_feed_subscribe (MemoryBroker *self, const MemoryOwner *owner, const MemoryName *name,
                       CsSubscription *subscription, CsSubscribed *result)
{
  MemoryWorker *worker = cs_local (self);
  MemoryChannel *channel;

  for (;;)
    {
      CsStatus status;

      channel = memory_channels_make (worker->channels, name);
      if (channel->feed == NULL)
        status = open_feed (self, worker, channel, owner);
      else if (channel->feed->opening)
        status = wait_for_opening (channel->feed);
      else
        break;
      if (status != CS_OK)
        return status;
    }
  memory_added (self, worker, channel,
                memory_channels_add (worker->channels, channel, subscription, 0));
  if (result != NULL)
    {
      result->position = channel->feed->feed.position;
      result->feed = TRUE;
    }
  return CS_OK;
}

void
memory_feeds_forget (MemoryWorker *worker)
{
  MemoryWalk walk;
  MemoryChannel *channel;

  memory_walk_begin (worker->channels, &walk);
  while ((channel = memory_walk_next (&walk)) != NULL)
    g_clear_pointer (&channel->feed, g_free);
  memory_walk_end (worker->channels, &walk);
}

/* ---- what the owner hands over ---- */

static guint
deliver (MemoryBroker *self, MemoryFeed *feed, const CsPublication *publication, gboolean *gone)
{
  guint n;

  *gone = FALSE;
  feed->gone = gone;
  n = memory_deliver_to (self, cs_local (self), feed->channel, publication, 0);
  if (!*gone)
    feed->gone = NULL;
  cs_stat_add (self->delivered, n);
  return n;
}

gboolean
memory_feed (CsBroker *broker, CsFeed *base, GBytes *data, const CsPosition *position)
{
  MemoryBroker *self = memory_of (broker);
  MemoryFeed *feed = (MemoryFeed *) base;
  CsPublication publication = { .size = sizeof publication,
                                .channel = base->channel,
                                .position = *position,
                                .time = g_get_real_time (),
                                .data = data };
  gboolean gone;

  if (position->epoch == base->position.epoch && position->offset <= base->position.offset)
    return TRUE;
  base->position = *position;
  if (feed->opening)
    return TRUE;
  cs_stat_add (self->published, 1);
  deliver (self, feed, &publication, &gone);
  return !gone;
}

/* Every subscription is over: those that come in the meantime find no feed and open another. */
static void
end_feed (MemoryBroker *self, MemoryFeed *feed, const CsPublication *ended)
{
  MemoryWorker *worker = cs_local (self);
  MemoryChannel *channel = feed->channel;

  channel->feed = NULL;
  channel->delivering = TRUE;
  while (channel->first != NULL)
    {
      CsSubscription *subscription = channel->first;

      memory_take_out (self, worker, subscription);
      subscription->func (subscription, ended);
    }
  channel->delivering = FALSE;
  memory_settle (self, worker, channel);
  g_free (feed);
}

void
memory_feed_event (CsBroker *broker, CsFeed *base, CsBrokerKind kind)
{
  MemoryBroker *self = memory_of (broker);
  MemoryFeed *feed = (MemoryFeed *) base;
  CsPublication event = { .size = sizeof event, .kind = kind, .channel = base->channel };
  gboolean gone;

  event.position = base->position;
  event.time = g_get_real_time ();
  if (kind == CS_BROKER_ENDED)
    {
      event.serial = ++((MemoryWorker *) cs_local (self))->serial;
      end_feed (self, feed, &event);
    }
  else
    deliver (self, feed, &event, &gone);
}

/* ---- history ---- */

typedef struct
{
  CsHistoryFunc func;
  gpointer data;
  const CsPosition *until;
} Reading;

static gboolean
up_to (const CsPublication *publication, gpointer data)
{
  Reading *reading = data;

  if (reading->until != NULL && publication->position.offset > reading->until->offset)
    return FALSE;
  return reading->func (publication, reading->data);
}

CsStatus
memory_feed_history (const MemoryOwner *owner, CsSlice channel, const CsHistoryQuery *query,
                     CsHistoryFunc func, gpointer data, CsPosition *top)
{
  static const CsPosition beginning = { 0, 0 };
  Reading reading = { func, data, query->until };

  if (query->reverse)
    return CS_UNSUPPORTED;
  return owner->owner->read_since (owner->self, channel, query->variant,
                                   query->since != NULL ? query->since : &beginning, query->limit,
                                   up_to, &reading, top);
}
