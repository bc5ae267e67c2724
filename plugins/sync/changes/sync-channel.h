/* sync-channel.h: a database's feed of changes as the broker's channel `db:NAME`.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_CHANNEL_H
#define SYNC_CHANNEL_H

#include "sync-changes.h"

#define SYNC_CHANNEL_PREFIX "db:"

/* In start (): the channels are this plugin's. Without a broker there are none. */
gboolean sync_channels_own (Sync *self, GError **error);
/* The rules of the database with that name in the store have changed: whoever follows it asks
 * again. Any thread. */
void sync_channels_review (Sync *self, const char *key);
/* In worker_stop (): what is still open ends. */
void sync_channels_end (Sync *self);

/* sync-database.c: the channels open on this worker; NULL when it has stopped. */
GQueue *sync_worker_channels (Sync *self);

#endif
