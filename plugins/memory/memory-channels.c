/* memory-channels.c: a hash table of channels, each with a ring of subscriptions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-channels.h"

struct _MemoryChannels
{
  GHashTable *table; /* of MemoryChannel, which is its own key */
  MemoryChannel *last;
  MemoryChannel *oldest;
  CsSubscription *cursor; /* the next to be called in the delivery under way */
  MemoryWalk *walks;
  guint n_subscriptions;
};

/* What the provider keeps in a subscription. */
typedef struct
{
  CsSubscription *next;
  CsSubscription *previous;
  MemoryChannel *channel;
  guint64 order;
} Place;

G_STATIC_ASSERT (sizeof (Place) <= sizeof (((CsSubscription *) NULL)->private_));

static Place *
place_of (CsSubscription *subscription)
{
  return (Place *) subscription->private_;
}

MemoryChannels *
memory_channels_new (void)
{
  MemoryChannels *channels = g_new0 (MemoryChannels, 1);

  channels->table = memory_name_table (g_free);
  return channels;
}

guint
memory_channels_free (MemoryChannels *channels)
{
  guint left = channels->n_subscriptions;

  g_hash_table_unref (channels->table);
  g_free (channels);
  return left;
}

MemoryChannel *
memory_channels_find (MemoryChannels *channels, const MemoryName *name)
{
  return g_hash_table_lookup (channels->table, name);
}

MemoryChannel *
memory_channels_make (MemoryChannels *channels, const MemoryName *name)
{
  MemoryChannel *channel = memory_channels_find (channels, name);

  if (channel != NULL)
    return channel;
  channel = g_malloc (sizeof *channel + name->text.len);
  *channel = (MemoryChannel){ .name = *name, .previous = channels->last };
  channel->name.text.data = memcpy (channel + 1, name->text.data, name->text.len);
  if (channels->last != NULL)
    channels->last->next = channel;
  else
    channels->oldest = channel;
  channels->last = channel;
  g_hash_table_add (channels->table, channel);
  return channel;
}

static void
leave_list (MemoryChannels *channels, MemoryChannel *channel)
{
  MemoryWalk *walk;

  for (walk = channels->walks; walk != NULL; walk = walk->next)
    if (walk->at == channel)
      walk->at = channel->next;
  if (channel->previous != NULL)
    channel->previous->next = channel->next;
  else
    channels->oldest = channel->next;
  if (channel->next != NULL)
    channel->next->previous = channel->previous;
  else
    channels->last = channel->previous;
}

void
memory_channels_drop (MemoryChannels *channels, MemoryChannel *channel)
{
  if (channel->first != NULL || channel->delivering || channel->feed != NULL)
    return;
  leave_list (channels, channel);
  g_hash_table_remove (channels->table, &channel->name);
}

gboolean
memory_channels_add (MemoryChannels *channels, MemoryChannel *channel, CsSubscription *subscription,
                     guint64 order)
{
  gboolean first = channel->first == NULL;

  /* At the front: a delivery that is under way does not come to it. */
  *place_of (subscription) = (Place){ channel->first, NULL, channel, order };
  if (!first)
    place_of (channel->first)->previous = subscription;
  channel->first = subscription;
  channel->n_subscriptions++;
  channels->n_subscriptions++;
  return first;
}

MemoryChannel *
memory_channels_remove (MemoryChannels *channels, CsSubscription *subscription)
{
  Place place = *place_of (subscription);

  if (place.channel == NULL)
    return NULL;
  if (channels->cursor == subscription)
    channels->cursor = place.next;
  if (place.next != NULL)
    place_of (place.next)->previous = place.previous;
  if (place.previous != NULL)
    place_of (place.previous)->next = place.next;
  else
    place.channel->first = place.next;
  *place_of (subscription) = (Place){ NULL, NULL, NULL, 0 };
  place.channel->n_subscriptions--;
  channels->n_subscriptions--;
  return place.channel;
}

guint
memory_channels_deliver (MemoryChannels *channels, MemoryChannel *channel,
                         const CsPublication *publication, guint64 order)
{
  CsSubscription *subscription;
  guint n = 0;

  channel->delivering = TRUE;
  for (subscription = channel->first; subscription != NULL; subscription = channels->cursor)
    {
      const Place *place = place_of (subscription);

      channels->cursor = place->next;
      if (order != 0 && order <= place->order)
        continue;
      if (place->next != NULL)
        __builtin_prefetch (place->next);
      subscription->func (subscription, publication);
      n++;
    }
  channel->delivering = FALSE;
  return n;
}

/* ---- walking ---- */

void
memory_walk_begin (MemoryChannels *channels, MemoryWalk *walk)
{
  walk->at = channels->oldest;
  walk->next = channels->walks;
  channels->walks = walk;
}

MemoryChannel *
memory_walk_next (MemoryWalk *walk)
{
  MemoryChannel *channel = walk->at;

  if (channel != NULL)
    walk->at = channel->next;
  return channel;
}

void
memory_walk_end (MemoryChannels *channels, MemoryWalk *walk)
{
  MemoryWalk **at = &channels->walks;

  while (*at != walk)
    at = &(*at)->next;
  *at = walk->next;
}
