/* sqlite-disk.c: the disk as the kernel gives it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

static int
disk_open (SqliteDisk *disk, const char *path, int flags)
{
  return open (path, flags | O_CLOEXEC, 0600);
}

static int
disk_close (SqliteDisk *disk, int fd)
{
  return close (fd);
}

static gssize
disk_read (SqliteDisk *disk, int fd, gpointer data, gsize len, gint64 at, gboolean nowait)
{
  struct iovec iov = { data, len };

  return nowait ? preadv2 (fd, &iov, 1, at, RWF_NOWAIT) : pread (fd, data, len, at);
}

static gssize
disk_write (SqliteDisk *disk, int fd, gconstpointer data, gsize len, gint64 at)
{
  return pwrite (fd, data, len, at);
}

static int
disk_sync (SqliteDisk *disk, int fd)
{
  return fdatasync (fd);
}

static int
disk_sync_dir (SqliteDisk *disk, const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int failed;

  if (fd < 0)
    return -1;
  failed = fsync (fd);
  close (fd);
  return failed;
}

static int
disk_truncate (SqliteDisk *disk, int fd, gint64 size)
{
  return ftruncate (fd, size);
}

static int
disk_unlink (SqliteDisk *disk, const char *path)
{
  return unlink (path);
}

SqliteDisk *
sqlite_disk_real (void)
{
  static SqliteDisk real = {
    .open = disk_open,
    .close = disk_close,
    .read = disk_read,
    .write = disk_write,
    .sync = disk_sync,
    .sync_dir = disk_sync_dir,
    .truncate = disk_truncate,
    .unlink = disk_unlink,
  };

  return &real;
}
