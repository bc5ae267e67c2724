/* rest-time.c: timestamps of RFC 3339.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

#include <time.h>

typedef struct
{
  const char *at;
  const char *end;
} Reader;

static gboolean
number (Reader *in, guint n, gint low, gint high, gint *value)
{
  *value = 0;
  for (; n > 0; n--, in->at++)
    {
      if (in->at == in->end || !g_ascii_isdigit (*in->at))
        return FALSE;
      *value = *value * 10 + (*in->at - '0');
    }
  return *value >= low && *value <= high;
}

static gboolean
one_of (Reader *in, const char *bytes)
{
  if (in->at == in->end || *in->at == '\0' || strchr (bytes, *in->at) == NULL)
    return FALSE;
  in->at++;
  return TRUE;
}

static gint
days_in (gint year, gint month)
{
  static const gint8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

  return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static gint64
day_number (gint year, gint month, gint day)
{
  gint64 before = year - 1;
  gint64 days = before * 365 + before / 4 - before / 100 + before / 400;

  for (gint i = 1; i < month; i++)
    days += days_in (year, i);
  return days + day - 1 - 719162;
}

static gboolean
read_date (Reader *in, gint64 *days)
{
  gint year, month, day;

  if (!number (in, 4, 1, 9999, &year) || !one_of (in, "-") || !number (in, 2, 1, 12, &month)
      || !one_of (in, "-") || !number (in, 2, 1, days_in (year, month), &day))
    return FALSE;
  *days = day_number (year, month, day);
  return TRUE;
}

/* Beyond microseconds digits are dropped. */
static gboolean
read_fraction (Reader *in, gint64 *micros)
{
  gint64 unit = 100000;

  *micros = 0;
  if (!one_of (in, "."))
    return TRUE;
  if (in->at == in->end || !g_ascii_isdigit (*in->at))
    return FALSE;
  for (; in->at < in->end && g_ascii_isdigit (*in->at); in->at++, unit /= 10)
    *micros += (*in->at - '0') * unit;
  return TRUE;
}

/* The `+` of a query that was not encoded has become a space. */
static gboolean
read_offset (Reader *in, gint64 *seconds)
{
  gboolean west;
  gint hours, minutes;

  *seconds = 0;
  if (one_of (in, "Zz"))
    return TRUE;
  west = in->at < in->end && *in->at == '-';
  if (!one_of (in, "+- ") || !number (in, 2, 0, 23, &hours) || !one_of (in, ":")
      || !number (in, 2, 0, 59, &minutes))
    return FALSE;
  *seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
  return TRUE;
}

gboolean
rest_time_parse (CsSlice text, gint64 *time)
{
  Reader in = { text.data, text.data + text.len };
  gint64 days, micros, offset;
  gint hours, minutes, seconds;

  if (!read_date (&in, &days) || !one_of (&in, "Tt ") || !number (&in, 2, 0, 23, &hours)
      || !one_of (&in, ":") || !number (&in, 2, 0, 59, &minutes) || !one_of (&in, ":")
      || !number (&in, 2, 0, 60, &seconds) || !read_fraction (&in, &micros)
      || !read_offset (&in, &offset) || in.at != in.end)
    return FALSE;
  *time = ((days * 24 + hours) * 60 + minutes) * 60 + seconds - offset;
  *time = *time * G_USEC_PER_SEC + micros;
  return TRUE;
}

static char *
digits (char *out, guint n, gint value)
{
  for (guint i = n; i > 0; i--, value /= 10)
    out[i - 1] = '0' + value % 10;
  return out + n;
}

/* Written by hand: a list has two for each document. */
void
rest_time_append (GString *out, gint64 time)
{
  time_t seconds = time / G_USEC_PER_SEC;
  char text[32];
  char *at = text;
  struct tm parts;

  gmtime_r (&seconds, &parts);
  at = digits (at, 4, parts.tm_year + 1900);
  *at++ = '-';
  at = digits (at, 2, parts.tm_mon + 1);
  *at++ = '-';
  at = digits (at, 2, parts.tm_mday);
  *at++ = 'T';
  at = digits (at, 2, parts.tm_hour);
  *at++ = ':';
  at = digits (at, 2, parts.tm_min);
  *at++ = ':';
  at = digits (at, 2, parts.tm_sec);
  *at++ = '.';
  at = digits (at, 6, time % G_USEC_PER_SEC);
  *at++ = 'Z';
  g_string_append_len (out, text, at - text);
}
