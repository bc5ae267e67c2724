/* files-disk.c: the disk as the kernel gives it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int
disk_open (FilesDisk *disk, const char *path, int flags)
{
  return open (path, flags | O_CLOEXEC, 0600);
}

static int
disk_close (FilesDisk *disk, int fd)
{
  return close (fd);
}

static gssize
disk_read (FilesDisk *disk, int fd, gpointer data, gsize len, gint64 at)
{
  return pread (fd, data, len, at);
}

static void
disk_will_need (FilesDisk *disk, int fd, gint64 at, gsize len)
{
  posix_fadvise (fd, at, len, POSIX_FADV_WILLNEED);
}

static gssize
disk_write (FilesDisk *disk, int fd, gconstpointer data, gsize len, gint64 at)
{
  return pwrite (fd, data, len, at);
}

/* A file system that does not know it leaves all to the sync. */
static int
disk_write_out (FilesDisk *disk, int fd, gint64 at, gsize len)
{
  if (at > 0
      && sync_file_range (fd, 0, at,
                          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE
                            | SYNC_FILE_RANGE_WAIT_AFTER)
           != 0)
    return errno == ENOSYS || errno == ESPIPE || errno == EINVAL ? 0 : -1;
  sync_file_range (fd, at, len, SYNC_FILE_RANGE_WRITE);
  return 0;
}

static int
disk_sync (FilesDisk *disk, int fd)
{
  return fdatasync (fd);
}

static int
disk_sync_dir (FilesDisk *disk, const char *dir)
{
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int failed;

  if (fd < 0)
    return -1;
  failed = fsync (fd);
  close (fd);
  return failed;
}

static int
disk_rename (FilesDisk *disk, const char *from, const char *to)
{
  return rename (from, to);
}

static int
disk_unlink (FilesDisk *disk, const char *path)
{
  return unlink (path);
}

static gint64
disk_room (FilesDisk *disk, const char *dir)
{
  struct statvfs info;

  if (statvfs (dir, &info) != 0)
    return -1;
  return (gint64) MIN ((guint64) info.f_bavail * info.f_frsize, (guint64) G_MAXINT64);
}

FilesDisk *
files_disk_real (void)
{
  static FilesDisk real = {
    .open = disk_open,
    .close = disk_close,
    .read = disk_read,
    .will_need = disk_will_need,
    .write = disk_write,
    .write_out = disk_write_out,
    .sync = disk_sync,
    .sync_dir = disk_sync_dir,
    .rename = disk_rename,
    .unlink = disk_unlink,
    .room = disk_room,
  };

  return &real;
}
