/* http-parser.h: reads the head of an HTTP/1 request where it lies in the buffer.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Strict after RFC 9112: whatever two parties could frame differently is refused. Nothing is
 * copied; results are offsets into the buffer, so the buffer may move between calls.
 * Any thread; never waits; allocates nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HTTP_MAX_FIELDS 100

typedef enum
{
  HTTP_METHOD_OTHER,
  HTTP_METHOD_GET,
  HTTP_METHOD_HEAD,
  HTTP_METHOD_POST,
  HTTP_METHOD_PUT,
  HTTP_METHOD_DELETE,
  HTTP_METHOD_OPTIONS,
  HTTP_METHOD_PATCH,
  HTTP_METHOD_CONNECT,
} HttpMethod;

/* Fields that the framing itself needs; the rest are found by name. */
typedef enum
{
  HTTP_FIELD_OTHER,
  HTTP_FIELD_HOST,
  HTTP_FIELD_CONTENT_LENGTH,
  HTTP_FIELD_TRANSFER_ENCODING,
  HTTP_FIELD_CONNECTION,
  HTTP_FIELD_EXPECT,
} HttpFieldId;

typedef enum
{
  HTTP_PARSE_MORE,    /* the head has not ended */
  HTTP_PARSE_DONE,    /* the head is `length` bytes long */
  HTTP_PARSE_REFUSED, /* answer `status`, then close */
} HttpParse;

typedef struct
{
  guint32 at;
  guint32 length;
} HttpSlice;

typedef struct
{
  guint32 name;
  guint32 value;
  guint32 value_length;
  guint16 name_length;
  guint16 id;
} HttpField;

typedef struct
{
  guint32 head_bytes;   /* request line and fields together; beyond it 431 */
  guint32 target_bytes; /* beyond it 414 */
} HttpHeadLimits;

typedef struct
{
  /* Where reading stands. */
  guint32 line; /* start of the line that is being read */
  guint32 scan; /* no line end lies before this */
  guint8 began; /* the request line is behind us */

  /* What was read; valid when DONE. */
  guint8 method; /* HttpMethod */
  guint8 minor;  /* of HTTP/1.minor */
  guint8 https;  /* scheme of an absolute target */
  guint keep_alive : 1;
  guint chunked : 1;
  guint has_length : 1;
  guint expect_continue : 1;
  guint wants_upgrade : 1; /* Connection lists `upgrade` */
  guint absolute : 1;      /* the target carried an authority */
  guint seen_host : 1;
  guint seen_close : 1;
  guint seen_keep_alive : 1;
  guint seen_coding : 1;
  guint unknown_coding : 1;
  guint unknown_expect : 1;
  guint16 n_fields;
  guint16 status;     /* when REFUSED */
  const char *reason; /* when REFUSED: static text */
  guint64 content_length;
  guint32 length;
  HttpSlice method_text;
  HttpSlice target;
  HttpSlice path;  /* still percent-encoded; empty for `*` and for an authority alone */
  HttpSlice query; /* without the `?`; at = 0 when there is none */
  HttpSlice authority;
  HttpSlice host; /* value of Host */
  HttpField *fields;
} HttpHead;

/* Makes `head` ready for a request whose fields go to `fields`, an array of HTTP_MAX_FIELDS. */
void http_head_reset (HttpHead *head, HttpField *fields);

/* Reads on. `data` is the whole buffer from the first byte of this request; earlier bytes must be
 * unchanged since the last call. Each byte is looked at a bounded number of times, whatever the
 * pieces it comes in. After DONE or REFUSED call http_head_reset() before the next request. */
HttpParse http_head_parse (HttpHead *head, const guint8 *data, gsize length,
                           const HttpHeadLimits *limits);

/* The first field of that name (lower-case), or NULL. */
const HttpField *http_head_find (const HttpHead *head, const guint8 *data, const char *name,
                                 gsize name_length);

G_END_DECLS
