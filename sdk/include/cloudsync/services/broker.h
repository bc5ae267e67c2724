/* broker.h: contract broker=1: publish and subscribe, history and presence, with stream owners.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_BROKER_H
#define CS_SERVICES_BROKER_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_BROKER CsBroker, "broker", 1

/* A place in a channel's stream. Offsets of one epoch rise; an epoch begins when earlier positions
 * can no longer be trusted. */
typedef struct
{
  guint64 offset;
  guint64 epoch;
} CsPosition;

/* One publication. Valid during the call; `data` may be referenced for longer. */
typedef struct
{
  gsize size;
  CsSlice channel;
  CsPosition position; /* offset 0: the channel keeps no stream */
  GBytes *data;        /* may be NULL: a mere wake-up */
  CsSlice tags;        /* opaque to the broker, "" for none */
} CsPublication;

/* On the subscriber's worker, off any fiber, in order of publication. */
typedef struct _CsSubscription CsSubscription;
typedef void (*CsSubscriptionFunc) (CsSubscription *subscription, const CsPublication *publication);

/* Embedded in the subscriber's struct; belongs to the worker that subscribed. */
struct _CsSubscription
{
  CsSubscriptionFunc func;
  gpointer data;
  gpointer private_[6];
};

/* How a stream is numbered and kept. */
typedef struct
{
  gsize size;
  guint history_size;   /* publications kept; 0: none */
  gint64 history_ttl;   /* microseconds */
} CsBrokerOptions;

typedef struct
{
  gsize size;
  const CsPosition *since; /* NULL: from the oldest kept */
  guint limit;             /* 0: only the top position */
  gboolean reverse;
} CsHistoryQuery;

/* Called for each publication found, on the caller's thread. FALSE ends the reading. */
typedef gboolean (*CsHistoryFunc) (const CsPublication *publication, gpointer data);

/* A member of a channel. */
typedef struct
{
  CsSlice client; /* unique in the channel */
  CsSlice user;
  CsSlice info;
} CsPresence;
typedef gboolean (*CsPresenceFunc) (const CsPresence *presence, gpointer data);

/* Who numbers a feed stream: its publications come with positions that rise strictly and may leave
 * gaps, and whoever fell behind is served from read_since (). */
typedef struct
{
  gsize size;
  /* Publications after `since`, oldest first, at most `limit`; *top is the stream's last position as of
   * the reading. On a fiber; may wait. CS_NOT_FOUND: `since` cannot be served. */
  CsStatus (*read_since) (gpointer self, CsSlice channel, const CsPosition *since, guint limit,
                          CsHistoryFunc func, gpointer data, CsPosition *top);
} CsStreamOwner;

typedef struct _CsBroker CsBroker;

/* A provider may answer CS_UNSUPPORTED for history, presence and owners. */
typedef struct
{
  gsize size;
  CsStatus (*publish) (CsBroker *broker, CsSlice channel, GBytes *data, CsSlice tags,
                       const CsPosition *given, const CsBrokerOptions *options,
                       CsPosition *position);
  CsStatus (*subscribe) (CsBroker *broker, CsSlice channel, CsSubscription *subscription);
  void (*unsubscribe) (CsBroker *broker, CsSubscription *subscription);
  CsStatus (*own) (CsBroker *broker, gpointer self, CsSlice prefix, const CsStreamOwner *owner);
  CsStatus (*history) (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query,
                       CsHistoryFunc func, gpointer data, CsPosition *top);
  CsStatus (*join) (CsBroker *broker, CsSlice channel, const CsPresence *presence, gint64 ttl);
  CsStatus (*leave) (CsBroker *broker, CsSlice channel, CsSlice client);
  CsStatus (*presence) (CsBroker *broker, CsSlice channel, CsPresenceFunc func, gpointer data);
} CsBrokerTable;

struct _CsBroker
{
  const CsBrokerTable *table;
};

/* Publishes to a channel's subscribers on every worker (and node, with a distributed provider). `given`
 * NULL: the broker numbers, without gaps, when options keep a history; else it is the position that the
 * stream's owner assigned. *position (may be NULL) is the publication's. `data` is referenced. Any
 * thread; the embedded provider does not wait. */
static inline CsStatus
cs_broker_publish (CsBroker *broker, CsSlice channel, GBytes *data, CsSlice tags,
                   const CsPosition *given, const CsBrokerOptions *options, CsPosition *position)
{
  return broker->table->publish (broker, channel, data, tags, given, options, position);
}

/* From when this returns CS_OK no publication is missed. Worker only; on a fiber may wait.
 * subscription->func and data are the caller's to set. */
static inline CsStatus
cs_broker_subscribe (CsBroker *broker, CsSlice channel, CsSubscription *subscription)
{
  return broker->table->subscribe (broker, channel, subscription);
}

/* func is not called any more once this returned. Same worker. */
static inline void
cs_broker_unsubscribe (CsBroker *broker, CsSubscription *subscription)
{
  broker->table->unsubscribe (broker, subscription);
}

/* In start (): channels with this prefix are feed streams that `owner` numbers and recovers. */
static inline CsStatus
cs_broker_own (CsBroker *broker, gpointer self, CsSlice prefix, const CsStreamOwner *owner)
{
  return broker->table->own (broker, self, prefix, owner);
}

/* Reads a channel's stream; of a feed stream through its owner. *top is its last position. On a fiber;
 * may wait. CS_NOT_FOUND: query->since is no longer kept. */
static inline CsStatus
cs_broker_history (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query,
                   CsHistoryFunc func, gpointer data, CsPosition *top)
{
  return broker->table->history (broker, channel, query, func, data, top);
}

/* Says that a client is in the channel, until `ttl` passes or it leaves. On a fiber; may wait. */
static inline CsStatus
cs_broker_join (CsBroker *broker, CsSlice channel, const CsPresence *presence, gint64 ttl)
{
  return broker->table->join (broker, channel, presence, ttl);
}

static inline CsStatus
cs_broker_leave (CsBroker *broker, CsSlice channel, CsSlice client)
{
  return broker->table->leave (broker, channel, client);
}

/* Calls func for each member; FALSE ends it. On a fiber; may wait. */
static inline CsStatus
cs_broker_presence (CsBroker *broker, CsSlice channel, CsPresenceFunc func, gpointer data)
{
  return broker->table->presence (broker, channel, func, data);
}

G_END_DECLS

#endif
