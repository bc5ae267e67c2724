/* broker.h: contract broker=1: publish and subscribe, streams, presence, feeds of other plugins.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A channel is a name of 1 to CS_CHANNEL_MAX bytes; it exists as long as somebody uses it. What is
 * published reaches the subscribers that are there, on every worker of every node. Three kinds:
 *
 * - plain: nothing is kept; positions are 0.
 * - stream: publications with a history are numbered from 1 without gaps under an epoch, and the
 *   newest are kept: whoever was away reads what it missed.
 * - feed: channels with a prefix that a plugin owns, such as `db:`. The owner numbers (rising, gaps
 *   legal) and keeps; the broker asks it to begin when somebody subscribes and to end when nobody
 *   does.
 *
 * How a subscriber misses nothing: cs_broker_subscribe () fixes a position P. All up to P is read
 * by cs_broker_history (until P); all after P is delivered to the subscription, each once, in
 * order, from then on, whatever other workers publish meanwhile. Together they are complete,
 * without a gap or a duplicate. When that can no longer be promised (CS_BROKER_LOST, an epoch
 * that is not P's, or in a stream an offset that is not the last one's plus 1) the subscriber
 * subscribes again and reads since the last position it has.
 *
 * Calls that "may wait" are for fibers; on a thread that is no worker they block it. */
#ifndef CS_SERVICES_BROKER_H
#define CS_SERVICES_BROKER_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/services/auth.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_BROKER CsBroker, "broker", 1

#define CS_CHANNEL_MAX 1024

typedef struct _CsBroker CsBroker;

/* A place in a channel's stream or feed. Offsets of one epoch rise; an epoch begins when earlier
 * positions can no longer be trusted. Given by a caller, epoch 0 stands for whichever is the
 * current one. */
typedef struct
{
  guint64 offset;
  guint64 epoch;
} CsPosition;

typedef enum
{
  CS_BROKER_PUBLICATION = 0,
  CS_BROKER_JOIN = 1, /* `member` came; published by whoever lets it in, never kept */
  CS_BROKER_LEAVE = 2,
  CS_BROKER_WAKE = 3,  /* something changed, up to `position`; several may have become one */
  CS_BROKER_LOST = 4,  /* publications may be missing: subscribe again and recover */
  CS_BROKER_RULES = 5, /* a feed's access rules may have changed: ask cs_broker_admits () again */
  CS_BROKER_ENDED = 6  /* the feed is over, its database was dropped; so is the subscription */
} CsBrokerKind;

/* A client in a channel, as others are shown it. What the two infos hold is its publishers'
 * business; JSON, if clients of several protocols are to read them. */
typedef struct
{
  CsSlice client; /* unique in the channel; len 0: none */
  CsSlice user;
  CsSlice connection_info;
  CsSlice channel_info;
} CsMember;

/* What a subscriber or a reader of history is given. Valid during the call; `data` may be
 * referenced for longer. */
typedef struct
{
  gsize size;
  CsBrokerKind kind;
  CsSlice channel;
  CsPosition position; /* offset 0: it is in no stream */
  gint64 time;         /* when it was published: wall clock, microseconds UTC */
  GBytes *data;        /* may be NULL */
  CsSlice tags;        /* opaque to the broker, "" for none */
  CsMember member;     /* who published, came or left */
  guint64 serial; /* the same for all subscriptions of one worker that get this one, and then never
                     again: what was made of it for one may serve the next; 0 in history */
} CsPublication;

/* Called on the subscriber's worker, in order of publication within a stream or feed; must not
 * wait. It may unsubscribe itself or any other, and publish. */
typedef struct _CsSubscription CsSubscription;
typedef void (*CsSubscriptionFunc) (CsSubscription *subscription, const CsPublication *publication);

/* Embedded in the subscriber's struct; belongs to the worker that subscribed. func and data are the
 * caller's to set, the rest is zeroed before the first use. */
struct _CsSubscription
{
  CsSubscriptionFunc func;
  gpointer data;
  guint64 private_[4];
};

typedef struct
{
  gsize size;
  gint64 meta_ttl; /* of a stream that this begins; 0: CS_BROKER_META_TTL */
  guint variant;   /* feeds: which form of rows; 0: plain, 1: with the documents */
} CsSubscribe;

typedef struct
{
  gsize size;
  CsPosition position;
  gboolean feed; /* offsets have gaps; history is its owner's */
} CsSubscribed;

/* How long epoch and offset of a stream without publications are remembered: 30 days, in
 * microseconds. */
#define CS_BROKER_META_TTL CS_SECONDS (30 * 86400)

typedef struct
{
  gsize size;
  CsBrokerKind kind; /* PUBLICATION, JOIN or LEAVE */
  CsSlice channel;
  GBytes *data; /* referenced */
  CsSlice tags;
  const CsMember *member; /* NULL: nobody's */

  /* With both, the publication is numbered and kept: the newest `history_size` of the stream, all
   * of them until `history_ttl` (microseconds) has passed since its last one. */
  guint history_size;
  gint64 history_ttl;
  gint64 meta_ttl; /* epoch and offset live so long after the last use; 0: CS_BROKER_META_TTL */

  /* A second publication to the channel with this key within `key_ttl` (microseconds; 0: five
   * minutes) is not made: its result is the first one's. len 0: none. */
  CsSlice key;
  gint64 key_ttl;

  /* Above 0: not published unless higher than the stream's last version of the same `version_epoch`
   * ("" is the same as any). Needs a history. */
  guint64 version;
  CsSlice version_epoch;
} CsPublish;

typedef struct
{
  gsize size;
  CsPosition position; /* the publication's; 0: it is in no stream */
  gboolean repeated;   /* the key was known: this is the earlier result */
  gboolean outdated;   /* the version was not higher; position is the stream's last */
} CsPublished;

typedef struct
{
  gsize size;
  const CsPosition *since; /* exclusive; NULL: from the oldest kept, reverse: from the newest */
  const CsPosition *until; /* inclusive, an end for the forward reading; NULL: none */
  guint limit;             /* 0: only the top position */
  gboolean reverse;        /* newest first: those before `since` */
  gint64 meta_ttl;         /* as in CsSubscribe */
  guint variant;
} CsHistoryQuery;

/* For each publication found, on the caller's thread; must not wait. FALSE ends the reading. */
typedef gboolean (*CsHistoryFunc) (const CsPublication *publication, gpointer data);

typedef gboolean (*CsMemberFunc) (const CsMember *member, gpointer data);

typedef struct
{
  gsize size;
  guint64 n_clients;
  guint64 n_users; /* distinct */
} CsPresenceStats;

typedef gboolean (*CsChannelFunc) (CsSlice channel, guint64 n_subscriptions, gpointer data);

/* A feed that is open on one worker; the broker's, for the owner to keep until close (). */
typedef struct
{
  gsize size;
  CsSlice channel;
  guint variant;
  CsPosition position; /* the last one handed over */
  gpointer data;       /* the owner's to set */
} CsFeed;

/* The plugin behind a prefix of channels. Each node's owner serves its own subscribers, from a
 * store that all nodes share; feeds never cross between nodes. All on the worker concerned. */
typedef struct
{
  gsize size;
  /* The first subscriber of this worker is there: set feed->position. From when this returns CS_OK
   * until close (), every publication after that position goes to cs_broker_feed (). On a fiber;
   * may wait. CS_NOT_FOUND: there is no such channel. */
  CsStatus (*open) (gpointer self, CsFeed *feed);
  /* Nobody is left, also from within cs_broker_feed (): the feed must not be named again. May not
   * wait. */
  void (*close) (gpointer self, CsFeed *feed);
  /* Publications after `since`, oldest first, at most `limit`; *top is the feed's last position as
   * of the reading and is set with CS_NOT_FOUND too. On a fiber; may wait. CS_NOT_FOUND: `since`
   * cannot be served. */
  CsStatus (*read_since) (gpointer self, CsSlice channel, guint variant, const CsPosition *since,
                          guint limit, CsHistoryFunc func, gpointer data, CsPosition *top);
  /* As cs_broker_admits (). On a fiber; may wait. */
  CsStatus (*admits) (gpointer self, CsSlice channel, CsIdentity *identity, char *actual);
} CsStreamOwner;

typedef struct
{
  gsize size;
  CsStatus (*publish) (CsBroker *broker, const CsPublish *publish, CsPublished *result);
  void (*wake) (CsBroker *broker, CsSlice channel, const CsPosition *position);
  CsStatus (*subscribe) (CsBroker *broker, CsSlice channel, const CsSubscribe *options,
                         CsSubscription *subscription, CsSubscribed *result);
  void (*unsubscribe) (CsBroker *broker, CsSubscription *subscription);
  CsStatus (*history) (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query,
                       CsHistoryFunc func, gpointer data, CsPosition *top);
  CsStatus (*history_remove) (CsBroker *broker, CsSlice channel);
  CsStatus (*join) (CsBroker *broker, CsSlice channel, const CsMember *member, gint64 ttl);
  CsStatus (*leave) (CsBroker *broker, CsSlice channel, CsSlice client);
  CsStatus (*presence) (CsBroker *broker, CsSlice channel, CsMemberFunc func, gpointer data);
  CsStatus (*presence_stats) (CsBroker *broker, CsSlice channel, CsPresenceStats *stats);
  CsStatus (*channels) (CsBroker *broker, CsSlice pattern, CsChannelFunc func, gpointer data);
  CsStatus (*own) (CsBroker *broker, gpointer self, CsSlice prefix, const CsStreamOwner *owner);
  gboolean (*feed) (CsBroker *broker, CsFeed *feed, GBytes *data, const CsPosition *position);
  void (*feed_event) (CsBroker *broker, CsFeed *feed, CsBrokerKind kind);
  CsStatus (*admits) (CsBroker *broker, CsSlice channel, CsIdentity *identity, char *actual);
} CsBrokerTable;

struct _CsBroker
{
  const CsBrokerTable *table;
};

/* ---- publish and subscribe ---- */

/* Publishes to the channel's subscribers everywhere. `result` (may be NULL) has its size set by the
 * caller. May wait; the embedded provider does not. When it returns CS_OK a publication with
 * history is kept. CS_INVALID: a channel's name, kind or version that cannot be; CS_DENIED: the
 * channel is a feed's; CS_OVERLOADED: a limit of the provider is reached or it cannot be reached,
 * nothing was published (with a distributed provider that ended unheard, CS_TIMED_OUT, it may have
 * been: repeat it with a key). */
static inline CsStatus
cs_broker_publish (CsBroker *broker, const CsPublish *publish, CsPublished *result)
{
  return broker->table->publish (broker, publish, result);
}

/* Tells the channel's subscribers that something changed. Any thread; never waits. It carries
 * nothing that would be lost with it: several become one, and one that fails is dropped. */
static inline void
cs_broker_wake (CsBroker *broker, CsSlice channel, const CsPosition *position)
{
  broker->table->wake (broker, channel, position);
}

/* From when this returns CS_OK no publication is missed. With `result` (its size set) the position
 * is fixed, exactly, and the stream's epoch begins if it had none; without, what was published just
 * before may still come. `options` may be NULL. Worker only; may wait. Other than CS_OK: nothing is
 * left behind. CS_NOT_FOUND: a feed's owner knows no such channel; CS_OVERLOADED: a limit, or the
 * provider cannot be reached. */
static inline CsStatus
cs_broker_subscribe (CsBroker *broker, CsSlice channel, const CsSubscribe *options,
                     CsSubscription *subscription, CsSubscribed *result)
{
  return broker->table->subscribe (broker, channel, options, subscription, result);
}

/* func is not called any more once this returned. Same worker; does not wait. Again, or after
 * CS_BROKER_ENDED: does nothing. */
static inline void
cs_broker_unsubscribe (CsBroker *broker, CsSubscription *subscription)
{
  broker->table->unsubscribe (broker, subscription);
}

/* Channels with subscribers whose name matches `pattern` (`*` any bytes, `?` one, `[a-c]`,
 * `[!a-c]`, `\` before a byte meant as itself; "" is all), each once with its subscriptions on all
 * workers and nodes. Not one moment's. May wait. CS_INVALID: a pattern over CS_CHANNEL_MAX bytes.
 */
static inline CsStatus
cs_broker_channels (CsBroker *broker, CsSlice pattern, CsChannelFunc func, gpointer data)
{
  return broker->table->channels (broker, pattern, func, data);
}

/* ---- history ---- */

/* Reads a channel's stream; of a feed through its owner (forward only). *top is the last position.
 * May wait. A stream's epoch begins if it had none. CS_NOT_FOUND: query->since cannot be served
 * (another epoch, after the top, or what followed it is no longer kept); *top is set all the same,
 * func was not called. */
static inline CsStatus
cs_broker_history (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query,
                   CsHistoryFunc func, gpointer data, CsPosition *top)
{
  return broker->table->history (broker, channel, query, func, data, top);
}

/* Forgets a stream's publications; epoch and offset stay. May wait. CS_DENIED: a feed's. */
static inline CsStatus
cs_broker_history_remove (CsBroker *broker, CsSlice channel)
{
  return broker->table->history_remove (broker, channel);
}

/* ---- presence ---- */

/* Says that a client is in the channel, until `ttl` (microseconds) passes or it leaves; again:
 * still, with this member's text. May wait. CS_OVERLOADED: a limit. */
static inline CsStatus
cs_broker_join (CsBroker *broker, CsSlice channel, const CsMember *member, gint64 ttl)
{
  return broker->table->join (broker, channel, member, ttl);
}

/* CS_NOT_FOUND: it was not there. May wait. */
static inline CsStatus
cs_broker_leave (CsBroker *broker, CsSlice channel, CsSlice client)
{
  return broker->table->leave (broker, channel, client);
}

/* Calls func for each member; FALSE ends it. May wait. */
static inline CsStatus
cs_broker_presence (CsBroker *broker, CsSlice channel, CsMemberFunc func, gpointer data)
{
  return broker->table->presence (broker, channel, func, data);
}

/* The numbers alone, without reading the members; stats->size is set. May wait. */
static inline CsStatus
cs_broker_presence_stats (CsBroker *broker, CsSlice channel, CsPresenceStats *stats)
{
  return broker->table->presence_stats (broker, channel, stats);
}

/* ---- feeds ---- */

/* In start (): channels with this prefix are feeds that `owner` serves. CS_EXISTS: another's prefix
 * begins so, or this one begins with another's. */
static inline CsStatus
cs_broker_own (CsBroker *broker, gpointer self, CsSlice prefix, const CsStreamOwner *owner)
{
  return broker->table->own (broker, self, prefix, owner);
}

/* The owner hands over the next publication: it is delivered before this returns. A position that
 * does not rise above feed->position in the same epoch is not delivered. FALSE: nobody was left,
 * close () was called. On the feed's worker; does not wait. */
static inline gboolean
cs_broker_feed (CsBroker *broker, CsFeed *feed, GBytes *data, const CsPosition *position)
{
  return broker->table->feed (broker, feed, data, position);
}

/* CS_BROKER_RULES, CS_BROKER_LOST or CS_BROKER_ENDED to all subscribers of the feed on this worker.
 * With ENDED the feed is gone and close () is not called; with the others it may be. Does not wait.
 */
static inline void
cs_broker_feed_event (CsBroker *broker, CsFeed *feed, CsBrokerKind kind)
{
  broker->table->feed_event (broker, feed, kind);
}

/* May this identity read the feed that it calls so? CS_OK: yes, and `actual`, which has room for
 * CS_CHANNEL_MAX + 1 bytes, gets the channel to subscribe to and to read: one name is another feed
 * for another tenant. Asked of the owner; may wait. CS_DENIED, CS_NOT_FOUND. CS_UNSUPPORTED: the
 * channel is not a feed. */
static inline CsStatus
cs_broker_admits (CsBroker *broker, CsSlice channel, CsIdentity *identity, char *actual)
{
  return broker->table->admits (broker, channel, identity, actual);
}

G_END_DECLS

#endif
