/* stream-close.c: ends a stream so that the peer can read the last answer: what is queued is sent,
 * then our end, then what the peer still sends is read and dropped until its end or a time limit;
 * for a socket closed with unread bytes resets the connection (RFC 9112 §9.6).
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/err.h>
#include <unistd.h>

#include "net/stream-private.h"

#define LINGER CS_SECONDS (2)
#define LINGER_READS 16 /* a turn */

void
cs_stream_begin_close (CsStream *stream)
{
  if ((stream->flags & (STREAM_DEAD | STREAM_CLOSING)) != 0)
    return;
  stream->ready = stream->drained = NULL;
  cs_stream_wake (&stream->reader, CS_CLOSED);
  cs_stream_wake (&stream->writer, CS_CLOSED);
  if ((stream->flags & (STREAM_FAILED | STREAM_HANDSHAKE)) != 0
      || ((stream->flags & STREAM_EOF) != 0 && stream->queue.len == 0 && stream->ssl == NULL))
    {
      cs_stream_kill (stream);
      return;
    }
  stream->flags |= STREAM_CLOSING;
  cs_stream_set_timed (stream, stream->worker->now + CS_STREAM_SEND_LIMIT);
  cs_stream_due (stream);
}

static void
send_end (CsStream *stream)
{
  stream->flags |= STREAM_SHUT | STREAM_READABLE;
  if (stream->ssl != NULL)
    {
      ERR_clear_error ();
      SSL_shutdown (stream->ssl);
      ERR_clear_error ();
    }
  shutdown (stream->fd, SHUT_WR);
  stream->deadline = stream->worker->now + LINGER;
}

/* Reads past OpenSSL: nobody wants these bytes. FALSE: more may come. */
static gboolean
drop_input (CsStream *stream)
{
  char bytes[CS_CHUNK_SIZE];

  for (guint i = 0; i < LINGER_READS; i++)
    {
      gssize n = recv (stream->fd, bytes, sizeof bytes, MSG_DONTWAIT);

      if (n == 0)
        return TRUE;
      if (n < 0)
        return errno != EAGAIN && errno != EINTR;
    }
  cs_stream_due (stream);
  return FALSE;
}

void
cs_stream_go_on_closing (CsStream *stream)
{
  if ((stream->flags & STREAM_FAILED) != 0)
    {
      cs_stream_kill (stream);
      return;
    }
  if (stream->queue.len > 0)
    return;
  if ((stream->flags & STREAM_SHUT) == 0)
    send_end (stream);
  if (drop_input (stream))
    cs_stream_kill (stream);
}

/* TRUE: nothing is left. */
gboolean
cs_net_stop_worker (CsWorker *worker, gboolean force)
{
  NetWorker *net = net_worker (worker);
  CsStream *stream, *next;

  for (stream = net->open.next; stream != &net->open; stream = next)
    {
      next = stream->next;
      cs_stream_kill (stream);
    }
  for (stream = net->timed.next; stream != &net->timed; stream = next)
    {
      next = stream->next;
      if (force || (stream->flags & (STREAM_HANDSHAKE | STREAM_SHUT)) != 0)
        cs_stream_kill (stream);
    }
  return net->timed.next == &net->timed;
}
