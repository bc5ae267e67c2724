/* fuzz-sync-lines.c: a file to import, in pieces of any size: lines are as if it had come at once, and each has a kind.
 * Input: a byte for the size of the pieces, then the file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sync-lines.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct
{
  const char *at;
  gsize left;
  gsize piece;
} Source;

static gssize
give (gpointer data, char *buffer, gsize len, CsStatus *status)
{
  Source *source = data;
  gsize n = MIN (MIN (source->piece, len), source->left);

  memcpy (buffer, source->at, n);
  source->at += n;
  source->left -= n;
  return (gssize) n;
}

/* The next line that is not empty, the plain way. */
static gboolean
expect (const char **at, const char *end, CsSlice *line)
{
  while (*at < end)
    {
      const char *newline = memchr (*at, '\n', (gsize) (end - *at));
      const char *stop = newline != NULL ? newline : end;

      *line = cs_slice (*at, (gsize) (stop - *at));
      *at = newline != NULL ? newline + 1 : end;
      if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
      if (line->len > 0)
        return TRUE;
    }
  return FALSE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Source source = { (const char *) data + 1, size - 1, size > 0 ? data[0] + (gsize) 1 : 0 };
  const char *at = source.at, *end;
  SyncLines lines;
  CsSlice line, expected;
  SyncJson object;

  if (size == 0)
    return 0;
  end = at + source.left;
  sync_lines_init (&lines, give, &source, G_MAXSIZE);
  while (sync_lines_next (&lines, &line) == CS_OK)
    {
      SyncLineKind kind = sync_line_kind (line, 64, &object);

      g_assert_true (expect (&at, end, &expected));
      g_assert_true (cs_slice_equal (line, expected));
      g_assert_true (kind == SYNC_LINE_BAD || object.type == SYNC_JSON_OBJECT);
    }
  g_assert_false (expect (&at, end, &expected));
  g_assert_cmpuint (lines.bytes, ==, size - 1);
  sync_lines_clear (&lines);
  return 0;
}
