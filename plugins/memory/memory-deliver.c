/* memory-deliver.c: a worker hands its share of the publications to its subscribers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

/* A turn ends after so long, so that a flood leaves room for the worker's other work. */
#define TURN CS_MS (10)
#define CALLS_BETWEEN_CLOCKS 1024

guint
memory_deliver_to (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel,
                   const CsPublication *publication, guint64 order)
{
  CsPublication copy = *publication;
  guint n;

  copy.serial = ++worker->serial;
  n = memory_channels_deliver (worker->channels, channel, &copy, order);
  memory_settle (self, worker, channel);
  return n;
}

static guint
deliver_message (MemoryBroker *self, MemoryWorker *worker, const MemoryMessage *message)
{
  MemoryName name = message->name;
  guint n = 0;

  for (name.variant = 0; name.variant <= (worker->n_variants > 0 ? 1 : 0); name.variant++)
    {
      MemoryChannel *channel = memory_channels_find (worker->channels, &name);

      if (channel != NULL)
        n += memory_deliver_to (self, worker, channel, &message->publication, message->order);
    }
  return n;
}

/* Wake-ups carry nothing but their position, so that only the last of a run need be told. */
static gboolean
is_superseded (const MemoryLink *link)
{
  return link->next != NULL && link->message->publication.kind == CS_BROKER_WAKE &&
         link->next->message->publication.kind == CS_BROKER_WAKE &&
         cs_slice_equal (link->message->name.text, link->next->message->name.text);
}

static void
observe_delay (MemoryBroker *self, const MemoryMessage *message, gint64 now)
{
  if (message->publication.time > 0)
    cs_stat_observe (self->delay, MAX (now - message->publication.time, 0));
}

/* ---- what found no room ---- */

static void
tell_lost (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel)
{
  CsPublication lost = { .size = sizeof lost,
                         .kind = CS_BROKER_LOST,
                         .channel = channel->name.text };

  memory_deliver_to (self, worker, channel, &lost, 0);
}

static void
tell_all_lost (MemoryBroker *self, MemoryWorker *worker)
{
  MemoryWalk walk;
  MemoryChannel *channel;

  memory_walk_begin (worker->channels, &walk);
  while ((channel = memory_walk_next (&walk)) != NULL)
    tell_lost (self, worker, channel);
  memory_walk_end (worker->channels, &walk);
}

static void
deliver_lost (MemoryBroker *self, MemoryWorker *worker, MemoryInbox *inbox)
{
  gboolean all;
  GHashTable *lost = memory_inbox_take_lost (inbox, &all);
  GHashTableIter iter;
  gpointer name;

  if (lost == NULL)
    return;
  g_hash_table_iter_init (&iter, lost);
  while (!all && g_hash_table_iter_next (&iter, &name, NULL))
    {
      MemoryChannel *channel = memory_channels_find (worker->channels, name);

      if (channel != NULL)
        tell_lost (self, worker, channel);
    }
  if (all)
    tell_all_lost (self, worker);
  g_hash_table_unref (lost);
}

/* ---- a turn ---- */

/* TRUE: something is left for the next turn, in the worker's backlog. */
static gboolean
deliver_some (MemoryBroker *self, MemoryWorker *worker, MemoryInbox *inbox)
{
  gint64 real = g_get_real_time ();
  gint64 end = g_get_monotonic_time () + TURN;
  guint delivered = 0;
  guint merged = 0;
  guint calls = 0;

  while (worker->backlog != NULL)
    {
      MemoryLink *link = worker->backlog;
      MemoryMessage *message = link->message;
      guint n = 1;

      worker->backlog = link->next;
      observe_delay (self, message, real);
      if (is_superseded (link))
        merged++;
      else
        delivered += n = deliver_message (self, worker, message);
      memory_inbox_done (inbox, message);
      memory_message_unref (message);
      calls += n + 1;
      if (calls < CALLS_BETWEEN_CLOCKS)
        continue;
      calls = 0;
      if (g_get_monotonic_time () >= end)
        break;
    }
  cs_stat_add (self->delivered, delivered);
  cs_stat_add (self->merged, merged);
  return worker->backlog != NULL;
}

/* The worker has stopped: nobody is there to read. */
static void
discard (MemoryInbox *inbox)
{
  MemoryLink *link = memory_inbox_take (inbox);

  while (link != NULL)
    {
      MemoryLink *next = link->next;

      memory_inbox_done (inbox, link->message);
      memory_message_unref (link->message);
      link = next;
    }
}

void
memory_deliver (MemoryInbox *inbox)
{
  MemoryBroker *self = inbox->data;
  MemoryWorker *worker = cs_local (self);
  gboolean again; /* what is in the inbox was not taken, or not all delivered */

  if (worker == NULL)
    {
      discard (inbox);
      return;
    }
  again = worker->backlog != NULL;
  if (!again)
    worker->backlog = memory_inbox_take (inbox);
  deliver_lost (self, worker, inbox); /* before anything that was published after it */
  if (deliver_some (self, worker, inbox) || again)
    memory_inbox_post (inbox);
}
