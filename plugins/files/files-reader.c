/* files-reader.c: an open object: read by pieces, each verified before it is given, the next one ahead.
 *
 * Opening verifies the list of hashes against the object's name; a piece is verified against the list.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define HASHES_AT_ONCE (64 * 1024)

typedef struct
{
  guint8 *data; /* NULL: none yet */
  gsize len;
  guint64 index; /* of the piece; valid once `status` is CS_OK */
  CsStatus status;
} Piece;

typedef struct
{
  CsBlob base;
  gint refs; /* atomic: the user, and reading ahead */
  Files *files;
  FilesFooter footer;
  gint64 stored;
  int fd;
  Piece pieces[2]; /* what was given last, and the other */
  guint given;
  guint64 next_offset; /* where the last reading ended */

  FilesJob ahead;
  GMutex lock; /* of what follows */
  gboolean running; /* the other piece is being read ahead */
  gboolean waiting;
  CsWait wait;
} Reader;

/* ---- on a pool thread ---- */

/* CS_CORRUPT also for what the disk refuses to give. */
static CsStatus
read_all (Files *files, int fd, gpointer data, gsize len, guint64 at)
{
  guint8 *bytes = data;

  while (len > 0)
    {
      gssize n = files->disk->read (files->disk, fd, bytes, len, at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return CS_CORRUPT;
      bytes += n;
      at += n;
      len -= n;
    }
  return CS_OK;
}

static void
tell_damage (Files *files, const CsBlobId *id, const char *what)
{
  g_autofree char *path = files_path (files, id);

  if (!files_pins_set_damaged (&files->pins, id, TRUE))
    return;
  cs_stat_add (files->stats.damaged, 1);
  cs_error (files->self,
            "an object is damaged: restore it from a backup, or put the same content again",
            CS_F_STR ("path", path), CS_F_STR ("what", what));
}

static CsStatus
load_piece (Reader *self, guint64 index, Piece *piece)
{
  guint64 at = index * CS_BLOB_PIECE;
  guint8 wanted[FILES_HASH_BYTES];
  guint8 found[FILES_HASH_BYTES];
  CsStatus status;

  piece->index = index;
  piece->len = MIN (CS_BLOB_PIECE, self->footer.length - at);
  if (piece->data == NULL)
    piece->data = files_buffer_take (self->files);
  status = read_all (self->files, self->fd, piece->data, piece->len, at);
  if (status == CS_OK)
    status = read_all (self->files, self->fd, wanted, sizeof wanted,
                       self->footer.length + index * FILES_HASH_BYTES);
  if (status == CS_OK)
    {
      files_hash (piece->data, piece->len, found);
      status = memcmp (found, wanted, sizeof found) == 0 ? CS_OK : CS_CORRUPT;
    }
  if (status == CS_OK)
    cs_stat_add (self->files->stats.read_bytes, piece->len);
  else
    tell_damage (self->files, &self->footer.id, "content");
  return status;
}

/* ---- opening ---- */

static Reader *
reader_new (Files *files, const FilesFooter *footer, int fd, gint64 stored)
{
  Reader *self = g_new0 (Reader, 1);

  self->base.table = &files_table;
  self->refs = 1;
  self->files = files;
  self->footer = *footer;
  self->fd = fd;
  self->stored = stored;
  self->pieces[0].status = self->pieces[1].status = CS_NOT_FOUND;
  g_mutex_init (&self->lock);
  return self;
}

CsBlob *
files_opened (Files *files, const FilesFooter *footer, int fd, gint64 stored)
{
  return &reader_new (files, footer, fd, stored)->base;
}

typedef struct
{
  Files *files;
  const CsBlobId *id;
  int fd;
  FilesFooter footer;
  gint64 stored;
  CsStatus status;
} Opening;

static CsStatus
verify_hashes (Opening *opening)
{
  guint64 at = opening->footer.length;
  guint64 end = at + files_pieces (at) * FILES_HASH_BYTES;
  g_autofree guint8 *hashes = g_malloc (HASHES_AT_ONCE);
  FilesNaming naming;
  CsBlobId id;
  CsStatus status = CS_OK;

  files_naming_begin (&naming);
  while (at < end && status == CS_OK)
    {
      gsize n = MIN (end - at, HASHES_AT_ONCE);

      status = read_all (opening->files, opening->fd, hashes, n, at);
      if (status == CS_OK)
        files_naming_add (&naming, hashes, n);
      at += n;
    }
  files_naming_end (&naming, opening->footer.length, &id);
  return status == CS_OK && cs_blob_id_equal (&id, opening->id) ? CS_OK : CS_CORRUPT;
}

static CsStatus
read_footer (Opening *opening)
{
  guint8 bytes[FILES_FOOTER_BYTES];
  struct stat info;

  if (fstat (opening->fd, &info) != 0 || info.st_size < FILES_FOOTER_BYTES)
    return CS_CORRUPT;
  opening->stored = (gint64) info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
  if (read_all (opening->files, opening->fd, bytes, sizeof bytes,
                info.st_size - FILES_FOOTER_BYTES)
        != CS_OK
      || !files_footer_read (bytes, info.st_size, &opening->footer)
      || !cs_blob_id_equal (&opening->footer.id, opening->id))
    return CS_CORRUPT;
  return verify_hashes (opening);
}

static void
open_file (gpointer data)
{
  Opening *opening = data;
  Files *files = opening->files;
  g_autofree char *path = files_path (files, opening->id);

  opening->fd = files->disk->open (files->disk, path, O_RDONLY);
  if (opening->fd < 0)
    {
      opening->status = errno == ENOENT ? CS_NOT_FOUND
                                        : files_failed (files, "an object cannot be opened", path,
                                                        errno);
      return;
    }
  opening->status = read_footer (opening);
  if (opening->status == CS_OK)
    return;
  tell_damage (files, opening->id, "list of hashes");
  files->disk->close (files->disk, opening->fd);
}

CsStatus
files_open (CsBlobs *blobs, const CsBlobId *id, CsBlob **blob)
{
  Files *files = (Files *) blobs;
  Opening opening = { .files = files, .id = id, .fd = -1 };
  CsStatus status = files_pins_take (&files->pins, id);

  if (status != CS_OK)
    return status;
  status = cs_pool_run (files->self, open_file, &opening);
  if (status == CS_OK)
    status = opening.status;
  if (status == CS_OK)
    *blob = files_opened (files, &opening.footer, opening.fd, opening.stored);
  else
    files_pins_give (&files->pins, id);
  return status;
}

static void
reader_unref (Reader *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  self->files->disk->close (self->files->disk, self->fd);
  files_buffer_give (self->files, self->pieces[0].data);
  files_buffer_give (self->files, self->pieces[1].data);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
files_close (CsBlob *blob)
{
  Reader *self = (Reader *) blob;

  files_pins_give (&self->files->pins, &self->footer.id);
  reader_unref (self);
}

void
files_info (CsBlob *blob, CsBlobInfo *info)
{
  Reader *self = (Reader *) blob;
  CsBlobInfo full = { .size = info->size,
                      .id = self->footer.id,
                      .length = self->footer.length,
                      .stored = self->stored };

  memcpy (full.md5, self->footer.md5, sizeof full.md5);
  memcpy (info, &full, MIN (info->size, sizeof full));
}

/* ---- reading ahead ---- */

static Piece *
other_piece (Reader *self)
{
  return &self->pieces[1 - self->given];
}

static void
run_ahead (FilesJob *job)
{
  Reader *self = (Reader *) ((char *) job - G_STRUCT_OFFSET (Reader, ahead));
  Piece *piece = other_piece (self);
  CsStatus status = load_piece (self, piece->index, piece);

  g_mutex_lock (&self->lock);
  piece->status = status;
  self->running = FALSE;
  if (self->waiting)
    {
      self->waiting = FALSE;
      cs_wake_from (&self->wait);
    }
  g_mutex_unlock (&self->lock);
  reader_unref (self);
}

/* Only workers do: elsewhere nobody would gain by it. */
static void
read_ahead (Reader *self, guint64 index)
{
  Piece *piece = other_piece (self);

  if (cs_worker () < 0 || index >= files_pieces (self->footer.length)
      || (piece->status == CS_OK && piece->index == index))
    return;
  piece->index = index;
  piece->status = CS_AGAIN;
  self->running = TRUE;
  self->ahead.run = run_ahead;
  g_atomic_int_inc (&self->refs);
  files_queue_push (&self->files->ahead, &self->ahead);
}

/* Nothing is being read ahead when it returns CS_OK. */
static CsStatus
wait_for_ahead (Reader *self)
{
  CsStatus status;
  gboolean woken;

  g_mutex_lock (&self->lock);
  if (!self->running)
    {
      g_mutex_unlock (&self->lock);
      return CS_OK;
    }
  cs_wait_init (&self->wait);
  self->waiting = TRUE;
  g_mutex_unlock (&self->lock);
  status = cs_wait (&self->wait, CS_NEVER);
  if (status == CS_OK)
    return CS_OK;
  g_mutex_lock (&self->lock);
  woken = !self->waiting;
  self->waiting = FALSE;
  g_mutex_unlock (&self->lock);
  if (woken)
    cs_wait_through (&self->wait);
  return status;
}

/* ---- reading ---- */

typedef struct
{
  Reader *reader;
  guint64 index;
  Piece *piece;
} Loading;

static void
load (gpointer data)
{
  Loading *loading = data;

  loading->piece->status = load_piece (loading->reader, loading->index, loading->piece);
}

/* Makes the piece the given one. */
static CsStatus
find_piece (Reader *self, guint64 index)
{
  Loading loading = { self, index, other_piece (self) };
  CsStatus status;

  if (self->pieces[self->given].status == CS_OK && self->pieces[self->given].index == index)
    return CS_OK;
  status = wait_for_ahead (self);
  if (status != CS_OK)
    return status;
  if (loading.piece->status != CS_OK || loading.piece->index != index)
    {
      loading.piece->status = CS_AGAIN;
      status = cs_pool_run (self->files->self, load, &loading);
    }
  if (status == CS_OK)
    status = loading.piece->status;
  if (status == CS_OK)
    self->given = 1 - self->given;
  return status;
}

CsStatus
files_read (CsBlob *blob, guint64 offset, CsSlice *bytes)
{
  Reader *self = (Reader *) blob;
  gboolean goes_on = offset == self->next_offset;
  guint64 index = offset / CS_BLOB_PIECE;
  gsize skip = offset % CS_BLOB_PIECE;
  const Piece *piece;
  CsStatus status;

  *bytes = cs_slice ("", 0);
  if (offset >= self->footer.length)
    return CS_OK;
  status = find_piece (self, index);
  if (status != CS_OK)
    return status;
  piece = &self->pieces[self->given];
  *bytes = cs_slice (piece->data + skip, piece->len - skip);
  self->next_offset = offset + bytes->len;
  if (goes_on)
    read_ahead (self, index + 1);
  return CS_OK;
}
