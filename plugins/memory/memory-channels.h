/* memory-channels.h: one worker's subscriptions by channel.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the worker's thread only. Subscribing and unsubscribing are allowed from within a delivery. */
#pragma once

#include "memory-name.h"

G_BEGIN_DECLS

typedef struct _MemoryChannels MemoryChannels;
typedef struct _MemoryChannel MemoryChannel;
typedef struct _MemoryFeed MemoryFeed;
typedef struct _MemoryWalk MemoryWalk;

/* Lives while it has subscriptions, is being delivered to, or is a feed that is open or being
 * opened. */
struct _MemoryChannel
{
  MemoryName name;
  MemoryChannel *next;
  MemoryChannel *previous;
  CsSubscription *first;
  guint n_subscriptions;
  MemoryFeed *feed; /* NULL: none; memory-feed.c's */
  gboolean delivering;
};

/* A way through all channels that may pause; those that come meanwhile may be left out. */
struct _MemoryWalk
{
  MemoryChannel *at; /* the next to be seen; NULL: the end */
  MemoryWalk *next;
};

MemoryChannels *memory_channels_new (void);

/* Subscriptions that are left are forgotten. Their number. */
guint memory_channels_free (MemoryChannels *channels);

/* NULL: no such channel here. */
MemoryChannel *memory_channels_find (MemoryChannels *channels, const MemoryName *name);

/* The channel, made if there is none; `name` is copied. */
MemoryChannel *memory_channels_make (MemoryChannels *channels, const MemoryName *name);

/* Frees the channel if it is of no use any more. */
void memory_channels_drop (MemoryChannels *channels, MemoryChannel *channel);

/* Messages of an order up to `order` are not for it. TRUE: it is the channel's first. */
gboolean memory_channels_add (MemoryChannels *channels, MemoryChannel *channel,
                              CsSubscription *subscription, guint64 order);

/* The channel it was in; NULL: in none. */
MemoryChannel *memory_channels_remove (MemoryChannels *channels, CsSubscription *subscription);

/* Calls the subscribers of the channel; their number. It may be of no use afterwards. `order` 0: of
 * none. */
guint memory_channels_deliver (MemoryChannels *channels, MemoryChannel *channel,
                               const CsPublication *publication, guint64 order);

void memory_walk_begin (MemoryChannels *channels, MemoryWalk *walk);
MemoryChannel *memory_walk_next (MemoryWalk *walk);
void memory_walk_end (MemoryChannels *channels, MemoryWalk *walk);

G_END_DECLS
