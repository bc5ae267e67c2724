/* address.h: the text forms of an address to listen on or to connect to.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_ADDRESS_H
#define CS_ADDRESS_H

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

typedef enum
{
  CS_ADDRESS_INET = 1, /* 127.0.0.1:80, [::1]:80, *:80 (both families), localhost:80 */
  CS_ADDRESS_UNIX,     /* unix:/path; unix:@name is Linux's abstract namespace */
  CS_ADDRESS_SYSTEMD   /* systemd:NAME, a descriptor passed by socket activation */
} CsAddressKind;

typedef struct
{
  CsAddressKind kind;
  struct sockaddr_storage sockaddr; /* INET, UNIX */
  socklen_t len;
  gboolean any;      /* `*`: IPv6 and IPv4 */
  char name[128];    /* SYSTEMD: the name; UNIX: the path */
} CsAddress;

/* Pure: no name is looked up. FALSE and a message that says what is allowed. */
gboolean cs_address_parse (const char *text, CsAddress *address, GError **error);

/* "127.0.0.1:80", "[::1]:80", "unix:/path" or "unix"; at least CS_ADDRESS_TEXT bytes. */
#define CS_ADDRESS_TEXT 56
void cs_address_print (const struct sockaddr *sockaddr, socklen_t len, char *text, gsize size);

/* 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104 or a UNIX socket. */
gboolean cs_address_is_loopback (const struct sockaddr *sockaddr);

G_END_DECLS

#endif
