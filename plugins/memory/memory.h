/* memory.h: the embedded broker: its state, and what its files share.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "memory-channels.h"
#include "memory-inbox.h"
#include "memory-shelf.h"

G_BEGIN_DECLS

#define MEMORY_SLOTS (1u << 16)
#define MEMORY_SHELVES 64

typedef struct
{
  gint64 max_channels;
  gint64 max_bytes;
  gint64 max_queue;
} MemorySettings;

extern const CsSetting memory_settings[];

/* Drops what has ended on one worker's share of the shelves. */
typedef struct
{
  CsTask task; /* looks for the next deadline anew */
  CsTimer timer;
  gboolean posted;
  gint64 armed; /* atomic: when the timer fires; G_MAXINT64: it does not */
  guint worker;
  struct _MemoryBroker *broker;
} MemorySweep;

/* Who owns the channels of a prefix. */
typedef struct
{
  char *prefix;
  gsize len;
  gpointer self;
  const CsStreamOwner *owner;
} MemoryOwner;

/* The instance's state. */
typedef struct _MemoryBroker
{
  CsBroker broker;
  guint n_workers;
  guint n_words;        /* of 64 workers, in a row of `interest` */
  guint64 *interest;    /* by channel hash: the workers that may have subscribers */
  MemoryInbox *inboxes; /* by worker */
  MemorySweep *sweeps;  /* by worker */
  GArray *owners;       /* MemoryOwner; constant once the workers run */
  MemoryBudget budget;
  MemoryShelf shelves[MEMORY_SHELVES];
  gint64 told; /* atomic: when a limit was last logged */
  CsStat published;
  CsStat delivered;
  CsStat merged;
  CsStat lost;
  CsStat refused_channels;
  CsStat refused_bytes;
  CsStat subscriptions;
  CsStat delay;
} MemoryBroker;

/* What one worker knows. */
typedef struct
{
  MemoryChannels *channels;
  MemoryLink *backlog;         /* taken from the inbox, to be delivered in a later turn */
  guint64 serial;              /* of the last publication delivered here */
  guint n_variants;            /* channels with a variant: JOIN and LEAVE go to them as well */
  guint32 users[MEMORY_SLOTS]; /* channels with subscribers here, by slot */
} MemoryWorker;

static inline MemoryBroker *
memory_of (CsBroker *broker)
{
  return (MemoryBroker *) broker;
}

static inline gboolean
memory_legal (CsSlice channel)
{
  return channel.len > 0 && channel.len <= CS_CHANNEL_MAX;
}

/* ---- memory.c ---- */

gboolean memory_create (gpointer self, GError **error);
gboolean memory_worker_start (gpointer self, guint worker, GError **error);
void memory_worker_stop (gpointer self, guint worker);
void memory_reload_commit (gpointer self, gpointer token);
void memory_destroy (gpointer self);

/* The channel's shelf, locked, without what has ended; to be given back by memory_shelf_close ().
 */
MemoryShelf *memory_shelf_open (MemoryBroker *self, const MemoryName *name, gint64 now);
/* What has come due earlier than anything before is noted, and figures are brought up to date. */
void memory_shelf_close (MemoryBroker *self, MemoryShelf *shelf);

/* Counts and logs a refusal, and answers CS_OVERLOADED. */
CsStatus memory_refuse_channel (MemoryBroker *self);
CsStatus memory_refuse_bytes (MemoryBroker *self);

/* ---- memory-publish.c ---- */

CsStatus memory_publish (CsBroker *broker, const CsPublish *publish, CsPublished *result);
void memory_wake (CsBroker *broker, CsSlice channel, const CsPosition *position);
/* Any thread: this worker wants, or does not want any more, what is published to channels of the
 * hash. */
void memory_interest (MemoryBroker *self, guint32 hash, guint worker, gboolean wanted);

/* ---- memory-deliver.c: on the worker ---- */

void memory_deliver (MemoryInbox *inbox);
/* A copy of `publication` to one channel's subscribers; the channel may be gone afterwards. */
guint memory_deliver_to (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel,
                         const CsPublication *publication, guint64 order);

/* ---- memory-subscribe.c ---- */

CsStatus memory_subscribe (CsBroker *broker, CsSlice channel, const CsSubscribe *options,
                           CsSubscription *subscription, CsSubscribed *result);
void memory_unsubscribe (CsBroker *broker, CsSubscription *subscription);
/* A subscription has come, or left: bookkeeping of the channel's and the worker's interest. */
void
memory_added (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel, gboolean first);
/* Drops the channel, with its feed, when it is of no use. */
void memory_settle (MemoryBroker *self, MemoryWorker *worker, MemoryChannel *channel);
/* Takes the subscription out; the channel it was in, to be settled; NULL: none. */
MemoryChannel *
memory_take_out (MemoryBroker *self, MemoryWorker *worker, CsSubscription *subscription);

/* ---- memory-feed.c ---- */

CsStatus memory_own (CsBroker *broker, gpointer user, CsSlice prefix, const CsStreamOwner *owner);
/* NULL: the channel is no feed. */
const MemoryOwner *memory_owner_of (MemoryBroker *self, CsSlice channel);
CsStatus
memory_feed_subscribe (MemoryBroker *self, const MemoryOwner *owner, const MemoryName *name,
                       CsSubscription *subscription, CsSubscribed *result);
CsStatus
memory_feed_history (const MemoryOwner *owner, CsSlice channel, const CsHistoryQuery *query,
                     CsHistoryFunc func, gpointer data, CsPosition *top);
/* Closes an open feed that nobody subscribes to; one that is being opened stays. */
void memory_feed_settle (MemoryChannel *channel);
/* The worker stops, and so have the owners. */
void memory_feeds_forget (MemoryWorker *worker);
gboolean memory_feed (CsBroker *broker, CsFeed *feed, GBytes *data, const CsPosition *position);
void memory_feed_event (CsBroker *broker, CsFeed *feed, CsBrokerKind kind);
CsStatus memory_admits (CsBroker *broker, CsSlice channel, CsIdentity *identity, char *actual);

/* ---- memory-history.c, memory-presence.c, memory-list.c ---- */

CsStatus memory_history (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query,
                         CsHistoryFunc func, gpointer data, CsPosition *top);
CsStatus memory_history_remove (CsBroker *broker, CsSlice channel);
CsStatus memory_join (CsBroker *broker, CsSlice channel, const CsMember *member, gint64 ttl);
CsStatus memory_leave (CsBroker *broker, CsSlice channel, CsSlice client);
CsStatus memory_presence (CsBroker *broker, CsSlice channel, CsMemberFunc func, gpointer data);
CsStatus memory_presence_stats (CsBroker *broker, CsSlice channel, CsPresenceStats *stats);
CsStatus memory_list (CsBroker *broker, CsSlice pattern, CsChannelFunc func, gpointer data);

/* ---- memory-sweep.c ---- */

void memory_sweep_init (MemorySweep *sweep, MemoryBroker *broker, guint worker);
/* Any thread: something on the shelf ends at `due`. */
void memory_sweep_note (MemoryBroker *self, guint shelf, gint64 due);
/* On the worker. */
void memory_sweep_start (MemorySweep *sweep);
void memory_sweep_stop (MemorySweep *sweep);

G_END_DECLS
