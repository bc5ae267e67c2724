/* sync-lines.c: a stream of lines, and what the lines of an export are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-lines.h"

#include <string.h>

#define READ_BYTES (256 * 1024)

void
sync_lines_init (SyncLines *self, SyncReadFunc read, gpointer data, gsize most)
{
  *self = (SyncLines){ .read = read, .data = data, .most = most };
}

void
sync_lines_clear (SyncLines *self)
{
  g_free (self->buffer);
  self->buffer = NULL;
}

static void
make_room (SyncLines *self)
{
  if (self->at > 0)
    {
      memmove (self->buffer, self->buffer + self->at, self->len);
      self->at = 0;
    }
  if (self->room - self->len >= READ_BYTES)
    return;
  self->room = MAX (self->room * 2, self->len + READ_BYTES);
  self->buffer = g_realloc (self->buffer, self->room);
}

static CsStatus
read_more (SyncLines *self)
{
  CsStatus status = CS_OK;
  gssize n;

  make_room (self);
  n = self->read (self->data, self->buffer + self->len, self->room - self->len, &status);
  if (n < 0)
    return status;
  self->ended = n == 0;
  self->len += (gsize) n;
  self->bytes += (guint64) n;
  return CS_OK;
}

/* A whole line, or what is left at the end. Bytes that were looked at are not looked at again. */
static CsStatus
find_line (SyncLines *self, gsize *len, gsize *taken)
{
  gsize seen = 0;

  for (;;)
    {
      const char *start = self->buffer != NULL ? self->buffer + self->at : "";
      const char *end = self->len > seen ? memchr (start + seen, '\n', self->len - seen) : NULL;
      CsStatus status;

      *len = end != NULL ? (gsize) (end - start) : self->len;
      *taken = *len + (end != NULL);
      if (*len > self->most)
        return CS_TOO_LARGE;
      if (end != NULL || (self->ended && self->len > 0))
        return CS_OK;
      if (self->ended)
        return CS_NOT_FOUND;
      seen = self->len;
      status = read_more (self);
      if (status != CS_OK)
        return status;
    }
}

CsStatus
sync_lines_next (SyncLines *self, CsSlice *line)
{
  gsize len, taken;

  for (;;)
    {
      CsStatus status = find_line (self, &len, &taken);

      if (status == CS_NOT_FOUND)
        return status;
      self->number++;
      if (status != CS_OK)
        return status;
      *line = cs_slice (self->buffer + self->at, len);
      self->at += taken;
      self->len -= taken;
      if (len > 0 && line->data[len - 1] == '\r')
        line->len--;
      if (line->len > 0)
        return CS_OK;
    }
}

static gboolean
is_local (SyncJson id)
{
  return id.type == SYNC_JSON_STRING && id.text.len > 8
         && memcmp (id.text.data, "\"_local/", 8) == 0;
}

SyncLineKind
sync_line_kind (CsSlice line, guint max_depth, SyncJson *object)
{
  if (!sync_json_parse (line, max_depth, object) || object->type != SYNC_JSON_OBJECT)
    return SYNC_LINE_BAD;
  if (sync_json_member (*object, "_id").type != SYNC_JSON_NONE)
    return is_local (sync_json_member (*object, "_id")) ? SYNC_LINE_LOCAL : SYNC_LINE_DOCUMENT;
  if (sync_json_member (*object, SYNC_EXPORT_HEAD).type == SYNC_JSON_NUMBER)
    return SYNC_LINE_HEAD;
  if (sync_json_member (*object, SYNC_EXPORT_END).type == SYNC_JSON_OBJECT)
    {
      *object = sync_json_member (*object, SYNC_EXPORT_END);
      return SYNC_LINE_END;
    }
  return SYNC_LINE_DOCUMENT; /* and refused as one without an id */
}

void
sync_line_join (char *text, gsize len)
{
  char *end = text + len;
  char *at = text;

  while ((at = memchr (at, '\n', (gsize) (end - at))) != NULL)
    *at++ = ' ';
  for (at = text; (at = memchr (at, '\r', (gsize) (end - at))) != NULL;)
    *at++ = ' ';
}
