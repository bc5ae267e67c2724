/* websocket.h: contract websocket=1: WebSocket connections (RFC 6455) with permessage-deflate (RFC 7692).
 *
 * A handler of http=1 turns its exchange into a connection; from then on the connection lives on that
 * worker, and every call and callback is on it. The exceptions are the shared buffers, for any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_WEBSOCKET_H
#define CS_SERVICES_WEBSOCKET_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/services/http.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_WEBSOCKET CsWebSocket, "websocket", 1

typedef struct _CsWebSocket CsWebSocket;
/* One connection. Valid from cs_ws_accept () until its `closed` has returned. */
typedef struct _CsWsConnection CsWsConnection;
/* A message framed once, and compressed once for each window that was negotiated, for any number of
 * connections. Reference counted, any thread. */
typedef struct _CsWsBuffer CsWsBuffer;

/* The numbers are the opcodes (RFC 6455 §5.2); as a mask 1 << kind. */
typedef enum
{
  CS_WS_TEXT = 1,
  CS_WS_BINARY = 2
} CsWsKind;

/* Status codes of a close (RFC 6455 §7.4.1 and IANA's registry). */
typedef enum
{
  CS_WS_NORMAL = 1000,
  CS_WS_GOING_AWAY = 1001,
  CS_WS_PROTOCOL_ERROR = 1002,
  CS_WS_UNSUPPORTED_DATA = 1003,
  CS_WS_NO_STATUS = 1005, /* never sent: the peer's Close had no code */
  CS_WS_ABNORMAL = 1006,  /* never sent: there was no Close */
  CS_WS_INVALID_DATA = 1007,
  CS_WS_POLICY_VIOLATION = 1008,
  CS_WS_MESSAGE_TOO_BIG = 1009,
  CS_WS_INTERNAL_ERROR = 1011,
  CS_WS_SERVICE_RESTART = 1012,
  CS_WS_TRY_AGAIN_LATER = 1013
} CsWsCode;

/* What becomes of a message for a connection that has its most bytes waiting already. */
typedef enum
{
  CS_WS_SLOW_CLOSE = 0, /* the connection is closed with slow_code */
  CS_WS_SLOW_DROP,      /* the message is dropped, and counted */
  CS_WS_SLOW_TELL       /* the message is dropped, and handler->slow decides what else happens */
} CsWsSlow;

typedef enum
{
  CS_WS_ON_FIBER = 1 << 0,    /* `message` runs on a fiber and may wait; the next one comes after it returned */
  CS_WS_NO_COMPRESSION = 1 << 1,
  CS_WS_ANY_ORIGIN = 1 << 2   /* the owner has checked Origin, or does not need to */
} CsWsFlags;

/* Callbacks of a connection's owner, on its worker. Unless CS_WS_ON_FIBER says otherwise for `message`,
 * off any fiber and without waiting; one that wants to wait starts a fiber. All but `message` may be NULL.
 * Slices are valid during the call. */
typedef struct
{
  gsize size;
  /* A whole message; text is valid UTF-8. `message.data` is followed by no NUL. */
  void (*message) (CsWsConnection *connection, gpointer data, CsWsKind kind, CsSlice message);
  /* The last call. `code` is that of the Close that came first, whichever side sent it, or CS_WS_NO_STATUS or
   * CS_WS_ABNORMAL. Never called from within one of the owner's own calls, but cs_ws_drop_all (). */
  void (*closed) (CsWsConnection *connection, gpointer data, guint code, CsSlice reason);
  void (*pong) (CsWsConnection *connection, gpointer data, CsSlice payload);
  /* With CS_WS_SLOW_TELL: a message was not queued, `queued` bytes are waiting. May close; must not
   * send to this connection, which would call it again. */
  void (*slow) (CsWsConnection *connection, gpointer data, gsize queued);
  /* The node drains: say goodbye and close. NULL: cs_ws_close () with CS_WS_GOING_AWAY. */
  void (*drain) (CsWsConnection *connection, gpointer data);
} CsWsHandler;

/* What is 0 or NULL takes the plugin's setting. Of its pointers handler, data and slow_reason are kept. */
typedef struct
{
  gsize size;
  const CsWsHandler *handler;   /* constant data */
  gpointer data;
  const char *const *protocols; /* subprotocols, NULL-terminated; the first the client offers that is in it is chosen */
  guint flags;                  /* CsWsFlags */
  guint kinds;                  /* mask of 1 << CsWsKind; others are closed with 1003; 0: both */
  gint64 max_message;           /* bytes, uncompressed; beyond it 1009 */
  gint64 max_queue;             /* bytes that may wait for the client */
  CsWsSlow slow;
  guint slow_code;              /* 0: CS_WS_TRY_AGAIN_LATER */
  const char *slow_reason;      /* constant data, at most 123 bytes; NULL: none */
  gint64 ping_interval;         /* microseconds; CS_NEVER: no pings and no idle timeout */
} CsWsOptions;

typedef struct
{
  gsize size;
  const char *protocol;   /* the subprotocol agreed upon; NULL: none */
  const char *peer;       /* address:port; valid as long as the connection */
  gsize queued;           /* bytes that wait for the client */
  gboolean compressed;    /* permessage-deflate was agreed upon */
  gboolean open;          /* neither side has begun to close */
} CsWsInfo;

typedef struct
{
  gsize size;
  CsWsConnection *(*accept) (CsWebSocket *websocket, CsHttpExchange *exchange, gpointer self,
                             const CsWsOptions *options);
  CsStatus (*send) (CsWsConnection *connection, CsWsKind kind, const CsSlice *parts, guint n);
  CsWsBuffer *(*buffer_new) (CsWebSocket *websocket, CsWsKind kind, const CsSlice *parts, guint n);
  CsWsBuffer *(*buffer_ref) (CsWsBuffer *buffer);
  void (*buffer_unref) (CsWsBuffer *buffer);
  CsStatus (*send_buffer) (CsWsConnection *connection, CsWsBuffer *buffer);
  CsStatus (*ping) (CsWsConnection *connection, CsSlice payload);
  void (*close) (CsWsConnection *connection, guint code, CsSlice reason);
  void (*abort) (CsWsConnection *connection);
  void (*pause) (CsWsConnection *connection, gboolean paused);
  CsStatus (*flush) (CsWsConnection *connection, gsize below, gint64 deadline);
  void (*info) (CsWsConnection *connection, CsWsInfo *info);
  void (*drop_all) (CsWebSocket *websocket, gpointer self);
} CsWsTable;

struct _CsWebSocket
{
  const CsWsTable *table;
};

struct _CsWsConnection
{
  const CsWsTable *table;
};

struct _CsWsBuffer
{
  const CsWsTable *table;
};

/* In a handler of http: checks the opening handshake (RFC 6455 §4.2) and answers it with 101. NULL: it was
 * answered: 400 malformed, 426 another version or no upgrade, 403 an origin that is not allowed, 503 too many
 * are open. Headers set before are part of the answer. The connection outlives the exchange; its callbacks begin
 * when the handler waits or returns, at the earliest. `self` is the owner's instance. */
static inline CsWsConnection *
cs_ws_accept (CsWebSocket *websocket, CsHttpExchange *exchange, gpointer self,
              const CsWsOptions *options)
{
  return websocket->table->accept (websocket, exchange, self, options);
}

/* Queues one message made of the parts, which are copied; text must be UTF-8. What is queued in one turn leaves
 * in one write. Does not wait. CS_CLOSED: the connection closes or is gone. CS_OVERLOADED: the client is slow,
 * and its policy was followed. */
static inline CsStatus
cs_ws_send (CsWsConnection *connection, CsWsKind kind, const CsSlice *parts, guint n)
{
  return connection->table->send (connection, kind, parts, n);
}

static inline CsStatus
cs_ws_send_one (CsWsConnection *connection, CsWsKind kind, CsSlice message)
{
  return connection->table->send (connection, kind, &message, 1);
}

/* A message to be sent to many; the parts are copied. Any thread. Its one reference is the caller's. */
static inline CsWsBuffer *
cs_ws_buffer_new (CsWebSocket *websocket, CsWsKind kind, const CsSlice *parts, guint n)
{
  return websocket->table->buffer_new (websocket, kind, parts, n);
}

static inline CsWsBuffer *
cs_ws_buffer_ref (CsWsBuffer *buffer)
{
  return buffer->table->buffer_ref (buffer);
}

static inline void
cs_ws_buffer_unref (CsWsBuffer *buffer)
{
  buffer->table->buffer_unref (buffer);
}

/* As cs_ws_send (); `buffer` is referenced for as long as it is needed. */
static inline CsStatus
cs_ws_send_buffer (CsWsConnection *connection, CsWsBuffer *buffer)
{
  return connection->table->send_buffer (connection, buffer);
}

/* At most 125 bytes (else CS_TOO_LARGE). The pings that keep a connection alive come by themselves. */
static inline CsStatus
cs_ws_ping (CsWsConnection *connection, CsSlice payload)
{
  return connection->table->ping (connection, payload);
}

/* Begins to close: what is queued is sent, then a Close with the code (1000-1014 but for those that are never sent,
 * or 3000-4999; else it is sent as 1011) and reason (cut to 123 bytes at a character). No message is delivered any
 * more; `closed` follows when the client has answered, or after websocket.close-timeout. */
static inline void
cs_ws_close (CsWsConnection *connection, guint code, CsSlice reason)
{
  connection->table->close (connection, code, reason);
}

/* Ends it at once, without a Close; `closed` follows. */
static inline void
cs_ws_abort (CsWsConnection *connection)
{
  connection->table->abort (connection);
}

/* While paused no message is delivered and the client is not read from, beyond one buffer. */
static inline void
cs_ws_pause (CsWsConnection *connection, gboolean paused)
{
  connection->table->pause (connection, paused);
}

/* On a fiber, one at a time: waits until at most `below` bytes wait for the client. CS_CLOSED: it is gone, and so
 * may the connection be by then. */
static inline CsStatus
cs_ws_flush (CsWsConnection *connection, gsize below, gint64 deadline)
{
  return connection->table->flush (connection, below, deadline);
}

/* Fills `info`, whose size the caller has set. */
static inline void
cs_ws_info (CsWsConnection *connection, CsWsInfo *info)
{
  connection->table->info (connection, info);
}

/* In an owner's worker_stop (): ends all its connections of this worker; `closed` has been called for each when
 * it returns. */
static inline void
cs_ws_drop_all (CsWebSocket *websocket, gpointer self)
{
  websocket->table->drop_all (websocket, self);
}

G_END_DECLS

#endif
