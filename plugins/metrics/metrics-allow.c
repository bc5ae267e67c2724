/* metrics-allow.c: prefixes of addresses, all of them as IPv6.
 * SPDX-License-Identifier: Apache-2.0 */
#include "metrics-allow.h"

#include <arpa/inet.h>
#include <netinet/in.h>

typedef struct
{
  guint8 address[16];
  guint bits;
} MetricsRange;

struct _MetricsAllow
{
  guint n;
  MetricsRange ranges[];
};

/* IPv4 becomes ::ffff:a.b.c.d. */
static gboolean
read_address (const char *text, guint8 address[16], gboolean *v4)
{
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

  *v4 = inet_pton (AF_INET, text, address + 12) == 1;
  if (!*v4)
    return inet_pton (AF_INET6, text, address) == 1;
  memcpy (address, mapped, sizeof mapped);
  return TRUE;
}

static gboolean
same_prefix (const guint8 *a, const guint8 *b, guint bits)
{
  guint whole = bits / 8;
  guint8 mask = (guint8) (0xff00 >> bits % 8);

  return memcmp (a, b, whole) == 0 && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static gboolean
ends_at_mask (const MetricsRange *range)
{
  guint8 masked[16] = { 0 };
  guint i;

  for (i = 0; i < range->bits; i++)
    masked[i / 8] |= (guint8) (range->address[i / 8] & 0x80 >> i % 8);
  return memcmp (masked, range->address, sizeof masked) == 0;
}

static gboolean
read_range (const char *text, MetricsRange *range)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", 2);
  guint64 bits;
  gboolean v4;

  if (parts[0] == NULL || !read_address (parts[0], range->address, &v4))
    return FALSE;
  bits = v4 ? 32 : 128;
  if (parts[1] != NULL && !g_ascii_string_to_unsigned (parts[1], 10, 0, bits, &bits, NULL))
    return FALSE;
  range->bits = (guint) bits + (v4 ? 96 : 0);
  return ends_at_mask (range);
}

MetricsAllow *
metrics_allow_new (const char *const *ranges, GError **error)
{
  guint n = ranges != NULL ? g_strv_length ((char **) ranges) : 0;
  MetricsAllow *allow = g_malloc0 (sizeof *allow + n * sizeof (MetricsRange));

  for (; allow->n < n; allow->n++)
    if (!read_range (ranges[allow->n], &allow->ranges[allow->n]))
      {
        g_set_error (error, CS_ERROR, CS_INVALID,
                     "allow: \"%s\" is no address range such as 10.0.0.0/8 or 2001:db8::/32 (no bit "
                     "may be set beyond the mask)",
                     ranges[allow->n]);
        metrics_allow_free (allow);
        return NULL;
      }
  return allow;
}

void
metrics_allow_free (MetricsAllow *allow)
{
  g_free (allow);
}

/* The host of "host:port" or "[host]:port". */
static gboolean
host_of (const char *peer, char *host, gsize size)
{
  const char *end = strrchr (peer, ':');

  if (end == NULL)
    return FALSE;
  if (*peer == '[')
    {
      peer++;
      end = strchr (peer, ']');
    }
  if (end == NULL || (gsize) (end - peer) >= size)
    return FALSE;
  memcpy (host, peer, (gsize) (end - peer));
  host[end - peer] = '\0';
  host[strcspn (host, "%")] = '\0'; /* a link-local address has its interface */
  return TRUE;
}

gboolean
metrics_allow_has (const MetricsAllow *allow, const char *peer)
{
  char host[INET6_ADDRSTRLEN + 16];
  guint8 address[16];
  gboolean v4;
  guint i;

  if (allow->n == 0 || !host_of (peer, host, sizeof host) || !read_address (host, address, &v4))
    return FALSE;
  for (i = 0; i < allow->n; i++)
    if (same_prefix (address, allow->ranges[i].address, allow->ranges[i].bits))
      return TRUE;
  return FALSE;
}
