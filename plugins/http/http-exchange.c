/* http-exchange.c: the life of one request and its answer, and of the arena that holds both.
 * SPDX-License-Identifier: Apache-2.0
 *
 * new -> routed -> admitted (perhaps after waiting) -> handler on a fiber -> answered -> finished.
 * Between handler and answer it may be parked, without a fiber. */
#include "http.h"

#include <string.h>

#define KEEP_CHUNKS 256
#define ALIGNMENT 16

/* ---- the arena ---- */

static gpointer
alloc (HttpExchange *self, gsize length, gsize alignment)
{
  char *at = (char *) (((guintptr) self->arena_at + alignment - 1) & ~(guintptr) (alignment - 1));
  HttpChunk *chunk;
  gsize bytes;

  if (G_LIKELY (at <= self->arena_end && length <= (gsize) (self->arena_end - at)))
    {
      self->arena_at = at + length;
      return at;
    }
  bytes = MAX (length + ALIGNMENT, HTTP_MORE_BYTES);
  chunk = bytes == HTTP_MORE_BYTES ? http_pool_take (&self->worker->more, bytes)
                                   : g_malloc (bytes);
  chunk->next = self->chunks;
  chunk->length = bytes;
  self->chunks = chunk;
  at = (char *) chunk + ALIGNMENT;
  if (bytes == HTTP_MORE_BYTES)
    {
      self->arena_at = at + length;
      self->arena_end = (char *) chunk + bytes;
    }
  return at;
}

gpointer
http_exchange_alloc (HttpExchange *self, gsize length)
{
  return alloc (self, length, ALIGNMENT);
}

char *
http_exchange_strndup (HttpExchange *self, const char *text, gsize length)
{
  char *copy = alloc (self, length + 1, 1);

  memcpy (copy, text, length);
  copy[length] = '\0';
  return copy;
}

static void
arena_free (HttpExchange *self)
{
  HttpWorker *worker = self->worker;

  while (self->chunks != NULL)
    {
      HttpChunk *chunk = self->chunks;

      self->chunks = chunk->next;
      if (chunk->length == HTTP_MORE_BYTES)
        http_pool_give (&worker->more, chunk, KEEP_CHUNKS);
      else
        g_free (chunk);
    }
  http_pool_give (&worker->chunks, self, KEEP_CHUNKS);
}

/* ---- making ---- */

G_STATIC_ASSERT (sizeof (HttpExchange) <= HTTP_CHUNK_BYTES - 256);
G_STATIC_ASSERT (sizeof (HttpChunk) <= ALIGNMENT);

/* Copies the head, so that its slices stay when the buffer is used again. */
HttpExchange *
http_exchange_new (HttpConnection *connection, const HttpHead *head, const guint8 *text)
{
  HttpWorker *worker = connection->worker;
  HttpExchange *self = http_pool_take (&worker->chunks, HTTP_CHUNK_BYTES);

  memset (self, 0, sizeof *self);
  self->exchange.table = &http_table;
  self->connection = connection;
  self->worker = worker;
  self->plugin = worker->plugin;
  self->arena_at = (char *) (self + 1);
  self->arena_end = (char *) self + HTTP_CHUNK_BYTES;
  self->head = *head;
  self->head.fields = http_exchange_alloc (self, head->n_fields * sizeof (HttpField));
  memcpy (self->head.fields, head->fields, head->n_fields * sizeof (HttpField));
  self->text = (guint8 *) http_exchange_strndup (self, (const char *) text, head->length);
  self->received = cs_now ();
  self->is_head = head->method == HTTP_METHOD_HEAD;
  self->keep_alive = head->keep_alive;
  self->length_left = HTTP_LENGTH_UNKNOWN;
  connection->exchange = self;
  worker->n_exchanges++;
  return self;
}

/* ---- the handler ---- */

static gint64
handler_deadline (const HttpExchange *self)
{
  gint64 length = http_plugin_settings (self->plugin)->request_timeout;

  if (self->route != NULL && self->route->row.deadline != 0)
    length = self->route->row.deadline;
  return length >= CS_NEVER - cs_now () ? CS_NEVER : cs_now () + length;
}

static void
answer_without_route (HttpExchange *self)
{
  CsHttpExchange *exchange = &self->exchange;

  if (self->allow == NULL && self->head.path.length == 0 && !self->head.absolute)
    {
      if (self->head.method == HTTP_METHOD_CONNECT)
        http_reply_error (exchange, 501, "this server is no proxy for CONNECT");
      else
        http_reply (exchange, 204, NULL, NULL, 0);
      return;
    }
  if (self->allow == NULL)
    {
      http_reply_error (exchange, 404, "no such resource");
      return;
    }
  http_set_header (exchange, "Allow", self->allow);
  if (self->head.method == HTTP_METHOD_OPTIONS)
    http_reply (exchange, 204, NULL, NULL, 0);
  else
    http_reply_error (exchange, 405, "the method is not allowed here");
}

static gboolean
body_within_limit (HttpExchange *self)
{
  http_exchange_begin_body (self);
  if (self->body_kind != HTTP_BODY_LENGTH || self->body_left <= self->body_limit)
    return TRUE;
  http_reply_error (&self->exchange, 413, "the request body is too large");
  return FALSE;
}

static void
handle (HttpExchange *self)
{
  HttpPlugin *plugin = self->plugin;

  if (!http_exchange_check_host (self))
    return;
  if (plugin->early->len > 0 && !http_exchange_filter (self, plugin->early))
    return;
  if (self->route == NULL)
    {
      answer_without_route (self);
      return;
    }
  if (!http_exchange_authorize (self))
    return;
  if (plugin->filters[CS_HTTP_PHASE_ACCESS]->len > 0
      && !http_exchange_filter (self, plugin->filters[CS_HTTP_PHASE_ACCESS]))
    return;
  if (body_within_limit (self))
    self->route->row.handler (&self->exchange, self->route->self);
}

/* What the handler left open when it returned. */
static void
close_answer (HttpExchange *self)
{
  if (self->ended)
    return;
  if (self->begun)
    http_abort (&self->exchange);
  else if (cs_fiber_deadline () <= cs_now ())
    http_reply_error (&self->exchange, 503, "the request took too long");
  else
    http_reply_error (&self->exchange, 500, "the handler gave no answer");
}

/* Runs handlers as long as they are resumed before they have returned. */
static void
run_handlers (HttpExchange *self, CsHttpHandler handler, gpointer data)
{
  self->fiber = cs_fiber_self ();
  self->in_handler = TRUE;
  if (handler != NULL)
    handler (&self->exchange, data);
  else
    handle (self);
  while (self->parked && !self->ended && self->resume_handler != NULL)
    {
      handler = g_steal_pointer (&self->resume_handler);
      self->parked = FALSE;
      handler (&self->exchange, self->resume_data);
    }
  self->in_handler = FALSE;
  self->fiber = NULL;
}

static void
fiber (gpointer data)
{
  HttpExchange *self = data;
  HttpConnection *connection = self->connection;
  CsHttpHandler handler = g_steal_pointer (&self->resume_handler);

  run_handlers (self, handler, self->resume_data);
  if (self->parked && !self->ended)
    {
      if (self->admitted == 1 + CS_ADMIT_REQUEST)
        http_admission_release (self);
      self->told_gone = FALSE;
      if (connection->gone || connection->eof)
        http_exchange_tell_parked (self, FALSE);
      else if (self->worker->draining)
        http_exchange_tell_parked (self, TRUE);
      return;
    }
  close_answer (self);
  http_exchange_finish (self);
}

static const HttpRoute *
counted_as (const HttpExchange *self)
{
  return self->route != NULL ? self->route : self->plugin->no_route;
}

/* Admitted: the handler begins. */
void
http_exchange_start (HttpExchange *self)
{
  self->started = TRUE;
  cs_stat_add (counted_as (self)->running, 1);
  if (cs_fiber_start (self->plugin, fiber, self, handler_deadline (self)) != CS_OK)
    http_exchange_overloaded (self);
}

/* Answers 503 at once, without a fiber. */
void
http_exchange_overloaded (HttpExchange *self)
{
  cs_stat_add (self->plugin->overloaded, 1);
  http_set_header (&self->exchange, "Retry-After", "1");
  http_reply_error (&self->exchange, 503, "too many requests at once");
  http_exchange_finish (self);
}

void
http_exchange_dispatch (HttpExchange *self)
{
  if (!http_exchange_route (self))
    {
      self->keep_alive = FALSE;
      http_reply_error (&self->exchange, 400, "the path has a bad percent-encoding");
      http_exchange_finish (self);
      return;
    }
  switch (http_admission_ask (self))
    {
    case HTTP_ADMIT_NOW:
      http_exchange_start (self);
      break;
    case HTTP_ADMIT_REFUSED:
      http_exchange_overloaded (self);
      break;
    case HTTP_ADMIT_LATER:
      break;
    }
}

/* ---- the end ---- */

static void
count (HttpExchange *self)
{
  const HttpRoute *route = counted_as (self);
  guint class = self->status / 100;

  if (class >= 1 && class <= 5)
    cs_stat_add (route->requests[class], 1);
  cs_stat_observe (route->duration, g_get_monotonic_time () - self->received);
}

static void
exchange_free (HttpExchange *self)
{
  HttpWorker *worker = self->worker;

  if (self->gzip != NULL)
    http_gzip_end (worker, self->gzip);
  cs_identity_unref (self->identity);
  g_free (self->body);
  worker->n_exchanges--;
  if (worker->holding && worker->n_exchanges == 0)
    {
      worker->holding = FALSE;
      cs_release (worker->plugin);
    }
  arena_free (self);
}

/* Leaves the connection to its next request. */
void
http_exchange_finish (HttpExchange *self)
{
  HttpConnection *connection = self->connection;
  gboolean off_loop = self->parked;

  if (self->waiting)
    http_admission_forget (self);
  if (self->started)
    cs_stat_add (counted_as (self)->running, -1);
  if (self->admitted != 0)
    http_admission_release (self);
  if (self->plugin->filters[CS_HTTP_PHASE_LOG]->len > 0)
    http_exchange_filter (self, self->plugin->filters[CS_HTTP_PHASE_LOG]);
  http_exchange_log (self);
  count (self);
  if (self->aborted || !self->keep_alive || !http_exchange_skip_body (self))
    connection->close = TRUE;
  if (self->aborted)
    connection->gone = TRUE;
  connection->exchange = NULL;
  if (self->upgraded)
    connection->stream = NULL;
  exchange_free (self);
  if (off_loop)
    http_connection_run_later (connection);
  else
    http_connection_run (connection);
}

void
http_exchange_maybe_finish (HttpExchange *self)
{
  if (self->ended && self->parked && !self->in_handler)
    http_exchange_finish (self);
}

/* ---- parking ---- */

void
http_park (CsHttpExchange *exchange, CsHttpParkFunc func, gpointer data)
{
  HttpExchange *self = (HttpExchange *) exchange;

  self->parked = TRUE;
  self->park_func = func;
  self->park_data = data;
}

CsStatus
http_resume (CsHttpExchange *exchange, CsHttpHandler handler, gpointer data)
{
  HttpExchange *self = (HttpExchange *) exchange;
  CsStatus status;

  self->resume_handler = handler;
  self->resume_data = data;
  if (self->in_handler)
    return CS_OK;
  self->parked = FALSE;
  status = cs_fiber_start (self->plugin, fiber, self, handler_deadline (self));
  if (status != CS_OK)
    {
      self->resume_handler = NULL;
      self->parked = TRUE;
    }
  return status;
}

void
http_exchange_tell_parked (HttpExchange *self, gboolean draining)
{
  if (!self->parked || self->in_handler || self->ended)
    return;
  if (!draining)
    {
      if (self->told_gone)
        return;
      self->told_gone = TRUE;
    }
  if (self->park_func != NULL)
    self->park_func (&self->exchange, self->park_data, draining);
}

/* The client closed (it may still read) or reset the connection. */
void
http_exchange_client_gone (HttpExchange *self)
{
  if (self->parked && !self->in_handler)
    {
      http_exchange_tell_parked (self, FALSE);
      return;
    }
  if (!self->connection->gone)
    return;
  if (self->fiber != NULL)
    cs_fiber_cancel (self->fiber);
  else if (self->waiting)
    {
      self->aborted = self->ended = TRUE;
      http_exchange_finish (self);
    }
}
