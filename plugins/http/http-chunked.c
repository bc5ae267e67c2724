/* http-chunked.c: decodes and encodes chunked bodies; every framing that leaves doubt is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-chunked.h"
#include "http-chars.h"

#include <string.h>

enum
{
  CHUNKED_SIZE,
  CHUNKED_EXTENSION,
  CHUNKED_SIZE_LF,
  CHUNKED_DATA,
  CHUNKED_DATA_CR,
  CHUNKED_DATA_LF,
  CHUNKED_TRAILER_NAME,
  CHUNKED_TRAILER_VALUE,
  CHUNKED_TRAILER_LF,
  CHUNKED_LAST_LF,
  CHUNKED_OVER,
};

void
http_chunked_init (HttpChunked *self)
{
  *self = (HttpChunked){ .state = CHUNKED_SIZE };
}

static gboolean
refuse (HttpChunked *self, const char *reason)
{
  self->reason = reason;
  return FALSE;
}

static gboolean
size_byte (HttpChunked *self, guint8 byte)
{
  int value = http_hex_value (byte);

  if (value >= 0)
    {
      if (++self->digits > 15)
        return refuse (self, "a chunk size is too large");
      self->remaining = self->remaining << 4 | (guint) value;
      return TRUE;
    }
  if (self->digits == 0)
    return refuse (self, "a chunk without a size");
  if (byte == ';')
    self->state = CHUNKED_EXTENSION;
  else if (byte == '\r')
    self->state = CHUNKED_SIZE_LF;
  else
    return refuse (self, "a chunk size is not hexadecimal");
  return TRUE;
}

static gboolean
count_overhead (HttpChunked *self)
{
  if (++self->overhead > HTTP_CHUNKED_OVERHEAD_MAX)
    return refuse (self, "chunk extensions or trailers are too long");
  return TRUE;
}

static gboolean
text_byte (HttpChunked *self, guint8 byte, guint8 after)
{
  if (byte == '\r')
    self->state = after;
  else if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
    return refuse (self, "a control character in a chunk extension or trailer");
  return count_overhead (self);
}

static gboolean
trailer_name_byte (HttpChunked *self, guint8 byte)
{
  if (byte == '\r' && self->name_bytes == 0)
    self->state = CHUNKED_LAST_LF;
  else if (byte == ':' && self->name_bytes > 0)
    self->state = CHUNKED_TRAILER_VALUE;
  else if (http_is (byte, HTTP_CHAR_TOKEN))
    self->name_bytes = 1;
  else
    return refuse (self, "a trailer name is not a token");
  return count_overhead (self);
}

static gboolean
expect_byte (HttpChunked *self, guint8 byte, guint8 expected, guint8 next, const char *reason)
{
  if (byte != expected)
    return refuse (self, reason);
  self->state = next;
  return TRUE;
}

static gboolean
end_of_size (HttpChunked *self, guint8 byte)
{
  guint8 next = self->remaining > 0 ? CHUNKED_DATA : CHUNKED_TRAILER_NAME;

  self->digits = 0;
  self->name_bytes = 0;
  return expect_byte (self, byte, '\n', next, "a chunk line must end with CR LF");
}

static gboolean
framing_byte (HttpChunked *self, guint8 byte)
{
  switch (self->state)
    {
    case CHUNKED_SIZE:
      return size_byte (self, byte);
    case CHUNKED_EXTENSION:
      return text_byte (self, byte, CHUNKED_SIZE_LF);
    case CHUNKED_SIZE_LF:
      return end_of_size (self, byte);
    case CHUNKED_DATA_CR:
      return expect_byte (self, byte, '\r', CHUNKED_DATA_LF, "a chunk is longer than its size");
    case CHUNKED_DATA_LF:
      return expect_byte (self, byte, '\n', CHUNKED_SIZE, "a chunk must end with CR LF");
    case CHUNKED_TRAILER_NAME:
      return trailer_name_byte (self, byte);
    case CHUNKED_TRAILER_VALUE:
      return text_byte (self, byte, CHUNKED_TRAILER_LF);
    case CHUNKED_TRAILER_LF:
      self->name_bytes = 0;
      return expect_byte (self, byte, '\n', CHUNKED_TRAILER_NAME, "a trailer must end with CR LF");
    case CHUNKED_LAST_LF:
      return expect_byte (self, byte, '\n', CHUNKED_OVER, "the last line must end with CR LF");
    default:
      return refuse (self, "the chunked body is over");
    }
}

HttpChunkedEvent
http_chunked_next (HttpChunked *self, const guint8 **at, const guint8 *end, const guint8 **data,
                   gsize *length)
{
  if (self->reason != NULL)
    return HTTP_CHUNKED_REFUSED;
  while (*at < end && self->state != CHUNKED_OVER)
    {
      if (self->state == CHUNKED_DATA)
        {
          *data = *at;
          *length = MIN ((guint64) (end - *at), self->remaining);
          *at += *length;
          self->remaining -= *length;
          if (self->remaining == 0)
            self->state = CHUNKED_DATA_CR;
          return HTTP_CHUNKED_DATA;
        }
      if (!framing_byte (self, *(*at)++))
        return HTTP_CHUNKED_REFUSED;
    }
  return self->state == CHUNKED_OVER ? HTTP_CHUNKED_END : HTTP_CHUNKED_MORE;
}

gsize
http_chunked_line (char *line, guint64 length)
{
  char digits[16];
  gsize n = 0;

  do
    digits[n++] = "0123456789abcdef"[length & 15];
  while ((length >>= 4) != 0);
  for (gsize i = 0; i < n; i++)
    line[i] = digits[n - 1 - i];
  line[n] = '\r';
  line[n + 1] = '\n';
  return n + 2;
}
