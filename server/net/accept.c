/* accept.c: a worker takes connections from its listeners in batches, and leads them through the
 * TLS handshake. Where descriptors or memory are short it pauses, for the kernel's queue keeps the
 * rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream-private.h"
#include "runtime/log-ring.h"

#define BATCH 64
#define SHARED_BATCH 8 /* leaves some to the other workers */
#define RETRY_AFTER CS_MS (100)
#define TELL_EVERY CS_SECONDS (10)

static void
call_accept (CsStream *stream)
{
  CsListener *listener = stream->listener;
  CsDoing before = cs_worker_doing (listener->self, "accept");

  listener->accept (stream, listener->data);
  cs_worker_done (before);
}

void
cs_stream_hand_over (CsStream *stream)
{
  stream->flags &= ~(guint) STREAM_HANDSHAKE;
  stream->flags |= STREAM_READABLE | STREAM_WRITABLE;
  cs_stream_set_open (stream);
  call_accept (stream);
}

static void
handshake_failed (CsStream *stream)
{
  char text[256];
  const char *reason = text;

  cs_tls_last_error (text, sizeof text);
  cs_core_log_for (stream->listener->self, CS_LOG_DEBUG, "TLS handshake failed",
                   CS_F_STR ("peer", stream->peer), CS_F_STR ("reason", reason));
  net_count (&net_worker (stream->worker)->handshakes_failed, 1);
  cs_stream_kill (stream);
}

void
cs_stream_go_on_handshake (CsStream *stream)
{
  NetWorker *net = net_worker (stream->worker);
  int result, reason;

  ERR_clear_error ();
  result = SSL_accept (stream->ssl);
  if (result == 1)
    {
      net_count (&net->handshakes, 1);
      if (SSL_session_reused (stream->ssl))
        net_count (&net->resumed, 1);
      cs_stream_hand_over (stream);
      return;
    }
  reason = SSL_get_error (stream->ssl, result);
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
    handshake_failed (stream);
  ERR_clear_error ();
}

static gboolean
begin_handshake (CsStream *stream, CsTls *tls)
{
  stream->ssl = cs_tls_session (tls, stream->fd);
  if (stream->ssl == NULL)
    return FALSE;
  stream->flags |= STREAM_HANDSHAKE;
  cs_stream_set_timed (stream, stream->worker->now + cs_tls_handshake_timeout (tls));
  return TRUE;
}

static void
accepted (ListenerPart *part, int fd, const struct sockaddr *peer, socklen_t len)
{
  CsStream *stream = cs_stream_new (part->worker, part->listener, fd);

  net_count (&net_worker (part->worker)->accepted, 1);
  if (stream == NULL)
    {
      close (fd);
      return;
    }
  cs_address_print (peer, len, stream->peer, sizeof stream->peer);
  if (cs_address_is_loopback (peer))
    stream->flags |= STREAM_PEER_LOOPBACK;
  if (part->tls == NULL)
    call_accept (stream);
  else if (!begin_handshake (stream, part->tls))
    cs_stream_kill (stream);
}

static void
poll_part (ListenerPart *part)
{
  guint32 events = EPOLLIN | (part->listener->shared ? EPOLLEXCLUSIVE : 0);

  if (!part->polled && part->fd >= 0)
    part->polled = cs_poller_add (&part->worker->poller, part->fd, events, &part->source);
}

static void
retry (CsTimer *timer, gpointer data)
{
  poll_part (data);
}

/* Level-triggered readiness would spin here: look again in a while. */
static void
pause_part (ListenerPart *part, int code)
{
  CsWorker *worker = part->worker;

  net_count (&net_worker (worker)->accept_failed, 1);
  cs_poller_remove (&worker->poller, part->fd);
  part->polled = FALSE;
  cs_wheel_start (&worker->wheel, NULL, &part->retry, worker->now + RETRY_AFTER, retry, part);
  if (worker->now - part->told < TELL_EVERY && part->told != 0)
    return;
  part->told = worker->now;
  cs_core_log_for (part->listener->self, CS_LOG_ERROR,
                   "cannot accept connections: raise the limit of open files or close some",
                   CS_F_STR ("address", part->listener->text),
                   CS_F_STR ("reason", g_strerror (code)));
}

/* FALSE: that is all for now. */
static gboolean
accept_one (ListenerPart *part)
{
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  int fd = accept4 (part->fd, (struct sockaddr *) &peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (fd >= 0)
    {
      if (len < sizeof (sa_family_t))
        peer.ss_family = AF_UNIX;
      accepted (part, fd, (struct sockaddr *) &peer, len);
      return TRUE;
    }
  switch (errno)
    {
    case EAGAIN:
      return FALSE;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      pause_part (part, errno);
      return FALSE;
    default: /* the connection itself failed (accept(2)) */
      return errno != EBADF && errno != EINVAL && errno != ENOTSOCK;
    }
}

static void
listener_ready (CsPollSource *source, guint32 events)
{
  ListenerPart *part = (ListenerPart *) source;
  guint batch = part->listener->shared ? SHARED_BATCH : BATCH;

  while (part->polled && batch > 0 && accept_one (part))
    batch--;
}

void
cs_listener_part_start (ListenerPart *part)
{
  part->source.ready = listener_ready;
  poll_part (part);
}

void
cs_listener_part_stop (ListenerPart *part)
{
  cs_wheel_stop (&part->retry);
  if (part->polled)
    cs_poller_remove (&part->worker->poller, part->fd);
  part->polled = FALSE;
}
