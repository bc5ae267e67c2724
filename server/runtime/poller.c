/* poller.c: the poller on epoll.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/poller.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 64
#define AHEAD 2 /* sources are far apart in memory: the one after the next is fetched meanwhile */

static void
wake_ready (CsPollSource *source, guint32 events)
{
  CsPoller *poller = (CsPoller *) ((char *) source - G_STRUCT_OFFSET (CsPoller, wake));
  guint64 count;

  while (read (poller->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
    ;
}

static gboolean
fail (CsPoller *poller, const char *call, GError **error)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", call, g_strerror (code));
  cs_poller_clear (poller);
  return FALSE;
}

gboolean
cs_poller_init (CsPoller *poller, GError **error)
{
  poller->fd = poller->wake_fd = -1;
  poller->wake.ready = wake_ready;
  poller->fd = epoll_create1 (EPOLL_CLOEXEC);
  if (poller->fd < 0)
    return fail (poller, "epoll_create1", error);
  poller->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poller->wake_fd < 0)
    return fail (poller, "eventfd", error);
  if (!cs_poller_add (poller, poller->wake_fd, EPOLLIN, &poller->wake))
    return fail (poller, "epoll_ctl", error);
  return TRUE;
}

void
cs_poller_clear (CsPoller *poller)
{
  if (poller->wake_fd >= 0)
    close (poller->wake_fd);
  if (poller->fd >= 0)
    close (poller->fd);
  poller->fd = poller->wake_fd = -1;
}

gboolean
cs_poller_add (CsPoller *poller, int fd, guint32 events, CsPollSource *source)
{
  struct epoll_event event = { .events = events, .data.ptr = source };

  return epoll_ctl (poller->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

gboolean
cs_poller_remove (CsPoller *poller, int fd)
{
  return epoll_ctl (poller->fd, EPOLL_CTL_DEL, fd, NULL) == 0;
}

void
cs_poller_turn (CsPoller *poller, int timeout, void (*awake) (gpointer data), gpointer data)
{
  struct epoll_event events[BATCH];
  int n = epoll_wait (poller->fd, events, BATCH, timeout);

  awake (data);
  for (int i = 0; i < n; i++)
    {
      CsPollSource *source = events[i].data.ptr;

      if (i + AHEAD < n)
        __builtin_prefetch (events[i + AHEAD].data.ptr);
      source->ready (source, events[i].events);
    }
}

void
cs_poller_wake (CsPoller *poller)
{
  guint64 one = 1;

  while (write (poller->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
}
