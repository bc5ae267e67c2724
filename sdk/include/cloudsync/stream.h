/* stream.h: listeners, and byte streams over TCP, UNIX sockets and TLS, with backpressure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_STREAM_H
#define CS_STREAM_H

#include <cloudsync/loop.h>

G_BEGIN_DECLS

/* A connection; belongs to one worker for life, and is used on it only. */
typedef struct _CsStream CsStream;
/* A bound address; its sockets stay open until the node stops. */
typedef struct _CsListener CsListener;
/* Certificates and what a TLS handshake agrees on. Reference counted, any thread. */
typedef struct _CsTls CsTls;

/* On the stream's worker, off any fiber: bytes, an end or an error can be read. Edge-triggered: called
 * again only after cs_stream_read () answered -CS_AGAIN or a short count. */
typedef void (*CsStreamFunc) (CsStream *stream, gpointer data);

/* On a worker: a connection was accepted and, under TLS, shook hands. The callee owns the stream and
 * calls cs_stream_watch () or cs_stream_close () before it returns. */
typedef void (*CsAcceptFunc) (CsStream *stream, gpointer data);

typedef struct
{
  const char *certificate; /* file, PEM: the certificate and its chain */
  const char *key;         /* file, PEM */
} CsTlsPair;

typedef struct
{
  gsize size;
  const CsTlsPair *pairs; /* the first is the default; others are chosen by SNI (RFC 6066 §3) */
  gsize n_pairs;
  const char *const *alpn; /* NULL-terminated, most wanted first (RFC 7301) */
  gint64 handshake_timeout;
} CsTlsOptions;

typedef struct
{
  gsize size;
  const char *address; /* as CS_SETTING_ADDRESS; port 0 picks a free one */
  CsTls *tls;          /* NULL: plaintext; borrowed */
  gint backlog;        /* 0: the system's most */
  CsAcceptFunc accept;
  gpointer data;
} CsListenOptions;

typedef struct
{
  gsize size;
  const char *peer;        /* "192.0.2.1:4711", "unix"; valid as long as the stream */
  gboolean peer_loopback;  /* loopback address or UNIX socket */
  gboolean local_loopback; /* the listener's side */
  const char *alpn;        /* agreed protocol, NULL when none */
  const char *server_name; /* SNI, NULL when none */
  const char *tls_version; /* NULL in plaintext */
} CsStreamInfo;

typedef struct _CsStreamTable
{
  gsize size;
  CsListener *(*listen) (gpointer self, const CsListenOptions *options, GError **error);
  void (*listener_set_tls) (CsListener *listener, CsTls *tls);
  void (*listener_pause) (CsListener *listener, gboolean paused);
  const char *(*listener_address) (CsListener *listener);
  CsTls *(*tls_new) (const CsTlsOptions *options, GError **error);
  void (*tls_unref) (CsTls *tls);
  void (*watch) (CsStream *stream, CsStreamFunc ready, gpointer data);
  gssize (*read) (CsStream *stream, gpointer buffer, gsize len);
  CsStatus (*wait) (CsStream *stream, gint64 deadline);
  void (*write) (CsStream *stream, gconstpointer data, gsize len);
  void (*write_bytes) (CsStream *stream, GBytes *bytes);
  gpointer (*reserve) (CsStream *stream, gsize len);
  void (*commit) (CsStream *stream, gsize len);
  gsize (*queued) (CsStream *stream);
  CsStatus (*flush) (CsStream *stream, gsize below, gint64 deadline);
  void (*on_drained) (CsStream *stream, CsStreamFunc drained, gpointer data);
  void (*close) (CsStream *stream);
  void (*abort) (CsStream *stream);
  void (*info) (CsStream *stream, CsStreamInfo *info);
} CsStreamTable;

/* Binds in start (), main thread, after a probe without SO_REUSEPORT so that a second daemon on the
 * address fails; workers accept once all plugins have started. NULL and the error with the remedy. The
 * host owns the listener and closes it after stop (). */
static inline CsListener *
cs_listen (gpointer self, const CsListenOptions *options, GError **error)
{
  return cs_host_->stream->listen (self, options, error);
}

/* New handshakes use `tls`; streams that are open keep theirs. Main thread. */
static inline void
cs_listener_set_tls (CsListener *listener, CsTls *tls)
{
  cs_host_->stream->listener_set_tls (listener, tls);
}

/* Stops or goes on accepting; the socket stays open and the kernel's backlog is the buffer.
 * Main thread. */
static inline void
cs_listener_pause (CsListener *listener, gboolean paused)
{
  cs_host_->stream->listener_pause (listener, paused);
}

/* The address as bound, with the real port. Any thread. */
static inline const char *
cs_listener_address (CsListener *listener)
{
  return cs_host_->stream->listener_address (listener);
}

/* Reads and checks the files. Main thread. NULL and the error naming the file. */
static inline CsTls *
cs_tls_new (const CsTlsOptions *options, GError **error)
{
  return cs_host_->stream->tls_new (options, error);
}

static inline void
cs_tls_unref (CsTls *tls)
{
  cs_host_->stream->tls_unref (tls);
}

/* `ready` is called when there is something to read, also at once (in this turn) when there is
 * already. NULL stops the calls. A stream that rests so costs no buffer and no fiber. */
static inline void
cs_stream_watch (CsStream *stream, CsStreamFunc ready, gpointer data)
{
  cs_host_->stream->watch (stream, ready, data);
}

/* Bytes read into the caller's buffer; 0 at the end; -CS_AGAIN when there are none now; -CS_CLOSED
 * after an error. Does not wait. */
static inline gssize
cs_stream_read (CsStream *stream, gpointer buffer, gsize len)
{
  return cs_host_->stream->read (stream, buffer, len);
}

/* Suspends the fiber until cs_stream_read () has an answer. Replaces the watch for that time. */
static inline CsStatus
cs_stream_wait (CsStream *stream, gint64 deadline)
{
  return cs_host_->stream->wait (stream, deadline);
}

/* Queues a copy. What is queued in one turn of the loop leaves in one write at its end. Never waits:
 * the caller bounds the queue by cs_stream_queued () and cs_stream_flush (). After an error the bytes
 * are dropped and the next read tells. */
static inline void
cs_stream_write (CsStream *stream, gconstpointer data, gsize len)
{
  cs_host_->stream->write (stream, data, len);
}

/* Queues a reference instead of a copy. */
static inline void
cs_stream_write_bytes (CsStream *stream, GBytes *bytes)
{
  cs_host_->stream->write_bytes (stream, bytes);
}

/* Room for `len` contiguous bytes (at most 16 KiB) at the queue's end, to be filled in place and
 * ended by cs_stream_commit () of at most as many, with no other call on the stream in between. */
static inline gpointer
cs_stream_reserve (CsStream *stream, gsize len)
{
  return cs_host_->stream->reserve (stream, len);
}

static inline void
cs_stream_commit (CsStream *stream, gsize len)
{
  cs_host_->stream->commit (stream, len);
}

/* Bytes queued and not yet taken by the kernel. */
static inline gsize
cs_stream_queued (CsStream *stream)
{
  return cs_host_->stream->queued (stream);
}

/* Writes, and suspends the fiber until at most `below` bytes are queued. CS_CLOSED: the peer is
 * gone. */
static inline CsStatus
cs_stream_flush (CsStream *stream, gsize below, gint64 deadline)
{
  return cs_host_->stream->flush (stream, below, deadline);
}

/* `drained` is called once, off any fiber, when the queue is empty or the stream failed. */
static inline void
cs_stream_on_drained (CsStream *stream, CsStreamFunc drained, gpointer data)
{
  cs_host_->stream->on_drained (stream, drained, data);
}

/* Gives the stream back: what is queued is sent, then TLS and TCP are shut down properly (bounded
 * lingering, so that the peer can read the last answer). The pointer is dead after the call. */
static inline void
cs_stream_close (CsStream *stream)
{
  cs_host_->stream->close (stream);
}

/* Gives it back and drops what is queued. */
static inline void
cs_stream_abort (CsStream *stream)
{
  cs_host_->stream->abort (stream);
}

/* Fills `info`, whose size the caller has set. */
static inline void
cs_stream_info (CsStream *stream, CsStreamInfo *info)
{
  cs_host_->stream->info (stream, info);
}

G_END_DECLS

#endif
