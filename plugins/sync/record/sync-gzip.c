/* sync-gzip.c: unpacks attachments that come gzipped; they are stored plain.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-body.h"

#include <zlib.h>

#define WINDOW_BITS 15
#define GZIP_FRAMING 16 /* zlib's way to say gzip, not zlib */
#define MOST_AT_ONCE (1u << 30) /* zlib counts in 32 bits */

struct _SyncGunzip
{
  z_stream stream;
  gboolean ended;
};

SyncGunzip *
sync_gunzip_new (void)
{
  SyncGunzip *gunzip = g_new0 (SyncGunzip, 1);

  if (inflateInit2 (&gunzip->stream, WINDOW_BITS + GZIP_FRAMING) != Z_OK)
    g_error ("no memory to unpack gzip");
  return gunzip;
}

void
sync_gunzip_free (SyncGunzip *gunzip)
{
  inflateEnd (&gunzip->stream);
  g_free (gunzip);
}

gboolean
sync_gunzip_ended (const SyncGunzip *gunzip)
{
  return gunzip->ended;
}

gboolean
sync_gunzip_step (SyncGunzip *gunzip, CsSlice *packed, gpointer out, gsize room, gsize *n)
{
  z_stream *stream = &gunzip->stream;
  gsize given = MIN (packed->len, MOST_AT_ONCE);
  int result;

  *n = 0;
  if (gunzip->ended)
    return packed->len == 0;
  room = MIN (room, MOST_AT_ONCE);
  stream->next_in = (Bytef *) packed->data;
  stream->avail_in = given;
  stream->next_out = out;
  stream->avail_out = room;
  result = inflate (stream, Z_NO_FLUSH);
  given -= stream->avail_in;
  *packed = cs_slice (packed->data + given, packed->len - given);
  *n = room - stream->avail_out;
  gunzip->ended = result == Z_STREAM_END;
  return result == Z_OK || result == Z_BUF_ERROR || (gunzip->ended && packed->len == 0);
}
