/* websocket-frame.c: reads and writes frame headers, unmasks by words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-frame.h"

#include <string.h>

static guint64
big_endian (const guint8 *data, guint bytes)
{
  guint64 value = 0;

  for (guint i = 0; i < bytes; i++)
    value = value << 8 | data[i];
  return value;
}

/* What is wrong whatever was negotiated and whatever came before. */
static const char *
fault_of_start (guint8 first, guint8 second)
{
  guint8 opcode = first & 0x0f;

  if ((second & 0x80) == 0)
    return "a client's frame must be masked";
  if (opcode > WS_OP_PONG || (opcode > WS_OP_BINARY && opcode < WS_OP_CLOSE))
    return "the opcode is reserved";
  if (WS_IS_CONTROL (opcode) && (first & WS_FIN) == 0)
    return "a control frame must not be fragmented";
  if (WS_IS_CONTROL (opcode) && (second & 0x7f) > WS_CONTROL_MAX)
    return "a control frame has at most 125 bytes";
  return NULL;
}

static const char *
fault_of_length (guint64 length, guint extended)
{
  if ((extended == 2 && length < 126) || (extended == 8 && length <= G_MAXUINT16))
    return "the length is not in its shortest form";
  if (length > G_MAXINT64)
    return "the length's first bit must be 0";
  return NULL;
}

WsHeaderResult
ws_frame_parse (WsFrame *frame, const guint8 *data, gsize length, const char **why)
{
  guint extended;

  if (length < 2)
    return WS_HEADER_MORE;
  if ((*why = fault_of_start (data[0], data[1])) != NULL)
    return WS_HEADER_REFUSED;
  frame->first = data[0];
  frame->length = data[1] & 0x7f;
  extended = frame->length == 126 ? 2 : frame->length == 127 ? 8 : 0;
  frame->header = 2 + extended + 4;
  if (length < 2 + extended)
    return WS_HEADER_MORE;
  if (extended > 0)
    frame->length = big_endian (data + 2, extended);
  if ((*why = fault_of_length (frame->length, extended)) != NULL)
    return WS_HEADER_REFUSED;
  if (length < frame->header)
    return WS_HEADER_MORE;
  memcpy (&frame->mask, data + 2 + extended, 4);
  return WS_HEADER_DONE;
}

gsize
ws_frame_header_length (guint64 length)
{
  return length < 126 ? 2 : length <= G_MAXUINT16 ? 4 : 10;
}

gsize
ws_frame_write (guint8 *at, guint8 first, guint64 length)
{
  gsize header = ws_frame_header_length (length);

  at[0] = first;
  if (header == 2)
    at[1] = (guint8) length;
  else
    {
      at[1] = header == 4 ? 126 : 127;
      for (gsize i = header - 1; i >= 2; i--, length >>= 8)
        at[i] = (guint8) length;
    }
  return header;
}

static inline guint32
rotate (guint32 mask, guint bytes)
{
  guint bits = bytes % 4 * 8;

  if (bits == 0)
    return mask;
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  return mask >> bits | mask << (32 - bits);
#else
  return mask << bits | mask >> (32 - bits);
#endif
}

guint32
ws_unmask (guint8 *data, gsize length, guint32 mask)
{
  guint64 wide = (guint64) mask << 32 | mask;
  guint8 bytes[4];
  gsize i = 0;

  for (; i + 8 <= length; i += 8)
    {
      guint64 word;

      memcpy (&word, data + i, 8);
      word ^= wide;
      memcpy (data + i, &word, 8);
    }
  memcpy (bytes, &mask, 4);
  for (; i < length; i++)
    data[i] ^= bytes[i % 4];
  return rotate (mask, length % 4);
}

gboolean
ws_close_code_is_valid (guint code)
{
  if (code >= 3000)
    return code <= 4999;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}
