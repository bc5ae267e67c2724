/* sd-notify.c: tells systemd how the node is: one datagram to $NOTIFY_SOCKET (sd_notify(3)).
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/sd-notify.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
cs_sd_notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gsize len = path != NULL ? strlen (path) : 0;
  int fd;

  if (len == 0 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return;
  memcpy (address.sun_path, path, len);
  if (path[0] == '@')
    address.sun_path[0] = '\0';

  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  (void) sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *) &address,
                 (socklen_t) (G_STRUCT_OFFSET (struct sockaddr_un, sun_path) + len));
  close (fd);
}

gint64
cs_sd_watchdog_interval (void)
{
  const char *interval = g_getenv ("WATCHDOG_USEC");
  const char *pid = g_getenv ("WATCHDOG_PID");

  if (interval == NULL || (pid != NULL && g_ascii_strtoll (pid, NULL, 10) != getpid ()))
    return 0;
  return g_ascii_strtoll (interval, NULL, 10) / 2;
}
