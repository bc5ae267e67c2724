/* fuzz-http-chunked.c: any bytes as a chunked body, whole and byte by byte, with one verdict.
 * SPDX-License-Identifier: Apache-2.0 */
#include <http-chunked.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static HttpChunkedEvent
decode (const guint8 *data, gsize size, gsize piece, gsize *body, gsize *used)
{
  HttpChunkedEvent event = HTTP_CHUNKED_MORE;
  HttpChunked chunked;

  http_chunked_init (&chunked);
  *body = 0;
  *used = 0;
  while (*used < size && event == HTTP_CHUNKED_MORE)
    {
      const guint8 *at = data + *used;
      const guint8 *end = at + MIN (piece, size - *used);
      const guint8 *part;
      gsize length;

      while ((event = http_chunked_next (&chunked, &at, end, &part, &length)) == HTTP_CHUNKED_DATA)
        {
          g_assert_true (part >= data && part + length <= data + size);
          *body += length;
        }
      *used = at - data;
    }
  return event;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize bodies[2];
  gsize used[2];
  HttpChunkedEvent whole = decode (data, size, MAX (size, 1), &bodies[0], &used[0]);
  HttpChunkedEvent bytes = decode (data, size, 1, &bodies[1], &used[1]);

  g_assert_cmpint (whole, ==, bytes);
  g_assert_cmpuint (bodies[0], ==, bodies[1]);
  g_assert_cmpuint (used[0], ==, used[1]);
  return 0;
}
