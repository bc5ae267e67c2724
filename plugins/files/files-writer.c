/* files-writer.c: putting an object.
 *
 * The fiber fills one buffer after the other, a piece each. Two lanes take them in order on pool
 * threads, beside each other and beside the fiber: one hashes and writes, one goes on with the MD5.
 * At the end the hashes and the footer are appended, the file is synced and takes its name, and its
 * folder is synced: before that nobody sees it, and a crash leaves it in tmp.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>

#define N_SLOTS 4
#define WRITE_OUT_BYTES (8 * 1024 * 1024) /* dirty bytes at which the disk is told to begin */

typedef struct
{
  guint8 *data; /* NULL: none yet */
  gsize len;
  guint pending; /* lanes that have not had it */
} Slot;

typedef struct _Writer Writer;

typedef struct
{
  FilesJob job;
  Writer *writer;
  guint64 next; /* piece */
  gboolean running;
  void (*work) (Writer *writer, const Slot *slot);
} Lane;

struct _Writer
{
  CsBlobWriter base;
  Files *files;
  char *path;
  int fd;

  /* The fiber's. */
  guint64 filled; /* pieces handed over; read by the lanes under the lock */
  gsize fill;     /* bytes in the piece at hand */

  pthread_mutex_t lock; /* of what follows, and of the slots' pending */
  CsStatus status; /* the first failure */
  gboolean waiting;
  CsWait wait;
  Slot slots[N_SLOTS]; /* piece i in slot i % N_SLOTS */
  Lane write_lane, md5_lane;

  /* The write lane's. */
  GByteArray *hashes;
  guint64 length;
  guint64 written_out;

  EVP_MD_CTX *md5; /* the MD5 lane's */
};

/* ---- the lanes' work, on a pool thread ---- */

static CsStatus
status_of (Writer *self)
{
  CsStatus status;

  pthread_mutex_lock (&self->lock);
  status = self->status;
  pthread_mutex_unlock (&self->lock);
  return status;
}

static void
note (Writer *self, CsStatus status)
{
  pthread_mutex_lock (&self->lock);
  if (self->status == CS_OK)
    self->status = status;
  pthread_mutex_unlock (&self->lock);
}

static void
failed (Writer *self, const char *what)
{
  int error = errno;

  if (files_status (error) == CS_NO_SPACE)
    note (self, CS_NO_SPACE); /* told to the client; the log would only repeat it */
  else
    note (self, files_failed (self->files, what, self->path, error));
}

static void
write_all (Writer *self, gconstpointer data, gsize len, guint64 at)
{
  FilesDisk *disk = self->files->disk;
  const guint8 *bytes = data;

  while (len > 0 && status_of (self) == CS_OK)
    {
      gssize n = disk->write (disk, self->fd, bytes, len, at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          failed (self, "an object cannot be written");
          return;
        }
      bytes += n;
      at += n;
      len -= n;
    }
}

/* There is `wanted` and the reserve besides. */
static gboolean
has_room (Files *files, guint64 wanted)
{
  gint64 room = files->disk->room (files->disk, files->dir);

  return room < 0 || (guint64) room >= wanted + files->settings->reserve;
}

/* Keeps what is not yet on the disk short, so that the sync at the end is. */
static void
write_out (Writer *self)
{
  FilesDisk *disk = self->files->disk;
  guint64 n = self->length - self->written_out;

  if (n < WRITE_OUT_BYTES)
    return;
  if (!has_room (self->files, 0))
    note (self, CS_NO_SPACE);
  else if (disk->write_out (disk, self->fd, self->written_out, n) != 0)
    failed (self, "an object cannot be written out");
  self->written_out = self->length;
}

static void
work_write (Writer *self, const Slot *slot)
{
  guint8 hash[FILES_HASH_BYTES];

  if (status_of (self) != CS_OK)
    return;
  files_hash (slot->data, slot->len, hash);
  g_byte_array_append (self->hashes, hash, sizeof hash);
  write_all (self, slot->data, slot->len, self->length);
  self->length += slot->len;
  write_out (self);
}

static void
work_md5 (Writer *self, const Slot *slot)
{
  if (EVP_DigestUpdate (self->md5, slot->data, slot->len) != 1)
    note (self, CS_FAILED);
}

/* ---- handing pieces over ---- */

static void
wake (Writer *self)
{
  if (!self->waiting)
    return;
  self->waiting = FALSE;
  cs_wake_from (&self->wait);
}

/* One piece, then others of the queue have their turn. Once it is no longer running the writer may be
 * gone. */
static void
run_lane (FilesJob *job)
{
  Lane *lane = (Lane *) job;
  Writer *self = lane->writer;
  FilesQueue *queue = &self->files->writing;
  Slot *slot = &self->slots[lane->next % N_SLOTS];
  Files *files = self->files;
  guint8 *done = NULL;
  gboolean more;

  lane->work (self, slot);
  pthread_mutex_lock (&self->lock);
  lane->next++;
  if (--slot->pending == 0)
    done = g_steal_pointer (&slot->data); /* a slow sender needs one buffer, not four */
  more = lane->running = lane->next < self->filled;
  wake (self);
  pthread_mutex_unlock (&self->lock);
  files_buffer_give (files, done);
  if (more)
    files_queue_push (queue, job);
}

static gboolean
kick (Writer *self, Lane *lane)
{
  gboolean idle = !lane->running;

  lane->running = TRUE;
  return idle;
}

static Slot *
slot_at_hand (Writer *self)
{
  return &self->slots[self->filled % N_SLOTS];
}

/* The piece at hand is full. On a thread that is no worker it is done with at once. */
static void
hand_over (Writer *self)
{
  Slot *slot = slot_at_hand (self);
  gboolean write_idle;
  gboolean md5_idle;

  slot->len = self->fill;
  self->fill = 0;
  if (cs_worker () < 0)
    {
      work_write (self, slot);
      work_md5 (self, slot);
      return;
    }
  pthread_mutex_lock (&self->lock);
  slot->pending = 2;
  self->filled++;
  write_idle = kick (self, &self->write_lane);
  md5_idle = kick (self, &self->md5_lane);
  pthread_mutex_unlock (&self->lock);
  if (write_idle)
    files_queue_push (&self->files->writing, &self->write_lane.job);
  if (md5_idle)
    files_queue_push (&self->files->writing, &self->md5_lane.job);
}

/* ---- waiting for the lanes ---- */

static gboolean
slot_is_busy (Writer *self)
{
  return slot_at_hand (self)->pending > 0;
}

static gboolean
lanes_are_busy (Writer *self)
{
  return self->write_lane.running || self->md5_lane.running;
}

static gboolean
begin_wait (Writer *self, gboolean (*busy) (Writer *))
{
  gboolean wait;

  pthread_mutex_lock (&self->lock);
  wait = busy (self);
  if (wait)
    {
      cs_wait_init (&self->wait);
      self->waiting = TRUE;
    }
  pthread_mutex_unlock (&self->lock);
  return wait;
}

/* Takes back the right to wake, or sees that it was used. */
static void
end_wait (Writer *self)
{
  gboolean woken;

  pthread_mutex_lock (&self->lock);
  woken = !self->waiting;
  self->waiting = FALSE;
  pthread_mutex_unlock (&self->lock);
  if (woken)
    cs_wait_through (&self->wait);
}

static CsStatus
wait_for_slot (Writer *self)
{
  while (begin_wait (self, slot_is_busy))
    {
      CsStatus status = cs_wait (&self->wait, CS_NEVER);

      if (status == CS_OK)
        continue;
      end_wait (self);
      return status;
    }
  return CS_OK;
}

static void
wait_for_lanes (Writer *self)
{
  while (begin_wait (self, lanes_are_busy))
    cs_wait_through (&self->wait);
}

/* ---- begin ---- */

typedef struct
{
  Writer *writer;
  gint64 length;
} Beginning;

static void
create_file (gpointer data)
{
  Beginning *beginning = data;
  Writer *self = beginning->writer;
  FilesDisk *disk = self->files->disk;

  if (!has_room (self->files, MAX (beginning->length, 0)))
    {
      self->status = CS_NO_SPACE;
      return;
    }
  self->fd = disk->open (disk, self->path, O_RDWR | O_CREAT | O_EXCL);
  if (self->fd < 0)
    failed (self, "an object cannot be begun");
}

static void
writer_free (Writer *self)
{
  for (guint i = 0; i < N_SLOTS; i++)
    files_buffer_give (self->files, self->slots[i].data);
  EVP_MD_CTX_free (self->md5);
  g_byte_array_unref (self->hashes);
  pthread_mutex_destroy (&self->lock);
  g_free (self->path);
  g_free (self);
}

static Writer *
writer_new (Files *files)
{
  Writer *self = g_new0 (Writer, 1);

  self->base.table = &files_table;
  self->files = files;
  self->path = files_temporary (files);
  self->fd = -1;
  pthread_mutex_init (&self->lock, NULL);
  self->write_lane = (Lane){ .job.run = run_lane, .writer = self, .work = work_write };
  self->md5_lane = (Lane){ .job.run = run_lane, .writer = self, .work = work_md5 };
  self->hashes = g_byte_array_new ();
  self->md5 = EVP_MD_CTX_new ();
  if (self->md5 == NULL || EVP_DigestInit_ex (self->md5, EVP_md5 (), NULL) != 1)
    self->status = CS_NO_MEMORY;
  return self;
}

CsStatus
files_begin (CsBlobs *blobs, gint64 length, CsBlobWriter **writer)
{
  Files *files = (Files *) blobs;
  Beginning beginning = { writer_new (files), length };
  CsStatus status = beginning.writer->status;

  if (status == CS_OK)
    status = cs_pool_run (files->self, create_file, &beginning);
  if (status == CS_OK)
    status = beginning.writer->status;
  if (status == CS_OK)
    *writer = &beginning.writer->base;
  else
    writer_free (beginning.writer);
  return status;
}

CsStatus
files_room (CsBlobWriter *writer, gpointer *buffer, gsize *len)
{
  Writer *self = (Writer *) writer;
  Slot *slot = slot_at_hand (self);
  CsStatus status = self->fill == 0 ? wait_for_slot (self) : CS_OK;

  if (status == CS_OK)
    status = status_of (self);
  if (status != CS_OK)
    return status;
  if (slot->data == NULL)
    slot->data = files_buffer_take (self->files);
  *buffer = slot->data + self->fill;
  *len = CS_BLOB_PIECE - self->fill;
  return CS_OK;
}

void
files_wrote (CsBlobWriter *writer, gsize len)
{
  Writer *self = (Writer *) writer;

  g_assert (len <= CS_BLOB_PIECE - self->fill);
  self->fill += len;
  if (self->fill == CS_BLOB_PIECE)
    hand_over (self);
}

/* ---- finish, abort ---- */

/* Closes and removes what was begun. */
static void
discard (gpointer data)
{
  Writer *self = data;
  FilesDisk *disk = self->files->disk;

  if (self->fd < 0)
    return;
  disk->close (disk, self->fd);
  self->fd = -1;
  if (disk->unlink (disk, self->path) != 0 && errno != ENOENT)
    files_failed (self->files, "an unfinished object cannot be removed", self->path, errno);
}

static void
make_footer (Writer *self, FilesFooter *footer)
{
  FilesNaming naming;

  footer->length = self->length;
  if (EVP_DigestFinal_ex (self->md5, footer->md5, NULL) != 1)
    note (self, CS_FAILED);
  files_naming_begin (&naming);
  files_naming_add (&naming, self->hashes->data, self->hashes->len);
  files_naming_end (&naming, self->length, &footer->id);
}

static void
sync_file (Writer *self)
{
  FilesDisk *disk = self->files->disk;
  gint64 began = g_get_monotonic_time ();

  if (status_of (self) == CS_OK && disk->sync (disk, self->fd) != 0)
    failed (self, "an object cannot be synced");
  cs_stat_observe (self->files->stats.sync_seconds, g_get_monotonic_time () - began);
}

/* Takes the name from whatever has it: that is the same content, or damaged. What has got the name stays
 * even when its folder cannot be synced, since others may name it. */
static void
take_name (Writer *self, const FilesFooter *footer)
{
  Files *files = self->files;
  g_autofree char *path = files_path (files, &footer->id);
  g_autofree char *folder = files_folder (files, &footer->id);

  files_pins_take_for_put (&files->pins, &footer->id);
  if (files->disk->rename (files->disk, self->path, path) != 0)
    failed (self, "an object cannot take its name");
  else
    {
      files_pins_set_damaged (&files->pins, &footer->id, FALSE);
      if (files->disk->sync_dir (files->disk, folder) != 0)
        failed (self, "the folder of an object cannot be synced");
    }
  if (status_of (self) != CS_OK)
    files_pins_give (&files->pins, &footer->id);
}

typedef struct
{
  Writer *writer;
  FilesFooter footer;
} Sealing;

static void
seal (gpointer data)
{
  Sealing *sealing = data;
  Writer *self = sealing->writer;
  guint8 footer[FILES_FOOTER_BYTES];

  if (self->fill > 0)
    {
      slot_at_hand (self)->len = self->fill;
      work_write (self, slot_at_hand (self));
      work_md5 (self, slot_at_hand (self));
    }
  if (status_of (self) == CS_OK)
    {
      make_footer (self, &sealing->footer);
      files_footer_write (&sealing->footer, footer);
      g_byte_array_append (self->hashes, footer, sizeof footer);
      write_all (self, self->hashes->data, self->hashes->len, self->length);
      sync_file (self);
    }
  if (status_of (self) == CS_OK)
    take_name (self, &sealing->footer);
  if (status_of (self) != CS_OK)
    discard (self);
}

CsStatus
files_finish (CsBlobWriter *writer, CsBlob **blob)
{
  Writer *self = (Writer *) writer;
  Sealing sealing = { .writer = self };
  CsStatus status;

  wait_for_lanes (self);
  files_queue_run (&self->files->writing, seal, &sealing);
  status = self->status;
  if (status == CS_OK)
    {
      cs_stat_add (self->files->stats.puts, 1);
      cs_stat_add (self->files->stats.put_bytes, self->length);
      *blob = files_opened (self->files, &sealing.footer, self->fd, g_get_real_time ());
    }
  writer_free (self);
  return status;
}

void
files_abort (CsBlobWriter *writer)
{
  Writer *self = (Writer *) writer;

  wait_for_lanes (self);
  files_queue_run (&self->files->writing, discard, self);
  writer_free (self);
}
