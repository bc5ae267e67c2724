/* stream-io.c: reads and writes of a stream, plain or through OpenSSL; nothing here waits.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/err.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/stream-private.h"

#define PARTS 64 /* of one write */

static gssize
receive_plain (CsStream *stream, gpointer buffer, gsize len)
{
  gssize n;

  do
    n = recv (stream->fd, buffer, len, 0);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    {
      /* A short read means that the kernel has no more (epoll(7)); only its end may be left. */
      if ((gsize) n < len && (stream->flags & STREAM_HUP) == 0)
        stream->flags &= ~(guint) STREAM_READABLE;
      return n;
    }
  if (n == 0)
    {
      stream->flags |= STREAM_EOF;
      return 0;
    }
  if (errno == EAGAIN)
    {
      stream->flags &= ~(guint) STREAM_READABLE;
      return -CS_AGAIN;
    }
  cs_stream_fail (stream);
  return -CS_CLOSED;
}

/* After a call of OpenSSL that did not succeed; its queue is left empty. */
static gssize
tls_status (CsStream *stream, int result)
{
  int reason = SSL_get_error (stream->ssl, result);

  ERR_clear_error ();
  switch (reason)
    {
    case SSL_ERROR_WANT_READ:
      stream->flags &= ~(guint) STREAM_READABLE;
      return -CS_AGAIN;
    case SSL_ERROR_WANT_WRITE:
      stream->flags &= ~(guint) STREAM_WRITABLE;
      return -CS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
      stream->flags |= STREAM_EOF;
      return 0;
    default:
      cs_stream_fail (stream);
      return -CS_CLOSED;
    }
}

/* Until the buffer is full or a whole record is missing: so a short answer means no more here
 * too. */
static gssize
receive_tls (CsStream *stream, char *buffer, gsize len)
{
  gsize done = 0;

  while (done < len)
    {
      int n;

      ERR_clear_error ();
      n = SSL_read (stream->ssl, buffer + done, (int) MIN (len - done, G_MAXINT));
      if (n <= 0)
        {
          gssize status = tls_status (stream, n);

          if (done == 0)
            return status;
          break;
        }
      done += (gsize) n;
    }
  return (gssize) done;
}

/* 0 at the end, or a negative status. */
gssize
cs_stream_receive (CsStream *stream, gpointer buffer, gsize len)
{
  gssize n;

  if ((stream->flags & STREAM_FAILED) != 0)
    return -CS_CLOSED;
  if ((stream->flags & STREAM_EOF) != 0)
    return 0;
  if ((stream->flags & STREAM_READABLE) == 0)
    return -CS_AGAIN;
  n = stream->ssl != NULL ? receive_tls (stream, buffer, len)
                          : receive_plain (stream, buffer, len);
  if (n > 0)
    net_count (&net_worker (stream->worker)->bytes_read, n);
  return n;
}

static gssize
send_once (CsStream *stream)
{
  struct iovec parts[PARTS];
  struct msghdr message = { .msg_iov = parts };
  CsChunk *chunk = stream->queue.head;
  gsize n = 0;

  if (chunk->next == NULL)
    return send (stream->fd, chunk->data + chunk->start, chunk->end - chunk->start, MSG_NOSIGNAL);
  for (; chunk != NULL && n < PARTS; chunk = chunk->next, n++)
    {
      parts[n].iov_base = (char *) chunk->data + chunk->start;
      parts[n].iov_len = chunk->end - chunk->start;
    }
  message.msg_iovlen = n;
  return sendmsg (stream->fd, &message, MSG_NOSIGNAL);
}

static void
send_plain (CsStream *stream)
{
  NetWorker *net = net_worker (stream->worker);

  while (stream->queue.len > 0 && (stream->flags & STREAM_WRITABLE) != 0)
    {
      gssize n = send_once (stream);

      net_count (&net->writes, 1);
      if (n >= 0)
        {
          cs_queue_drop (&stream->queue, &net->chunks, (gsize) n);
          net_count (&net->bytes_written, n);
        }
      else if (errno == EAGAIN)
        stream->flags &= ~(guint) STREAM_WRITABLE;
      else if (errno != EINTR)
        cs_stream_fail (stream);
      if ((stream->flags & STREAM_FAILED) != 0)
        return;
    }
}

/* What goes into the next record: a chunk as it is when that fills one, else several together. A
 * try again begins with the same bytes, as OpenSSL wants. */
static CsSlice
next_record (CsStream *stream)
{
  NetWorker *net = net_worker (stream->worker);
  CsChunk *chunk = stream->queue.head;
  gsize len = chunk->end - chunk->start, done = 0;

  if (chunk->next == NULL || len >= CS_CHUNK_SIZE)
    return cs_slice (chunk->data + chunk->start, MIN (len, CS_CHUNK_SIZE));
  if (net->record == NULL)
    net->record = g_malloc (CS_CHUNK_SIZE);
  for (; chunk != NULL && done < CS_CHUNK_SIZE; chunk = chunk->next)
    {
      gsize part = MIN (chunk->end - chunk->start, CS_CHUNK_SIZE - done);

      memcpy (net->record + done, chunk->data + chunk->start, part);
      done += part;
    }
  return cs_slice (net->record, done);
}

static void
send_tls (CsStream *stream)
{
  NetWorker *net = net_worker (stream->worker);

  while (stream->queue.len > 0 && (stream->flags & STREAM_WRITABLE) != 0)
    {
      CsSlice record = next_record (stream);
      int n;

      ERR_clear_error ();
      n = SSL_write (stream->ssl, record.data, (int) record.len);
      if (n <= 0)
        {
          /* Once the peer has said its end, OpenSSL names a failed write so too. */
          if (tls_status (stream, n) == 0)
            cs_stream_fail (stream);
          return;
        }
      cs_queue_drop (&stream->queue, &net->chunks, (gsize) n);
      net_count (&net->bytes_written, n);
      net_count (&net->writes, 1);
    }
}

void
cs_stream_send (CsStream *stream)
{
  if ((stream->flags & (STREAM_FAILED | STREAM_DEAD | STREAM_HANDSHAKE)) != 0)
    return;
  if (stream->ssl != NULL)
    send_tls (stream);
  else
    send_plain (stream);
}
