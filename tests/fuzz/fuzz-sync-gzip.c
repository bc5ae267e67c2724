/* fuzz-sync-gzip.c: any bytes as gzip, whole and byte by byte: the same comes out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-body.h>

#include <string.h>

#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* FALSE: no gzip. */
static gboolean
unpack (CsSlice packed, gsize in, gsize room, GString *out, gboolean *ended)
{
  g_autoptr (SyncGunzip) gunzip = sync_gunzip_new ();
  char memory[4096];

  while (packed.len > 0 && out->len < OUT_MAX)
    {
      CsSlice piece = cs_slice (packed.data, MIN (in, packed.len));
      gsize n;

      packed = cs_slice (packed.data + piece.len, packed.len - piece.len);
      do
        {
          if (!sync_gunzip_step (gunzip, &piece, memory, room, &n))
            return FALSE;
          g_assert_cmpuint (n, <=, room);
          g_string_append_len (out, memory, n);
        }
      while ((piece.len > 0 || n == room) && out->len < OUT_MAX);
    }
  *ended = sync_gunzip_ended (gunzip);
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autoptr (GString) bytes = g_string_new (NULL);
  gboolean ended = FALSE;
  gboolean ended_bytes = FALSE;
  gboolean good = unpack (cs_slice (data, size), MAX (1, size), 4096, whole, &ended);

  if (unpack (cs_slice (data, size), 1, 13, bytes, &ended_bytes) && good
      && whole->len < OUT_MAX)
    g_assert_true (ended == ended_bytes && g_string_equal (whole, bytes));
  return 0;
}
