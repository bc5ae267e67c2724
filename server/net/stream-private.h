/* stream-private.h: a stream's insides, and a worker's share of the net room.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_STREAM_PRIVATE_H
#define CS_STREAM_PRIVATE_H

#include <sys/socket.h>

#include "net/address.h"
#include "net/chunk.h"
#include "net/listener-private.h"
#include "net/net-stream.h"
#include "net/tls.h"
#include "runtime/worker-private.h"

G_BEGIN_DECLS

typedef enum
{
  STREAM_READABLE = 1 << 0,  /* a read may have an answer */
  STREAM_WRITABLE = 1 << 1,  /* the kernel took all so far */
  STREAM_HUP = 1 << 2,       /* the kernel said that the peer ended; more may be there to read */
  STREAM_EOF = 1 << 3,       /* a read came to the end */
  STREAM_FAILED = 1 << 4,
  STREAM_DUE = 1 << 5,       /* in the worker's list for the end of the turn */
  STREAM_READY_DUE = 1 << 6, /* `ready` is called then */
  STREAM_HANDSHAKE = 1 << 7,
  STREAM_CLOSING = 1 << 8, /* given back; sends what is queued, then lingers */
  STREAM_SHUT = 1 << 9,    /* our end was sent */
  STREAM_DEAD = 1 << 10,   /* the descriptor is closed; freed at the end of the turn */
  STREAM_PEER_LOOPBACK = 1 << 11
} StreamFlags;

/* How long a stream that was given back may send without progress. */
#define CS_STREAM_SEND_LIMIT CS_SECONDS (30)

/* On the stack of a fiber that waits for the stream. */
typedef struct
{
  CsWait wait;
  CsStatus status; /* CS_CLOSED: the stream is gone */
  gsize below;
} StreamWaiter;

/* Three cache lines: what an event needs, what output needs, the rest. */
struct _CsStream
{
  CsPollSource source;
  CsWorker *worker;
  CsListener *listener;
  CsStreamFunc ready;
  gpointer data;
  StreamWaiter *reader;
  SSL *ssl;
  int fd;
  guint flags;

  CsTask task; /* end of the turn */
  CsQueue queue;
  StreamWaiter *writer;
  CsStreamFunc drained;
  union
  {
    gpointer drained_data;
    gint64 deadline; /* of the handshake or of closing */
  };

  CsStream *prev, *next; /* of the worker's open ones, or of those with a deadline */
  char peer[48];
} __attribute__ ((aligned (64)));

/* A worker's share. */
typedef struct
{
  CsStream open;  /* heads of rings */
  CsStream timed; /* in handshake or closing */
  CsTimer sweep;
  CsStream *free;
  GPtrArray *slabs;
  CsChunkPool chunks;
  char *record; /* where output is joined for TLS */
  gint64 n_streams; /* the rest is read by other threads */
  gint64 accepted;
  gint64 accept_failed;
  gint64 bytes_read;
  gint64 bytes_written;
  gint64 writes;
  gint64 handshakes;
  gint64 resumed;
  gint64 handshakes_failed;
} NetWorker;

static inline NetWorker *
net_worker (CsWorker *worker)
{
  return worker->net;
}

/* Only the worker writes; anybody reads. */
static inline void
net_count (gint64 *figure, gint64 delta)
{
  __atomic_store_n (figure, *figure + delta, __ATOMIC_RELAXED);
}

/* stream.c */
CsStream *cs_stream_new (CsWorker *worker, CsListener *listener, int fd);
void cs_stream_due (CsStream *stream);
void cs_stream_fail (CsStream *stream);
void cs_stream_kill (CsStream *stream);
void cs_stream_set_timed (CsStream *stream, gint64 deadline);
void cs_stream_set_open (CsStream *stream);
void cs_stream_wake (StreamWaiter **waiter, CsStatus status);

/* stream-io.c: what the kernel or OpenSSL says, without waiting. */
gssize cs_stream_receive (CsStream *stream, gpointer buffer, gsize len);
void cs_stream_send (CsStream *stream);

/* stream-close.c */
void cs_stream_begin_close (CsStream *stream);
void cs_stream_go_on_closing (CsStream *stream);
gboolean cs_net_stop_worker (CsWorker *worker, gboolean force);

/* accept.c */
void cs_stream_hand_over (CsStream *stream);
void cs_stream_go_on_handshake (CsStream *stream);

G_END_DECLS

#endif
