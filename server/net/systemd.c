/* systemd.c: sockets that were opened for us (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS,
 * LISTEN_FDNAMES.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener-private.h"

#define FIRST 3

static guint
passed (void)
{
  const char *pid = g_getenv ("LISTEN_PID"), *n = g_getenv ("LISTEN_FDS");

  if (pid == NULL || n == NULL || g_ascii_strtoll (pid, NULL, 10) != getpid ())
    return 0;
  return (guint) CLAMP (g_ascii_strtoll (n, NULL, 10), 0, 1024);
}

static gboolean
prepare (int fd)
{
  int accepts = 0, flags = fcntl (fd, F_GETFL);
  socklen_t len = sizeof accepts;

  return getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == 0 && accepts != 0
         && fcntl (fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl (fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

int
cs_systemd_descriptor (const char *name, GError **error)
{
  const char *text = g_getenv ("LISTEN_FDNAMES");
  g_auto (GStrv) names = g_strsplit (text != NULL ? text : "", ":", -1);
  guint n = MIN (passed (), g_strv_length (names));

  for (guint i = 0; i < n; i++)
    if (g_str_equal (names[i], name))
      {
        if (prepare (FIRST + (int) i))
          return FIRST + (int) i;
        g_set_error (error, CS_ERROR, CS_INVALID,
                     "systemd:%s: the descriptor is not a listening stream socket (ListenStream=)",
                     name);
        return -1;
      }
  g_set_error (error, CS_ERROR, CS_NOT_FOUND,
               "systemd:%s: no descriptor of that name was passed (FileDescriptorName= of the "
               "socket unit; passed: %s)",
               name, n > 0 ? text : "none");
  return -1;
}

static gboolean
passed_is_local (const char *name)
{
  struct sockaddr_storage bound = { 0 };
  socklen_t len = sizeof bound;
  int fd = cs_systemd_descriptor (name, NULL);

  return fd >= 0 && getsockname (fd, (struct sockaddr *) &bound, &len) == 0
         && cs_address_is_loopback ((const struct sockaddr *) &bound);
}

gboolean
cs_address_text_is_local (const char *text)
{
  CsAddress address;

  if (!cs_address_parse (text, &address, NULL))
    return FALSE;
  return address.kind == CS_ADDRESS_SYSTEMD
           ? passed_is_local (address.name)
           : cs_address_is_loopback ((const struct sockaddr *) &address.sockaddr);
}
