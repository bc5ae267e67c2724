/* fuzz-sync-multipart.c: a line with a Content-Type, then any bytes as its multipart body, whole and byte by byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-multipart.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct
{
  GString *parts; /* each part's content behind a `[`, with `]` at its end */
  SyncMultipartEvent last;
} Outcome;

static void
decode (CsSlice boundary, CsSlice body, gsize piece, Outcome *outcome)
{
  SyncMultipart parser;
  CsSlice input = { body.data, 0 };
  CsSlice data;
  gsize given = 0;

  outcome->parts = g_string_new (NULL);
  sync_multipart_init (&parser, boundary);
  for (;;)
    {
      outcome->last = sync_multipart_next (&parser, &input, &data);
      if (outcome->last == SYNC_MULTIPART_DATA)
        g_string_append_len (outcome->parts, data.data, data.len);
      else if (outcome->last == SYNC_MULTIPART_PART)
        g_string_append_c (outcome->parts, '[');
      else if (outcome->last == SYNC_MULTIPART_PART_END)
        g_string_append_c (outcome->parts, ']');
      else if (outcome->last != SYNC_MULTIPART_MORE || given == body.len)
        return;
      else
        {
          g_assert_cmpuint (input.len, ==, 0);
          input = cs_slice (body.data + given, MIN (piece, body.len - given));
          given += input.len;
        }
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *end = size > 0 ? memchr (data, '\n', size) : NULL;
  Outcome whole;
  Outcome bytes;
  CsSlice boundary;
  CsSlice body;

  if (end == NULL
      || !sync_multipart_boundary (cs_slice (data, end - data), "multipart/related", &boundary))
    return 0;
  g_assert_true (boundary.len > 0 && boundary.len <= SYNC_BOUNDARY_MAX);
  body = cs_slice (end + 1, data + size - (end + 1));
  decode (boundary, body, MAX (1, body.len), &whole);
  decode (boundary, body, 1, &bytes);
  g_assert_cmpint (whole.last, ==, bytes.last);
  g_assert_true (g_string_equal (whole.parts, bytes.parts));
  g_string_free (whole.parts, TRUE);
  g_string_free (bytes.parts, TRUE);
  return 0;
}
