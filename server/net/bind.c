/* bind.c: makes a listener's sockets. A probe without SO_REUSEPORT comes first: a second daemon on
 * the address must fail, not share it silently.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listener-private.h"

static gboolean
fail (CsListener *listener, const char *what, int code, GError **error)
{
  const char *remedy = code == EADDRINUSE
                         ? "; stop the program that has it, or listen on another address"
                       : code == EACCES
                         ? "; ports below 1024 need CAP_NET_BIND_SERVICE, and a UNIX socket a "
                           "directory that may be written"
                       : code == EADDRNOTAVAIL ? "; this machine does not have the address"
                                               : "";

  g_set_error (error, CS_ERROR, CS_FAILED, "cannot %s %s: %s%s", what, listener->text,
               g_strerror (code), remedy);
  return FALSE;
}

static void
set_option (int fd, int level, int option, int value)
{
  setsockopt (fd, level, option, &value, sizeof value);
}

static int
open_socket (const CsAddress *address)
{
  int fd
    = socket (address->sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd >= 0 && address->sockaddr.ss_family == AF_INET6)
    set_option (fd, IPPROTO_IPV6, IPV6_V6ONLY, !address->any);
  if (fd >= 0 && address->kind == CS_ADDRESS_INET)
    {
      set_option (fd, SOL_SOCKET, SO_REUSEADDR, 1);
      set_option (fd, IPPROTO_TCP, TCP_NODELAY, 1); /* what is accepted inherits it */
    }
  return fd;
}

/* Bound, or -1 with errno. */
static int
open_bound (const CsAddress *address, gboolean reuse_port)
{
  int code, fd = open_socket (address);

  if (fd < 0)
    return -1;
  if (reuse_port)
    set_option (fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (bind (fd, (const struct sockaddr *) &address->sockaddr, address->len) == 0)
    return fd;
  code = errno;
  close (fd);
  errno = code;
  return -1;
}

/* `*` on a machine without IPv6. */
static void
fall_back_to_ipv4 (CsAddress *address)
{
  guint16 port = ((struct sockaddr_in6 *) &address->sockaddr)->sin6_port;
  struct sockaddr_in *in = (struct sockaddr_in *) &address->sockaddr;
  int fd = socket (AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd >= 0)
    {
      close (fd);
      return;
    }
  memset (&address->sockaddr, 0, sizeof address->sockaddr);
  in->sin_family = AF_INET;
  in->sin_port = port;
  address->len = sizeof *in;
}

static gboolean
bind_inet (CsListener *listener, CsAddress *address, gint backlog, int *fds, guint n,
           GError **error)
{
  int probe;

  if (address->any)
    fall_back_to_ipv4 (address);
  probe = open_bound (address, FALSE);
  if (probe < 0)
    return fail (listener, "listen on", errno, error);
  getsockname (probe, (struct sockaddr *) &address->sockaddr, &address->len);
  close (probe);
  for (guint i = 0; i < n; i++)
    {
      fds[i] = open_bound (address, TRUE);
      if (fds[i] < 0 || listen (fds[i], backlog) != 0)
        return fail (listener, "listen on", errno, error);
    }
  return TRUE;
}

/* Nobody answers on a socket file that was left behind: it may go. */
static gboolean
is_stale (const CsAddress *address)
{
  int fd = open_socket (address);
  gboolean stale;

  if (fd < 0)
    return FALSE;
  stale = connect (fd, (const struct sockaddr *) &address->sockaddr, address->len) != 0
          && errno == ECONNREFUSED;
  close (fd);
  return stale;
}

static gboolean
bind_unix (CsListener *listener, const CsAddress *address, gint backlog, int *fds, GError **error)
{
  gboolean has_file = address->name[0] == '/';

  fds[0] = open_bound (address, FALSE);
  if (fds[0] < 0 && errno == EADDRINUSE && has_file && is_stale (address))
    {
      unlink (address->name);
      fds[0] = open_bound (address, FALSE);
    }
  if (fds[0] < 0)
    return fail (listener, "listen on", errno, error);
  if (has_file)
    listener->unlink_path = g_strdup (address->name);
  if (listen (fds[0], backlog) != 0)
    return fail (listener, "listen on", errno, error);
  return TRUE;
}

static void
set_text (CsListener *listener, const CsAddress *address, int fd)
{
  struct sockaddr_storage bound;
  socklen_t len = sizeof bound;
  char text[CS_ADDRESS_TEXT + sizeof (struct sockaddr_un)];

  if (getsockname (fd, (struct sockaddr *) &bound, &len) != 0)
    return;
  listener->loopback = cs_address_is_loopback ((struct sockaddr *) &bound);
  listener->any = bound.ss_family == AF_INET6
                    ? IN6_IS_ADDR_UNSPECIFIED (&((struct sockaddr_in6 *) &bound)->sin6_addr)
                    : bound.ss_family == AF_INET
                        && ((struct sockaddr_in *) &bound)->sin_addr.s_addr == INADDR_ANY;
  if (address->kind == CS_ADDRESS_UNIX)
    return;
  cs_address_print ((struct sockaddr *) &bound, len, text, sizeof text);
  g_free (listener->text);
  listener->text = g_strdup (text);
}

gboolean
cs_listener_bind (CsListener *listener, const CsAddress *wanted, gint backlog, int *fds, guint n,
                  GError **error)
{
  CsAddress address = *wanted;
  gboolean ok;

  if (backlog <= 0)
    backlog = G_MAXINT; /* the kernel cuts it to net.core.somaxconn */
  if (address.kind == CS_ADDRESS_INET)
    ok = bind_inet (listener, &address, backlog, fds, n, error);
  else if (address.kind == CS_ADDRESS_UNIX)
    ok = bind_unix (listener, &address, backlog, fds, error);
  else
    ok = (fds[0] = cs_systemd_descriptor (address.name, error)) >= 0;
  if (ok)
    set_text (listener, &address, fds[0]);
  return ok;
}
