/* sync-gzip.c: unpacks attachments that come gzipped; they are stored plain.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-body.h"

#include <zlib.h>

#define WINDOW_BITS 15
#define GZIP_FRAMING 16 /* zlib's way to say gzip, not zlib */
#define OUTPUT_BYTES 16384
#define INPUT_MAX (1u << 30) /* zlib counts in 32 bits */

static gsize
feed (z_stream *stream, CsSlice *packed)
{
  gsize given = MIN (packed->len, INPUT_MAX);

  stream->next_in = (Bytef *) packed->data;
  stream->avail_in = given;
  return given;
}

static CsStatus
unpack (z_stream *stream, CsSlice packed, gsize most, GByteArray *out)
{
  guint8 output[OUTPUT_BYTES];
  int result = Z_OK;

  while (result == Z_OK)
    {
      gsize given = feed (stream, &packed);

      stream->next_out = output;
      stream->avail_out = sizeof output;
      result = inflate (stream, Z_NO_FLUSH);
      given -= stream->avail_in;
      packed = cs_slice (packed.data + given, packed.len - given);
      if (sizeof output - stream->avail_out > most - out->len)
        return CS_TOO_LARGE;
      g_byte_array_append (out, output, sizeof output - stream->avail_out);
    }
  return result == Z_STREAM_END && packed.len == 0 ? CS_OK : CS_INVALID;
}

CsStatus
sync_gunzip (CsSlice packed, gsize most, GByteArray *out)
{
  z_stream stream = { 0 };
  CsStatus status;

  if (inflateInit2 (&stream, WINDOW_BITS + GZIP_FRAMING) != Z_OK)
    return CS_NO_MEMORY;
  status = unpack (&stream, packed, most, out);
  inflateEnd (&stream);
  return status;
}
