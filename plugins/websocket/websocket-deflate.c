/* websocket-deflate.c: compresses and decompresses messages, within a bound that holds at every step.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-deflate.h"

#include <zlib.h>

#define KEEP_INFLATES 16
#define KEEP_DEFLATERS 8
#define TAIL_LENGTH 4

struct _WsInflate
{
  z_stream stream;
  WsInflate *next;
};

struct _WsDeflater
{
  z_stream stream;
  WsDeflater *next;
  guint bits;
  int level;
};

/* What is cut off a message's end (RFC 7692 §7.2.1). */
static const guint8 tail[TAIL_LENGTH] = { 0x00, 0x00, 0xff, 0xff };

/* ---- decompression ---- */

/* A client whose zlib cannot do 8 uses 9 in its place. */
static int
raw_bits (guint bits)
{
  return -(int) MAX (bits, 9);
}

WsInflate *
ws_inflate_take (WsZlib *zlib, guint bits)
{
  WsInflate *self = zlib->inflates;

  if (self != NULL)
    {
      zlib->inflates = self->next;
      zlib->n_inflates--;
      inflateReset2 (&self->stream, raw_bits (bits));
      return self;
    }
  self = g_new0 (WsInflate, 1);
  if (inflateInit2 (&self->stream, raw_bits (bits)) != Z_OK)
    g_error ("zlib has no memory");
  return self;
}

static void
inflate_free (WsInflate *self)
{
  inflateEnd (&self->stream);
  g_free (self);
}

void
ws_inflate_give (WsZlib *zlib, WsInflate *self)
{
  if (zlib->n_inflates >= KEEP_INFLATES)
    {
      inflate_free (self);
      return;
    }
  self->next = zlib->inflates;
  zlib->inflates = self;
  zlib->n_inflates++;
}

/* A block with BFINAL ends zlib's stream but not the message; the window goes on (§7.2.3.4). */
static gboolean
go_on_after_final (z_stream *stream)
{
  guint8 window[32768];
  uInt length = sizeof window;

  return inflateGetDictionary (stream, window, &length) == Z_OK && inflateReset (stream) == Z_OK
         && (length == 0 || inflateSetDictionary (stream, window, length) == Z_OK);
}

static WsInflateResult
inflate_some (z_stream *stream, WsBytes *out, gsize most)
{
  gsize room;
  int status;

  if (out->length == out->capacity)
    ws_bytes_reserve (out, 1, most + 1);
  room = MIN (out->capacity, most + 1) - out->length;
  stream->next_out = out->data + out->length;
  stream->avail_out = (uInt) MIN (room, G_MAXUINT32);
  status = inflate (stream, Z_SYNC_FLUSH);
  out->length = (gsize) (stream->next_out - out->data);
  if (out->length > most) /* before what comes after it, in whatever pieces it comes */
    return WS_INFLATE_TOO_LARGE;
  if (status == Z_STREAM_END && !go_on_after_final (stream))
    return WS_INFLATE_CORRUPT;
  if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END)
    return WS_INFLATE_CORRUPT;
  return WS_INFLATE_OK;
}

WsInflateResult
ws_inflate_add (WsInflate *self, const guint8 *data, gsize length, WsBytes *out, gsize most)
{
  z_stream *stream = &self->stream;
  WsInflateResult result = WS_INFLATE_OK;

  stream->next_in = (Bytef *) data;
  stream->avail_in = (uInt) length;
  do
    result = inflate_some (stream, out, most);
  while (result == WS_INFLATE_OK && (stream->avail_in > 0 || stream->avail_out == 0));
  return result;
}

/* After the tail zlib must stand between two blocks, with no bit left over: bit 7 of data_type. */
WsInflateResult
ws_inflate_end (WsInflate *self, WsBytes *out, gsize most)
{
  WsInflateResult result = ws_inflate_add (self, tail, TAIL_LENGTH, out, most);

  if (result == WS_INFLATE_OK
      && ((self->stream.data_type & 128) == 0 || (self->stream.data_type & 63) != 0))
    return WS_INFLATE_CORRUPT;
  return result;
}

/* ---- compression ---- */

/* zlib refuses a raw window of 256 bytes. One of 512 never looks further back than 250 (its MAX_DIST is the
 * window less 262), which fits both. */
WsDeflater *
ws_deflater_take (WsZlib *zlib, guint bits, int level)
{
  guint window = MAX (bits, 9);
  WsDeflater *self = zlib->deflaters[window];

  if (self != NULL)
    {
      zlib->deflaters[window] = self->next;
      zlib->n_deflaters--;
      if (self->level != level)
        deflateParams (&self->stream, level, Z_DEFAULT_STRATEGY);
      self->level = level;
      return self;
    }
  self = g_new0 (WsDeflater, 1);
  self->bits = window;
  self->level = level;
  if (deflateInit2 (&self->stream, level, Z_DEFLATED, -(int) window, (int) window - 7,
                    Z_DEFAULT_STRATEGY)
      != Z_OK)
    g_error ("zlib has no memory");
  return self;
}

static void
deflater_free (WsDeflater *self)
{
  deflateEnd (&self->stream);
  g_free (self);
}

void
ws_deflater_give (WsZlib *zlib, WsDeflater *self)
{
  if (zlib->n_deflaters >= KEEP_DEFLATERS)
    {
      deflater_free (self);
      return;
    }
  deflateReset (&self->stream);
  self->next = zlib->deflaters[self->bits];
  zlib->deflaters[self->bits] = self;
  zlib->n_deflaters++;
}

static void
deflate_part (z_stream *stream, CsSlice part, int flush, WsBytes *out)
{
  stream->next_in = (Bytef *) part.data;
  stream->avail_in = (uInt) part.len;
  do
    {
      stream->next_out = ws_bytes_reserve (out, 64, G_MAXSIZE);
      stream->avail_out = (uInt) MIN (out->capacity - out->length, G_MAXUINT32);
      deflate (stream, flush);
      out->length = (gsize) (stream->next_out - out->data);
    }
  while (stream->avail_out == 0);
}

gboolean
ws_deflater_run (WsDeflater *self, const CsSlice *parts, guint n, WsBytes *out)
{
  gsize before = out->length;
  gsize total = 0;

  for (guint i = 0; i < n; i++)
    total += parts[i].len;
  ws_bytes_reserve (out, deflateBound (&self->stream, total) + 16, G_MAXSIZE);
  for (guint i = 0; i < n; i++)
    deflate_part (&self->stream, parts[i], i + 1 == n ? Z_SYNC_FLUSH : Z_NO_FLUSH, out);
  out->length -= TAIL_LENGTH;
  if (out->length - before < total)
    return TRUE;
  out->length = before;
  deflateReset (&self->stream);
  return FALSE;
}

/* ---- the pool ---- */

void
ws_zlib_clear (WsZlib *self)
{
  while (self->inflates != NULL)
    {
      WsInflate *inflate = self->inflates;

      self->inflates = inflate->next;
      inflate_free (inflate);
    }
  for (guint i = 0; i < G_N_ELEMENTS (self->deflaters); i++)
    while (self->deflaters[i] != NULL)
      {
        WsDeflater *deflater = self->deflaters[i];

        self->deflaters[i] = deflater->next;
        deflater_free (deflater);
      }
  self->n_inflates = self->n_deflaters = 0;
}
