/* websocket-buffer.c: a message framed once, and compressed once for each window size, for all connections of all
 * workers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whoever needs a compressed form first makes it; of two that do so at once, one gives way. It is compressed without
 * regard to other messages, which every client can read, whatever it had before (RFC 7692 §7.2.1). */
#include "websocket.h"

#define FEWEST_BITS 9
#define MOST_BITS 15

struct _WsBuffer
{
  CsWsBuffer buffer;
  gint references; /* atomic */
  guint8 opcode;
  gsize header;
  GBytes *plain;
  GBytes *packed[MOST_BITS - FEWEST_BITS + 1]; /* atomic; `plain` again: not smaller */
};

CsWsBuffer *
ws_buffer_new (CsWebSocket *websocket, CsWsKind kind, const CsSlice *parts, guint n)
{
  WsBuffer *self = g_new0 (WsBuffer, 1);
  gsize total = 0;
  guint8 *frame, *at;

  for (guint i = 0; i < n; i++)
    total += parts[i].len;
  self->buffer.table = &ws_table;
  self->references = 1;
  self->opcode = (guint8) kind;
  frame = at = g_malloc (WS_SENT_HEADER_MAX + total);
  at += self->header = ws_frame_write (frame, WS_FIN | self->opcode, total);
  for (guint i = 0; i < n; i++)
    {
      if (parts[i].len > 0)
        memcpy (at, parts[i].data, parts[i].len);
      at += parts[i].len;
    }
  self->plain = g_bytes_new_take (frame, (gsize) (at - frame));
  return &self->buffer;
}

CsWsBuffer *
ws_buffer_ref (CsWsBuffer *buffer)
{
  g_atomic_int_inc (&((WsBuffer *) buffer)->references);
  return buffer;
}

void
ws_buffer_unref (CsWsBuffer *buffer)
{
  WsBuffer *self = (WsBuffer *) buffer;

  if (!g_atomic_int_dec_and_test (&self->references))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->packed); i++)
    if (self->packed[i] != NULL)
      g_bytes_unref (self->packed[i]);
  g_bytes_unref (self->plain);
  g_free (self);
}

static CsSlice
payload_of (const WsBuffer *self)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (self->plain, &length);

  return cs_slice (data + self->header, length - self->header);
}

static GBytes *
frame_packed (const WsBuffer *self, const WsBytes *packed)
{
  guint8 *frame = g_malloc (WS_SENT_HEADER_MAX + packed->length);
  gsize header = ws_frame_write (frame, WS_FIN | WS_RSV1 | self->opcode, packed->length);

  memcpy (frame + header, packed->data, packed->length);
  return g_bytes_new_take (frame, header + packed->length);
}

static GBytes *
pack (WsBuffer *self, WsWorker *worker, guint bits)
{
  int level = (int) ws_plugin_settings (worker->plugin)->compression_level;
  WsDeflater *deflater = ws_deflater_take (&worker->zlib, bits, level);
  CsSlice payload = payload_of (self);
  GBytes *frame;

  if (ws_deflater_run (deflater, &payload, 1, &worker->scratch))
    frame = frame_packed (self, &worker->scratch);
  else
    frame = g_bytes_ref (self->plain);
  ws_deflater_give (&worker->zlib, deflater);
  ws_bytes_reuse (&worker->scratch);
  return frame;
}

static GBytes *
packed_for (WsBuffer *self, WsWorker *worker, guint bits)
{
  GBytes **place = &self->packed[MAX (bits, FEWEST_BITS) - FEWEST_BITS];
  GBytes *made = g_atomic_pointer_get (place);

  if (made != NULL)
    return made;
  made = pack (self, worker, bits);
  if (g_atomic_pointer_compare_and_exchange (place, NULL, made))
    return made;
  g_bytes_unref (made);
  return g_atomic_pointer_get (place);
}

GBytes *
ws_buffer_frame (WsBuffer *self, WsConnection *connection, gboolean *packed)
{
  guint bits = connection->reader.deflate.server_bits;
  gsize length = g_bytes_get_size (self->plain) - self->header;
  GBytes *frame = self->plain;

  if (bits != 0 && connection->compress && length > 0
      && length >= (gsize) ws_plugin_settings (connection->worker->plugin)->compression_min)
    frame = packed_for (self, connection->worker, bits);
  *packed = frame != self->plain;
  return frame;
}
