/* stream.c: a stream's events, calls and waits. The kernel tells of changes only (EPOLLET,
 * registered once); output is written at the end of the turn.
 * SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "net/stream-private.h"
#include "runtime/wait.h"

#define EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET)
#define SLAB 32 /* streams made at a time */

static void
ring_remove (CsStream *stream)
{
  stream->prev->next = stream->next;
  stream->next->prev = stream->prev;
}

static void
ring_insert (CsStream *head, CsStream *stream)
{
  stream->prev = head->prev;
  stream->next = head;
  head->prev->next = stream;
  head->prev = stream;
}

void
cs_stream_due (CsStream *stream)
{
  if ((stream->flags & STREAM_DUE) != 0)
    return;
  stream->flags |= STREAM_DUE;
  cs_worker_flush_later (stream->worker, &stream->task);
}

void
cs_stream_wake (StreamWaiter **place, CsStatus status)
{
  StreamWaiter *waiter = g_steal_pointer (place);

  if (waiter == NULL)
    return;
  waiter->status = status;
  cs_wait_wake (&waiter->wait);
}

/* From here on reads tell, and output is dropped. */
void
cs_stream_fail (CsStream *stream)
{
  stream->flags |= STREAM_FAILED | STREAM_READABLE | STREAM_READY_DUE;
  cs_queue_clear (&stream->queue, &net_worker (stream->worker)->chunks);
  cs_stream_wake (&stream->writer, CS_CLOSED);
  cs_stream_wake (&stream->reader, CS_OK);
  cs_stream_due (stream);
}

static void
call_ready (CsStream *stream)
{
  CsDoing before = cs_worker_doing (stream->listener->self, "stream");

  stream->ready (stream, stream->data);
  cs_worker_done (before);
}

static void
became_readable (CsStream *stream)
{
  stream->flags |= STREAM_READABLE;
  if (stream->reader != NULL)
    cs_stream_wake (&stream->reader, CS_OK);
  else if (stream->ready != NULL)
    call_ready (stream);
}

static void
became_writable (CsStream *stream)
{
  stream->flags |= STREAM_WRITABLE;
  if (stream->queue.len > 0)
    cs_stream_due (stream);
}

static void
stream_event (CsPollSource *source, guint32 events)
{
  CsStream *stream = (CsStream *) source;
  gboolean was_readable = (stream->flags & STREAM_READABLE) != 0;

  if ((stream->flags & STREAM_DEAD) != 0)
    return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    stream->flags |= STREAM_HUP;
  if ((stream->flags & (STREAM_HANDSHAKE | STREAM_CLOSING)) != 0)
    {
      stream->flags |= STREAM_READABLE | STREAM_WRITABLE;
      if ((stream->flags & STREAM_CLOSING) != 0)
        cs_stream_due (stream);
      else
        cs_stream_go_on_handshake (stream);
      return;
    }
  if ((events & EPOLLOUT) != 0 && (stream->flags & STREAM_WRITABLE) == 0)
    became_writable (stream);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 && !was_readable)
    became_readable (stream);
}

static void
stream_free (CsStream *stream)
{
  NetWorker *net = net_worker (stream->worker);

  stream->next = net->free;
  net->free = stream;
}

static void
after_output (CsStream *stream)
{
  gboolean failed = (stream->flags & STREAM_FAILED) != 0;

  if (stream->writer != NULL && stream->queue.len <= stream->writer->below)
    cs_stream_wake (&stream->writer, CS_OK);
  if (stream->drained != NULL && (stream->queue.len == 0 || failed))
    {
      CsStreamFunc drained = g_steal_pointer (&stream->drained);

      drained (stream, stream->drained_data);
    }
}

static void
send_queued (CsStream *stream)
{
  gsize before = stream->queue.len;

  if (before == 0)
    return;
  cs_stream_send (stream);
  if ((stream->flags & STREAM_CLOSING) != 0 && stream->queue.len < before)
    stream->deadline = stream->worker->now + CS_STREAM_SEND_LIMIT;
}

/* The end of the turn. What is called here may write, close and watch: the stream stays in the list
 * until that is over. */
static void
end_of_turn (CsTask *task)
{
  CsStream *stream = (CsStream *) ((char *) task - G_STRUCT_OFFSET (CsStream, task));
  guint flags = stream->flags;

  if ((flags & (STREAM_READY_DUE | STREAM_READABLE | STREAM_DEAD))
        == (STREAM_READY_DUE | STREAM_READABLE)
      && stream->ready != NULL)
    {
      stream->flags &= ~(guint) STREAM_READY_DUE;
      call_ready (stream);
    }
  else
    stream->flags &= ~(guint) STREAM_READY_DUE;
  send_queued (stream);
  if ((stream->flags & (STREAM_DEAD | STREAM_CLOSING)) == 0)
    after_output (stream);
  flags = stream->flags &= ~(guint) STREAM_DUE;
  if ((flags & STREAM_DEAD) != 0)
    stream_free (stream);
  else if ((flags & STREAM_CLOSING) != 0)
    cs_stream_go_on_closing (stream);
  else if ((flags & STREAM_READY_DUE) != 0
           || (stream->queue.len > 0 && (flags & STREAM_WRITABLE) != 0))
    cs_stream_due (stream);
}

static CsStream *
take_free (NetWorker *net)
{
  CsStream *stream = net->free;

  if (stream == NULL)
    {
      CsStream *slab = g_aligned_alloc (SLAB, sizeof *slab, G_ALIGNOF (CsStream));

      g_ptr_array_add (net->slabs, slab);
      for (guint i = 0; i < SLAB; i++)
        {
          slab[i].next = stream;
          stream = &slab[i];
        }
    }
  net->free = stream->next;
  return stream;
}

CsStream *
cs_stream_new (CsWorker *worker, CsListener *listener, int fd)
{
  NetWorker *net = net_worker (worker);
  CsStream *stream = take_free (net);

  memset (stream, 0, sizeof *stream);
  stream->source.ready = stream_event;
  stream->task.run = end_of_turn;
  stream->worker = worker;
  stream->listener = listener;
  stream->fd = fd;
  stream->flags = STREAM_WRITABLE;
  if (!cs_poller_add (&worker->poller, fd, EVENTS, &stream->source))
    {
      stream_free (stream);
      return NULL;
    }
  ring_insert (&net->open, stream);
  net_count (&net->n_streams, 1);
  return stream;
}

/* Closes the descriptor at once. */
void
cs_stream_kill (CsStream *stream)
{
  NetWorker *net = net_worker (stream->worker);

  if ((stream->flags & STREAM_DEAD) != 0)
    return;
  stream->flags |= STREAM_DEAD | STREAM_FAILED;
  ring_remove (stream);
  net_count (&net->n_streams, -1);
  cs_queue_clear (&stream->queue, &net->chunks);
  g_clear_pointer (&stream->ssl, cs_tls_session_free);
  close (stream->fd);
  stream->fd = -1;
  stream->ready = stream->drained = NULL;
  cs_stream_wake (&stream->reader, CS_CLOSED);
  cs_stream_wake (&stream->writer, CS_CLOSED);
  cs_stream_due (stream);
}

static void
sweep (CsTimer *timer, gpointer data);

#define SWEEP_EVERY CS_MS (250)

static void
arm_sweep (CsWorker *worker)
{
  NetWorker *net = net_worker (worker);

  if (((CsTimerBody *) &net->sweep)->wheel == NULL)
    cs_wheel_start (&worker->wheel, NULL, &net->sweep, worker->now + SWEEP_EVERY, sweep, worker);
}

static void
sweep (CsTimer *timer, gpointer data)
{
  CsWorker *worker = data;
  NetWorker *net = net_worker (worker);
  CsStream *stream, *next;

  for (stream = net->timed.next; stream != &net->timed; stream = next)
    {
      next = stream->next;
      if (stream->deadline <= worker->now)
        cs_stream_kill (stream);
    }
  if (net->timed.next != &net->timed)
    arm_sweep (worker);
}

void
cs_stream_set_timed (CsStream *stream, gint64 deadline)
{
  ring_remove (stream);
  ring_insert (&net_worker (stream->worker)->timed, stream);
  stream->deadline = deadline;
  arm_sweep (stream->worker);
}

void
cs_stream_set_open (CsStream *stream)
{
  ring_remove (stream);
  ring_insert (&net_worker (stream->worker)->open, stream);
}

static void
net_watch (CsStream *stream, CsStreamFunc ready, gpointer data)
{
  stream->ready = ready;
  stream->data = data;
  if (ready != NULL && (stream->flags & STREAM_READABLE) != 0)
    {
      stream->flags |= STREAM_READY_DUE;
      cs_stream_due (stream);
    }
}

/* What is left after a short answer (the end) brings no further event, so the turn's end tells. */
static gssize
net_read (CsStream *stream, gpointer buffer, gsize len)
{
  gssize n = cs_stream_receive (stream, buffer, len);

  if (n > 0 && (gsize) n < len && (stream->flags & STREAM_READABLE) != 0)
    {
      stream->flags |= STREAM_READY_DUE;
      cs_stream_due (stream);
    }
  return n;
}

static CsStatus
wait_for (StreamWaiter **place, StreamWaiter *waiter, gint64 deadline)
{
  CsStatus status;

  g_assert (*place == NULL);
  *place = waiter;
  waiter->status = CS_OK;
  cs_wait_prepare (&waiter->wait);
  status = cs_wait_until (&waiter->wait, deadline);
  if (status == CS_OK)
    return waiter->status;
  if (*place == waiter)
    *place = NULL;
  return status;
}

static CsStatus
net_wait (CsStream *stream, gint64 deadline)
{
  StreamWaiter waiter;

  if ((stream->flags & (STREAM_READABLE | STREAM_EOF | STREAM_FAILED)) != 0)
    return CS_OK;
  return wait_for (&stream->reader, &waiter, deadline);
}

static gboolean
drops (CsStream *stream)
{
  return (stream->flags & (STREAM_FAILED | STREAM_CLOSING | STREAM_DEAD)) != 0;
}

static void
net_write (CsStream *stream, gconstpointer data, gsize len)
{
  if (drops (stream) || len == 0)
    return;
  cs_queue_write (&stream->queue, &net_worker (stream->worker)->chunks, data, len);
  cs_stream_due (stream);
}

/* Under TLS a smaller one is copied into the record at hand. */
static void
net_write_bytes (CsStream *stream, GBytes *bytes)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (bytes, &len);

  if (drops (stream) || len == 0)
    return;
  if (stream->ssl != NULL && len <= CS_CHUNK_SIZE)
    cs_queue_write (&stream->queue, &net_worker (stream->worker)->chunks, data, len);
  else
    cs_queue_write_bytes (&stream->queue, &net_worker (stream->worker)->chunks, bytes);
  cs_stream_due (stream);
}

static gpointer
net_reserve (CsStream *stream, gsize len)
{
  return cs_queue_reserve (&stream->queue, &net_worker (stream->worker)->chunks, len);
}

static void
net_commit (CsStream *stream, gsize len)
{
  cs_queue_commit (&stream->queue, len);
  if (drops (stream))
    cs_queue_clear (&stream->queue, &net_worker (stream->worker)->chunks);
  else
    cs_stream_due (stream);
}

static gsize
net_queued (CsStream *stream)
{
  return stream->queue.len;
}

static CsStatus
net_flush (CsStream *stream, gsize below, gint64 deadline)
{
  StreamWaiter waiter = { .below = below };

  if (stream->queue.len > below)
    cs_stream_send (stream);
  if ((stream->flags & STREAM_FAILED) != 0)
    return CS_CLOSED;
  if (stream->queue.len <= below)
    return CS_OK;
  return wait_for (&stream->writer, &waiter, deadline);
}

static void
net_on_drained (CsStream *stream, CsStreamFunc drained, gpointer data)
{
  stream->drained = drained;
  stream->drained_data = data;
  if (drained != NULL && stream->queue.len == 0)
    cs_stream_due (stream);
}

static gboolean
local_loopback (CsStream *stream)
{
  struct sockaddr_storage address;
  socklen_t len = sizeof address;

  if (!stream->listener->any)
    return stream->listener->loopback;
  return getsockname (stream->fd, (struct sockaddr *) &address, &len) == 0
         && cs_address_is_loopback ((struct sockaddr *) &address);
}

static void
net_info (CsStream *stream, CsStreamInfo *info)
{
  gsize size = info->size;
  CsStreamInfo full = { .size = size, .peer = stream->peer };

  full.peer_loopback = (stream->flags & STREAM_PEER_LOOPBACK) != 0;
  full.local_loopback = local_loopback (stream);
  if (stream->ssl != NULL)
    {
      full.alpn = cs_tls_alpn (stream->ssl);
      full.server_name = SSL_get_servername (stream->ssl, TLSEXT_NAMETYPE_host_name);
      full.tls_version = SSL_get_version (stream->ssl);
    }
  memcpy (info, &full, MIN (size, sizeof full));
}

const CsStreamTable cs_stream_table_ = {
  .size = sizeof cs_stream_table_,
  .listen = cs_listener_new,
  .listener_set_tls = cs_listener_use_tls,
  .listener_pause = cs_listener_set_paused,
  .listener_address = cs_listener_text,
  .tls_new = cs_tls_load,
  .tls_unref = cs_tls_release,
  .watch = net_watch,
  .read = net_read,
  .wait = net_wait,
  .write = net_write,
  .write_bytes = net_write_bytes,
  .reserve = net_reserve,
  .commit = net_commit,
  .queued = net_queued,
  .flush = net_flush,
  .on_drained = net_on_drained,
  .close = cs_stream_begin_close,
  .abort = cs_stream_kill,
  .info = net_info,
};
