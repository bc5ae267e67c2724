/* http-connection.c: a client's connection: reads heads, hands them on as exchanges, rests in between.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A connection at rest is its struct and the core's stream: no buffer, no fiber, no timer. */
#include "http.h"

#include <string.h>

#define KEEP_BUFFERS 64
#define KEEP_CONNECTIONS 256
#define SMALL_BUFFER 512 /* what a head that has not ended starts with */

/* ---- buffers ---- */

void
http_buffer_release (HttpWorker *worker, HttpBuffer *buffer)
{
  if (buffer->capacity == HTTP_BUFFER_BYTES)
    http_pool_give (&worker->buffers, buffer->data, KEEP_BUFFERS);
  else
    g_free (buffer->data);
  *buffer = (HttpBuffer){ NULL, 0, 0, 0 };
}

/* Moves what is unused to a buffer of `capacity` bytes. */
static void
move (HttpWorker *worker, HttpBuffer *buffer, guint32 capacity)
{
  HttpBuffer moved = { .capacity = capacity, .end = buffer->end - buffer->start };

  moved.data = capacity == HTTP_BUFFER_BYTES ? http_pool_take (&worker->buffers, capacity)
                                             : g_malloc (capacity);
  if (moved.end > 0)
    memcpy (moved.data, buffer->data + buffer->start, moved.end);
  if (buffer->data != NULL)
    http_buffer_release (worker, buffer);
  *buffer = moved;
}

/* Room for at least a byte, in a buffer of at most about `most` bytes. FALSE: it is full. */
gboolean
http_buffer_make_room (HttpWorker *worker, HttpBuffer *buffer, gsize most)
{
  guint32 used = buffer->end - buffer->start;

  if (buffer->data == NULL)
    move (worker, buffer, HTTP_BUFFER_BYTES);
  if (used == 0)
    buffer->start = buffer->end = 0;
  if (buffer->end < buffer->capacity)
    return TRUE;
  if (buffer->start > 0)
    {
      memmove (buffer->data, buffer->data + buffer->start, used);
      buffer->start = 0;
      buffer->end = used;
      return TRUE;
    }
  if (used > most)
    return FALSE;
  move (worker, buffer, buffer->capacity * 2);
  return TRUE;
}

/* A slow client's few bytes must not hold a whole buffer. */
static void
shrink (HttpWorker *worker, HttpBuffer *buffer)
{
  guint32 used = buffer->end - buffer->start;

  if (buffer->data == NULL)
    return;
  if (used == 0)
    http_buffer_release (worker, buffer);
  else if (buffer->capacity == HTTP_BUFFER_BYTES && used <= SMALL_BUFFER / 2)
    move (worker, buffer, SMALL_BUFFER);
}

/* ---- life ---- */

static void
forget_partial (HttpConnection *self)
{
  g_clear_pointer (&self->partial, g_free);
}

/* The stream is dead or somebody else's by now. */
static void
connection_free (HttpConnection *self)
{
  HttpWorker *worker = self->worker;

  if (self->running || self->again_deferred)
    {
      self->dead = TRUE;
      return;
    }
  http_worker_leave (self);
  forget_partial (self);
  if (self->in.data != NULL)
    http_buffer_release (worker, &self->in);
  g_atomic_int_add (&self->listener->n_connections, -1);
  cs_stat_add (worker->plugin->connections, -1);
  http_pool_give (&worker->connections, self, KEEP_CONNECTIONS);
}

/* Sends what is queued, then closes. Without an exchange only. */
void
http_connection_close (HttpConnection *self)
{
  if (self->stream != NULL)
    cs_stream_close (g_steal_pointer (&self->stream));
  connection_free (self);
}

static void
connection_abort (HttpConnection *self)
{
  if (self->stream != NULL)
    cs_stream_abort (g_steal_pointer (&self->stream));
  connection_free (self);
}

/* When the worker ends: no fiber runs any more. */
void
http_connection_drop (HttpConnection *self)
{
  self->again_deferred = self->running = FALSE;
  if (self->exchange != NULL)
    {
      self->close = TRUE;
      self->exchange->aborted = self->exchange->ended = TRUE;
      http_exchange_finish (self->exchange);
      return;
    }
  connection_abort (self);
}

/* ---- reading ---- */

/* FALSE: there is nothing to parse; the connection may be dead. */
static gboolean
fill (HttpConnection *self)
{
  const HttpLimits *limits = http_connection_limits (self);
  HttpBuffer *in = &self->in;
  gssize n;

  if (!http_buffer_make_room (self->worker, in, limits->max_head))
    return FALSE;
  n = cs_stream_read (self->stream, in->data + in->end, in->capacity - in->end);
  if (n > 0)
    {
      if ((gsize) n < in->capacity - in->end)
        self->readable = FALSE;
      in->end += n;
      return TRUE;
    }
  self->readable = FALSE;
  if (n == 0)
    self->eof = TRUE;
  else if (n != -CS_AGAIN)
    self->gone = TRUE;
  return FALSE;
}

/* Remembers how far a head was read, in memory of its own. */
static void
keep_partial (HttpConnection *self, const HttpHead *head)
{
  HttpPartial *partial = g_new (HttpPartial, 1);

  partial->head = *head;
  partial->head.fields = partial->fields;
  memcpy (partial->fields, head->fields, head->n_fields * sizeof (HttpField));
  self->partial = partial;
  http_worker_enter (self, HTTP_CLOCK_HEAD);
}

/* TRUE: a request was taken from the buffer and dispatched. */
static gboolean
take_request (HttpConnection *self)
{
  const HttpLimits *limits = http_connection_limits (self);
  HttpHeadLimits head_limits = { limits->max_head, limits->max_target };
  HttpWorker *worker = self->worker;
  HttpHead *head = self->partial != NULL ? &self->partial->head : &worker->head;
  const guint8 *text = self->in.data + self->in.start;
  HttpExchange *exchange;

  if (self->partial == NULL)
    http_head_reset (head, worker->fields);
  switch (http_head_parse (head, text, self->in.end - self->in.start, &head_limits))
    {
    case HTTP_PARSE_MORE:
      if (self->partial == NULL)
        keep_partial (self, head);
      return FALSE;
    case HTTP_PARSE_REFUSED:
      http_connection_refuse (self, head->status, head->reason);
      return FALSE;
    case HTTP_PARSE_DONE:
      break;
    }
  exchange = http_exchange_new (self, head, text);
  self->in.start += head->length;
  if (self->in.start == self->in.end)
    http_buffer_release (worker, &self->in);
  if (self->partial != NULL)
    forget_partial (self);
  http_exchange_dispatch (exchange);
  return TRUE;
}

static void
drained (CsStream *stream, gpointer data)
{
  http_connection_run (data);
}

/* Where the connection rests until something happens. */
static void
rest (HttpConnection *self)
{
  if (self->exchange != NULL)
    {
      if (self->clock != HTTP_CLOCK_BUSY)
        http_worker_enter (self, HTTP_CLOCK_BUSY);
      return;
    }
  shrink (self->worker, &self->in);
  if (self->partial == NULL && self->clock != HTTP_CLOCK_WRITE)
    http_worker_enter (self, HTTP_CLOCK_IDLE);
}

static void
wait_for_output (HttpConnection *self)
{
  self->queued_then = cs_stream_queued (self->stream);
  http_worker_enter (self, HTTP_CLOCK_WRITE);
}

/* Whether the client takes its answers too slowly to be given more. */
static gboolean
must_drain (HttpConnection *self)
{
  gint64 high = http_plugin_settings (self->worker->plugin)->output_high;
  gboolean waits = self->clock == HTTP_CLOCK_WRITE;

  if (cs_stream_queued (self->stream) <= (gsize) high)
    {
      if (waits)
        http_worker_enter (self, HTTP_CLOCK_IDLE);
      return FALSE;
    }
  if (!waits)
    {
      wait_for_output (self);
      cs_stream_on_drained (self->stream, drained, self);
    }
  return TRUE;
}

static void
serve (HttpConnection *self)
{
  while (self->exchange == NULL && !self->dead)
    {
      if (self->close)
        {
          if (self->gone)
            connection_abort (self);
          else
            http_connection_close (self);
          return;
        }
      if (must_drain (self))
        return;
      if (self->in.start < self->in.end && take_request (self))
        continue;
      if (self->dead || !self->readable || !fill (self))
        break;
    }
  if (self->exchange != NULL || self->dead)
    return;
  if (self->gone)
    connection_abort (self);
  else if (self->eof)
    http_connection_close (self);
}

void
http_connection_run (HttpConnection *self)
{
  if (self->running)
    return;
  self->running = TRUE;
  serve (self);
  self->running = FALSE;
  if (self->dead)
    connection_free (self);
  else
    rest (self);
}

static void
run_again (CsTask *task)
{
  HttpConnection *self
    = (HttpConnection *) ((char *) task - G_STRUCT_OFFSET (HttpConnection, again));

  self->again_deferred = FALSE;
  if (self->dead)
    connection_free (self);
  else if (self->exchange == NULL)
    http_connection_run (self);
}

/* For callers who may be anywhere: at the end of this turn. */
void
http_connection_run_later (HttpConnection *self)
{
  if (self->again_deferred)
    return;
  self->again_deferred = TRUE;
  self->again.run = run_again;
  cs_defer (&self->again);
}

/* While a handler runs: learns whether the client is still there, and reads at most one buffer
 * ahead. */
static void
peek (HttpConnection *self)
{
  if (self->in.start < self->in.end || self->eof)
    return;
  if (!fill (self) && self->in.start == self->in.end && self->in.data != NULL)
    http_buffer_release (self->worker, &self->in);
  if (self->gone || self->eof)
    http_exchange_client_gone (self->exchange);
}

static void
ready (CsStream *stream, gpointer data)
{
  HttpConnection *self = data;

  self->readable = TRUE;
  if (self->exchange != NULL)
    peek (self);
  else
    http_connection_run (self);
}

void
http_connection_expired (HttpConnection *self)
{
  switch ((HttpClock) self->clock)
    {
    case HTTP_CLOCK_HEAD:
      http_connection_refuse (self, 408, "the request did not arrive in time");
      break;
    case HTTP_CLOCK_WRITE:
      if (cs_stream_queued (self->stream) < self->queued_then)
        wait_for_output (self);
      else
        connection_abort (self);
      break;
    default:
      if (cs_stream_queued (self->stream) > 0)
        wait_for_output (self);
      else
        http_connection_close (self);
      break;
    }
}

void
http_connection_accept (CsStream *stream, gpointer data)
{
  HttpListener *listener = data;
  HttpPlugin *plugin = listener->plugin;
  HttpWorker *worker = cs_local (plugin);
  HttpConnection *self = http_pool_take (&worker->connections, sizeof (HttpConnection));
  CsStreamInfo info = { .size = sizeof info };
  gint64 most = http_connection_limits (&(HttpConnection){ .listener = listener })->max_connections;

  cs_stream_info (stream, &info);
  *self = (HttpConnection){ .stream = stream,
                            .worker = worker,
                            .listener = listener,
                            .peer = info.peer,
                            .loopback = info.peer_loopback,
                            .secure = info.tls_version != NULL };
  self->clock = HTTP_CLOCK_IDLE;
  self->previous = worker->clocks[listener->index * HTTP_N_CLOCKS].last;
  if (self->previous != NULL)
    self->previous->next = self;
  else
    worker->clocks[listener->index * HTTP_N_CLOCKS].first = self;
  worker->clocks[listener->index * HTTP_N_CLOCKS].last = self;
  http_worker_enter (self, HTTP_CLOCK_IDLE);
  cs_stat_add (plugin->connections, 1);
  cs_stat_add (plugin->accepted, 1);
  if (g_atomic_int_add (&listener->n_connections, 1) >= most && most > 0)
    {
      http_connection_refuse (self, 503, "too many connections");
      return;
    }
  cs_stream_watch (stream, ready, self);
}
