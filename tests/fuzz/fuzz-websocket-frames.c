/* fuzz-websocket-frames.c: any bytes as a client's frames, whole and byte by byte, with the same messages.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-reader.h>

#include <cloudsync/services/websocket.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define MOST 4096

/* A sum of all events, in order. */
static guint
note (guint sum, const WsRead *event)
{
  sum = sum * 31 + event->type;
  if (event->type == WS_READ_FAILED)
    return sum * 31 + event->code;
  if (event->type == WS_READ_MESSAGE)
    {
      g_assert_cmpuint (event->data.len, <=, MOST);
      if (event->opcode == CS_WS_TEXT)
        {
          WsUtf8 utf8 = { 0 };

          g_assert_true (ws_utf8_add (&utf8, (const guint8 *) event->data.data, event->data.len));
          g_assert_true (ws_utf8_is_whole (&utf8));
        }
    }
  for (gsize i = 0; i < event->data.len; i++)
    sum = sum * 31 + (guint8) event->data.data[i];
  return sum;
}

static guint
read_all (const guint8 *data, gsize size, gsize piece, WsDeflate deflate)
{
  g_autoptr (GByteArray) rest = g_byte_array_new ();
  gboolean over = FALSE;
  WsZlib zlib = { 0 };
  WsReader reader;
  guint sum = 0;

  ws_reader_init (&reader, MOST, 1 << CS_WS_TEXT | 1 << CS_WS_BINARY, deflate);
  for (gsize i = 0; i < size && !over; i += piece)
    {
      guint8 *at, *end;
      WsRead event;

      g_byte_array_append (rest, data + i, (guint) MIN (piece, size - i));
      at = rest->data;
      end = at + rest->len;
      while (!over && ws_reader_next (&reader, &zlib, &at, end, &event) != WS_READ_MORE)
        {
          sum = note (sum, &event);
          over = event.type == WS_READ_FAILED || event.type == WS_READ_CLOSE;
        }
      g_assert_true (over || end - at <= WS_TAIL_MAX);
      g_assert_cmpuint (reader.bytes.capacity, <=, MOST + 512);
      g_byte_array_remove_range (rest, 0, (guint) (at - rest->data));
    }
  ws_reader_clear (&reader, &zlib);
  ws_zlib_clear (&zlib);
  return sum;
}

/* The first byte says what was agreed upon. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  WsDeflate deflate = { 0 };

  if (size == 0)
    return 0;
  if ((data[0] & 1) != 0)
    deflate = (WsDeflate){ 15, 9 + (data[0] >> 1) % 7, 1, data[0] >> 7 };
  g_assert_cmpuint (read_all (data + 1, size - 1, size, deflate), ==,
                    read_all (data + 1, size - 1, 1, deflate));
  return 0;
}
