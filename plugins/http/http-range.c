/* http-range.c: reads `bytes=first-last`, `bytes=first-` and `bytes=-suffix`.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-range.h"
#include "http-chars.h"

/* Digits up to anything else; FALSE when there are none or the number is too large. */
static gboolean
number (const char **at, const char *end, guint64 *value)
{
  const char *begin = *at;

  *value = 0;
  while (*at < end && g_ascii_isdigit (**at))
    {
      if (*at - begin >= 18)
        return FALSE;
      *value = *value * 10 + (guint) (*(*at)++ - '0');
    }
  return *at > begin;
}

HttpRange
http_range_parse (const char *value, gsize length, guint64 total, guint64 *first, guint64 *last)
{
  const char *at = value;
  const char *end;
  guint64 suffix;

  if (value == NULL || length < 7 || !HTTP_EQUALS ((const guint8 *) value, 6, "bytes="))
    return HTTP_RANGE_WHOLE;
  at += 6;
  end = value + length;
  if (*at == '-')
    {
      at++;
      if (!number (&at, end, &suffix) || at != end)
        return HTTP_RANGE_WHOLE;
      if (suffix == 0 || total == 0)
        return HTTP_RANGE_UNSATISFIABLE;
      *first = suffix < total ? total - suffix : 0;
      *last = total - 1;
      return HTTP_RANGE_PART;
    }
  if (!number (&at, end, first) || at == end || *at++ != '-')
    return HTTP_RANGE_WHOLE;
  *last = G_MAXUINT64;
  if (at < end && (!number (&at, end, last) || at != end || *last < *first))
    return HTTP_RANGE_WHOLE;
  if (*first >= total)
    return HTTP_RANGE_UNSATISFIABLE;
  *last = MIN (*last, total - 1);
  return HTTP_RANGE_PART;
}
