/* memory-channels.h: one worker's subscriptions by channel.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the worker's thread only. Subscribing and unsubscribing are allowed from within a delivery. */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct _MemoryChannels MemoryChannels;

MemoryChannels *memory_channels_new (void);

/* Subscriptions that are left are forgotten. Their number. */
guint memory_channels_free (MemoryChannels *channels);

/* The channel's hash, the same on every worker. */
guint32 memory_channel_hash (CsSlice channel);

/* TRUE: it is the channel's first subscription here. */
gboolean memory_channels_add (MemoryChannels *channels, CsSlice channel, guint32 hash,
                              CsSubscription *subscription);

/* TRUE: it was the channel's last. *hash is the channel's. */
gboolean memory_channels_remove (MemoryChannels *channels, CsSubscription *subscription,
                                 guint32 *hash);

/* Calls the subscribers of the publication's channel; their number. */
guint memory_channels_deliver (MemoryChannels *channels, const CsPublication *publication,
                               guint32 hash);

G_END_DECLS
