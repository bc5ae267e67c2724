/* address.c: reads and prints addresses; nothing is looked up.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <cloudsync/error.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define ALLOWED "allowed: 127.0.0.1:80, [::1]:80, *:80, localhost:80, unix:/path, systemd:NAME"

static gboolean
refuse (GError **error, const char *text, const char *why)
{
  g_set_error (error, CS_ERROR, CS_INVALID, "\"%s\": %s (" ALLOWED ")", text, why);
  return FALSE;
}

static gboolean
parse_port (const char *text, guint16 *port)
{
  guint value = 0;

  if (*text == '\0' || strlen (text) > 5)
    return FALSE;
  for (; *text != '\0'; text++)
    {
      if (*text < '0' || *text > '9')
        return FALSE;
      value = value * 10 + (guint) (*text - '0');
    }
  *port = (guint16) value;
  return value <= G_MAXUINT16;
}

static void
set_inet6 (CsAddress *address, const struct in6_addr *host, guint16 port)
{
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &address->sockaddr;

  in6->sin6_family = AF_INET6;
  in6->sin6_addr = *host;
  in6->sin6_port = htons (port);
  address->len = sizeof *in6;
}

static gboolean
parse_host (const char *host, guint16 port, CsAddress *address)
{
  struct sockaddr_in *in = (struct sockaddr_in *) &address->sockaddr;

  if (strcmp (host, "*") == 0)
    {
      address->any = TRUE;
      set_inet6 (address, &in6addr_any, port);
      return TRUE;
    }
  in->sin_family = AF_INET;
  in->sin_port = htons (port);
  address->len = sizeof *in;
  return inet_pton (AF_INET, strcmp (host, "localhost") == 0 ? "127.0.0.1" : host, &in->sin_addr)
         == 1;
}

static gboolean
parse_inet (const char *text, CsAddress *address, GError **error)
{
  char host[64];
  const char *colon = strrchr (text, ':');
  gsize len = colon != NULL ? (gsize) (colon - text) : 0;
  struct in6_addr in6;
  guint16 port;

  if (colon == NULL)
    return refuse (error, text, "a port is missing");
  if (!parse_port (colon + 1, &port))
    return refuse (error, text, "the port is not a number from 0 to 65535");
  if (len == 0 || len >= sizeof host)
    return refuse (error, text, "the host is missing or too long");
  memcpy (host, text, len);
  host[len] = '\0';
  if (host[0] != '[')
    return parse_host (host, port, address)
           || refuse (error, text, "the host is not an IP address; names are not looked up");
  if (host[len - 1] != ']')
    return refuse (error, text, "the bracket is not closed");
  host[len - 1] = '\0';
  if (inet_pton (AF_INET6, host + 1, &in6) != 1)
    return refuse (error, text, "not an IPv6 address within the brackets");
  set_inet6 (address, &in6, port);
  return TRUE;
}

/* `@name` is in Linux's abstract namespace (unix(7)): its first byte is NUL. */
static gboolean
parse_unix (const char *text, const char *path, CsAddress *address, GError **error)
{
  struct sockaddr_un *un = (struct sockaddr_un *) &address->sockaddr;
  gsize len = strlen (path);

  if (len < 2 || (path[0] != '/' && path[0] != '@'))
    return refuse (error, text, "the path of a UNIX socket begins with / or @");
  if (len >= sizeof un->sun_path)
    return refuse (error, text, "the path of a UNIX socket has at most 107 bytes");
  un->sun_family = AF_UNIX;
  memcpy (un->sun_path, path, len);
  address->len = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + len);
  if (path[0] == '@')
    un->sun_path[0] = '\0';
  else
    address->len++;
  g_strlcpy (address->name, path, sizeof address->name);
  return TRUE;
}

/* sd_listen_fds(3): a name has no colon and no control character. */
static gboolean
parse_systemd (const char *text, const char *name, CsAddress *address, GError **error)
{
  gsize len = strlen (name);

  if (len == 0 || len >= sizeof address->name)
    return refuse (error, text, "the name of a passed descriptor has 1 to 127 bytes");
  for (gsize i = 0; i < len; i++)
    if (name[i] <= ' ' || name[i] == ':' || name[i] >= 0x7f)
      return refuse (error, text, "the name of a passed descriptor has no colon, space or control");
  g_strlcpy (address->name, name, sizeof address->name);
  return TRUE;
}

gboolean
cs_address_parse (const char *text, CsAddress *address, GError **error)
{
  memset (address, 0, sizeof *address);
  if (g_str_has_prefix (text, "unix:"))
    {
      address->kind = CS_ADDRESS_UNIX;
      return parse_unix (text, text + strlen ("unix:"), address, error);
    }
  if (g_str_has_prefix (text, "systemd:"))
    {
      address->kind = CS_ADDRESS_SYSTEMD;
      return parse_systemd (text, text + strlen ("systemd:"), address, error);
    }
  address->kind = CS_ADDRESS_INET;
  return parse_inet (text, address, error);
}

static void
print_inet (const struct sockaddr_in *in, char *text, gsize size)
{
  const guint8 *byte = (const guint8 *) &in->sin_addr;

  snprintf (text, size, "%u.%u.%u.%u:%u", byte[0], byte[1], byte[2], byte[3],
            ntohs (in->sin_port));
}

/* An IPv4 address that came over an IPv6 socket is printed as what it is. */
static void
print_inet6 (const struct sockaddr_in6 *in6, char *text, gsize size)
{
  char host[INET6_ADDRSTRLEN];
  struct sockaddr_in in = { .sin_port = in6->sin6_port };

  if (IN6_IS_ADDR_V4MAPPED (&in6->sin6_addr))
    {
      memcpy (&in.sin_addr, in6->sin6_addr.s6_addr + 12, 4);
      print_inet (&in, text, size);
      return;
    }
  inet_ntop (AF_INET6, &in6->sin6_addr, host, sizeof host);
  snprintf (text, size, "[%s]:%u", host, ntohs (in6->sin6_port));
}

void
cs_address_print (const struct sockaddr *sockaddr, socklen_t len, char *text, gsize size)
{
  const struct sockaddr_un *un = (const struct sockaddr_un *) sockaddr;

  if (sockaddr->sa_family == AF_INET)
    print_inet ((const struct sockaddr_in *) sockaddr, text, size);
  else if (sockaddr->sa_family == AF_INET6)
    print_inet6 ((const struct sockaddr_in6 *) sockaddr, text, size);
  else if (sockaddr->sa_family == AF_UNIX && len > offsetof (struct sockaddr_un, sun_path)
           && un->sun_path[0] != '\0')
    snprintf (text, size, "unix:%s", un->sun_path);
  else
    g_strlcpy (text, "unix", size);
}

gboolean
cs_address_is_loopback (const struct sockaddr *sockaddr)
{
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) sockaddr;

  if (sockaddr->sa_family == AF_INET)
    return *(const guint8 *) &((const struct sockaddr_in *) sockaddr)->sin_addr == 127;
  if (sockaddr->sa_family == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK (&in6->sin6_addr)
           || (IN6_IS_ADDR_V4MAPPED (&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127);
  return sockaddr->sa_family == AF_UNIX;
}
