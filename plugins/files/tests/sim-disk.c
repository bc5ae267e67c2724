/* sim-disk.c: files lie on the real disk; each write since the file's last sync is remembered with what it
 * covered, each rename since the sync of its folder with what it hid. A cut takes all of those writes back
 * and does again a random part of them, some only up to a random byte; each rename stays or not.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  gint64 at, size_before;
  GBytes *before, *after;
} SimWrite;

typedef struct
{
  char *path;
  GQueue writes; /* SimWrite, since the last sync */
} SimFile;

typedef struct
{
  char *from, *to;
  char *folder;       /* whose sync makes it last: the one that is not tmp */
  char *moved, *hidden; /* other names of what was moved, and of what was there (NULL: nothing) */
} SimRename;

struct _SimDisk
{
  FilesDisk base;
  FilesDisk *real;
  pthread_mutex_t mutex;
  GRand *random;
  char *spare;
  gboolean syncs;
  GPtrArray *files;  /* SimFile */
  GHashTable *by_fd; /* fd -> SimFile */
  GQueue renames;    /* SimRename, oldest first */
  gboolean dead;
  guint operations, cut_after, serial;
};

static void
write_free (gpointer data)
{
  SimWrite *write = data;

  g_bytes_unref (write->before);
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

static void
rename_free (gpointer data)
{
  SimRename *renamed = data;

  unlink (renamed->moved);
  if (renamed->hidden != NULL)
    unlink (renamed->hidden);
  g_free (renamed->from);
  g_free (renamed->to);
  g_free (renamed->folder);
  g_free (renamed->moved);
  g_free (renamed->hidden);
  g_free (renamed);
}

/* ---- as the engine sees it; each takes the mutex ---- */

static gboolean
goes_on (SimDisk *self)
{
  if (!self->dead && ++self->operations == self->cut_after)
    self->dead = TRUE;
  errno = EIO;
  return !self->dead;
}

static SimFile *
file_of (SimDisk *self, const char *path)
{
  SimFile *file;

  for (guint i = 0; i < self->files->len; i++)
    if (strcmp (((SimFile *) self->files->pdata[i])->path, path) == 0)
      return self->files->pdata[i];
  file = g_new0 (SimFile, 1);
  file->path = g_strdup (path);
  g_queue_init (&file->writes);
  g_ptr_array_add (self->files, file);
  return file;
}

static int
sim_open (FilesDisk *base, const char *path, int flags)
{
  SimDisk *self = (SimDisk *) base;
  int fd = -1;

  pthread_mutex_lock (&self->mutex);
  errno = EIO;
  if (!self->dead)
    fd = self->real->open (self->real, path, flags);
  if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY)
    g_hash_table_insert (self->by_fd, GINT_TO_POINTER (fd), file_of (self, path));
  pthread_mutex_unlock (&self->mutex);
  return fd;
}

static int
sim_close (FilesDisk *base, int fd)
{
  SimDisk *self = (SimDisk *) base;

  pthread_mutex_lock (&self->mutex);
  g_hash_table_remove (self->by_fd, GINT_TO_POINTER (fd));
  close (fd);
  pthread_mutex_unlock (&self->mutex);
  return 0;
}

static gssize
sim_read (FilesDisk *base, int fd, gpointer data, gsize len, gint64 at)
{
  return pread (fd, data, len, at);
}

static void
sim_will_need (FilesDisk *base, int fd, gint64 at, gsize len)
{
}

static void
remember (SimFile *file, int fd, gconstpointer data, gsize len, gint64 at)
{
  SimWrite *write = g_new0 (SimWrite, 1);
  struct stat info;
  g_autofree char *before = g_malloc (len + 1);
  gssize n = pread (fd, before, len, at);

  fstat (fd, &info);
  write->at = at;
  write->size_before = info.st_size;
  write->before = g_bytes_new (before, MAX (n, 0));
  write->after = g_bytes_new (data, len);
  g_queue_push_tail (&file->writes, write);
}

static gssize
sim_write (FilesDisk *base, int fd, gconstpointer data, gsize len, gint64 at)
{
  SimDisk *self = (SimDisk *) base;
  gssize n = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      remember (g_hash_table_lookup (self->by_fd, GINT_TO_POINTER (fd)), fd, data, len, at);
      n = pwrite (fd, data, len, at);
    }
  pthread_mutex_unlock (&self->mutex);
  return n;
}

static int
sim_write_out (FilesDisk *base, int fd, gint64 at, gsize len)
{
  return 0; /* a hint makes nothing durable */
}

static int
sim_sync (FilesDisk *base, int fd)
{
  SimDisk *self = (SimDisk *) base;
  SimFile *file;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      file = g_hash_table_lookup (self->by_fd, GINT_TO_POINTER (fd));
      if (self->syncs)
        g_queue_clear_full (&file->writes, write_free);
      failed = 0;
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static void
make_names_last (SimDisk *self, const char *dir)
{
  GList *next;

  for (GList *link = self->renames.head; link != NULL; link = next)
    {
      SimRename *renamed = link->data;

      next = link->next;
      if (strcmp (renamed->folder, dir) != 0)
        continue;
      rename_free (renamed);
      g_queue_delete_link (&self->renames, link);
    }
}

static int
sim_sync_dir (FilesDisk *base, const char *dir)
{
  SimDisk *self = (SimDisk *) base;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      if (self->syncs)
        make_names_last (self, dir);
      failed = 0;
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static char *
spare_name (SimDisk *self)
{
  return g_strdup_printf ("%s/%u", self->spare, self->serial++);
}

static char *
kept (SimDisk *self, const char *path)
{
  char *name = spare_name (self);

  if (link (path, name) != 0)
    g_clear_pointer (&name, g_free);
  return name;
}

static int
sim_rename (FilesDisk *base, const char *from, const char *to)
{
  SimDisk *self = (SimDisk *) base;
  g_autofree char *folder = g_path_get_dirname (to);
  SimRename *renamed;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    {
      renamed = g_new0 (SimRename, 1);
      renamed->from = g_strdup (from);
      renamed->to = g_strdup (to);
      renamed->folder = g_str_has_suffix (folder, "/tmp") ? g_path_get_dirname (from)
                                                          : g_strdup (folder);
      renamed->moved = kept (self, from);
      renamed->hidden = kept (self, to);
      failed = rename (from, to);
      g_assert_cmpint (failed, ==, 0);
      g_queue_push_tail (&self->renames, renamed);
      for (guint i = 0; i < self->files->len; i++)
        {
          SimFile *file = self->files->pdata[i];

          if (strcmp (file->path, to) == 0)
            {
              g_free (file->path);
              file->path = g_strdup (renamed->hidden != NULL ? renamed->hidden : "");
            }
          else if (strcmp (file->path, from) == 0)
            {
              g_free (file->path);
              file->path = g_strdup (renamed->moved);
            }
        }
    }
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static int
sim_unlink (FilesDisk *base, const char *path)
{
  SimDisk *self = (SimDisk *) base;
  int failed = -1;

  pthread_mutex_lock (&self->mutex);
  if (goes_on (self))
    failed = unlink (path);
  pthread_mutex_unlock (&self->mutex);
  return failed;
}

static gint64
sim_room (FilesDisk *base, const char *dir)
{
  return -1;
}

/* ---- the cut ---- */

static void
write_at (int fd, GBytes *bytes, gsize len, gint64 at)
{
  g_assert_cmpint (pwrite (fd, g_bytes_get_data (bytes, NULL), len, at), ==, len);
}

/* As if none of its unsynced writes had been, and then some of them. */
static guint
settle_file (SimDisk *self, SimFile *file)
{
  int fd = open (file->path, O_RDWR);
  guint n = 0;

  if (fd < 0)
    return 0;
  for (GList *link = file->writes.tail; link != NULL; link = link->prev)
    {
      SimWrite *write = link->data;

      write_at (fd, write->before, g_bytes_get_size (write->before), write->at);
      g_assert_cmpint (ftruncate (fd, write->size_before), ==, 0);
    }
  for (GList *link = file->writes.head; link != NULL; link = link->next)
    {
      SimWrite *write = link->data;
      gsize len = g_bytes_get_size (write->after);

      switch (g_rand_int_range (self->random, 0, 3))
        {
        case 0:
          n++;
          continue;
        case 1:
          n++;
          len = g_rand_int_range (self->random, 0, len + 1);
          break;
        }
      write_at (fd, write->after, len, write->at);
    }
  close (fd);
  return n;
}

static guint
settle_rename (SimDisk *self, SimRename *renamed)
{
  if (g_rand_boolean (self->random))
    return 0;
  unlink (renamed->to);
  unlink (renamed->from);
  if (link (renamed->moved, renamed->from) != 0)
    return 0;
  if (renamed->hidden != NULL)
    g_assert_cmpint (link (renamed->hidden, renamed->to), ==, 0);
  return 1;
}

guint
sim_disk_settle (SimDisk *self)
{
  guint n = 0;

  for (guint i = 0; i < self->files->len; i++)
    n += settle_file (self, self->files->pdata[i]);
  for (GList *link = self->renames.tail; link != NULL; link = link->prev)
    n += settle_rename (self, link->data);
  return n;
}

/* ---- life ---- */

SimDisk *
sim_disk_new (guint32 seed, const char *spare, gboolean syncs)
{
  static const FilesDisk table = { .open = sim_open,
                                   .close = sim_close,
                                   .read = sim_read,
                                   .will_need = sim_will_need,
                                   .write = sim_write,
                                   .write_out = sim_write_out,
                                   .sync = sim_sync,
                                   .sync_dir = sim_sync_dir,
                                   .rename = sim_rename,
                                   .unlink = sim_unlink,
                                   .room = sim_room };
  SimDisk *self = g_new0 (SimDisk, 1);

  self->base = table;
  self->real = files_disk_real ();
  self->random = g_rand_new_with_seed (seed);
  self->spare = g_strdup (spare);
  self->syncs = syncs;
  self->files = g_ptr_array_new_with_free_func (file_free);
  self->by_fd = g_hash_table_new (NULL, NULL);
  pthread_mutex_init (&self->mutex, NULL);
  g_queue_init (&self->renames);
  return self;
}

void
sim_disk_free (SimDisk *self)
{
  g_queue_clear_full (&self->renames, rename_free);
  g_ptr_array_unref (self->files);
  g_hash_table_unref (self->by_fd);
  g_rand_free (self->random);
  pthread_mutex_destroy (&self->mutex);
  g_free (self->spare);
  g_free (self);
}

FilesDisk *
sim_disk_base (SimDisk *self)
{
  return &self->base;
}

void
sim_disk_cut_after (SimDisk *self, guint operations)
{
  pthread_mutex_lock (&self->mutex);
  self->operations = 0;
  self->cut_after = operations;
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
