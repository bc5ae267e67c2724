/* memory-channels.c: a hash table of channels, each with a ring of subscriptions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-channels.h"

typedef struct
{
  CsSlice name;
  guint32 hash;
  CsSubscription *first;
  gboolean delivering; /* not to be freed now */
} MemoryChannel;

struct _MemoryChannels
{
  GHashTable *table; /* of MemoryChannel, which is its own key */
  CsSubscription *cursor; /* the next to be called in the delivery under way */
  guint n_subscriptions;
};

/* The members of CsSubscription that are the provider's. */
enum
{
  PRIVATE_NEXT,
  PRIVATE_PREVIOUS,
  PRIVATE_CHANNEL
};

static CsSubscription *
next_of (CsSubscription *subscription)
{
  return subscription->private_[PRIVATE_NEXT];
}

guint32
memory_channel_hash (CsSlice channel)
{
  guint64 hash = 14695981039346656037u; /* FNV-1a, 64 bits */
  gsize i;

  for (i = 0; i < channel.len; i++)
    hash = (hash ^ (guint8) channel.data[i]) * 1099511628211u;
  return (guint32) (hash ^ hash >> 32);
}

static guint
channel_hash (gconstpointer key)
{
  return ((const MemoryChannel *) key)->hash;
}

static gboolean
channel_equal (gconstpointer a, gconstpointer b)
{
  return cs_slice_equal (((const MemoryChannel *) a)->name, ((const MemoryChannel *) b)->name);
}

static void
channel_free (gpointer data)
{
  MemoryChannel *channel = data;

  g_free ((char *) channel->name.data);
  g_free (channel);
}

MemoryChannels *
memory_channels_new (void)
{
  MemoryChannels *channels = g_new0 (MemoryChannels, 1);

  channels->table = g_hash_table_new_full (channel_hash, channel_equal, channel_free, NULL);
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

static MemoryChannel *
find (MemoryChannels *channels, CsSlice name, guint32 hash)
{
  MemoryChannel key = { .name = name, .hash = hash };

  return g_hash_table_lookup (channels->table, &key);
}

gboolean
memory_channels_add (MemoryChannels *channels, CsSlice name, guint32 hash,
                     CsSubscription *subscription)
{
  MemoryChannel *channel = find (channels, name, hash);
  gboolean first;

  if (channel == NULL)
    {
      channel = g_new0 (MemoryChannel, 1);
      channel->name = cs_slice (g_memdup2 (name.data, name.len), name.len);
      channel->hash = hash;
      g_hash_table_add (channels->table, channel);
    }
  first = channel->first == NULL;
  /* At the front: a delivery that is under way does not come to it. */
  subscription->private_[PRIVATE_NEXT] = channel->first;
  subscription->private_[PRIVATE_PREVIOUS] = NULL;
  subscription->private_[PRIVATE_CHANNEL] = channel;
  if (!first)
    channel->first->private_[PRIVATE_PREVIOUS] = subscription;
  channel->first = subscription;
  channels->n_subscriptions++;
  return first;
}

gboolean
memory_channels_remove (MemoryChannels *channels, CsSubscription *subscription, guint32 *hash)
{
  MemoryChannel *channel = subscription->private_[PRIVATE_CHANNEL];
  CsSubscription *next = next_of (subscription);
  CsSubscription *previous = subscription->private_[PRIVATE_PREVIOUS];

  if (channels->cursor == subscription)
    channels->cursor = next;
  if (next != NULL)
    next->private_[PRIVATE_PREVIOUS] = previous;
  if (previous != NULL)
    previous->private_[PRIVATE_NEXT] = next;
  else
    channel->first = next;
  memset (subscription->private_, 0, sizeof subscription->private_);
  channels->n_subscriptions--;
  *hash = channel->hash;
  if (channel->first != NULL)
    return FALSE;
  if (!channel->delivering)
    g_hash_table_remove (channels->table, channel);
  return TRUE;
}

guint
memory_channels_deliver (MemoryChannels *channels, const CsPublication *publication, guint32 hash)
{
  MemoryChannel *channel = find (channels, publication->channel, hash);
  CsSubscription *subscription;
  guint n = 0;

  if (channel == NULL)
    return 0;
  channel->delivering = TRUE;
  for (subscription = channel->first; subscription != NULL; subscription = channels->cursor)
    {
      channels->cursor = next_of (subscription);
      subscription->func (subscription, publication);
      n++;
    }
  channel->delivering = FALSE;
  if (channel->first == NULL)
    g_hash_table_remove (channels->table, channel);
  return n;
}
