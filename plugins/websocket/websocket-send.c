/* websocket-send.c: frames into the stream's queue, which leaves in one write at the turn's end; and what becomes of
 * a client that does not take them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"

#define CONTIGUOUS (16 * 1024) /* what cs_stream_reserve () gives at most */
#define BEHIND (16 * 1024) /* bytes waiting from which on a connection's queue is counted */
#define REFERENCE 2048 /* smaller ones are copied: cheaper than a part of its own in the write */
#define COUNT_EVERY CS_MS (250)

gsize
ws_connection_max_queue (const WsConnection *self)
{
  return (gsize) (self->max_queue > 0 ? self->max_queue
                                      : ws_plugin_settings (self->worker->plugin)->max_queue);
}

static gsize
total_of (const CsSlice *parts, guint n)
{
  gsize total = 0;

  for (guint i = 0; i < n; i++)
    total += parts[i].len;
  return total;
}

/* ---- frames ---- */

static void
put_contiguous (WsConnection *self, guint8 first, const CsSlice *parts, guint n, gsize total)
{
  gsize length = ws_frame_header_length (total) + total;
  guint8 *at = cs_stream_reserve (self->stream, length);

  at += ws_frame_write (at, first, total);
  for (guint i = 0; i < n; i++)
    {
      if (parts[i].len > 0)
        memcpy (at, parts[i].data, parts[i].len);
      at += parts[i].len;
    }
  cs_stream_commit (self->stream, length);
}

static void
put_in_pieces (WsConnection *self, guint8 first, const CsSlice *parts, guint n, gsize total)
{
  guint8 header[WS_SENT_HEADER_MAX];

  cs_stream_write (self->stream, header, ws_frame_write (header, first, total));
  for (guint i = 0; i < n; i++)
    cs_stream_write (self->stream, parts[i].data, parts[i].len);
}

static void
count_sent (WsConnection *self, gsize length)
{
  const WsStats *stats = &self->worker->plugin->stats;

  cs_stat_add (stats->frames_out, 1);
  cs_stat_add (stats->bytes_out, (gint64) length);
}

static void
put_frame (WsConnection *self, guint8 first, const CsSlice *parts, guint n)
{
  gsize total = total_of (parts, n);

  if (total + WS_SENT_HEADER_MAX <= CONTIGUOUS)
    put_contiguous (self, first, parts, n, total);
  else
    put_in_pieces (self, first, parts, n, total);
  count_sent (self, ws_frame_header_length (total) + total);
}

/* A client that floods with pings but reads no pong is not sent ever more of them. */
void
ws_connection_put_control (WsConnection *self, guint8 opcode, const CsSlice *parts, guint n)
{
  if (opcode == WS_OP_PONG && cs_stream_queued (self->stream) >= ws_connection_max_queue (self))
    return;
  put_frame (self, WS_FIN | opcode, parts, n);
}

/* ---- those that are behind ---- */

static void
count_behind (CsTimer *timer, gpointer data);

/* One that took it all, or is gone, is not asked any more. */
static void
unlink_idle (WsWorker *worker)
{
  WsConnection **link = &worker->behind;

  while (*link != NULL)
    {
      WsConnection *each = *link;

      if (each->is_behind)
        {
          link = &each->behind_next;
          continue;
        }
      *link = each->behind_next;
    }
}

static void
set_behind_bytes (WsWorker *worker, gint64 bytes)
{
  cs_stat_add (worker->plugin->stats.queue_bytes, bytes - worker->behind_bytes);
  worker->behind_bytes = bytes;
}

static void
count_behind (CsTimer *timer, gpointer data)
{
  WsWorker *worker = data;
  gint64 bytes = 0;

  for (WsConnection *each = worker->behind; each != NULL; each = each->behind_next)
    {
      gsize queued = cs_stream_queued (each->stream);

      bytes += (gint64) queued;
      if (queued < BEHIND)
        each->is_behind = FALSE;
    }
  unlink_idle (worker);
  set_behind_bytes (worker, worker->behind != NULL ? bytes : 0);
  if (worker->behind != NULL)
    cs_timer_start (worker->plugin, &worker->behind_timer, cs_now () + COUNT_EVERY, count_behind,
                    worker);
}

void
ws_connection_forget_behind (WsConnection *self)
{
  if (!self->is_behind)
    return;
  self->is_behind = FALSE;
  unlink_idle (self->worker);
  if (self->worker->behind == NULL)
    {
      cs_timer_stop (&self->worker->behind_timer);
      set_behind_bytes (self->worker, 0);
    }
}

static void
note_behind (WsConnection *self)
{
  WsWorker *worker = self->worker;

  self->is_behind = TRUE;
  self->behind_next = worker->behind;
  if (worker->behind == NULL)
    cs_timer_start (worker->plugin, &worker->behind_timer, cs_now () + COUNT_EVERY, count_behind,
                    worker);
  worker->behind = self;
}

/* ---- the slow consumer ---- */

static void
close_slow (WsConnection *self)
{
  cs_stat_add (self->worker->plugin->stats.slow_closed, 1);
  ws_close (&self->connection, self->slow_code, cs_slice_str (self->slow_reason));
}

static CsStatus
too_slow (WsConnection *self, gsize queued)
{
  const WsStats *stats = &self->worker->plugin->stats;

  if (self->slow == CS_WS_SLOW_CLOSE)
    {
      close_slow (self);
      return CS_OVERLOADED;
    }
  cs_stat_add (stats->slow_dropped, 1);
  if (self->slow == CS_WS_SLOW_TELL && self->handler->slow != NULL)
    self->handler->slow (&self->connection, self->data, queued);
  return CS_OVERLOADED;
}

/* A message is taken whole as long as the queue is below its bound, so what waits is the bound and one message at
 * most. */
static inline CsStatus
may_send (WsConnection *self)
{
  gsize queued;

  if (G_UNLIKELY (self->closing))
    return CS_CLOSED;
  queued = cs_stream_queued (self->stream);
  if (G_UNLIKELY (queued >= BEHIND))
    {
      if (queued >= ws_connection_max_queue (self))
        return too_slow (self, queued);
      if (!self->is_behind)
        note_behind (self);
    }
  self->sent = TRUE;
  return CS_OK;
}

/* ---- messages ---- */

/* FALSE: it is to be sent as it is. */
static gboolean
put_compressed (WsConnection *self, guint8 opcode, const CsSlice *parts, guint n)
{
  WsWorker *worker = self->worker;
  const WsDeflate *agreed = &self->reader.deflate;
  int level = (int) ws_plugin_settings (worker->plugin)->compression_level;
  WsDeflater *deflater = g_steal_pointer (&self->deflater);
  gboolean smaller;

  if (deflater == NULL)
    deflater = ws_deflater_take (&worker->zlib, agreed->server_bits, level);
  smaller = ws_deflater_run (deflater, parts, n, &worker->scratch);
  if (agreed->server_takeover)
    self->deflater = deflater;
  else
    ws_deflater_give (&worker->zlib, deflater);
  if (smaller)
    {
      CsSlice packed = cs_slice (worker->scratch.data, worker->scratch.length);

      put_frame (self, WS_FIN | WS_RSV1 | opcode, &packed, 1);
    }
  ws_bytes_reuse (&worker->scratch);
  return smaller;
}

static gboolean
is_compressible (const WsConnection *self, gsize total)
{
  return self->reader.deflate.server_bits != 0 && self->compress && total > 0
         && total >= (gsize) ws_plugin_settings (self->worker->plugin)->compression_min;
}

CsStatus
ws_send (CsWsConnection *connection, CsWsKind kind, const CsSlice *parts, guint n)
{
  WsConnection *self = (WsConnection *) connection;
  CsStatus status = may_send (self);

  if (status != CS_OK)
    return status;
  cs_stat_add (self->worker->plugin->stats.messages_out, 1);
  if (!is_compressible (self, total_of (parts, n))
      || !put_compressed (self, (guint8) kind, parts, n))
    put_frame (self, WS_FIN | (guint8) kind, parts, n);
  return CS_OK;
}

/* The client's window has what the buffer had, ours has not: our history ends here. */
static void
forget_history (WsConnection *self)
{
  if (self->deflater != NULL)
    ws_deflater_give (&self->worker->zlib, g_steal_pointer (&self->deflater));
}

CsStatus
ws_send_buffer (CsWsConnection *connection, CsWsBuffer *buffer)
{
  WsConnection *self = (WsConnection *) connection;
  CsStatus status = may_send (self);
  gboolean packed = FALSE;
  GBytes *frame;
  gsize length;
  const void *data;

  if (status != CS_OK)
    return status;
  frame = ws_buffer_frame ((WsBuffer *) buffer, self, &packed);
  if (packed)
    forget_history (self);
  data = g_bytes_get_data (frame, &length);
  if (length < REFERENCE)
    cs_stream_write (self->stream, data, length);
  else
    cs_stream_write_bytes (self->stream, frame);
  cs_stat_add (self->worker->plugin->stats.messages_out, 1);
  count_sent (self, length);
  return CS_OK;
}

CsStatus
ws_ping (CsWsConnection *connection, CsSlice payload)
{
  WsConnection *self = (WsConnection *) connection;
  CsStatus status;

  if (payload.len > WS_CONTROL_MAX)
    return CS_TOO_LARGE;
  status = may_send (self);
  if (status == CS_OK)
    ws_connection_put_control (self, WS_OP_PING, &payload, 1);
  return status;
}

CsStatus
ws_flush (CsWsConnection *connection, gsize below, gint64 deadline)
{
  WsConnection *self = (WsConnection *) connection;

  if (self->dead)
    return CS_CLOSED;
  return cs_stream_flush (self->stream, below, deadline);
}
