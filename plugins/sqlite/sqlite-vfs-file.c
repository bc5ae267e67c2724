/* sqlite-vfs-file.c: one open file: reading without waiting, the WAL's tail, syncing, locks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sqlite-vfs-private.h"

#define TAIL_MAX (1024 * 1024)
#define SECTOR 4096

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

const sqlite3_io_methods sqlite_vfs_methods = {
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
