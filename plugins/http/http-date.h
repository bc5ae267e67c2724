/* http-date.h: HTTP dates (RFC 9110 §5.6.7).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HTTP_DATE_LENGTH 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Writes the IMF-fixdate of `seconds` since 1970 and a NUL. Any thread. */
void http_date_format (gint64 seconds, char text[HTTP_DATE_LENGTH + 1]);

/* Reads any of the three forms; FALSE when it is none. Any thread. */
gboolean http_date_parse (const char *text, gsize length, gint64 *seconds);

/* The last text made, so that a second's requests share it. One for each worker. */
typedef struct
{
  gint64 seconds;
  char text[HTTP_DATE_LENGTH + 1];
} HttpDateCache;

static inline const char *
http_date_cached (HttpDateCache *cache, gint64 seconds)
{
  if (G_UNLIKELY (cache->seconds != seconds))
    {
      http_date_format (seconds, cache->text);
      cache->seconds = seconds;
    }
  return cache->text;
}

G_END_DECLS
