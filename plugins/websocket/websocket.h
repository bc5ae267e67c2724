/* websocket.h: the objects of the plugin and who owns them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The plugin has a worker state on each worker; that has connections, each in one list of its clock. Nothing
 * of a worker is touched by another thread, except what is marked atomic. */
#pragma once

#include "websocket-reader.h"
#include "websocket-settings.h"

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct _WsPlugin WsPlugin;
typedef struct _WsWorker WsWorker;
typedef struct _WsConnection WsConnection;
typedef struct _WsBuffer WsBuffer;

/* ---- the plugin ---- */

typedef enum
{
  WS_REFUSED_RATE,
  WS_REFUSED_PENDING,
  WS_REFUSED_HANDSHAKE,
  WS_REFUSED_ORIGIN,
  WS_REFUSED_LIMIT,
  WS_N_REFUSED
} WsRefused;

#define WS_N_CODES 17 /* see websocket-stats.c */

typedef struct
{
  CsStat connections;
  CsStat accepted;
  CsStat refused[WS_N_REFUSED];
  CsStat pending;
  CsStat closed[WS_N_CODES];
  CsStat timeouts;
  CsStat slow_closed;
  CsStat slow_dropped;
  CsStat queue_bytes;
  CsStat frames_in;
  CsStat frames_out;
  CsStat messages_in;
  CsStat messages_out;
  CsStat bytes_in;
  CsStat bytes_out;
} WsStats;

struct _WsPlugin
{
  CsWebSocket service; /* the handle that other plugins hold */
  const WsSettings *settings; /* atomic */
  CsHttp *http;
  WsWorker **workers;
  guint n_workers;
  gint draining; /* atomic, all below */
  gint pending;
  gint64 rate_time; /* when the next handshake would be due at an even rate */
  WsStats stats;
};

static inline const WsSettings *
ws_plugin_settings (WsPlugin *self)
{
  return g_atomic_pointer_get (&self->settings);
}

/* ---- workers ---- */

#define WS_TICK CS_MS (50)
#define WS_SLOTS 1024
#define WS_NO_SLOT WS_SLOTS /* the list of those without a deadline */
#define WS_READ_BYTES (64 * 1024)
#define WS_HEADROOM 256 /* before what is read, for what the last read left */

G_STATIC_ASSERT (WS_HEADROOM >= WS_TAIL_MAX);

/* Connections by their deadlines: a wheel with a list for each tick, and one for those without. */
typedef struct
{
  WsConnection *slots[WS_SLOTS + 1];
  guint64 used[WS_SLOTS / 64]; /* the slots that are not empty */
  gint64 turned; /* the tick up to which it has been looked at */
  gint64 timer_at;
  CsTimer timer;
} WsClock;

struct _WsWorker
{
  WsPlugin *plugin;
  guint n_connections;
  WsZlib zlib;
  WsBytes scratch; /* for compressing */
  GChecksum *sha1;
  WsClock clock;

  WsConnection *behind; /* those whose queue is watched */
  CsTimer behind_timer;
  gint64 behind_bytes; /* as counted last */

  CsTask drain_task;
  CsTimer drain_timer;
  guint drain_slot;
  gboolean draining;
  gboolean holding;

  guint8 buffer[WS_HEADROOM + WS_READ_BYTES];
};

/* ---- connections ---- */

/* Bytes that were read but not yet taken. */
typedef struct
{
  guint8 *data;
  guint32 start;
  guint32 end;
} WsRest;

struct _WsConnection
{
  CsWsConnection connection;
  CsStream *stream; /* NULL: given back */
  WsWorker *worker;
  gpointer owner; /* the plugin whose it is */
  const CsWsHandler *handler;
  gpointer data;
  const char *protocol;
  const char *slow_reason;

  WsConnection *previous; /* in its clock's list */
  WsConnection *next;
  gint64 due;
  guint16 slot;

  guint16 slow_code;
  guint16 code; /* of the Close that came first; 0: none yet */
  guint8 slow;  /* CsWsSlow */

  guint8 on_fiber : 1;
  guint8 compress : 1;
  guint8 closing : 1;  /* a Close was sent or received */
  guint8 dead : 1;     /* the stream is given back; `closed` follows */
  guint8 told : 1;     /* `closed` was called */
  guint8 paused : 1;   /* by its owner */
  guint8 choked : 1;   /* the client does not take what it is sent */
  guint8 busy : 1;     /* its handler's fiber has not ended */
  guint8 taking : 1;   /* ws_connection_take () is on the stack */
  guint8 deferred : 1; /* `task` is due */
  guint8 received : 1; /* since the clock looked last */
  guint8 sent : 1;
  guint8 pinged : 1;   /* and waits for an answer */
  guint8 is_behind : 1;
  guint8 drained : 1;  /* was told that the node drains */

  gint64 ping_interval; /* 0: the setting's */
  gint64 max_queue;     /* 0: the setting's */
  gsize queued_then;    /* when it was pinged, or told to close */
  WsConnection *behind_next;
  WsReader reader;
  WsRest rest;
  WsDeflater *deflater; /* with the history of what was sent; may be dropped at any time */
  CsFiber *fiber;
  char *reason; /* of the Close that came first */
  CsTask task;
};

/* websocket-accept.c */
CsWsConnection *ws_accept (CsWebSocket *websocket, CsHttpExchange *exchange, gpointer owner,
                           const CsWsOptions *options);

/* websocket-connection.c */
WsConnection *ws_connection_new (WsWorker *worker, CsStream *stream, CsSlice unread, gpointer owner,
                                 const CsWsOptions *options, WsDeflate deflate);
void ws_connection_go_on (WsConnection *self);
void ws_connection_go_on_later (WsConnection *self);
/* Ends it: what is queued is sent first, or dropped. */
void ws_connection_end (WsConnection *self, guint code, CsSlice reason, gboolean abort);
/* One that has ended, and has no handler at work: calls `closed` now, not at the turn's end. */
void ws_connection_drop (WsConnection *self);
void ws_connection_choke (WsConnection *self);
void ws_pause (CsWsConnection *connection, gboolean paused);
void ws_info (CsWsConnection *connection, CsWsInfo *info);

/* websocket-close.c */
void ws_close (CsWsConnection *connection, guint code, CsSlice reason);
void ws_abort (CsWsConnection *connection);
/* The client's Close. */
void ws_connection_closed_by_peer (WsConnection *self, guint code, CsSlice reason);
/* Says why with a Close, then ends without waiting for the answer (RFC 6455 §7.1.7). */
void ws_connection_fail (WsConnection *self, guint code, const char *why);

/* websocket-send.c */
CsStatus ws_send (CsWsConnection *connection, CsWsKind kind, const CsSlice *parts, guint n);
CsStatus ws_send_buffer (CsWsConnection *connection, CsWsBuffer *buffer);
CsStatus ws_ping (CsWsConnection *connection, CsSlice payload);
CsStatus ws_flush (CsWsConnection *connection, gsize below, gint64 deadline);
void ws_connection_put_control (WsConnection *self, guint8 opcode, const CsSlice *parts, guint n);
gsize ws_connection_max_queue (const WsConnection *self);
void ws_connection_forget_behind (WsConnection *self);

/* websocket-buffer.c */
CsWsBuffer *ws_buffer_new (CsWebSocket *websocket, CsWsKind kind, const CsSlice *parts, guint n);
CsWsBuffer *ws_buffer_ref (CsWsBuffer *buffer);
void ws_buffer_unref (CsWsBuffer *buffer);
/* The frame for a connection, *packed when compressed; borrowed from the buffer. */
GBytes *ws_buffer_frame (WsBuffer *self, WsConnection *connection, gboolean *packed);

/* websocket-clock.c: on the worker */
void ws_clock_init (WsWorker *worker);
/* Puts it where its deadline wants it; CS_NEVER: none. */
void ws_clock_set (WsConnection *connection, gint64 due);
/* Into a list for the first time, and out of it for good. */
void ws_clock_add (WsConnection *connection, gint64 due);
void ws_clock_remove (WsConnection *connection);
/* When a new connection is looked at first. */
gint64 ws_clock_first (const WsConnection *connection);
/* When a client that was told to close is given up, unless it still takes what was queued. */
void ws_clock_await_close (WsConnection *connection);

/* websocket-admission.c */
gboolean ws_admission_add_filters (WsPlugin *self, GError **error);
/* One more at `rate` a second, with bursts of a tenth of a second's worth; the time is `now`. Any thread. */
gboolean ws_rate_take (gint64 *time, gint64 rate, gint64 now);
/* The handshake is over; its place is another's. */
void ws_admission_leave (WsPlugin *self, CsHttpExchange *exchange);
void ws_refuse_overload (WsPlugin *self, CsHttpExchange *exchange, WsRefused why, const char *reason);

/* websocket-stats.c */
void ws_stats_define (gpointer plugin, WsStats *stats);
CsStat ws_stats_closed (const WsStats *stats, guint code);

/* websocket-worker.c */
gboolean ws_worker_start (gpointer plugin, guint worker, GError **error);
void ws_worker_stop (gpointer plugin, guint worker);
void ws_worker_forget (WsWorker *self); /* a connection is gone */
void ws_drop_all (CsWebSocket *websocket, gpointer owner);

/* websocket-service.c */
gboolean ws_create (gpointer plugin, GError **error);
gboolean ws_start (gpointer plugin, GError **error);
void ws_reload_commit (gpointer plugin, gpointer token);
void ws_drain (gpointer plugin, gint64 deadline);
void ws_stop (gpointer plugin);

extern const CsWsTable ws_table;

G_END_DECLS
