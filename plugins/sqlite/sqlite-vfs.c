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
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-shared.h"

#define TAIL_MAX (1024 * 1024)
#define SECTOR 4096
/* The bytes that SQLite's own VFS locks: a foreign process finds the database busy. */
#define LOCK_FIRST 0x40000000
#define LOCK_LENGTH 512
#define READ_LOCK_0 3

/* A database file that is open at least once. */
typedef struct
{
  char *path;
  guint n_open;
  int lock_fd;
  SqliteShared *shared;
  SqliteDirty *dirty;
} SqliteOpened;

struct _SqliteVfs
{
  sqlite3_vfs base;
  sqlite3_vfs *real;
  SqliteVfsOptions options;
  pthread_mutex_t mutex;
  GHashTable *opened; /* path -> SqliteOpened */
};

typedef struct
{
  sqlite3_file base;
  SqliteVfs *vfs;
  SqliteOpened *opened; /* main database files only */
  SqliteHolder holder;
  int fd;
  gboolean wal;
  gboolean nowait;
  char *created;   /* its path, until the directory that has the new name is synced */
  guint8 *tail;    /* WAL: appended, not yet written */
  gsize tail_len;
  gint64 tail_at;
} SqliteFile;

static int
write_error (void)
{
  return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int
write_all (SqliteFile *file, const guint8 *data, gsize len, gint64 at)
{
  SqliteDisk *disk = file->vfs->options.disk;
  gssize n;

  while (len > 0)
    {
      n = disk->write (disk, file->fd, data, len, at);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return write_error ();
      if (n == 0)
        return SQLITE_FULL;
      data += n;
      at += n;
      len -= n;
    }
  return SQLITE_OK;
}

/* What could not be written is given up: the transaction that wrote it fails with this. */
static int
flush_tail (SqliteFile *file)
{
  gsize len = file->tail_len;

  file->tail_len = 0;
  return len > 0 ? write_all (file, file->tail, len, file->tail_at) : SQLITE_OK;
}

static int
file_close (sqlite3_file *base)
{
  SqliteFile *file = (SqliteFile *) base;
  SqliteVfs *vfs = file->vfs;
  SqliteOpened *opened = file->opened;

  flush_tail (file);
  vfs->options.disk->close (vfs->options.disk, file->fd);
  g_free (file->tail);
  g_free (file->created);
  if (opened != NULL)
    {
      sqlite_shared_unlock (&file->holder, SQLITE_LOCK_NONE);
      pthread_mutex_lock (&vfs->mutex);
      if (--opened->n_open == 0)
        g_hash_table_remove (vfs->opened, opened->path);
      pthread_mutex_unlock (&vfs->mutex);
    }
  return SQLITE_OK;
}

/* Fewer bytes came than were asked for: the file's end, or a page that is not in memory. */
static int
short_read (SqliteFile *file, guint8 *data, gsize got, gsize len, gint64 at)
{
  struct stat st;

  if (fstat (file->fd, &st) < 0)
    return SQLITE_IOERR_FSTAT;
  if (at + (gint64) got < st.st_size)
    return file->nowait ? SQLITE_VFS_BLOCKED : SQLITE_IOERR_READ;
  memset (data + got, 0, len - got);
  return SQLITE_IOERR_SHORT_READ;
}

static int
file_read (sqlite3_file *base, void *data, int len, sqlite3_int64 at)
{
  SqliteFile *file = (SqliteFile *) base;
  SqliteDisk *disk = file->vfs->options.disk;
  gsize got = 0;
  gssize n;
  int rc;

  if (file->tail_len > 0 && (rc = flush_tail (file)) != SQLITE_OK)
    return rc;
  while (got < (gsize) len)
    {
      n = disk->read (disk, file->fd, (guint8 *) data + got, len - got, at + got, file->nowait);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return file->nowait && (errno == EAGAIN || errno == EOPNOTSUPP) ? SQLITE_VFS_BLOCKED
                                                                        : SQLITE_IOERR_READ;
      if (n == 0 || file->nowait)
        return got + n == (gsize) len ? SQLITE_OK : short_read (file, data, got + n, len, at);
      got += n;
    }
  return SQLITE_OK;
}

static int
append_tail (SqliteFile *file, const void *data, gsize len, gint64 at)
{
  int rc = SQLITE_OK;

  if (file->tail_len > 0
      && (at != file->tail_at + (gint64) file->tail_len || file->tail_len + len > TAIL_MAX))
    rc = flush_tail (file);
  if (rc != SQLITE_OK || len > TAIL_MAX)
    return rc != SQLITE_OK ? rc : write_all (file, data, len, at);
  if (file->tail == NULL)
    file->tail = g_malloc (TAIL_MAX);
  if (file->tail_len == 0)
    file->tail_at = at;
  memcpy (file->tail + file->tail_len, data, len);
  file->tail_len += len;
  return SQLITE_OK;
}

static int
file_write (sqlite3_file *base, const void *data, int len, sqlite3_int64 at)
{
  SqliteFile *file = (SqliteFile *) base;

  int rc;

  if (file->nowait)
    return SQLITE_IOERR_WRITE;
  if (file->wal)
    return append_tail (file, data, len, at);
  rc = write_all (file, data, len, at);
  if (file->opened != NULL)
    sqlite_dirty_mark (file->opened->dirty, at, len);
  return rc;
}

static int
file_truncate (sqlite3_file *base, sqlite3_int64 size)
{
  SqliteFile *file = (SqliteFile *) base;
  SqliteDisk *disk = file->vfs->options.disk;
  int rc = flush_tail (file);

  if (rc != SQLITE_OK)
    return rc;
  return disk->truncate (disk, file->fd, size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int
sync_created (SqliteFile *file)
{
  SqliteDisk *disk = file->vfs->options.disk;

  if (file->created == NULL)
    return SQLITE_OK;
  if (disk->sync_dir (disk, file->created) != 0)
    return SQLITE_IOERR_DIR_FSYNC;
  g_clear_pointer (&file->created, g_free);
  return SQLITE_OK;
}

static int
file_sync (sqlite3_file *base, int flags)
{
  SqliteFile *file = (SqliteFile *) base;
  const SqliteVfsOptions *options = &file->vfs->options;
  gint64 began;
  int rc = flush_tail (file);

  if (rc != SQLITE_OK || !options->synchronous)
    return rc;
  began = g_get_monotonic_time ();
  if (options->disk->sync (options->disk, file->fd) != 0)
    return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
  if (options->synced != NULL)
    options->synced (options->data, g_get_monotonic_time () - began);
  return sync_created (file);
}

static int
file_size (sqlite3_file *base, sqlite3_int64 *size)
{
  SqliteFile *file = (SqliteFile *) base;
  struct stat st;
  int rc = flush_tail (file);

  if (rc != SQLITE_OK)
    return rc;
  if (fstat (file->fd, &st) < 0)
    return SQLITE_IOERR_FSTAT;
  *size = st.st_size;
  return SQLITE_OK;
}

static int
file_lock (sqlite3_file *base, int level)
{
  SqliteFile *file = (SqliteFile *) base;

  return file->opened != NULL ? sqlite_shared_lock (&file->holder, level) : SQLITE_OK;
}

static int
file_unlock (sqlite3_file *base, int level)
{
  SqliteFile *file = (SqliteFile *) base;

  return file->opened != NULL ? sqlite_shared_unlock (&file->holder, level) : SQLITE_OK;
}

static int
file_check_reserved (sqlite3_file *base, int *reserved)
{
  SqliteFile *file = (SqliteFile *) base;

  *reserved = file->opened != NULL && sqlite_shared_is_reserved (&file->holder);
  return SQLITE_OK;
}

static int
file_control (sqlite3_file *base, int op, void *arg)
{
  return SQLITE_NOTFOUND;
}

static int
file_sector_size (sqlite3_file *base)
{
  return SECTOR;
}

static int
file_characteristics (sqlite3_file *base)
{
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
file_shm_map (sqlite3_file *base, int region, int size, int extend, void volatile **memory)
{
  return sqlite_shared_map (&((SqliteFile *) base)->holder, region, size, extend, memory);
}

static int
file_shm_lock (sqlite3_file *base, int first, int n, int flags)
{
  return sqlite_shared_shm_lock (&((SqliteFile *) base)->holder, first, n, flags);
}

static void
file_shm_barrier (sqlite3_file *base)
{
#ifdef __SANITIZE_THREAD__
  /* It knows no fences; a swap of something of one's own orders as much on the machines it runs on. */
  gint swapped = 0;

  __atomic_exchange_n (&swapped, 1, __ATOMIC_SEQ_CST);
#else
  __atomic_thread_fence (__ATOMIC_SEQ_CST);
#endif
}

static int
file_shm_unmap (sqlite3_file *base, int remove)
{
  SqliteFile *file = (SqliteFile *) base;

  return sqlite_shared_shm_lock (&file->holder, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK);
}

static const sqlite3_io_methods file_methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

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
  file->base.pMethods = &file_methods;
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
  return file != NULL && file->pMethods == &file_methods ? (SqliteFile *) file : NULL;
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
