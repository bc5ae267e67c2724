/* sqlite-vfs.c: SQLite's way to the disk.
 *
 * Differences from SQLite's own unix VFS: a connection can be told never to wait for a reading
 * (preadv2 with RWF_NOWAIT); locks and WAL index live in this process's memory while an exclusive
 * lock keeps other processes out; what a transaction appends to the WAL goes out in few large writes
 * just before the sync that ends it; there is no memory mapping. Temporary files are left to the
 * default VFS; the store keeps its own in memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sqlite-vfs-private.h"

/* The bytes that SQLite's own VFS locks: a foreign process finds the database busy. */
#define LOCK_FIRST 0x40000000
#define LOCK_LENGTH 512
#define READ_LOCK_0 3

static void
opened_free (gpointer data)
{
  SqliteOpened *opened = data;

  if (opened->lock_fd >= 0)
    close (opened->lock_fd);
  sqlite_shared_free (opened->shared);
  sqlite_dirty_free (opened->dirty);
  g_free (opened->path);
  g_free (opened);
}

/* A lock of the open file description: it goes with lock_fd alone, whatever else is closed. */
static gboolean
keep_others_out (const char *path, int *lock_fd)
{
  struct flock lock = { .l_type = F_WRLCK, .l_start = LOCK_FIRST, .l_len = LOCK_LENGTH };

  *lock_fd = open (path, O_RDWR | O_CLOEXEC);
  return *lock_fd >= 0 && fcntl (*lock_fd, F_OFD_SETLK, &lock) == 0;
}

static SqliteOpened *
opened_ref (SqliteVfs *vfs, const char *path)
{
  SqliteOpened *opened;

  pthread_mutex_lock (&vfs->mutex);
  opened = g_hash_table_lookup (vfs->opened, path);
  if (opened == NULL)
    {
      opened = g_new0 (SqliteOpened, 1);
      opened->path = g_strdup (path);
      opened->shared = sqlite_shared_new ();
      opened->dirty = sqlite_dirty_new ();
      if (keep_others_out (path, &opened->lock_fd))
        g_hash_table_insert (vfs->opened, opened->path, opened);
      else
        g_clear_pointer (&opened, opened_free);
    }
  if (opened != NULL)
    opened->n_open++;
  pthread_mutex_unlock (&vfs->mutex);
  return opened;
}

static int
open_fd (SqliteVfs *vfs, SqliteFile *file, const char *path, int flags)
{
  SqliteDisk *disk = vfs->options.disk;
  int how = flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY;

  file->fd = disk->open (disk, path, how);
  if (file->fd < 0 && errno == ENOENT && (flags & SQLITE_OPEN_CREATE))
    {
      file->fd = disk->open (disk, path, how | O_CREAT);
      if (file->fd >= 0)
        file->created = g_strdup (path);
    }
  return file->fd >= 0 ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int
vfs_open (sqlite3_vfs *base, const char *path, sqlite3_file *handle, int flags, int *out_flags)
{
  SqliteVfs *vfs = base->pAppData;
  SqliteFile *file = (SqliteFile *) handle;

  if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)))
    return vfs->real->xOpen (vfs->real, path, handle, flags, out_flags);
  memset (file, 0, sizeof *file);
  file->vfs = vfs;
  file->wal = (flags & SQLITE_OPEN_WAL) != 0;
  if (open_fd (vfs, file, path, flags) != SQLITE_OK)
    return SQLITE_CANTOPEN;
  if (flags & SQLITE_OPEN_MAIN_DB)
    {
      file->opened = opened_ref (vfs, path);
      if (file->opened == NULL)
        {
          vfs->options.disk->close (vfs->options.disk, file->fd);
          g_free (file->created);
          return SQLITE_BUSY;
        }
      file->holder.shared = file->opened->shared;
    }
  file->base.pMethods = &sqlite_vfs_methods;
  if (out_flags != NULL)
    *out_flags = flags;
  return SQLITE_OK;
}

static int
vfs_delete (sqlite3_vfs *base, const char *path, int sync_dir)
{
  SqliteVfs *vfs = base->pAppData;
  SqliteDisk *disk = vfs->options.disk;

  if (disk->unlink (disk, path) != 0)
    return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  if (sync_dir && vfs->options.synchronous && disk->sync_dir (disk, path) != 0)
    return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

static int
vfs_access (sqlite3_vfs *base, const char *path, int flags, int *result)
{
  SqliteVfs *vfs = base->pAppData;

  return vfs->real->xAccess (vfs->real, path, flags, result);
}

static int
vfs_full_pathname (sqlite3_vfs *base, const char *path, int size, char *full)
{
  SqliteVfs *vfs = base->pAppData;

  return vfs->real->xFullPathname (vfs->real, path, size, full);
}

SqliteVfs *
sqlite_vfs_new (const SqliteVfsOptions *options)
{
  SqliteVfs *self = g_new0 (SqliteVfs, 1);

  self->real = sqlite3_vfs_find (NULL);
  self->options = *options;
  pthread_mutex_init (&self->mutex, NULL);
  self->opened = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, opened_free);
  self->base = *self->real;
  self->base.pNext = NULL;
  self->base.szOsFile = MAX ((int) sizeof (SqliteFile), self->real->szOsFile);
  self->base.zName = g_strdup_printf ("cloudsync-%p", (void *) self);
  self->base.pAppData = self;
  self->base.xOpen = vfs_open;
  self->base.xDelete = vfs_delete;
  self->base.xAccess = vfs_access;
  self->base.xFullPathname = vfs_full_pathname;
  sqlite3_vfs_register (&self->base, 0);
  return self;
}

void
sqlite_vfs_free (SqliteVfs *self)
{
  sqlite3_vfs_unregister (&self->base);
  g_hash_table_unref (self->opened);
  pthread_mutex_destroy (&self->mutex);
  g_free ((char *) self->base.zName);
  g_free (self);
}

const char *
sqlite_vfs_name (SqliteVfs *self)
{
  return self->base.zName;
}

/* The connection's database file or WAL, as far as it is open and of this VFS. */
static SqliteFile *
file_of (sqlite3 *db, int op)
{
  sqlite3_file *file = NULL;

  sqlite3_file_control (db, "main", op, &file);
  return file != NULL && file->pMethods == &sqlite_vfs_methods ? (SqliteFile *) file : NULL;
}

static void
set_nowait (SqliteFile *file)
{
  if (file != NULL)
    file->nowait = TRUE;
}

void
sqlite_vfs_set_nowait (sqlite3 *db)
{
  set_nowait (file_of (db, SQLITE_FCNTL_FILE_POINTER));
  set_nowait (file_of (db, SQLITE_FCNTL_JOURNAL_POINTER));
}

SqliteDirty *
sqlite_vfs_dirty (sqlite3 *db)
{
  return file_of (db, SQLITE_FCNTL_FILE_POINTER)->opened->dirty;
}

/* Read lock 0 of the WAL index says so: https://www.sqlite.org/walformat.html, "WAL locks". */
gboolean
sqlite_vfs_reads_file_alone (sqlite3 *db)
{
  return (file_of (db, SQLITE_FCNTL_FILE_POINTER)->holder.shm_shared & 1u << READ_LOCK_0) != 0;
}
