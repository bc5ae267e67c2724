/* sync-varint.h: numbers of 1 to 10 bytes, seven bits a byte, lowest first; and a reader that cannot overrun.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_VARINT_H
#define SYNC_VARINT_H

#include <cloudsync/types.h>

#define SYNC_VARINT_MAX 10

static inline guint8 *
sync_write_number (guint8 *out, guint64 number)
{
  for (; number >= 0x80; number >>= 7)
    *out++ = 0x80 | (number & 0x7f);
  *out++ = number;
  return out;
}

/* After a failure every reading gives 0 or an empty slice. */
typedef struct
{
  const guint8 *at;
  const guint8 *end;
  gboolean failed;
} SyncReader;

static inline SyncReader
sync_reader (CsSlice bytes)
{
  SyncReader in = { (const guint8 *) bytes.data, (const guint8 *) bytes.data + bytes.len, FALSE };

  return in;
}

static inline guint
sync_read_byte (SyncReader *in)
{
  if (in->at < in->end)
    return *in->at++;
  in->failed = TRUE;
  return 0;
}

static inline guint64
sync_read_number (SyncReader *in)
{
  guint64 number = 0;

  for (guint shift = 0; shift < 64; shift += 7)
    {
      guint byte = sync_read_byte (in);

      number |= (guint64) (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0)
        return in->failed ? 0 : number;
    }
  in->failed = TRUE;
  return 0;
}

static inline CsSlice
sync_read_bytes (SyncReader *in, guint64 length)
{
  CsSlice bytes = cs_slice ((const char *) in->at, 0);

  if (in->failed || length > (guint64) (in->end - in->at))
    {
      in->failed = TRUE;
      return bytes;
    }
  in->at += length;
  bytes.len = length;
  return bytes;
}

#endif
