/* http-date.c: formats and reads the dates of HTTP without the C library's locale.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-date.h"

#include <string.h>
#include <time.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void
two_digits (char *at, int value)
{
  at[0] = '0' + value / 10 % 10;
  at[1] = '0' + value % 10;
}

void
http_date_format (gint64 seconds, char text[HTTP_DATE_LENGTH + 1])
{
  time_t when = seconds;
  struct tm tm;

  gmtime_r (&when, &tm);
  memcpy (text, "Xxx, 00 Xxx 0000 00:00:00 GMT", HTTP_DATE_LENGTH + 1);
  memcpy (text, days + 3 * tm.tm_wday, 3);
  two_digits (text + 5, tm.tm_mday);
  memcpy (text + 8, months + 3 * tm.tm_mon, 3);
  two_digits (text + 12, (tm.tm_year + 1900) / 100);
  two_digits (text + 14, tm.tm_year % 100);
  two_digits (text + 17, tm.tm_hour);
  two_digits (text + 20, tm.tm_min);
  two_digits (text + 23, tm.tm_sec);
}

static gboolean
number (const char *at, gsize digits, int *value)
{
  *value = 0;
  for (gsize i = 0; i < digits; i++)
    {
      if (!g_ascii_isdigit (at[i]))
        return FALSE;
      *value = *value * 10 + (at[i] - '0');
    }
  return TRUE;
}

static gboolean
month_of (const char *at, struct tm *tm)
{
  for (int i = 0; i < 12; i++)
    if (memcmp (months + 3 * i, at, 3) == 0)
      {
        tm->tm_mon = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
time_of_day (const char *at, struct tm *tm)
{
  return number (at, 2, &tm->tm_hour) && at[2] == ':' && number (at + 3, 2, &tm->tm_min)
         && at[5] == ':' && number (at + 6, 2, &tm->tm_sec) && tm->tm_hour < 24 && tm->tm_min < 60
         && tm->tm_sec <= 60;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static gboolean
imf_fixdate (const char *text, gsize length, struct tm *tm)
{
  int year;

  if (length != HTTP_DATE_LENGTH || text[3] != ',' || text[4] != ' ' || text[7] != ' '
      || text[11] != ' ' || text[16] != ' ' || memcmp (text + 25, " GMT", 4) != 0
      || !number (text + 5, 2, &tm->tm_mday) || !month_of (text + 8, tm)
      || !number (text + 12, 4, &year) || !time_of_day (text + 17, tm))
    return FALSE;
  tm->tm_year = year - 1900;
  return TRUE;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; a year over 50 ahead lies in the past. */
static gboolean
rfc850_date (const char *text, gsize length, struct tm *tm)
{
  const char *comma = memchr (text, ',', length);
  time_t now = time (NULL);
  struct tm today;
  int year;

  if (comma == NULL || text + length - comma != 24 || comma[1] != ' ' || comma[4] != '-'
      || comma[8] != '-' || comma[11] != ' ' || memcmp (comma + 20, " GMT", 4) != 0
      || !number (comma + 2, 2, &tm->tm_mday) || !month_of (comma + 5, tm)
      || !number (comma + 9, 2, &year) || !time_of_day (comma + 12, tm))
    return FALSE;
  gmtime_r (&now, &today);
  tm->tm_year = today.tm_year / 100 * 100 + year;
  if (tm->tm_year > today.tm_year + 50)
    tm->tm_year -= 100;
  return TRUE;
}

/* "Sun Nov  6 08:49:37 1994" */
static gboolean
asctime_date (const char *text, gsize length, struct tm *tm)
{
  gboolean padded;
  int year;

  if (length != 24 || text[3] != ' ' || text[7] != ' ' || text[10] != ' ' || text[19] != ' ')
    return FALSE;
  padded = text[8] == ' ';
  if (!number (text + 8 + padded, 2 - padded, &tm->tm_mday) || !month_of (text + 4, tm)
      || !time_of_day (text + 11, tm) || !number (text + 20, 4, &year))
    return FALSE;
  tm->tm_year = year - 1900;
  return TRUE;
}

gboolean
http_date_parse (const char *text, gsize length, gint64 *seconds)
{
  struct tm tm = { 0 };

  if (!imf_fixdate (text, length, &tm) && !rfc850_date (text, length, &tm)
      && !asctime_date (text, length, &tm))
    return FALSE;
  if (tm.tm_mday < 1 || tm.tm_mday > 31)
    return FALSE;
  *seconds = timegm (&tm);
  return TRUE;
}
