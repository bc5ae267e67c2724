/* files-reader.c: an open object: read by pieces, each verified before it is given, the next one ahead.
 *
 * Opening verifies the list of hashes against the object's name; a piece is verified against the list.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define HASHES_AT_ONCE (64 * 1024)
#define N_SLOTS 4
#define AHEAD_MOST (N_SLOTS - 1)
#define LARGE (16 * 1024 * 1024) /* closing a removed one for the last time may take long */
#define TELL_AHEAD 8 /* pieces that the kernel is told of before they are read */

typedef struct _Reader Reader;

/* A piece in memory: piece i in slot i % N_SLOTS. */
typedef struct
{
  FilesJob job; /* reads it ahead */
  Reader *reader;
  guint8 *data; /* NULL: none yet */
  gsize len;
  guint64 index;
  CsStatus status; /* CS_OK: it is piece `index`, verified */
  gboolean running; /* being read ahead; under the lock */
} Slot;

struct _Reader
{
  CsBlob base;
  gint refs; /* atomic: the user, and each reading ahead */
  FilesJob freeing;
  Files *files;
  FilesFooter footer;
  gint64 stored;
  int fd;
  Slot slots[N_SLOTS];
  Slot *given; /* the piece that the user has; NULL: none yet */
  guint64 next_offset; /* where the last reading ended */
  guint ahead;         /* pieces to read ahead: more when the user had to wait */

  pthread_mutex_t lock;
  const Slot *awaited; /* what the user waits for; NULL: nothing */
  CsWait wait;

  /* The list of hashes around the last one that was looked up; of those who load, under its lock. */
  pthread_mutex_t hashes_lock;
  guint8 *hashes;
  guint64 hashes_at; /* piece */
  guint64 n_hashes;
};

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

static gboolean
is_current (const char *path, int fd)
{
  struct stat named;
  struct stat open;

  return stat (path, &named) == 0 && fstat (fd, &open) == 0 && named.st_ino == open.st_ino &&
         named.st_dev == open.st_dev;
}

/* One that was put again since `fd` was opened is another file, and not damaged. Looked at last, so that
 * a put between does not leave the mark: it takes the name first, and the mark away then. */
static void
tell_damage (Files *files, int fd, const CsBlobId *id, const char *what)
{
  g_autofree char *path = files_path (files, id);

  if (!is_current (path, fd) || !files_pins_set_damaged (&files->pins, id, TRUE))
    return;
  if (!is_current (path, fd))
    {
      files_pins_set_damaged (&files->pins, id, FALSE);
      return;
    }
  cs_stat_add (files->stats.damaged, 1);
  cs_error (files->self,
            "an object is damaged: restore it from a backup, or put the same content again",
            CS_F_STR ("path", path), CS_F_STR ("what", what));
}

/* The hash that a piece must have. They are read many at once: a look at the file's end between two pieces
 * would have the kernel take the reading for a random one. */
static CsStatus
wanted_hash (Reader *self, guint64 index, guint8 hash[FILES_HASH_BYTES])
{
  const guint64 at_once = HASHES_AT_ONCE / FILES_HASH_BYTES;
  CsStatus status = CS_OK;

  pthread_mutex_lock (&self->hashes_lock);
  if (index < self->hashes_at || index >= self->hashes_at + self->n_hashes)
    {
      self->hashes_at = index / at_once * at_once;
      self->n_hashes = MIN (at_once, files_pieces (self->footer.length) - self->hashes_at);
      g_free (self->hashes);
      self->hashes = g_malloc (self->n_hashes * FILES_HASH_BYTES);
      status = read_all (self->files, self->fd, self->hashes, self->n_hashes * FILES_HASH_BYTES,
                         self->footer.length + self->hashes_at * FILES_HASH_BYTES);
    }
  if (status == CS_OK)
    memcpy (hash, self->hashes + (index - self->hashes_at) * FILES_HASH_BYTES, FILES_HASH_BYTES);
  else
    self->n_hashes = 0;
  pthread_mutex_unlock (&self->hashes_lock);
  return status;
}

static CsStatus
load_piece (Reader *self, Slot *slot)
{
  guint64 at = slot->index * CS_BLOB_PIECE;
  guint8 wanted[FILES_HASH_BYTES];
  guint8 found[FILES_HASH_BYTES];
  CsStatus status;

  slot->len = MIN (CS_BLOB_PIECE, self->footer.length - at);
  if (slot->data == NULL)
    slot->data = files_buffer_take (self->files);
  status = read_all (self->files, self->fd, slot->data, slot->len, at);
  if (status == CS_OK)
    status = wanted_hash (self, slot->index, wanted);
  if (status == CS_OK)
    {
      files_hash (slot->data, slot->len, found);
      status = memcmp (found, wanted, sizeof found) == 0 ? CS_OK : CS_CORRUPT;
    }
  if (status == CS_OK)
    cs_stat_add (self->files->stats.read_bytes, slot->len);
  else
    tell_damage (self->files, self->fd, &self->footer.id, "content");
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
  self->ahead = 1;
  pthread_mutex_init (&self->lock, NULL);
  pthread_mutex_init (&self->hashes_lock, NULL);
  for (guint i = 0; i < N_SLOTS; i++)
    {
      self->slots[i].reader = self;
      self->slots[i].status = CS_NOT_FOUND;
    }
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
  tell_damage (files, opening->fd, opening->id, "list of hashes");
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
reader_free (Reader *self)
{
  self->files->disk->close (self->files->disk, self->fd);
  for (guint i = 0; i < N_SLOTS; i++)
    files_buffer_give (self->files, self->slots[i].data);
  g_free (self->hashes);
  pthread_mutex_destroy (&self->hashes_lock);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

static void
run_free (FilesJob *job)
{
  reader_free ((Reader *) (gpointer) ((char *) job - G_STRUCT_OFFSET (Reader, freeing)));
}

static void
reader_unref (Reader *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  self->freeing.run = run_free;
  if (cs_worker () >= 0 && self->footer.length >= LARGE)
    files_queue_push (&self->files->writing, &self->freeing);
  else
    reader_free (self);
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

static Slot *
slot_of (Reader *self, guint64 index)
{
  return &self->slots[index % N_SLOTS];
}

static gboolean
has_piece (const Slot *slot, guint64 index)
{
  return slot->status == CS_OK && slot->index == index;
}

static void
run_ahead (FilesJob *job)
{
  Slot *slot = (Slot *) job;
  Reader *self = slot->reader;
  CsStatus status;

  self->files->disk->will_need (self->files->disk, self->fd,
                                (slot->index + TELL_AHEAD) * CS_BLOB_PIECE, CS_BLOB_PIECE);
  status = load_piece (self, slot);
  pthread_mutex_lock (&self->lock);
  slot->status = status;
  slot->running = FALSE;
  if (self->awaited == slot)
    {
      self->awaited = NULL;
      cs_wake_from (&self->wait);
    }
  pthread_mutex_unlock (&self->lock);
  reader_unref (self);
}

static gboolean
begin_ahead (Reader *self, Slot *slot, guint64 index)
{
  gboolean idle;

  pthread_mutex_lock (&self->lock);
  idle = !slot->running && !has_piece (slot, index);
  if (idle)
    {
      slot->index = index;
      slot->status = CS_AGAIN;
      slot->running = TRUE;
    }
  pthread_mutex_unlock (&self->lock);
  return idle;
}

/* Only workers do: elsewhere nobody would gain by it. */
static void
read_ahead (Reader *self, guint64 index)
{
  guint64 n = files_pieces (self->footer.length);

  if (cs_worker () < 0)
    return;
  for (guint64 i = index; i < MIN (n, index + self->ahead); i++)
    {
      Slot *slot = slot_of (self, i);

      if (!begin_ahead (self, slot, i))
        continue;
      slot->job.run = run_ahead;
      g_atomic_int_inc (&self->refs);
      files_queue_push (&self->files->ahead, &slot->job);
    }
}

/* The slot is not being read into when it returns CS_OK. */
static CsStatus
wait_for_slot (Reader *self, const Slot *slot)
{
  CsStatus status;
  gboolean woken;

  pthread_mutex_lock (&self->lock);
  if (!slot->running)
    {
      pthread_mutex_unlock (&self->lock);
      return CS_OK;
    }
  cs_wait_init (&self->wait);
  self->awaited = slot;
  pthread_mutex_unlock (&self->lock);
  self->ahead = MIN (self->ahead + 1, AHEAD_MOST);
  status = cs_wait (&self->wait, CS_NEVER);
  if (status == CS_OK)
    return CS_OK;
  pthread_mutex_lock (&self->lock);
  woken = self->awaited == NULL;
  self->awaited = NULL;
  pthread_mutex_unlock (&self->lock);
  if (woken)
    cs_wait_through (&self->wait);
  return status;
}

/* ---- reading ---- */

static void
load (gpointer data)
{
  Slot *slot = data;

  slot->status = load_piece (slot->reader, slot);
}

static CsStatus
find_piece (Reader *self, guint64 index)
{
  Slot *slot = slot_of (self, index);
  CsStatus status = wait_for_slot (self, slot);

  if (status != CS_OK || has_piece (slot, index))
    return status;
  slot->index = index;
  slot->status = CS_AGAIN;
  status = cs_pool_run (self->files->self, load, slot);
  return status == CS_OK ? slot->status : status;
}

/* A slow reader needs what it has and what comes next, not all that it had. */
static void
give (Reader *self, Slot *slot)
{
  Slot *before = self->given;

  self->given = slot;
  if (before == NULL || before == slot)
    return;
  before->status = CS_NOT_FOUND;
  files_buffer_give (self->files, g_steal_pointer (&before->data));
}

CsStatus
files_read (CsBlob *blob, guint64 offset, CsSlice *bytes)
{
  Reader *self = (Reader *) blob;
  gboolean goes_on = offset == self->next_offset;
  guint64 index = offset / CS_BLOB_PIECE;
  gsize skip = offset % CS_BLOB_PIECE;
  Slot *slot = slot_of (self, index);
  CsStatus status;

  *bytes = cs_slice ("", 0);
  if (offset >= self->footer.length)
    return CS_OK;
  status = find_piece (self, index);
  if (status != CS_OK)
    return status;
  give (self, slot);
  *bytes = cs_slice (slot->data + skip, slot->len - skip);
  self->next_offset = offset + bytes->len;
  if (goes_on)
    read_ahead (self, index + 1);
  return CS_OK;
}
