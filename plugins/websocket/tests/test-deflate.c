/* test-deflate.c: compression against itself and the examples of RFC 7692 §7.2.3, and its bounds.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-deflate.h>

#include <zlib.h>

/* Text that compresses, with matches at all distances. */
static void
fill (guint8 *data, gsize length, guint seed)
{
  GRand *random = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < length; i++)
    {
      guint back = (guint) g_rand_int_range (random, 1, 40000);

      data[i] = back <= i && g_rand_int_range (random, 0, 8) != 0
                  ? data[i - back]
                  : (guint8) ('a' + g_rand_int_range (random, 0, 26));
      if (back >= 40 && back <= i && i + 40 < length)
        {
          memcpy (data + i, data + i - back, 40);
          i += 39;
        }
    }
  g_rand_free (random);
}

static void
inflate_whole (WsInflate *inflate, const guint8 *data, gsize length, gsize piece, WsBytes *out)
{
  for (gsize at = 0; at < length; at += piece)
    g_assert_cmpint (ws_inflate_add (inflate, data + at, MIN (piece, length - at), out, 1 << 20), ==,
                     WS_INFLATE_OK);
  g_assert_cmpint (ws_inflate_end (inflate, out, 1 << 20), ==, WS_INFLATE_OK);
}

/* Every window, with and without history, whole and byte by byte; the reader's window is exactly what was agreed. */
static void
test_round_trips (void)
{
  g_autofree guint8 *text = g_malloc (90000);
  WsZlib zlib = { 0 };

  fill (text, 90000, 1);
  for (guint bits = 8; bits <= 15; bits++)
    for (guint takeover = 0; takeover < 2; takeover++)
      {
        WsDeflater *deflater = ws_deflater_take (&zlib, bits, 6);
        WsInflate *inflate = ws_inflate_take (&zlib, bits);

        for (guint i = 0; i < 6; i++)
          {
            gsize length = i % 2 == 0 ? 300 + i * 100 : 60000;
            CsSlice parts[2] = { cs_slice (text + i * 100, length / 3),
                                 cs_slice (text + i * 100 + length / 3, length - length / 3) };
            WsBytes packed = { 0 }, out = { 0 };

            g_assert_true (ws_deflater_run (deflater, parts, 2, &packed));
            inflate_whole (inflate, packed.data, packed.length, i < 2 ? 1 : packed.length, &out);
            g_assert_cmpmem (out.data, out.length, text + i * 100, length);
            ws_bytes_clear (&packed);
            ws_bytes_clear (&out);
            if (!takeover)
              {
                ws_deflater_give (&zlib, deflater);
                deflater = ws_deflater_take (&zlib, bits, 6);
              }
          }
        ws_inflate_give (&zlib, inflate);
        ws_deflater_give (&zlib, deflater);
      }
  ws_zlib_clear (&zlib);
}

/* What is sent in a window of 256 bytes looks no further back than that, by zlib's own reader of that size. */
static void
test_window_of_256 (void)
{
  g_autofree guint8 *text = g_malloc (60000);
  g_autofree guint8 *out = g_malloc (60001);
  WsZlib zlib = { 0 };
  WsDeflater *deflater = ws_deflater_take (&zlib, 8, 9);
  CsSlice part = cs_slice (text, 60000);
  WsBytes packed = { 0 };
  z_stream stream = { 0 };

  fill (text, 60000, 3);
  for (gsize i = 1000; i < 60000; i++)
    if (i % 3 != 0)
      text[i] = text[i - 251 - i % 6];
  g_assert_true (ws_deflater_run (deflater, &part, 1, &packed));
  g_assert_cmpint (inflateInit2 (&stream, -8), ==, Z_OK);
  stream.next_in = packed.data;
  stream.avail_in = (uInt) packed.length;
  stream.next_out = out;
  stream.avail_out = 60001;
  g_assert_cmpint (inflate (&stream, Z_SYNC_FLUSH), ==, Z_OK);
  g_assert_cmpmem (out, stream.total_out, text, 60000);
  inflateEnd (&stream);
  ws_deflater_give (&zlib, deflater);
  ws_bytes_clear (&packed);
  ws_zlib_clear (&zlib);
}

/* §7.2.3: one block, a second message that refers to the first, stored, with BFINAL, in two blocks. */
static void
test_examples (void)
{
  static const struct
  {
    const char *data;
    gsize length;
  } rows[] = {
    { "\xf2\x48\xcd\xc9\xc9\x07\x00", 7 },
    { "\xf2\x00\x11\x00\x00", 5 },
    { "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11 },
    { "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8 },
    { "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13 },
    { "\xf2\x00\x11\x00\x00", 5 }, /* the window goes on beyond a block with BFINAL */
  };

  for (gsize piece = 1; piece < 14; piece++)
    {
      WsZlib zlib = { 0 };
      WsInflate *inflate = ws_inflate_take (&zlib, 15);

      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        {
          WsBytes out = { 0 };

          inflate_whole (inflate, (const guint8 *) rows[i].data, rows[i].length, piece, &out);
          g_assert_cmpmem (out.data, out.length, "Hello", 5);
          ws_bytes_clear (&out);
        }
      ws_inflate_give (&zlib, inflate);
      ws_zlib_clear (&zlib);
    }
}

static void
test_corrupt (void)
{
  static const struct
  {
    const char *data;
    gsize length;
  } rows[] = {
    { "\xff\xff\xff", 3 },                     /* no such block */
    { "\xf2\x48\xcd\xc9", 4 },                 /* ends within a block */
    { "\xf2\x48\xcd\xc9\xc9\x07", 6 },         /* one byte short */
    { "\x00\x0a\x00\xf5\xff\x48", 6 },         /* a stored block that is not whole */
    { "\x00\x05\x00\xfa\xfe\x48\x65", 7 },     /* lengths that disagree */
    { "\xf2\x00\x11\x00\x00", 5 },             /* refers to what never was */
  };
  WsZlib zlib = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WsInflate *inflate = ws_inflate_take (&zlib, 15);
      WsBytes out = { 0 };
      WsInflateResult result
        = ws_inflate_add (inflate, (const guint8 *) rows[i].data, rows[i].length, &out, 1000);

      if (result == WS_INFLATE_OK)
        result = ws_inflate_end (inflate, &out, 1000);
      g_assert_cmpint (result, ==, WS_INFLATE_CORRUPT);
      ws_inflate_give (&zlib, inflate);
      ws_bytes_clear (&out);
    }
  ws_zlib_clear (&zlib);
}

/* A bomb is given up at the bound: neither one byte more of result nor of memory. */
static void
test_bound (void)
{
  gsize huge = 64 << 20;
  guint8 *zeros = g_malloc0 (huge);
  WsZlib zlib = { 0 };
  WsDeflater *deflater = ws_deflater_take (&zlib, 15, 9);
  CsSlice part = cs_slice (zeros, huge);
  WsBytes packed = { 0 };

  g_assert_true (ws_deflater_run (deflater, &part, 1, &packed));
  g_assert_cmpuint (packed.length, <, huge / 900);
  g_free (zeros);
  for (gsize most = 0; most < 70000; most = most * 3 + 1)
    {
      WsInflate *inflate = ws_inflate_take (&zlib, 15);
      WsBytes out = { 0 };

      g_assert_cmpint (ws_inflate_add (inflate, packed.data, packed.length, &out, most), ==,
                       WS_INFLATE_TOO_LARGE);
      g_assert_cmpuint (out.length, ==, most + 1);
      g_assert_cmpuint (out.capacity, <=, MAX (most + 1, 512));
      ws_bytes_clear (&out);
      ws_inflate_give (&zlib, inflate);
    }
  ws_deflater_give (&zlib, deflater);
  ws_bytes_clear (&packed);
  ws_zlib_clear (&zlib);
}

/* Exactly the bound is taken. */
static void
test_at_the_bound (void)
{
  guint8 text[1000];
  WsZlib zlib = { 0 };
  WsDeflater *deflater = ws_deflater_take (&zlib, 15, 6);
  WsInflate *inflate = ws_inflate_take (&zlib, 15);
  CsSlice part = cs_slice (text, sizeof text);
  WsBytes packed = { 0 }, out = { 0 };

  memset (text, 'x', sizeof text);
  g_assert_true (ws_deflater_run (deflater, &part, 1, &packed));
  g_assert_cmpint (ws_inflate_add (inflate, packed.data, packed.length, &out, sizeof text), ==,
                   WS_INFLATE_OK);
  g_assert_cmpint (ws_inflate_end (inflate, &out, sizeof text), ==, WS_INFLATE_OK);
  g_assert_cmpmem (out.data, out.length, text, sizeof text);
  ws_bytes_clear (&packed);
  ws_bytes_clear (&out);
  ws_inflate_give (&zlib, inflate);
  ws_deflater_give (&zlib, deflater);
  ws_zlib_clear (&zlib);
}

/* What does not get smaller is not compressed, and leaves no history. */
static void
test_incompressible (void)
{
  guint8 noise[5000], text[1000];
  CsSlice parts[2] = { cs_slice (noise, sizeof noise), cs_slice (text, sizeof text) };
  WsZlib zlib = { 0 };
  WsDeflater *deflater = ws_deflater_take (&zlib, 15, 6);
  WsInflate *inflate = ws_inflate_take (&zlib, 15);
  GRand *random = g_rand_new_with_seed (7);
  WsBytes packed = { 0 }, out = { 0 };

  for (guint i = 0; i < sizeof noise; i++)
    noise[i] = (guint8) g_rand_int (random);
  memcpy (text, noise, 500);
  memcpy (text + 500, noise, 500);
  g_assert_false (ws_deflater_run (deflater, &parts[0], 1, &packed));
  g_assert_cmpuint (packed.length, ==, 0);
  g_assert_true (ws_deflater_run (deflater, &parts[1], 1, &packed));
  inflate_whole (inflate, packed.data, packed.length, 100, &out);
  g_assert_cmpmem (out.data, out.length, text, sizeof text);
  ws_bytes_clear (&packed);
  ws_bytes_clear (&out);
  g_rand_free (random);
  ws_inflate_give (&zlib, inflate);
  ws_deflater_give (&zlib, deflater);
  ws_zlib_clear (&zlib);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/deflate/round-trips", test_round_trips);
  g_test_add_func ("/websocket/deflate/window-of-256", test_window_of_256);
  g_test_add_func ("/websocket/deflate/examples", test_examples);
  g_test_add_func ("/websocket/deflate/corrupt", test_corrupt);
  g_test_add_func ("/websocket/deflate/bound", test_bound);
  g_test_add_func ("/websocket/deflate/at-the-bound", test_at_the_bound);
  g_test_add_func ("/websocket/deflate/incompressible", test_incompressible);
  return g_test_run ();
}
