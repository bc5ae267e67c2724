/* poller.h: readiness of descriptors, edge-triggered; the one place that knows how the kernel
 * tells.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_POLLER_H
#define CS_POLLER_H

#include <glib.h>
#include <sys/epoll.h>

G_BEGIN_DECLS

/* Embedded in what waits for a descriptor. It stays valid until the turn after its removal ends,
 * for the kernel may have told of it already. */
typedef struct _CsPollSource CsPollSource;
struct _CsPollSource
{
  void (*ready) (CsPollSource *source, guint32 events);
};

typedef struct
{
  int fd;
  int wake_fd; /* eventfd */
  CsPollSource wake;
} CsPoller;

gboolean cs_poller_init (CsPoller *poller, GError **error);
void cs_poller_clear (CsPoller *poller);

/* `events` are EPOLL*. FALSE with errno. */
gboolean cs_poller_add (CsPoller *poller, int fd, guint32 events, CsPollSource *source);
gboolean cs_poller_remove (CsPoller *poller, int fd);

/* Waits at most `timeout` ms (-1: for ever) and calls the sources that are ready. `awake` is
 * called once in between, when the wait is over. */
void cs_poller_turn (CsPoller *poller, int timeout, void (*awake) (gpointer data), gpointer data);

/* Ends the wait. Any thread. */
void cs_poller_wake (CsPoller *poller);

G_END_DECLS

#endif
