/* net-worker.c: the room's share of each worker, made and cleared with it, and its figures.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/stream-private.h"
#include "runtime/stats-core.h"

static void
ring_init (CsStream *head)
{
  head->prev = head->next = head;
}

static void
start_worker (guint index, gpointer data)
{
  NetWorker *net = g_aligned_alloc0 (1, sizeof *net, G_ALIGNOF (NetWorker));

  ring_init (&net->open);
  ring_init (&net->timed);
  net->slabs = g_ptr_array_new_with_free_func (g_aligned_free);
  __atomic_store_n (&cs_workers_[index]->net, net, __ATOMIC_RELEASE);
}

static void
clear_worker (CsWorker *worker)
{
  NetWorker *net = net_worker (worker);

  if (net == NULL)
    return;
  cs_wheel_stop (&net->sweep);
  cs_chunk_pool_clear (&net->chunks);
  g_free (net->record);
  g_ptr_array_unref (net->slabs);
  __atomic_store_n (&worker->net, NULL, __ATOMIC_RELEASE);
  g_aligned_free (net);
}

static guint
count_ring (const CsStream *head, gpointer self)
{
  guint n = 0;

  for (const CsStream *stream = head->next; stream != head; stream = stream->next)
    n += stream->listener->self == self;
  return n;
}

/* Those that were given back are the core's to end. */
static guint
count_owned (CsWorker *worker, gpointer self)
{
  return worker->net != NULL ? count_ring (&net_worker (worker)->open, self) : 0;
}

static gboolean
stop_worker (CsWorker *worker, gboolean force)
{
  return worker->net == NULL || cs_net_stop_worker (worker, force);
}

static void
begin_stop (void)
{
  cs_listeners_close (NULL);
}

/* One figure of every worker; `data` is its offset. */
static gint64
read_sum (gpointer data)
{
  gint64 sum = 0;

  for (guint i = 0; i < cs_n_workers_; i++)
    {
      char *net = __atomic_load_n (&cs_workers_[i]->net, __ATOMIC_ACQUIRE);

      if (net != NULL)
        sum += __atomic_load_n ((gint64 *) (net + GPOINTER_TO_SIZE (data)), __ATOMIC_RELAXED);
    }
  return sum;
}

#define FIGURE(member) read_sum, GSIZE_TO_POINTER (G_STRUCT_OFFSET (NetWorker, member))

static void
define_stats (void)
{
  cs_stats_read_gauge ("streams", "Connections that are open.", FIGURE (n_streams));
  cs_stats_read_counter ("streams_accepted_total", "Connections accepted.", FIGURE (accepted));
  cs_stats_read_counter ("accept_failures_total",
                         "Times that accepting paused for want of descriptors or memory.",
                         FIGURE (accept_failed));
  cs_stats_read_counter ("stream_read_bytes_total", "Bytes read from connections, after TLS.",
                         FIGURE (bytes_read));
  cs_stats_read_counter ("stream_written_bytes_total", "Bytes written to connections, before TLS.",
                         FIGURE (bytes_written));
  cs_stats_read_counter ("stream_writes_total", "Calls that wrote to connections.",
                         FIGURE (writes));
  cs_stats_read_counter ("tls_handshakes_total", "TLS handshakes completed.", FIGURE (handshakes));
  cs_stats_read_counter ("tls_resumed_total", "TLS handshakes that resumed a session.",
                         FIGURE (resumed));
  cs_stats_read_counter ("tls_handshake_failures_total", "TLS handshakes that failed.",
                         FIGURE (handshakes_failed));
}

void
cs_net_start (void)
{
  static const CsWorkerRoom room
    = { .begin_stop = begin_stop, .stop = stop_worker, .clear = clear_worker,
        .count_owned = count_owned,
        .ended = cs_listeners_forget };

  cs_worker_room_ = &room;
  cs_runtime_on_each_worker (start_worker, NULL);
  define_stats ();
}

gint64
cs_net_n_streams (void)
{
  return read_sum (GSIZE_TO_POINTER (G_STRUCT_OFFSET (NetWorker, n_streams)));
}
