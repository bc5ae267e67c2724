/* sim-disk.c: files lie on the real disk, each write since the file's last sync is remembered with what
 * it covered. A cut takes all of those back and then does again a random part of them, some only up to a
 * random byte. A file whose directory was not synced may be gone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  gint64 at;
  gint64 size_before; /* of the file */
  GBytes *before;     /* what was there, as far as the file went */
  GBytes *after;      /* NULL: the file was cut off at `at` */
} SimWrite;

typedef struct
{
  char *path;
  gboolean unnamed; /* its directory was not synced since it was made */
  GQueue writes;    /* SimWrite, since the last sync */
} SimFile;

struct _SimDisk
{
  SqliteDisk base;
  SqliteDisk *real;
  pthread_mutex_t mutex;
  GRand *random;
  GHashTable *files;  /* path -> SimFile */
  GHashTable *by_fd;  /* fd -> SimFile */
  gint dead;    /* atomic */
  guint operations, cut_after;
  int write_error, sync_error;
  gint forget; /* atomic */
  guint blocking_reads;
};

static void
write_free (gpointer data)
{
  SimWrite *write = data;

  g_bytes_unref (write->before);
  if (write->after != NULL)
    g_bytes_unref (write->after);
  g_free (write);
}

static void
file_free (gpointer data)
{
  SimFile *file = data;

  g_queue_clear_full (&file->writes, write_free);
  g_free (file->path);
  g_free (file);
}

/* ---- as SQLite sees it; each takes the mutex ---- */

static gboolean
goes_on (SimDisk *self)
{
  if (!self->dead && ++self->operations == self->cut_after)
    g_atomic_int_set (&self->dead, TRUE);
  errno = EIO;
  return !self->dead;
}

static int
sim_open (SqliteDisk *base, const char *path, int flags)
{
  SimDisk *self = (SimDisk *) base;
  SimFile *file;
  gboolean is_new;
  int fd;

  pthread_mutex_lock (&self->mutex);
  is_new = (flags & O_CREAT) && access (path, F_OK) != 0;
  fd = self->dead ? -1 : self->real->open (self->real, path, flags);
  if (self->dead)
    errno = EIO;
  if (fd >= 0)
    {
      file = g_hash_table_lookup (self->files, path);
      if (file == NULL)
        {
          file = g_new0 (SimFile, 1);
          file->path = g_strdup (path);
          g_queue_init (&file->writes);
          g_hash_table_insert (self->files, file->path, file);
        }
      file->unnamed |= is_new;
      g_hash_table_insert (self->by_fd, GINT_TO_POINTER (fd), file);
    }
  pthread_mutex_unlock (&self->mutex);
  return fd;
}

static int
sim_close (SqliteDisk *base, int fd)
{
  SimDisk *self = (SimDisk *) base;
  int failed;

  pthread_mutex_lock (&self->mutex);
  g_hash_table_remove (self->by_fd, GINT_TO_POINTER (fd));
  failed = self->real->close (self->real, fd);
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static gssize
sim_read (SqliteDisk *base, int fd, gpointer data, gsize len, gint64 at, gboolean nowait)
{
  SimDisk *self = (SimDisk *) base;

  errno = EIO;
  if (g_atomic_int_get (&self->dead))
    return -1;
  errno = EAGAIN;
  if (nowait && g_atomic_int_get (&self->forget))
    return -1;
  if (!nowait)
    g_atomic_int_inc (&self->blocking_reads);
  return pread (fd, data, len, at);
}

static GBytes *
read_old (int fd, gint64 at, gint64 end)
{
  gsize len = MAX (end - at, 0);
  char *data = g_malloc (len + 1);

  if (len > 0 && pread (fd, data, len, at) != (gssize) len)
    g_error ("sim-disk: cannot read back");
  return g_bytes_new_take (data, len);
}

static void
remember (SimDisk *self, int fd, gint64 at, gconstpointer data, gssize len)
{
  SimFile *file = g_hash_table_lookup (self->by_fd, GINT_TO_POINTER (fd));
  SimWrite *write = g_new0 (SimWrite, 1);
  struct stat st;

  fstat (fd, &st);
  write->at = at;
  write->size_before = st.st_size;
  write->before = read_old (fd, at, data != NULL ? MIN (st.st_size, at + len) : st.st_size);
  write->after = data != NULL ? g_bytes_new (data, len) : NULL;
  g_queue_push_tail (&file->writes, write);
}

static gssize
sim_write (SqliteDisk *base, int fd, gconstpointer data, gsize len, gint64 at)
{
  SimDisk *self = (SimDisk *) base;
  gssize n = -1;

  pthread_mutex_lock (&self->mutex);
  if (self->write_error != 0)
    errno = self->write_error;
  else if (!self->dead)
    {
      gboolean last = !goes_on (self);

      /* The write in which the power goes may be torn like the others. */
      remember (self, fd, at, data, len);
      n = pwrite (fd, data, len, at);
      errno = EIO;
      n = last ? -1 : n;
    }
  else
    errno = EIO;
  pthread_mutex_unlock (&self->mutex);
  return n;
}

static int
sim_sync (SqliteDisk *base, int fd)
{
  SimDisk *self = (SimDisk *) base;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (self->sync_error != 0)
    errno = self->sync_error;
  else if (goes_on (self))
    {
      SimFile *file = g_hash_table_lookup (self->by_fd, GINT_TO_POINTER (fd));

      g_queue_clear_full (&file->writes, write_free);
      failed = 0;
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static int
sim_sync_dir (SqliteDisk *base, const char *path)
{
  SimDisk *self = (SimDisk *) base;
  GHashTableIter iter;
  gpointer value;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      g_hash_table_iter_init (&iter, self->files);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        ((SimFile *) value)->unnamed = FALSE;
      failed = 0;
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static int
sim_truncate (SqliteDisk *base, int fd, gint64 size)
{
  SimDisk *self = (SimDisk *) base;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      remember (self, fd, size, NULL, 0);
      failed = ftruncate (fd, size);
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static int
sim_unlink (SqliteDisk *base, const char *path)
{
  SimDisk *self = (SimDisk *) base;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      failed = unlink (path);
      g_hash_table_remove (self->files, path);
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

/* ---- for the test ---- */

SimDisk *
sim_disk_new (guint32 seed)
{
  SimDisk *self = g_new0 (SimDisk, 1);

  self->base = (SqliteDisk){ sim_open, sim_close,    sim_read,     sim_write,
                             sim_sync, sim_sync_dir, sim_truncate, sim_unlink };
  self->real = sqlite_disk_real ();
  self->random = g_rand_new_with_seed (seed);
  pthread_mutex_init (&self->mutex, NULL);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, file_free);
  self->by_fd = g_hash_table_new (NULL, NULL);
  return self;
}

void
sim_disk_free (SimDisk *self)
{
  g_hash_table_unref (self->by_fd);
  g_hash_table_unref (self->files);
  pthread_mutex_destroy (&self->mutex);
  g_rand_free (self->random);
  g_free (self);
}

SqliteDisk *
sim_disk_base (SimDisk *self)
{
  return &self->base;
}

void
sim_disk_cut_after (SimDisk *self, guint operations)
{
  pthread_mutex_lock (&self->mutex);
  self->cut_after = self->operations + operations;
  pthread_mutex_unlock (&self->mutex);
}

gboolean
sim_disk_is_dead (SimDisk *self)
{
  gboolean dead;

  pthread_mutex_lock (&self->mutex);
  dead = self->dead;
  pthread_mutex_unlock (&self->mutex);
  return dead;
}

guint
sim_disk_operations (SimDisk *self)
{
  return self->operations;
}

void
sim_disk_fail_writes (SimDisk *self, int error)
{
  pthread_mutex_lock (&self->mutex);
  self->write_error = error;
  pthread_mutex_unlock (&self->mutex);
}

void
sim_disk_fail_syncs (SimDisk *self, int error)
{
  pthread_mutex_lock (&self->mutex);
  self->sync_error = error;
  pthread_mutex_unlock (&self->mutex);
}

void
sim_disk_forget_pages (SimDisk *self, gboolean forget)
{
  g_atomic_int_set (&self->forget, forget);
}

guint
sim_disk_blocking_reads (SimDisk *self)
{
  return g_atomic_int_get (&self->blocking_reads);
}

static void
undo (int fd, const SimWrite *write)
{
  gsize len;
  const void *before = g_bytes_get_data (write->before, &len);

  if (ftruncate (fd, write->size_before) != 0
      || pwrite (fd, before, len, write->at) != (gssize) len)
    g_error ("sim-disk: cannot undo");
}

/* TRUE: dropped or torn. */
static gboolean
redo (SimDisk *self, int fd, const SimWrite *write)
{
  guint chance = g_rand_int_range (self->random, 0, 4);
  gsize len;
  const char *after;

  if (chance == 0)
    return TRUE;
  if (write->after == NULL)
    {
      if (ftruncate (fd, write->at) != 0)
        g_error ("sim-disk: cannot truncate");
      return FALSE;
    }
  after = g_bytes_get_data (write->after, &len);
  if (chance == 1 && len > 1)
    len = g_rand_int_range (self->random, 1, len);
  if (pwrite (fd, after, len, write->at) != (gssize) len)
    g_error ("sim-disk: cannot redo");
  return chance == 1;
}

static guint
settle_file (SimDisk *self, SimFile *file)
{
  int fd = open (file->path, O_RDWR | O_CLOEXEC);
  guint lost = 0;
  GList *at;

  if (fd < 0)
    return 0;
  for (at = file->writes.tail; at != NULL; at = at->prev)
    undo (fd, at->data);
  for (at = file->writes.head; at != NULL; at = at->next)
    lost += redo (self, fd, at->data);
  close (fd);
  if (file->unnamed && g_rand_boolean (self->random))
    {
      unlink (file->path);
      lost++;
    }
  return lost;
}

guint
sim_disk_settle (SimDisk *self)
{
  GHashTableIter iter;
  gpointer value;
  guint lost = 0;

  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    lost += settle_file (self, value);
  return lost;
}
