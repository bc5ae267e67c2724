/* http-uri.h: percent-decoding and the query string.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Any thread; never waits; allocates nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  HTTP_URI_PATH = 0,
  HTTP_URI_FORM = 1 << 0, /* `+` stands for a space */
} HttpUriFlags;

/* Decodes into `out`, which holds at least `length` + 1 bytes, and ends it with a NUL.
 * Returns the decoded length, or -1 for `%` without two digits and for an encoded NUL. */
gssize http_uri_decode (const char *text, gsize length, HttpUriFlags flags, char *out);

typedef struct
{
  const char *at;
  const char *end;
} HttpQuery;

static inline void
http_query_init (HttpQuery *self, const char *query, gsize length)
{
  *self = (HttpQuery){ query, query + length };
}

/* The next `name[=value]`, still encoded; empty pairs are skipped. `value` is NULL without `=`. */
gboolean http_query_next (HttpQuery *self, const char **name, gsize *name_length,
                          const char **value, gsize *value_length);

/* The first pair whose decoded name is `name`; its value is still encoded ("" without `=`). */
gboolean http_query_find (const char *query, gsize length, const char *name, const char **value,
                          gsize *value_length);

G_END_DECLS
