/* http-body.c: the request's body: by length or chunked, whole or in pieces, at the handler's pace.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

void
http_exchange_begin_body (HttpExchange *self)
{
  const HttpLimits *limits = http_connection_limits (self->connection);
  gint64 limit = self->route != NULL ? self->route->row.body_limit : 0;

  if (self->head.chunked)
    {
      self->body_kind = HTTP_BODY_CHUNKED;
      self->chunked = http_exchange_alloc (self, sizeof (HttpChunked));
      http_chunked_init (self->chunked);
    }
  else if (self->head.content_length > 0)
    {
      self->body_kind = HTTP_BODY_LENGTH;
      self->body_left = self->head.content_length;
    }
  self->body_limit = limit > 0 ? limit : limits->max_body;
  self->body_began = cs_now ();
}

/* Answers as the failure asks; the connection cannot be used again. */
static gssize
fail (HttpExchange *self, CsStatus status)
{
  static const struct
  {
    guint status;
    const char *reason;
  } answers[] = {
    [CS_TIMED_OUT] = { 408, "the request body did not arrive in time" },
    [CS_INVALID] = { 400, "the request body is badly framed" },
    [CS_TOO_LARGE] = { 413, "the request body is too large" },
  };

  self->body_failed = TRUE;
  self->keep_alive = FALSE;
  if (self->begun || self->ended)
    return -(gssize) status;
  if (status < G_N_ELEMENTS (answers) && answers[status].status != 0)
    http_reply_error (&self->exchange, answers[status].status, answers[status].reason);
  else
    http_abort (&self->exchange);
  return -(gssize) status;
}

/* A slow body may take body-timeout, and as long as its bytes last at body-rate. */
static gint64
body_deadline (const HttpExchange *self)
{
  const HttpLimits *limits = http_connection_limits (self->connection);
  gint64 earned = self->body_bytes / limits->body_rate * G_USEC_PER_SEC;

  return MIN (cs_now () + limits->body_timeout, self->body_began + limits->body_timeout + earned);
}

static void
send_continue (HttpExchange *self)
{
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

  if (self->head.expect_continue && !self->continued && !self->begun)
    cs_stream_write (self->connection->stream, text, sizeof text - 1);
  self->continued = TRUE;
}

/* Reads from the client into memory; waits until there is something. */
static gssize
receive (HttpExchange *self, gpointer buffer, gsize length)
{
  HttpConnection *connection = self->connection;

  send_continue (self);
  while (!connection->eof && !connection->gone)
    {
      gssize n = cs_stream_read (connection->stream, buffer, length);
      CsStatus status;

      if (n > 0)
        {
          connection->readable = (gsize) n == length;
          return n;
        }
      if (n == 0)
        connection->eof = TRUE;
      else if (n != -CS_AGAIN)
        connection->gone = TRUE;
      else if ((status = cs_stream_wait (connection->stream, body_deadline (self))) == CS_OK)
        connection->readable = TRUE;
      else if (status == CS_CLOSED)
        connection->gone = TRUE;
      else
        return -(gssize) status;
    }
  return -CS_CLOSED;
}

/* Bytes that lie in the connection's buffer, or come into it. */
static gssize
refill (HttpExchange *self)
{
  HttpConnection *connection = self->connection;
  HttpBuffer *in = &connection->in;
  gssize n;

  if (in->start < in->end)
    return in->end - in->start;
  http_buffer_make_room (self->worker, in, HTTP_BUFFER_BYTES);
  n = receive (self, in->data, in->capacity);
  if (n > 0)
    in->end = n;
  else
    http_buffer_release (self->worker, in);
  return n;
}

static void
release_when_empty (HttpExchange *self)
{
  HttpBuffer *in = &self->connection->in;

  if (in->data != NULL && in->start == in->end)
    http_buffer_release (self->worker, in);
}

static gssize
read_length (HttpExchange *self, char *buffer, gsize length)
{
  HttpBuffer *in = &self->connection->in;
  gsize wanted = MIN (length, self->body_left);
  gssize n;

  if (wanted == 0)
    return 0;
  if (in->start < in->end)
    {
      n = MIN (wanted, in->end - in->start);
      memcpy (buffer, in->data + in->start, n);
      in->start += n;
      release_when_empty (self);
    }
  else
    n = receive (self, buffer, wanted);
  if (n > 0)
    self->body_left -= n;
  return n;
}

static gssize
read_chunked (HttpExchange *self, char *buffer, gsize length)
{
  HttpBuffer *in = &self->connection->in;

  while (self->body_kind == HTTP_BODY_CHUNKED)
    {
      gssize n = refill (self);
      const guint8 *at = in->data + in->start;
      const guint8 *end = at + (n > 0 ? MIN ((gsize) n, length) : 0);
      const guint8 *data;
      HttpChunkedEvent event;
      gsize got;

      if (n <= 0)
        return n;
      event = http_chunked_next (self->chunked, &at, end, &data, &got);
      if (event == HTTP_CHUNKED_DATA)
        memcpy (buffer, data, got);
      in->start = at - in->data;
      release_when_empty (self);
      if (event == HTTP_CHUNKED_DATA)
        return got;
      if (event == HTTP_CHUNKED_REFUSED)
        return -CS_INVALID;
      if (event == HTTP_CHUNKED_END)
        self->body_kind = HTTP_BODY_NONE;
    }
  return 0;
}

void
http_limit_body (CsHttpExchange *exchange, gint64 limit)
{
  HttpExchange *self = (HttpExchange *) exchange;

  self->body_limit = limit > 0 ? limit : http_connection_limits (self->connection)->max_body;
}

gssize
http_read (CsHttpExchange *exchange, gpointer buffer, gsize length)
{
  HttpExchange *self = (HttpExchange *) exchange;
  gssize n = 0;

  if (self->body_failed)
    return -CS_CLOSED;
  if (self->body_kind == HTTP_BODY_LENGTH && self->body_bytes == 0
      && self->body_left > self->body_limit)
    return fail (self, CS_TOO_LARGE);
  if (length == 0)
    return 0;
  if (self->body_kind == HTTP_BODY_LENGTH)
    n = read_length (self, buffer, length);
  else if (self->body_kind == HTTP_BODY_CHUNKED)
    n = read_chunked (self, buffer, length);
  if (n < 0)
    return fail (self, -n);
  self->body_bytes += n;
  if (self->body_bytes > self->body_limit)
    return fail (self, CS_TOO_LARGE);
  return n;
}

/* The whole body came with the head. */
static gboolean
body_at_hand (HttpExchange *self, CsSlice *body)
{
  HttpBuffer *in = &self->connection->in;

  if (self->body_kind != HTTP_BODY_LENGTH || in->end - in->start != self->body_left
      || in->data == NULL || self->body != NULL)
    return FALSE;
  *body = cs_slice (http_exchange_strndup (self, (char *) in->data + in->start, self->body_left),
                    self->body_left);
  in->start = in->end;
  self->body_bytes += self->body_left;
  self->body_left = 0;
  http_buffer_release (self->worker, in);
  return TRUE;
}

CsStatus
http_read_body (CsHttpExchange *exchange, CsSlice *body)
{
  HttpExchange *self = (HttpExchange *) exchange;
  gsize room = self->body_kind == HTTP_BODY_LENGTH ? self->body_left + 1 : 4096;
  gsize used = 0;
  char *memory;
  gssize n;

  if (self->body_left <= self->body_limit && body_at_hand (self, body))
    return CS_OK;
  if (self->body_kind == HTTP_BODY_NONE && !self->body_failed)
    {
      *body = cs_slice ("", 0);
      return CS_OK;
    }
  /* A declared length is believed only as its bytes arrive. */
  room = MIN (room, 64 * 1024);
  memory = g_malloc (room);
  while ((n = http_read (exchange, memory + used, room - 1 - used)) > 0)
    {
      used += n;
      if (used == room - 1)
        {
          room *= 2;
          if (self->body_kind == HTTP_BODY_LENGTH)
            room = MIN (room, used + self->body_left + 1);
          room = MAX (room, used + 2);
          memory = g_realloc (memory, room);
        }
    }
  if (n < 0)
    {
      g_free (memory);
      return (CsStatus) -n;
    }
  memory[used] = '\0';
  g_free (self->body);
  self->body = memory;
  *body = cs_slice (memory, used);
  return CS_OK;
}

gboolean
http_exchange_skip_body (HttpExchange *self)
{
  HttpBuffer *in = &self->connection->in;
  gsize available = in->end - in->start;

  if (self->body_failed)
    return FALSE;
  if (self->body_kind == HTTP_BODY_NONE && self->body_bytes == 0 && self->body_began == 0)
    http_exchange_begin_body (self);
  if (self->body_kind == HTTP_BODY_LENGTH)
    {
      if (self->body_left > available)
        return FALSE;
      in->start += self->body_left;
      self->body_left = 0;
    }
  while (self->body_kind == HTTP_BODY_CHUNKED)
    {
      const guint8 *at = in->data + in->start;
      const guint8 *data;
      gsize length;
      HttpChunkedEvent event;

      if (available == 0)
        return FALSE;
      event = http_chunked_next (self->chunked, &at, in->data + in->end, &data, &length);
      in->start = at - in->data;
      if (event == HTTP_CHUNKED_MORE || event == HTTP_CHUNKED_REFUSED)
        return FALSE;
      if (event == HTTP_CHUNKED_END)
        self->body_kind = HTTP_BODY_NONE;
    }
  release_when_empty (self);
  return TRUE;
}
