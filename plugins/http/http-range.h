/* http-range.h: byte ranges of a request (RFC 9110 §14).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  HTTP_RANGE_WHOLE,         /* no usable Range: answer 200 with everything */
  HTTP_RANGE_PART,          /* answer 206 with [first, last] */
  HTTP_RANGE_UNSATISFIABLE, /* answer 416 */
} HttpRange;

/* Judges a Range value (NULL: none) against `total` bytes. One range is served; several, or a unit
 * other than bytes, are answered with the whole, which §14.2 leaves to the server. Any thread. */
HttpRange http_range_parse (const char *value, gsize length, guint64 total, guint64 *first,
                            guint64 *last);

G_END_DECLS
