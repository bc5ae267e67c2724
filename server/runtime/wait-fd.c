/* wait-fd.c: a fiber waits for any descriptor: the way in for a client library's own socket.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>

#include "runtime/wait.h"
#include "runtime/worker-private.h"

G_STATIC_ASSERT ((int) CS_READABLE == (int) EPOLLIN && (int) CS_WRITABLE == (int) EPOLLOUT);

typedef struct
{
  CsPollSource source;
  CsWait wait;
  guint32 events;
} FdWait;

static guint
ready_events (guint32 events)
{
  if ((events & (EPOLLERR | EPOLLHUP)) != 0)
    return CS_READABLE | CS_WRITABLE;
  return ((events & (EPOLLIN | EPOLLRDHUP)) != 0 ? CS_READABLE : 0)
         | ((events & EPOLLOUT) != 0 ? CS_WRITABLE : 0);
}

static void
fd_ready (CsPollSource *source, guint32 events)
{
  FdWait *fd_wait = (FdWait *) source;

  fd_wait->events = events;
  cs_wait_wake (&fd_wait->wait);
}

/* Off the workers the thread itself waits. */
static CsStatus
wait_by_poll (int fd, guint events, gint64 deadline, guint *ready)
{
  struct pollfd item = { .fd = fd, .events = (short) events };

  for (;;)
    {
      gint64 left = deadline == CS_NEVER ? G_MAXINT64 : deadline - g_get_monotonic_time ();
      int n = poll (&item, 1, (int) CLAMP (left / 1000 + (left % 1000 > 0), 0, 3600 * 1000));

      if (n > 0 && ready != NULL)
        *ready = ready_events ((guint32) item.revents);
      if (n > 0)
        return (item.revents & POLLNVAL) != 0 ? CS_INVALID : CS_OK;
      if (n < 0 && errno != EINTR)
        return CS_INVALID;
      if (left <= 0)
        return CS_TIMED_OUT;
    }
}

/* One-shot, and removed after each wait: the library may close the descriptor, and open another of
 * the same number, between two calls. */
CsStatus
cs_wait_fd_ready (int fd, guint events, gint64 deadline, guint *ready)
{
  CsWorker *worker = cs_worker_self ();
  FdWait fd_wait = { .source.ready = fd_ready };
  CsStatus status;

  if (worker == NULL)
    return wait_by_poll (fd, events, deadline, ready);
  cs_wait_prepare (&fd_wait.wait);
  if (!cs_poller_add (&worker->poller, fd, (events & (CS_READABLE | CS_WRITABLE)) | EPOLLONESHOT,
                      &fd_wait.source))
    {
      if (errno != EPERM) /* EPERM: a regular file, always ready */
        return CS_INVALID;
      if (ready != NULL)
        *ready = events;
      return CS_OK;
    }
  status = cs_wait_until (&fd_wait.wait, deadline);
  cs_poller_remove (&worker->poller, fd);
  if (status == CS_OK && ready != NULL)
    *ready = ready_events (fd_wait.events);
  return status;
}
