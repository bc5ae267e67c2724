/* sync-multipart.c: a multipart body read as its bytes come.
 *
 * A delimiter is CR LF, two dashes and the boundary. No byte after its first is a CR, so a match
 * that fails can begin anew nowhere but at the byte that failed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-multipart.h"

#define HEADERS_MAX 8192 /* bytes before a part's content */

enum
{
  PREAMBLE,
  CONTENT,
  AFTER_DELIMITER, /* `--` ends the body, blanks and a line's end begin a part */
  SECOND_DASH,
  LINE_END,
  HEADERS,
  ENDED,
  FAILED
};

/* ---- the boundary ---- */

static CsSlice
skip_blanks (CsSlice text)
{
  while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
    text = cs_slice (text.data + 1, text.len - 1);
  return text;
}

/* Cuts the text at a byte, which is dropped; the piece before it. */
static CsSlice
cut (CsSlice *text, char at)
{
  const char *found = text->len > 0 ? memchr (text->data, at, text->len) : NULL;
  CsSlice piece = *text;

  if (found == NULL)
    {
      text->len = 0;
      return piece;
    }
  piece.len = found - piece.data;
  *text = cs_slice (found + 1, text->len - piece.len - 1);
  return piece;
}

/* The value of a parameter, quoted or not; *rest goes on behind it. Quoted pairs stand for nothing
 * here. */
static CsSlice
take_value (CsSlice *rest)
{
  CsSlice value;

  if (rest->len > 0 && rest->data[0] == '"')
    {
      *rest = cs_slice (rest->data + 1, rest->len - 1);
      value = cut (rest, '"');
      cut (rest, ';');
      return value;
    }
  value = cut (rest, ';');
  while (value.len > 0 && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t'))
    value.len--;
  return value;
}

static gboolean
usable (CsSlice boundary)
{
  if (boundary.len == 0 || boundary.len > SYNC_BOUNDARY_MAX
      || boundary.data[boundary.len - 1] == ' ')
    return FALSE;
  for (gsize i = 0; i < boundary.len; i++)
    if (boundary.data[i] < 0x20 || boundary.data[i] > 0x7e || boundary.data[i] == '\\')
      return FALSE;
  return TRUE;
}

static gboolean
is_name (CsSlice text, const char *name)
{
  return text.len == strlen (name) && g_ascii_strncasecmp (text.data, name, text.len) == 0;
}

gboolean
sync_multipart_boundary (CsSlice content_type, const char *type, CsSlice *boundary)
{
  CsSlice rest = skip_blanks (content_type);
  gsize length = strlen (type);

  if (rest.len < length || g_ascii_strncasecmp (rest.data, type, length) != 0)
    return FALSE;
  rest = skip_blanks (cs_slice (rest.data + length, rest.len - length));
  if (rest.len == 0 || rest.data[0] != ';')
    return FALSE;
  rest = cs_slice (rest.data + 1, rest.len - 1);
  while (rest.len > 0)
    {
      CsSlice name;

      rest = skip_blanks (rest);
      name = cut (&rest, '=');
      *boundary = take_value (&rest);
      if (is_name (name, "boundary"))
        return usable (*boundary);
    }
  return FALSE;
}

/* ---- the body ---- */

void
sync_multipart_init (SyncMultipart *self, CsSlice boundary)
{
  memset (self, 0, sizeof *self);
  memcpy (self->delimiter, "\r\n--", 4);
  memcpy (self->delimiter + 4, boundary.data, boundary.len);
  self->delimiter_length = 4 + boundary.len;
  self->matched = 2; /* the first stands at the beginning */
}

static void
skip (CsSlice *input, gsize n)
{
  *input = cs_slice (input->data + n, input->len - n);
}

/* What was taken for a delimiter's beginning is content after all. */
static SyncMultipartEvent
give_back (SyncMultipart *self, CsSlice *data)
{
  *data = cs_slice (self->delimiter, self->matched);
  self->matched = 0;
  return SYNC_MULTIPART_DATA;
}

/* Content up to the next byte that may begin a delimiter. */
static SyncMultipartEvent
take_plain (CsSlice *input, CsSlice *data)
{
  const char *cr = memchr (input->data, '\r', input->len);

  *data = cs_slice (input->data, cr != NULL ? (gsize) (cr - input->data) : input->len);
  skip (input, data->len);
  return SYNC_MULTIPART_DATA;
}

static SyncMultipartEvent
content (SyncMultipart *self, CsSlice *input, CsSlice *data)
{
  while (input->len > 0 && self->matched < self->delimiter_length)
    {
      if (input->data[0] == self->delimiter[self->matched])
        {
          self->matched++;
          skip (input, 1);
        }
      else
        return self->matched > 0 ? give_back (self, data) : take_plain (input, data);
    }
  if (self->matched < self->delimiter_length)
    return SYNC_MULTIPART_MORE;
  self->matched = 0;
  self->state = AFTER_DELIMITER;
  return SYNC_MULTIPART_PART_END;
}

static SyncMultipartEvent
preamble (SyncMultipart *self, CsSlice *input)
{
  SyncMultipartEvent event;
  CsSlice passed;

  do
    event = content (self, input, &passed);
  while (event == SYNC_MULTIPART_DATA);
  return SYNC_MULTIPART_MORE;
}

static guint
after_delimiter (char byte)
{
  switch (byte)
    {
    case '-':
      return SECOND_DASH;
    case ' ':
    case '\t':
      return AFTER_DELIMITER;
    case '\r':
      return LINE_END;
    default:
      return FAILED;
    }
}

/* An empty line ends them. */
static guint
header (SyncMultipart *self, char byte)
{
  if (++self->header_bytes > HEADERS_MAX)
    return FAILED;
  if (byte == '\n' && self->line_bytes == 0)
    return CONTENT;
  if (byte == '\n')
    self->line_bytes = 0;
  else if (byte != '\r')
    self->line_bytes++;
  return HEADERS;
}

/* The state after a byte that is no content. */
static guint
step (SyncMultipart *self, char byte)
{
  switch (self->state)
    {
    case AFTER_DELIMITER:
      return after_delimiter (byte);
    case SECOND_DASH:
      return byte == '-' ? ENDED : FAILED;
    case LINE_END:
      self->header_bytes = self->line_bytes = 0;
      return byte == '\n' ? HEADERS : FAILED;
    default:
      return header (self, byte);
    }
}

SyncMultipartEvent
sync_multipart_next (SyncMultipart *self, CsSlice *input, CsSlice *data)
{
  if (self->state == CONTENT)
    return content (self, input, data);
  if (self->state == PREAMBLE)
    preamble (self, input);
  while (input->len > 0 && self->state > CONTENT && self->state < ENDED)
    {
      self->state = step (self, input->data[0]);
      skip (input, 1);
      if (self->state == CONTENT)
        return SYNC_MULTIPART_PART;
    }
  if (self->state == ENDED)
    return SYNC_MULTIPART_END;
  return self->state == FAILED ? SYNC_MULTIPART_INVALID : SYNC_MULTIPART_MORE;
}
