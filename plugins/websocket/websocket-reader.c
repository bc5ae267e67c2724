/* websocket-reader.c: frames to messages (RFC 6455 §5.4, §6.2): fragments, control frames in between, masks,
 * decompression and UTF-8 as the bytes come. A message that lies whole in the input is not copied.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-reader.h"

#include <cloudsync/services/websocket.h>

void
ws_reader_init (WsReader *self, guint64 most, guint kinds, WsDeflate deflate)
{
  *self = (WsReader){ .most = MIN (most, G_MAXINT64), .kinds = kinds, .deflate = deflate };
}

void
ws_reader_clear (WsReader *self, WsZlib *zlib)
{
  ws_bytes_clear (&self->bytes);
  if (self->inflate != NULL)
    ws_inflate_give (zlib, g_steal_pointer (&self->inflate));
}

void
ws_reader_forget (WsReader *self)
{
  if (!self->given)
    return;
  self->given = FALSE;
  ws_bytes_clear (&self->bytes);
}

static WsReadType
fail (WsRead *event, guint code, const char *why)
{
  *event = (WsRead){ .type = WS_READ_FAILED, .code = code, .why = why };
  return WS_READ_FAILED;
}

/* ---- control frames ---- */

static WsReadType
read_close (WsRead *event)
{
  const guint8 *payload = (const guint8 *) event->data.data;
  WsUtf8 utf8 = { 0 };

  event->type = WS_READ_CLOSE;
  event->code = CS_WS_NO_STATUS;
  if (event->data.len == 0)
    return WS_READ_CLOSE;
  if (event->data.len == 1)
    return fail (event, CS_WS_PROTOCOL_ERROR, "a close has no payload, or a code of two bytes");
  event->code = (guint) payload[0] << 8 | payload[1];
  event->data = cs_slice (payload + 2, event->data.len - 2);
  if (!ws_close_code_is_valid (event->code))
    return fail (event, CS_WS_PROTOCOL_ERROR, "the close has a code that must not be sent");
  if (!ws_utf8_add (&utf8, payload + 2, event->data.len) || !ws_utf8_is_whole (&utf8))
    return fail (event, CS_WS_INVALID_DATA, "the reason of the close is not UTF-8");
  return WS_READ_CLOSE;
}

static WsReadType
read_control (WsReader *self, const WsFrame *frame, guint8 **at, WsRead *event)
{
  guint8 *payload = *at + frame->header;

  ws_unmask (payload, frame->length, frame->mask);
  *at = payload + frame->length;
  self->n_frames++;
  *event = (WsRead){ .type = WS_READ_PING, .data = cs_slice (payload, frame->length) };
  if ((frame->first & 0x0f) == WS_OP_CLOSE)
    return read_close (event);
  if ((frame->first & 0x0f) == WS_OP_PONG)
    event->type = WS_READ_PONG;
  return event->type;
}

/* ---- data frames ---- */

static const char *
fault_of_sequence (const WsReader *self, guint8 first)
{
  guint8 opcode = first & 0x0f;
  gboolean may_compress = self->deflate.client_bits != 0 && opcode != WS_OP_CONTINUATION
                          && !WS_IS_CONTROL (opcode);

  if ((first & WS_RSV & ~(may_compress ? WS_RSV1 : 0)) != 0)
    return "a reserved bit is set";
  if (opcode == WS_OP_CONTINUATION && self->message == 0)
    return "there is no message to continue";
  if ((opcode == WS_OP_TEXT || opcode == WS_OP_BINARY) && self->message != 0)
    return "a message begins before the one before has ended";
  return NULL;
}

static void
begin_message (WsReader *self, WsZlib *zlib, guint8 first)
{
  self->message = first & 0x0f;
  self->compressed = (first & WS_RSV1) != 0;
  self->utf8 = (WsUtf8){ 0 };
  if (self->compressed && self->inflate == NULL)
    self->inflate
      = ws_inflate_take (zlib, self->deflate.client_takeover ? self->deflate.client_bits : 15);
}

/* WS_READ_MORE: go on. */
static WsReadType
begin_frame (WsReader *self, WsZlib *zlib, const WsFrame *frame, WsRead *event)
{
  if ((frame->first & 0x0f) != WS_OP_CONTINUATION)
    {
      if ((self->kinds & 1u << (frame->first & 0x0f)) == 0)
        return fail (event, CS_WS_UNSUPPORTED_DATA, "messages of this kind are not taken here");
      begin_message (self, zlib, frame->first);
    }
  if (!self->compressed && frame->length > self->most - self->bytes.length)
    return fail (event, CS_WS_MESSAGE_TOO_BIG, "the message is too big");
  self->final = (frame->first & WS_FIN) != 0;
  self->left = frame->length;
  self->mask = frame->mask;
  self->in_frame = TRUE;
  return WS_READ_MORE;
}

static gboolean
text_is_valid (WsReader *self, const guint8 *data, gsize length)
{
  return self->message != WS_OP_TEXT || ws_utf8_add (&self->utf8, data, length);
}

static WsReadType
after_inflate (WsReader *self, WsInflateResult result, gsize before, WsRead *event)
{
  gsize length = MIN (self->bytes.length, self->most) - before;

  if (!text_is_valid (self, self->bytes.data + before, length))
    return fail (event, CS_WS_INVALID_DATA, "the text is not UTF-8");
  if (result == WS_INFLATE_CORRUPT)
    return fail (event, CS_WS_INVALID_DATA, "the message cannot be decompressed");
  if (result == WS_INFLATE_TOO_LARGE)
    return fail (event, CS_WS_MESSAGE_TOO_BIG, "the message is too big");
  return WS_READ_MORE;
}

/* What a frame brought, or the part of it that is there. */
static WsReadType
take_piece (WsReader *self, guint8 *piece, gsize length, WsRead *event)
{
  gsize before = self->bytes.length;

  if (self->compressed)
    return after_inflate (self,
                          ws_inflate_add (self->inflate, piece, length, &self->bytes, self->most),
                          before, event);
  if (!text_is_valid (self, piece, length))
    return fail (event, CS_WS_INVALID_DATA, "the text is not UTF-8");
  if (!self->final || self->left > length || before > 0)
    ws_bytes_add (&self->bytes, piece, length, self->final ? before + self->left : self->most);
  return WS_READ_MORE;
}

static WsReadType
end_message (WsReader *self, WsZlib *zlib, CsSlice in_place, WsRead *event)
{
  gsize before = self->bytes.length;

  if (self->compressed
      && after_inflate (self, ws_inflate_end (self->inflate, &self->bytes, self->most), before,
                        event)
           == WS_READ_FAILED)
    return WS_READ_FAILED;
  if (self->message == WS_OP_TEXT && !ws_utf8_is_whole (&self->utf8))
    return fail (event, CS_WS_INVALID_DATA, "the text is not UTF-8");
  *event = (WsRead){ .type = WS_READ_MESSAGE, .opcode = self->message, .data = in_place };
  if (self->compressed || self->bytes.length > 0)
    event->data = cs_slice (self->bytes.data, self->bytes.length);
  if (self->compressed && !self->deflate.client_takeover)
    ws_inflate_give (zlib, g_steal_pointer (&self->inflate));
  self->message = 0;
  self->given = TRUE;
  return WS_READ_MESSAGE;
}

/* WS_READ_MORE with the frame ended: there may be another. */
static WsReadType
read_payload (WsReader *self, WsZlib *zlib, guint8 **at, guint8 *end, WsRead *event)
{
  guint8 *piece = *at;
  gsize length = MIN (self->left, (gsize) (end - piece));

  self->mask = ws_unmask (piece, length, self->mask);
  *at += length;
  if (take_piece (self, piece, length, event) == WS_READ_FAILED)
    return WS_READ_FAILED;
  self->left -= length;
  if (self->left > 0)
    return WS_READ_MORE;
  self->in_frame = FALSE;
  self->n_frames++;
  if (!self->final)
    return WS_READ_MORE;
  return end_message (self, zlib, cs_slice (piece, length), event);
}

/* ---- both ---- */

static WsReadType
read_header (WsReader *self, WsZlib *zlib, guint8 **at, guint8 *end, WsRead *event)
{
  WsFrame frame;
  const char *why = NULL;
  WsHeaderResult result = ws_frame_parse (&frame, *at, (gsize) (end - *at), &why);

  if (result != WS_HEADER_REFUSED && end - *at >= 2)
    why = fault_of_sequence (self, (*at)[0]);
  if (why != NULL)
    return fail (event, CS_WS_PROTOCOL_ERROR, why);
  if (result == WS_HEADER_MORE)
    return event->type = WS_READ_MORE;
  if (WS_IS_CONTROL (frame.first))
    {
      if ((gsize) (end - *at) < frame.header + frame.length)
        return event->type = WS_READ_MORE;
      return read_control (self, &frame, at, event);
    }
  *at += frame.header;
  return begin_frame (self, zlib, &frame, event);
}

WsReadType
ws_reader_next (WsReader *self, WsZlib *zlib, guint8 **at, guint8 *end, WsRead *event)
{
  WsReadType type = WS_READ_MORE;

  event->type = WS_READ_MORE;
  ws_reader_forget (self);
  while (type == WS_READ_MORE)
    {
      if (!self->in_frame)
        type = read_header (self, zlib, at, end, event);
      if (!self->in_frame)
        break;
      if (*at == end && self->left > 0)
        break;
      type = read_payload (self, zlib, at, end, event);
    }
  return type;
}
