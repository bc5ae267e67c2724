/* memory.c: publishing from any thread, delivering on each subscriber's worker.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A publisher looks up which workers may have subscribers (one atomic word for each slot of channel
 * hashes) and puts the publication into their inboxes; each worker finds its own subscribers. There is
 * no lock, and a channel without subscribers costs one atomic instruction.
 *
 * That word is also what makes cs_broker_subscribe () miss nothing. Both sides touch it by
 * read-modify-write, so one of them comes first: either the publisher sees the subscriber's bit, or the
 * subscriber sees all that the publisher did before it published. */
#include "memory.h"
#include "memory-channels.h"

#define SLOT_BITS 12
#define N_SLOTS (1u << SLOT_BITS)

/* What one worker knows. */
typedef struct
{
  MemoryChannels *channels;
  guint32 users[N_SLOTS]; /* channels with subscribers here, by slot */
} MemoryWorker;

static MemoryBroker *
memory_of (CsBroker *broker)
{
  return (MemoryBroker *) broker;
}

static guint64 *
interest_word (MemoryBroker *self, guint32 hash, guint worker)
{
  return &self->interest[(hash % N_SLOTS) * self->n_words + worker / 64];
}

/* Puts the message into the inboxes of the workers in `mask`, the first of which is `base`. */
static MemoryLink *
put_into (MemoryBroker *self, guint64 mask, guint base, MemoryMessage *message, MemoryLink *link)
{
  for (; mask != 0; mask &= mask - 1)
    {
      link->message = message;
      memory_inbox_put (&self->inboxes[base + (guint) __builtin_ctzll (mask)], link++);
    }
  return link;
}

static void
spread (MemoryBroker *self, const CsPublication *publication, guint32 hash)
{
  guint64 *masks = g_newa (guint64, self->n_words);
  MemoryMessage *message;
  MemoryLink *link;
  guint n = 0;
  guint i;

  for (i = 0; i < self->n_words; i++)
    {
      masks[i] = __atomic_fetch_or (interest_word (self, hash, i * 64), 0, __ATOMIC_SEQ_CST);
      n += (guint) __builtin_popcountll (masks[i]);
    }
  if (n == 0)
    return;
  message = memory_message_new (publication, hash, n);
  link = message->links;
  for (i = 0; i < self->n_words; i++)
    link = put_into (self, masks[i], i * 64, message, link);
}

static CsStatus
memory_publish (CsBroker *broker, CsSlice channel, GBytes *data, CsSlice tags,
                const CsPosition *given, const CsBrokerOptions *options, CsPosition *position)
{
  MemoryBroker *self = memory_of (broker);
  CsPublication publication
    = { .size = sizeof publication, .channel = channel, .data = data, .tags = tags };

  if (options != NULL && options->history_size > 0 && given == NULL)
    return CS_UNSUPPORTED;
  if (given != NULL)
    publication.position = *given;
  if (position != NULL)
    *position = publication.position;
  spread (self, &publication, memory_channel_hash (channel));
  cs_stat_add (self->published, 1);
  return CS_OK;
}

static CsStatus
memory_subscribe (CsBroker *broker, CsSlice channel, CsSubscription *subscription)
{
  MemoryBroker *self = memory_of (broker);
  MemoryWorker *worker = cs_local (self);
  guint32 hash = memory_channel_hash (channel);
  guint index = (guint) cs_worker ();

  if (worker == NULL)
    return CS_CLOSED;
  if (memory_channels_add (worker->channels, channel, hash, subscription))
    worker->users[hash % N_SLOTS]++;
  __atomic_fetch_or (interest_word (self, hash, index), G_GUINT64_CONSTANT (1) << index % 64,
                     __ATOMIC_SEQ_CST);
  cs_stat_add (self->subscriptions, 1);
  return CS_OK;
}

static void
memory_unsubscribe (CsBroker *broker, CsSubscription *subscription)
{
  MemoryBroker *self = memory_of (broker);
  MemoryWorker *worker = cs_local (self);
  guint index = (guint) cs_worker ();
  guint32 hash;

  if (worker == NULL)
    return;
  if (memory_channels_remove (worker->channels, subscription, &hash)
      && --worker->users[hash % N_SLOTS] == 0)
    __atomic_fetch_and (interest_word (self, hash, index),
                        ~(G_GUINT64_CONSTANT (1) << index % 64), __ATOMIC_SEQ_CST);
  cs_stat_add (self->subscriptions, -1);
}

/* Wake-ups carry nothing but their position, so that only the last of a run need be told. */
static gboolean
is_superseded (const MemoryLink *link)
{
  const CsPublication *publication = &link->message->publication;
  const CsPublication *next;

  if (link->next == NULL || publication->data != NULL || publication->tags.len > 0)
    return FALSE;
  next = &link->next->message->publication;
  return next->data == NULL && next->tags.len == 0
         && cs_slice_equal (publication->channel, next->channel);
}

static void
drain (MemoryInbox *inbox)
{
  MemoryBroker *self = inbox->data;
  MemoryWorker *worker = cs_local (self);
  MemoryLink *link = memory_inbox_take (inbox);
  guint delivered = 0;
  guint merged = 0;

  while (link != NULL)
    {
      MemoryLink *next = link->next;
      MemoryMessage *message = link->message;

      if (is_superseded (link))
        merged++;
      else if (worker != NULL)
        delivered
          += memory_channels_deliver (worker->channels, &message->publication, message->hash);
      memory_message_unref (message);
      link = next;
    }
  cs_stat_add (self->delivered, delivered);
  cs_stat_add (self->merged, merged);
}

static CsStatus
memory_own (CsBroker *broker, gpointer user, CsSlice prefix, const CsStreamOwner *owner)
{
  return CS_UNSUPPORTED;
}

static CsStatus
memory_history (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query, CsHistoryFunc func,
                gpointer data, CsPosition *top)
{
  return CS_UNSUPPORTED;
}

static CsStatus
memory_join (CsBroker *broker, CsSlice channel, const CsPresence *presence, gint64 ttl)
{
  return CS_UNSUPPORTED;
}

static CsStatus
memory_leave (CsBroker *broker, CsSlice channel, CsSlice client)
{
  return CS_UNSUPPORTED;
}

static CsStatus
memory_presence (CsBroker *broker, CsSlice channel, CsPresenceFunc func, gpointer data)
{
  return CS_UNSUPPORTED;
}

static const CsBrokerTable memory_table = {
  .size = sizeof (CsBrokerTable),
  .publish = memory_publish,
  .subscribe = memory_subscribe,
  .unsubscribe = memory_unsubscribe,
  .own = memory_own,
  .history = memory_history,
  .join = memory_join,
  .leave = memory_leave,
  .presence = memory_presence,
};

gboolean
memory_create (gpointer instance, GError **error)
{
  MemoryBroker *self = instance;
  guint i;

  self->broker.table = &memory_table;
  self->n_workers = cs_n_workers ();
  self->n_words = (self->n_workers + 63) / 64;
  self->interest = g_new0 (guint64, N_SLOTS * self->n_words);
  self->inboxes = g_new0 (MemoryInbox, self->n_workers);
  for (i = 0; i < self->n_workers; i++)
    memory_inbox_init (&self->inboxes[i], i, drain, self);
  self->published = cs_counter (self, "broker_published_total", "Publications.", NULL);
  self->delivered
    = cs_counter (self, "broker_delivered_total", "Publications handed to a subscriber.", NULL);
  self->merged = cs_counter (self, "broker_merged_total",
                             "Wake-ups of a worker that a later one made needless.", NULL);
  self->subscriptions = cs_gauge (self, "broker_subscriptions", "Subscriptions now.", NULL);
  return cs_provide (self, CS_BROKER, &self->broker, error);
}

gboolean
memory_worker_start (gpointer self, guint worker, GError **error)
{
  MemoryWorker *state = g_new0 (MemoryWorker, 1);

  state->channels = memory_channels_new ();
  cs_set_local (self, state);
  return TRUE;
}

void
memory_worker_stop (gpointer self, guint worker)
{
  MemoryWorker *state = cs_local (self);
  guint left;

  if (state == NULL)
    return;
  cs_set_local (self, NULL);
  left = memory_channels_free (state->channels);
  g_free (state);
  if (left > 0)
    cs_warning (self, "subscriptions left behind", CS_F_INT ("count", left));
}

void
memory_destroy (gpointer instance)
{
  MemoryBroker *self = instance;
  guint i;

  for (i = 0; i < self->n_workers; i++)
    {
      MemoryLink *link = memory_inbox_take (&self->inboxes[i]);

      while (link != NULL)
        {
          MemoryLink *next = link->next;

          memory_message_unref (link->message);
          link = next;
        }
    }
  g_free (self->inboxes);
  g_free (self->interest);
}
