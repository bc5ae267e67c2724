/* http-ranges.c: which part of an answer a client is sent (RFC 9110 §14).
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-range.h"
#include "http.h"

CsSlice
http_exchange_field (const HttpExchange *self, const char *name)
{
  const HttpField *field = http_head_find (&self->head, self->text, name, strlen (name));

  if (field == NULL)
    return cs_slice (NULL, 0);
  return cs_slice (self->text + field->value, field->value_length);
}

/* RFC 9110 §13.1.5: a range counts only while the client's copy is still the present one. */
static gboolean
range_is_current (const HttpExchange *self)
{
  CsSlice wanted = http_exchange_field (self, "if-range");
  const HttpOut *tag;

  if (wanted.data == NULL)
    return TRUE;
  tag = http_exchange_out (self, wanted.len > 0 && wanted.data[0] == '"' ? "ETag"
                                                                         : "Last-Modified");
  return tag != NULL && tag->value_length == wanted.len
         && memcmp (tag->value, wanted.data, wanted.len) == 0;
}

/* What part of a 200 of this length the client wants. */
static HttpRange
wanted_range (const HttpExchange *self, guint status, gint64 length, guint64 *first, guint64 *last)
{
  CsSlice range;

  if (self->route == NULL || (self->route->row.flags & CS_HTTP_RANGES) == 0 || status != 200
      || length < 0 || self->head.method != HTTP_METHOD_GET || !range_is_current (self))
    return HTTP_RANGE_WHOLE;
  range = http_exchange_field (self, "range");
  return http_range_parse (range.data, range.len, length, first, last);
}

static void
tell_unsatisfiable (HttpExchange *self, gint64 length)
{
  char text[40];

  g_snprintf (text, sizeof text, "bytes */%" G_GINT64_FORMAT, length);
  http_set_header (&self->exchange, "Content-Range", text);
}

gint64
http_exchange_cut_to_range (HttpExchange *self, gint64 length)
{
  char text[80];
  guint64 first;
  guint64 last;

  if (self->route == NULL || (self->route->row.flags & CS_HTTP_RANGES) == 0
      || self->status != 200 || length < 0)
    return length;
  http_set_header (&self->exchange, "Accept-Ranges", "bytes");
  switch (wanted_range (self, self->status, length, &first, &last))
    {
    case HTTP_RANGE_WHOLE:
      return length;
    case HTTP_RANGE_UNSATISFIABLE:
      tell_unsatisfiable (self, length);
      self->status = 416;
      self->ranged = TRUE;
      self->skip = length;
      return 0;
    case HTTP_RANGE_PART:
      break;
    }
  g_snprintf (text, sizeof text,
              "bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT, first, last,
              length);
  http_set_header (&self->exchange, "Content-Range", text);
  self->status = 206;
  self->ranged = TRUE;
  self->skip = first;
  return last - first + 1;
}

gboolean
http_exchange_refuse_range (HttpExchange *self, guint status, gint64 length)
{
  guint64 first;
  guint64 last;

  if (self->begun || self->ended
      || wanted_range (self, status, length, &first, &last) != HTTP_RANGE_UNSATISFIABLE)
    return FALSE;
  tell_unsatisfiable (self, length);
  http_reply_error (&self->exchange, 416, "Requested range not satisfiable");
  return TRUE;
}

void
http_range (CsHttpExchange *exchange, guint64 length, guint64 *first, guint64 *wanted)
{
  HttpExchange *self = (HttpExchange *) exchange;
  guint64 last;

  self->part_only = TRUE;
  *first = 0;
  *wanted = self->is_head ? 0 : length;
  switch (wanted_range (self, 200, length, first, &last))
    {
    case HTTP_RANGE_WHOLE:
      *first = 0;
      break;
    case HTTP_RANGE_UNSATISFIABLE:
      *wanted = 0;
      break;
    case HTTP_RANGE_PART:
      *wanted = last - *first + 1;
    }
}
