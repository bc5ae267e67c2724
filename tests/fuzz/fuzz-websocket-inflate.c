/* fuzz-websocket-inflate.c: any bytes as compressed messages, within the bound whatever they are; and as a message that
 * must come back from compression as it was.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-deflate.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define MOST 10000

static void
decompress (WsZlib *zlib, const guint8 *data, gsize size, gsize piece, guint bits)
{
  WsInflate *inflate = ws_inflate_take (zlib, bits);
  WsInflateResult result = WS_INFLATE_OK;
  WsBytes out = { 0 };

  for (gsize at = 0; at < size && result == WS_INFLATE_OK; at += piece)
    {
      result = ws_inflate_add (inflate, data + at, MIN (piece, size - at), &out, MOST);
      g_assert_cmpuint (out.length, <=, MOST + (result != WS_INFLATE_OK));
      g_assert_cmpuint (out.capacity, <=, MOST + 1);
    }
  if (result == WS_INFLATE_OK)
    ws_inflate_end (inflate, &out, MOST);
  ws_bytes_clear (&out);
  ws_inflate_give (zlib, inflate);
}

static void
round_trip (WsZlib *zlib, const guint8 *data, gsize size, guint bits)
{
  WsDeflater *deflater = ws_deflater_take (zlib, bits, 1 + (int) (size % 9));
  WsInflate *inflate = ws_inflate_take (zlib, bits);

  for (guint i = 0; i < 2; i++)
    {
      CsSlice parts[2] = { cs_slice (data, size / 2), cs_slice (data + size / 2, size - size / 2) };
      WsBytes packed = { 0 }, out = { 0 };

      if (ws_deflater_run (deflater, parts, 2, &packed))
        {
          g_assert_cmpint (ws_inflate_add (inflate, packed.data, packed.length, &out, size), ==,
                           WS_INFLATE_OK);
          g_assert_cmpint (ws_inflate_end (inflate, &out, size), ==, WS_INFLATE_OK);
          g_assert_cmpmem (out.data, out.length, data, size);
        }
      ws_bytes_clear (&packed);
      ws_bytes_clear (&out);
    }
  ws_inflate_give (zlib, inflate);
  ws_deflater_give (zlib, deflater);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static WsZlib zlib; /* kept, as a worker keeps it: contexts go from one message to the next */
  guint bits;

  if (size < 2)
    return 0;
  bits = 8 + data[0] % 8;
  decompress (&zlib, data + 1, size - 1, size, 15);
  decompress (&zlib, data + 1, size - 1, 1 + data[0] / 8, bits);
  round_trip (&zlib, data + 1, size - 1, bits);
  return 0;
}
