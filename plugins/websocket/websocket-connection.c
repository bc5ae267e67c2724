/* websocket-connection.c: a connection at rest and at work: reads, hands messages on, ends.
 * SPDX-License-Identifier: Apache-2.0
 *
 * At rest it is its struct and the core's stream: no buffer, no fiber, no timer. All connections of a worker read
 * into one buffer; what cannot be taken at once is moved to memory of the connection's own. */
#include "websocket.h"

#define MOST_READS 8 /* of one connection in a turn */
#define PEEK_BYTES 4096

static WsConnection *
connection_of (CsTask *task)
{
  return (WsConnection *) ((char *) task - G_STRUCT_OFFSET (WsConnection, task));
}

static gboolean
is_blocked (const WsConnection *self)
{
  return self->busy || ((self->paused || self->choked) && !self->closing);
}

/* ---- the end ---- */

static void
connection_free (WsConnection *self)
{
  g_free (self->reason);
  g_free (self);
}

/* The owner's last call. */
static void
tell_closed (WsConnection *self)
{
  WsWorker *worker = self->worker;
  WsPlugin *plugin = worker->plugin;

  self->told = TRUE;
  if (self->handler->closed != NULL)
    self->handler->closed (&self->connection, self->data, self->code, cs_slice_str (self->reason));
  cs_stat_add (ws_stats_closed (&plugin->stats, self->code), 1);
  cs_stat_add (plugin->stats.connections, -1);
  cs_http_upgraded_closed (plugin->http);
  ws_clock_remove (self);
  ws_worker_forget (worker);
}

static void
run_deferred (CsTask *task)
{
  WsConnection *self = connection_of (task);

  self->deferred = FALSE;
  if (!self->dead)
    ws_connection_go_on (self);
  else if (!self->busy)
    {
      if (!self->told)
        tell_closed (self);
      connection_free (self);
    }
}

/* At the turn's end: for callers who may be anywhere. */
void
ws_connection_go_on_later (WsConnection *self)
{
  if (self->deferred)
    return;
  self->deferred = TRUE;
  self->task.run = run_deferred;
  cs_defer (&self->task);
}

static void
release (WsConnection *self)
{
  WsZlib *zlib = &self->worker->zlib;

  ws_reader_clear (&self->reader, zlib);
  if (self->deflater != NULL)
    ws_deflater_give (zlib, g_steal_pointer (&self->deflater));
  g_clear_pointer (&self->rest.data, g_free);
  self->rest.start = self->rest.end = 0;
  ws_connection_forget_behind (self);
}

static void
give_stream_back (WsConnection *self, gboolean abort)
{
  CsStream *stream = g_steal_pointer (&self->stream);

  if (abort)
    cs_stream_abort (stream);
  else
    cs_stream_close (stream);
}

/* The Close that came first is what counts. */
static void
keep_code (WsConnection *self, guint code, CsSlice reason)
{
  if (self->code != 0)
    return;
  self->code = (guint16) code;
  self->reason = reason.len > 0 ? g_strndup (reason.data, reason.len) : NULL;
}

void
ws_connection_end (WsConnection *self, guint code, CsSlice reason, gboolean abort)
{
  if (self->dead)
    return;
  keep_code (self, code, reason);
  self->dead = self->closing = TRUE;
  give_stream_back (self, abort);
  ws_clock_set (self, CS_NEVER);
  if (!self->taking)
    release (self);
  if (self->fiber != NULL)
    cs_fiber_cancel (self->fiber);
  ws_connection_go_on_later (self);
}

void
ws_connection_drop (WsConnection *self)
{
  tell_closed (self);
  /* The task that is due frees it. */
}

/* ---- messages ---- */

/* On the stack of the handler's fiber. */
typedef struct
{
  WsConnection *connection;
  CsWsKind kind;
  gsize length;
  guint8 *message;
} Job;

static void
handle_on_fiber (gpointer data)
{
  Job job = *(Job *) data;
  WsConnection *self = job.connection;

  self->fiber = cs_fiber_self ();
  self->handler->message (&self->connection, self->data, job.kind,
                          cs_slice (job.message, job.length));
  g_free (job.message);
  self->fiber = NULL;
  self->busy = FALSE;
  if (!self->taking)
    ws_connection_go_on_later (self);
}

static void
start_handler (WsConnection *self, const WsRead *event)
{
  Job job = { self, event->opcode, event->data.len, g_memdup2 (event->data.data, event->data.len) };

  self->busy = TRUE;
  if (cs_fiber_start (self->owner, handle_on_fiber, &job, CS_NEVER) == CS_OK)
    return;
  self->busy = FALSE;
  g_free (job.message);
  ws_connection_fail (self, CS_WS_TRY_AGAIN_LATER, "too many requests at once");
}

static void
take_message (WsConnection *self, const WsRead *event)
{
  if (self->closing)
    return;
  cs_stat_add (self->worker->plugin->stats.messages_in, 1);
  if (self->on_fiber)
    start_handler (self, event);
  else
    self->handler->message (&self->connection, self->data, event->opcode, event->data);
  if (!self->dead && cs_stream_queued (self->stream) > ws_connection_max_queue (self) / 2)
    ws_connection_choke (self);
}

static void
take_ping (WsConnection *self, CsSlice payload)
{
  if (!self->closing)
    ws_connection_put_control (self, WS_OP_PONG, &payload, 1);
}

static void
take_event (WsConnection *self, const WsRead *event)
{
  switch (event->type)
    {
    case WS_READ_MESSAGE:
      take_message (self, event);
      break;
    case WS_READ_PING:
      take_ping (self, event->data);
      break;
    case WS_READ_PONG:
      if (self->handler->pong != NULL && !self->closing)
        self->handler->pong (&self->connection, self->data, event->data);
      break;
    case WS_READ_CLOSE:
      ws_connection_closed_by_peer (self, event->code, event->data);
      break;
    case WS_READ_FAILED:
      ws_connection_fail (self, event->code, event->why);
      break;
    case WS_READ_MORE:
      break;
    }
}

/* Returns where it stopped: at the end, before a tail, or where the connection blocked. */
static guint8 *
take (WsConnection *self, guint8 *at, guint8 *end)
{
  WsRead event;

  self->taking = TRUE;
  while (!self->dead && !is_blocked (self)
         && ws_reader_next (&self->reader, &self->worker->zlib, &at, end, &event) != WS_READ_MORE)
    take_event (self, &event);
  self->taking = FALSE;
  ws_reader_forget (&self->reader);
  cs_stat_add (self->worker->plugin->stats.frames_in, self->reader.n_frames);
  self->reader.n_frames = 0;
  if (self->dead)
    release (self);
  return at;
}

/* ---- what is left over ---- */

static void
keep_rest (WsConnection *self, const guint8 *data, gsize length)
{
  if (self->dead || length == 0)
    return;
  self->rest = (WsRest){ g_memdup2 (data, length), 0, (guint32) length };
}

static void
forget_rest (WsConnection *self)
{
  g_clear_pointer (&self->rest.data, g_free);
  self->rest.start = self->rest.end = 0;
}

/* FALSE: it blocked or ended, or only what begins a frame is left. */
static gboolean
take_rest (WsConnection *self)
{
  guint8 *at;

  if (self->rest.data == NULL)
    return TRUE;
  at = take (self, self->rest.data + self->rest.start, self->rest.data + self->rest.end);
  if (self->dead)
    return FALSE;
  self->rest.start = (guint32) (at - self->rest.data);
  if (self->rest.start == self->rest.end)
    forget_rest (self);
  return !is_blocked (self);
}

/* ---- reading ---- */

static void
gone (WsConnection *self)
{
  ws_connection_end (self, CS_WS_ABNORMAL, cs_slice_str (""), TRUE);
}

/* FALSE: there is no more for now. */
static gboolean
read_once (WsConnection *self)
{
  WsWorker *worker = self->worker;
  guint8 *begin = worker->buffer + WS_HEADROOM;
  gssize n = cs_stream_read (self->stream, begin, WS_READ_BYTES);
  guint8 *end = begin + n, *at;
  gsize before = self->rest.end - self->rest.start;

  if (n <= 0)
    {
      if (n != -CS_AGAIN)
        gone (self);
      return FALSE;
    }
  self->received = TRUE;
  cs_stat_add (worker->plugin->stats.bytes_in, n);
  if (before > 0)
    {
      begin -= before;
      memcpy (begin, self->rest.data + self->rest.start, before);
      forget_rest (self);
    }
  at = take (self, begin, end);
  keep_rest (self, at, (gsize) (end - at));
  return n == WS_READ_BYTES && !self->dead && !is_blocked (self);
}

/* While nothing may be taken: learns whether the client is still there. */
static void
peek (WsConnection *self)
{
  gsize before = self->rest.end - self->rest.start;
  guint8 *bytes;
  gssize n;

  if (before >= PEEK_BYTES)
    return;
  bytes = g_malloc (before + PEEK_BYTES);
  n = cs_stream_read (self->stream, bytes + before, PEEK_BYTES);
  if (n > 0)
    {
      if (before > 0)
        memcpy (bytes, self->rest.data + self->rest.start, before);
      g_free (self->rest.data);
      self->rest = (WsRest){ bytes, 0, (guint32) (before + n) };
      self->received = TRUE;
      cs_stat_add (self->worker->plugin->stats.bytes_in, n);
      return;
    }
  g_free (bytes);
  if (n != -CS_AGAIN)
    gone (self);
}

static void
ready (CsStream *stream, gpointer data)
{
  WsConnection *self = data;

  if (is_blocked (self))
    {
      peek (self);
      return;
    }
  if (self->rest.end - self->rest.start > WS_TAIL_MAX && !take_rest (self))
    return;
  for (guint i = 0; i < MOST_READS; i++)
    if (!read_once (self))
      return;
  cs_stream_watch (self->stream, ready, self);
}

/* Takes what was kept, then reads on, or sees to it that the client's end is noticed. */
void
ws_connection_go_on (WsConnection *self)
{
  if (!is_blocked (self))
    take_rest (self);
  if (!self->dead)
    cs_stream_watch (self->stream, ready, self);
}

/* ---- backpressure ---- */

static void
drained (CsStream *stream, gpointer data)
{
  WsConnection *self = data;

  self->choked = FALSE;
  ws_connection_forget_behind (self);
  ws_connection_go_on_later (self);
}

/* Reads no more until the client has taken what it was sent. */
void
ws_connection_choke (WsConnection *self)
{
  if (self->choked)
    return;
  self->choked = TRUE;
  cs_stream_on_drained (self->stream, drained, self);
}

void
ws_pause (CsWsConnection *connection, gboolean paused)
{
  WsConnection *self = (WsConnection *) connection;

  if (self->dead || self->paused == paused)
    return;
  self->paused = paused;
  if (!paused)
    ws_connection_go_on_later (self);
}

void
ws_info (CsWsConnection *connection, CsWsInfo *info)
{
  WsConnection *self = (WsConnection *) connection;
  CsStreamInfo stream = { .size = sizeof stream };
  CsWsInfo full = { .size = info->size, .protocol = self->protocol };

  full.compressed = self->reader.deflate.server_bits != 0;
  full.open = !self->closing;
  if (self->stream != NULL)
    {
      cs_stream_info (self->stream, &stream);
      full.peer = stream.peer;
      full.queued = cs_stream_queued (self->stream);
    }
  memcpy (info, &full, MIN (info->size, sizeof full));
}

/* ---- the beginning ---- */

static void
take_options (WsConnection *self, const CsWsOptions *options)
{
  self->handler = options->handler;
  self->data = options->data;
  self->on_fiber = (options->flags & CS_WS_ON_FIBER) != 0;
  self->compress = (options->flags & CS_WS_NO_COMPRESSION) == 0;
  self->max_queue = options->max_queue;
  self->ping_interval = options->ping_interval;
  self->slow = (guint8) options->slow;
  self->slow_code = (guint16) (options->slow_code != 0 ? options->slow_code : CS_WS_TRY_AGAIN_LATER);
  self->slow_reason = options->slow_reason;
}

WsConnection *
ws_connection_new (WsWorker *worker, CsStream *stream, CsSlice unread, gpointer owner,
                   const CsWsOptions *options, WsDeflate deflate)
{
  const WsSettings *settings = ws_plugin_settings (worker->plugin);
  WsConnection *self = g_new0 (WsConnection, 1);
  gint64 most = options->max_message > 0 ? options->max_message : settings->max_message;
  guint kinds = options->kinds != 0 ? options->kinds : 1u << CS_WS_TEXT | 1u << CS_WS_BINARY;

  self->connection.table = &ws_table;
  self->stream = stream;
  self->worker = worker;
  self->owner = owner;
  take_options (self, options);
  ws_reader_init (&self->reader, (guint64) most, kinds, deflate);
  worker->n_connections++;
  cs_stat_add (worker->plugin->stats.connections, 1);
  ws_clock_add (self, ws_clock_first (self));
  cs_stat_add (worker->plugin->stats.bytes_in, (gint64) unread.len);
  keep_rest (self, (const guint8 *) unread.data, unread.len);
  if (unread.len > 0)
    ws_connection_go_on_later (self);
  else
    cs_stream_watch (stream, ready, self);
  return self;
}
