/* fuzz-http-head.c: any bytes as a request head, whole and in pieces, with one verdict.
 * SPDX-License-Identifier: Apache-2.0 */
#include <http-parser.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_slice (const HttpHead *head, HttpSlice slice)
{
  g_assert_cmpuint ((guint64) slice.at + slice.length, <=, head->length);
}

static void
check_head (const HttpHead *head, const guint8 *data, gsize size)
{
  g_assert_cmpuint (head->length, <=, size);
  check_slice (head, head->method_text);
  check_slice (head, head->target);
  check_slice (head, head->path);
  check_slice (head, head->query);
  check_slice (head, head->authority);
  check_slice (head, head->host);
  g_assert_false (head->chunked && head->has_length);
  for (guint i = 0; i < head->n_fields; i++)
    {
      check_slice (head, (HttpSlice){ head->fields[i].name, head->fields[i].name_length });
      check_slice (head, (HttpSlice){ head->fields[i].value, head->fields[i].value_length });
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const HttpHeadLimits limits = { .head_bytes = 4096, .target_bytes = 1024 };
  HttpField fields[2][HTTP_MAX_FIELDS];
  HttpHead whole;
  HttpHead pieces;
  HttpParse result;
  HttpParse again;

  http_head_reset (&whole, fields[0]);
  result = http_head_parse (&whole, data, size, &limits);
  if (result == HTTP_PARSE_DONE)
    check_head (&whole, data, size);

  http_head_reset (&pieces, fields[1]);
  again = HTTP_PARSE_MORE;
  for (gsize n = size / 3; again == HTTP_PARSE_MORE; n += size / 3 + 1)
    {
      again = http_head_parse (&pieces, data, MIN (n, size), &limits);
      if (n >= size)
        break;
    }
  /* A line that came in pieces is judged when it ends. */
  if (result != HTTP_PARSE_REFUSED || again != HTTP_PARSE_MORE)
    g_assert_cmpint (again, ==, result);
  if (result == HTTP_PARSE_DONE)
    g_assert_cmpuint (pieces.length, ==, whole.length);
  return 0;
}
