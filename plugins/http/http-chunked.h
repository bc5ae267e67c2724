/* http-chunked.h: the chunked transfer coding, both ways (RFC 9112 §7.1).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Any thread; never waits; allocates nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  HTTP_CHUNKED_MORE,    /* all input is used up */
  HTTP_CHUNKED_DATA,    /* `data`, `length` point into the input */
  HTTP_CHUNKED_END,     /* the body and its trailers are over */
  HTTP_CHUNKED_REFUSED, /* see `reason`; answer 400, then close */
} HttpChunkedEvent;

typedef struct
{
  guint64 remaining;  /* of the chunk that is being read */
  guint32 overhead;   /* bytes of extensions and trailers so far, bounded */
  guint8 state;
  guint8 digits;
  guint8 name_bytes; /* of a trailer line: whether its name has begun */
  const char *reason;
} HttpChunked;

/* Extensions and trailers of one body together, beyond which it is refused. */
#define HTTP_CHUNKED_OVERHEAD_MAX (16 * 1024)

void http_chunked_init (HttpChunked *self);

/* Reads from `at`, which it moves forward, to `end`. Trailers are checked and dropped. */
HttpChunkedEvent http_chunked_next (HttpChunked *self, const guint8 **at, const guint8 *end,
                                    const guint8 **data, gsize *length);

/* The longest chunk line that http_chunked_line() writes. */
#define HTTP_CHUNKED_LINE_MAX 18

/* Writes the size line of a chunk of `length` > 0 bytes; its length. The chunk's data follow, then
 * CR LF. */
gsize http_chunked_line (char *line, guint64 length);

#define HTTP_CHUNKED_LAST "0\r\n\r\n"

G_END_DECLS
