/* sqlite-object-file.c: see sqlite-object-file.h. How an object is named: sdk's blob.h, CsBlobId.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-object-file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void
add_piece (GChecksum *naming, const guint8 *data, gsize len)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[CS_BLOB_ID_BYTES];
  gsize size = sizeof digest;

  g_checksum_update (checksum, data, (gssize) len);
  g_checksum_get_digest (checksum, digest, &size);
  g_checksum_update (naming, digest, (gssize) size);
}

static gboolean
has_name (GChecksum *naming, guint64 length, const CsBlobId *id)
{
  guint64 number = GUINT64_TO_BE (length);
  CsBlobId found;
  gsize size = sizeof found.bytes;

  g_checksum_update (naming, (const guint8 *) &number, sizeof number);
  g_checksum_get_digest (naming, found.bytes, &size);
  return cs_blob_id_equal (&found, id);
}

/* So many bytes, fewer at the end; -1: the disk does not give them. */
static gssize
read_piece (int fd, guint8 *data)
{
  gsize got = 0;
  gssize n = 1;

  while (n > 0 && got < CS_BLOB_PIECE)
    {
      n = read (fd, data + got, CS_BLOB_PIECE - got);
      if (n < 0 && errno == EINTR)
        n = 1;
      else if (n > 0)
        got += (gsize) n;
    }
  return n < 0 ? -1 : (gssize) got;
}

static gboolean
check_pieces (int fd, const CsBlobId *id, guint64 length, SqlitePace *pace, gboolean *good,
              GError **error)
{
  g_autoptr (GChecksum) naming = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *piece = g_malloc (CS_BLOB_PIECE);
  guint64 at = 0;
  gssize n;

  g_checksum_update (naming, (const guint8 *) "cloudsync-blob-1", 16);
  while ((n = read_piece (fd, piece)) > 0)
    {
      add_piece (naming, piece, (gsize) n);
      posix_fadvise (fd, (off_t) at, n, POSIX_FADV_DONTNEED);
      at += (guint64) n;
      if (!sqlite_pace (pace, (gsize) n, error))
        return FALSE;
    }
  *good = n == 0 && at == length && has_name (naming, length, id);
  return TRUE;
}

gboolean
sqlite_object_file_check (const char *path, const CsBlobId *id, guint64 length, SqlitePace *pace,
                          gboolean *good, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gboolean ok;

  *good = FALSE;
  if (fd < 0)
    return TRUE;
  ok = check_pieces (fd, id, length, pace, good, error);
  close (fd);
  return ok;
}
