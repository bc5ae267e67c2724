/* http-response.c: the answer: headers, framing, compression, ranges, backpressure.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-accept.h"
#include "http.h"

#include <string.h>

#define RESERVE_MAX (16 * 1024) /* what cs_stream_reserve() gives */

#define LONGEST_TURN CS_MS (2) /* how long one fiber writes before others have their turn */

/* Memory that a client who does not read may cost while its exchange is parked: this times
 * output-high. */
#define PARKED_OUTPUT_FACTOR 4

/* ---- headers ---- */

static gboolean
is_ours (const char *name)
{
  static const char *const ours[]
    = { "content-length", "transfer-encoding", "date", "connection" };

  for (guint i = 0; i < G_N_ELEMENTS (ours); i++)
    if (g_ascii_strcasecmp (name, ours[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
usable (HttpExchange *self, const char *name, const char *value)
{
  if (self->begun || value == NULL || is_ours (name))
    return FALSE;
  if (strpbrk (name, "\r\n: ") == NULL && strpbrk (value, "\r\n") == NULL)
    return TRUE;
  cs_warning (self->plugin, "header of an answer is malformed and left out",
              CS_F_STR ("route", self->route != NULL ? self->route->path : HTTP_NO_ROUTE));
  return FALSE;
}

static void
append (HttpExchange *self, const char *name, const char *value)
{
  gsize name_bytes = strlen (name) + 1;
  gsize value_bytes = strlen (value) + 1;
  HttpOut *out = http_exchange_alloc (self, sizeof *out + name_bytes + value_bytes);

  out->next = NULL;
  out->name_length = name_bytes - 1;
  out->value_length = value_bytes - 1;
  memcpy (out->name, name, name_bytes);
  out->value = memcpy (out->name + name_bytes, value, value_bytes);
  if (self->out_last != NULL)
    self->out_last->next = out;
  else
    self->out_first = out;
  self->out_last = out;
}

static void
remove_header (HttpExchange *self, const char *name)
{
  HttpOut **link = &self->out_first;
  HttpOut *last = NULL;

  while (*link != NULL)
    {
      if (g_ascii_strcasecmp ((*link)->name, name) == 0)
        *link = (*link)->next;
      else
        {
          last = *link;
          link = &last->next;
        }
    }
  self->out_last = last;
}

void
http_set_header (CsHttpExchange *exchange, const char *name, const char *value)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (self->out_first != NULL && !self->begun)
    remove_header (self, name);
  if (usable (self, name, value))
    append (self, name, value);
}

void
http_add_header (CsHttpExchange *exchange, const char *name, const char *value)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (usable (self, name, value))
    append (self, name, value);
}

const HttpOut *
http_exchange_out (const HttpExchange *self, const char *name)
{
  for (const HttpOut *out = self->out_first; out != NULL; out = out->next)
    if (g_ascii_strcasecmp (out->name, name) == 0)
      return out;
  return NULL;
}

guint
http_status (CsHttpExchange *exchange)
{
  return ((HttpExchange *) exchange)->status;
}

guint64
http_bytes_sent (CsHttpExchange *exchange)
{
  return ((HttpExchange *) exchange)->bytes_sent;
}

/* ---- before the head goes out ---- */

/* FALSE: an answer has been given already. */
static gboolean
begin_answer (HttpExchange *self, guint status, const char *type)
{
  if (self->begun || self->ended)
    return FALSE;
  self->status = status;
  self->type = type;
  if (type != NULL && self->out_first != NULL)
    remove_header (self, "Content-Type");
  if (self->plugin->filters[CS_HTTP_PHASE_RESPOND]->len > 0)
    http_exchange_filter (self, self->plugin->filters[CS_HTTP_PHASE_RESPOND]);
  if (self->worker->draining)
    self->keep_alive = FALSE;
  self->no_body = self->is_head || status == 204 || status == 304;
  return TRUE;
}

/* The request's id comes back where the client named one, and with each failure of ours. */
static void
tell_id (HttpExchange *self)
{
  if (self->status >= 500 || http_exchange_field (self, "x-request-id").data != NULL)
    http_set_header (&self->exchange, "X-Request-Id", http_exchange_id (self));
}

/* ---- writing ---- */

static void
put_bytes (HttpExchange *self, const char *bytes, gsize length)
{
  cs_stream_write (self->connection->stream, bytes, length);
  self->bytes_sent += length;
}

/* Head and body in one piece of the output queue where they fit. */
static void
send_head (HttpExchange *self, gint64 length, const CsSlice *parts, guint n, gsize body_bytes)
{
  CsStream *stream = self->connection->stream;
  gsize most = http_answer_head_bytes (self);
  gboolean together = most + body_bytes <= RESERVE_MAX;
  char *memory = together        ? cs_stream_reserve (stream, most + body_bytes)
                 : most <= RESERVE_MAX ? cs_stream_reserve (stream, most)
                                       : http_exchange_alloc (self, most);
  char *at = http_answer_head (self, length, memory);

  self->begun = TRUE;
  self->type = NULL;
  if (body_bytes == 0)
    n = 0;
  for (guint i = 0; together && i < n; i++)
    {
      memcpy (at, parts[i].data, parts[i].len);
      at += parts[i].len;
    }
  if (most <= RESERVE_MAX)
    cs_stream_commit (stream, at - memory);
  else
    cs_stream_write (stream, memory, at - memory);
  self->bytes_sent += at - memory;
  for (guint i = 0; !together && i < n; i++)
    put_bytes (self, parts[i].data, parts[i].len);
}

static gsize
total_of (const CsSlice *parts, guint n)
{
  gsize total = 0;

  for (guint i = 0; i < n; i++)
    total += parts[i].len;
  return total;
}

/* Drops what lies before the range and behind it. The parts that are left. */
static guint
cut (HttpExchange *self, const CsSlice *parts, guint n, CsSlice *out, gint64 *left)
{
  guint m = 0;

  for (guint i = 0; i < n; i++)
    {
      CsSlice part = parts[i];
      gsize skipped = MIN (self->skip, part.len);

      self->skip -= skipped;
      part = cs_slice (part.data + skipped, part.len - skipped);
      if (*left >= 0 && part.len > (guint64) *left)
        part.len = *left;
      if (*left >= 0)
        *left -= part.len;
      if (part.len > 0)
        out[m++] = part;
    }
  return m;
}

static void
gather (gpointer data, const char *bytes, gsize length)
{
  g_byte_array_append (data, (const guint8 *) bytes, length);
}

static void
reply_compressed (HttpExchange *self, const CsSlice *parts, guint n)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  HttpGzip *gzip
    = http_gzip_begin (self->worker, http_plugin_settings (self->plugin)->gzip_level);
  CsSlice whole;

  http_gzip_run (gzip, parts, n, HTTP_GZIP_FINISH, gather, body);
  http_gzip_end (self->worker, gzip);
  whole = cs_slice (body->data, body->len);
  send_head (self, body->len, &whole, 1, self->no_body ? 0 : body->len);
}

void
http_reply (CsHttpExchange *exchange, guint status, const char *type, const CsSlice *parts,
            guint n)
{
  HttpExchange *self = (HttpExchange *) exchange;
  gsize total = total_of (parts, n);
  gint64 length = total;

  if (http_exchange_refuse_range (self, status, length) || !begin_answer (self, status, type))
    return;
  if (self->keep_alive && !http_exchange_skip_body (self))
    self->keep_alive = FALSE;
  tell_id (self);
  length = http_exchange_cut_to_range (self, length);
  if (self->ranged)
    {
      CsSlice *rest = http_exchange_alloc (self, n * sizeof (CsSlice));
      gint64 left = length;

      n = cut (self, parts, n, rest, &left);
      send_head (self, length, rest, n, self->no_body ? 0 : length);
    }
  else if (http_gzip_wanted (self, length))
    reply_compressed (self, parts, n);
  else if (status == 204 || (status == 304 && total == 0))
    send_head (self, HTTP_LENGTH_NONE, NULL, 0, 0);
  else
    send_head (self, length, parts, n, self->no_body ? 0 : total);
  self->ended = TRUE;
  http_exchange_maybe_finish (self);
}

void
http_begin (CsHttpExchange *exchange, guint status, const char *type, gint64 length)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (http_exchange_refuse_range (self, status, length) || !begin_answer (self, status, type))
    return;
  tell_id (self);
  length = http_exchange_cut_to_range (self, length);
  if (self->part_only)
    self->skip = 0;
  if (!self->ranged && http_gzip_wanted (self, length))
    {
      self->gzip
        = http_gzip_begin (self->worker, http_plugin_settings (self->plugin)->gzip_level);
      length = HTTP_LENGTH_UNKNOWN;
    }
  if (length < 0 && !self->no_body)
    {
      self->out_chunked = self->head.minor > 0;
      if (!self->out_chunked)
        self->keep_alive = FALSE;
    }
  self->length_left = length;
  send_head (self, length >= 0 ? length : HTTP_LENGTH_UNKNOWN, NULL, 0, 0);
}

/* One chunk, or the bytes as they are. */
static void
put_parts (HttpExchange *self, const CsSlice *parts, guint n)
{
  gsize total = total_of (parts, n);
  char line[HTTP_CHUNKED_LINE_MAX];

  if (total == 0)
    return;
  if (self->out_chunked)
    put_bytes (self, line, http_chunked_line (line, total));
  for (guint i = 0; i < n; i++)
    put_bytes (self, parts[i].data, parts[i].len);
  if (self->out_chunked)
    put_bytes (self, "\r\n", 2);
}

static void
put_compressed (gpointer data, const char *bytes, gsize length)
{
  CsSlice part = cs_slice (bytes, length);

  put_parts (data, &part, 1);
}

/* A client that takes all at once must not keep the worker from the others. */
static CsStatus
give_way (void)
{
  if (g_get_monotonic_time () - cs_now () < LONGEST_TURN)
    return CS_OK;
  return cs_sleep (1);
}

/* The client must take some of what is queued before there is more. */
static CsStatus
hold_back (HttpExchange *self)
{
  HttpConnection *connection = self->connection;
  gsize high = http_plugin_settings (self->plugin)->output_high;
  gsize queued = cs_stream_queued (connection->stream);

  if (connection->gone)
    return CS_CLOSED;
  if (queued <= high)
    return CS_OK;
  if (cs_fiber_self () != NULL && self->in_handler)
    {
      gint64 patience = http_connection_limits (connection)->write_timeout;
      CsStatus status = cs_stream_flush (connection->stream, high / 2, cs_now () + patience);

      if (status != CS_OK)
        connection->gone = TRUE;
      return status != CS_OK ? status : give_way ();
    }
  if (queued <= PARKED_OUTPUT_FACTOR * high)
    return CS_OK;
  connection->gone = TRUE;
  return CS_CLOSED;
}

CsStatus
http_write (CsHttpExchange *exchange, const CsSlice *parts, guint n)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (!self->begun || self->ended)
    return CS_INVALID;
  if (self->connection->gone)
    return CS_CLOSED;
  if (self->no_body)
    return CS_OK;
  if (self->gzip != NULL)
    http_gzip_run (self->gzip, parts, n, HTTP_GZIP_MORE, put_compressed, self);
  else if (self->skip > 0 || self->length_left >= 0)
    {
      CsSlice *rest = n <= 16 ? g_newa (CsSlice, n) : http_exchange_alloc (self, n * sizeof *rest);

      n = cut (self, parts, n, rest, &self->length_left);
      put_parts (self, rest, n);
    }
  else
    put_parts (self, parts, n);
  return hold_back (self);
}

CsStatus
http_flush (CsHttpExchange *exchange)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (!self->begun || self->ended)
    return CS_INVALID;
  if (self->gzip != NULL && !self->no_body)
    http_gzip_run (self->gzip, NULL, 0, HTTP_GZIP_FLUSH, put_compressed, self);
  return hold_back (self);
}

void
http_end (CsHttpExchange *exchange)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (self->ended)
    return;
  if (!self->begun)
    http_reply (exchange, 204, NULL, NULL, 0);
  else
    {
      if (self->gzip != NULL && !self->no_body)
        http_gzip_run (self->gzip, NULL, 0, HTTP_GZIP_FINISH, put_compressed, self);
      if (self->out_chunked && !self->no_body)
        put_bytes (self, HTTP_CHUNKED_LAST, sizeof HTTP_CHUNKED_LAST - 1);
      if (self->length_left > 0 && !self->no_body)
        self->aborted = TRUE; /* shorter than it was said to be */
      self->ended = TRUE;
      http_exchange_maybe_finish (self);
    }
}

void
http_abort (CsHttpExchange *exchange)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (self->ended)
    return;
  self->aborted = self->ended = TRUE;
  http_exchange_maybe_finish (self);
}

gsize
http_queued (CsHttpExchange *exchange)
{
  return cs_stream_queued (((HttpExchange *) exchange)->connection->stream);
}

/* The stream, and the text of its peer, are the caller's from here on; the access log still wants it. */
static void
keep_peer (HttpExchange *self)
{
  const char *peer = self->connection->peer;

  if (peer != NULL)
    peer = http_exchange_strndup (self, peer, strlen (peer));
  self->connection->peer = peer;
  if (self->request != NULL)
    self->request->peer = peer;
}

CsStream *
http_upgrade (CsHttpExchange *exchange, const char *protocol, CsSlice *unread)
{
  HttpExchange *self = (HttpExchange *) exchange;
  HttpConnection *connection = self->connection;
  HttpBuffer *in = &connection->in;

  if (self->begun || self->ended)
    return NULL;
  if (!self->head.wants_upgrade || self->head.minor == 0 || self->body_left > 0
      || self->head.chunked)
    {
      http_set_header (exchange, "Upgrade", protocol);
      http_reply_error (exchange, 426, "this resource needs an upgrade of the protocol");
      return NULL;
    }
  if (!http_admission_upgrade (self->plugin))
    {
      http_set_header (exchange, "Retry-After", "1");
      http_reply_error (exchange, 503, "too many upgraded connections are open");
      return NULL;
    }
  append (self, "Connection", "Upgrade");
  append (self, "Upgrade", protocol);
  self->status = 101;
  self->upgraded = TRUE;
  self->keep_alive = FALSE;
  send_head (self, HTTP_LENGTH_NONE, NULL, 0, 0);
  self->ended = TRUE;
  *unread = cs_slice (NULL, in->end - in->start);
  if (unread->len > 0)
    unread->data = http_exchange_strndup (self, (char *) in->data + in->start, unread->len);
  if (in->data != NULL)
    http_buffer_release (self->worker, in);
  keep_peer (self);
  cs_stream_watch (connection->stream, NULL, NULL);
  cs_stream_on_drained (connection->stream, NULL, NULL);
  return connection->stream;
}
