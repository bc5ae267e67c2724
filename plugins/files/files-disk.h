/* files-disk.h: the few calls that touch the disk, as a table that a test may stand in for.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_DISK_H
#define FILES_DISK_H

#include <glib.h>
#include <sys/types.h>

typedef struct _FilesDisk FilesDisk;

/* All as the system calls of the same names: -1 and errno on failure. Any thread; they block. */
struct _FilesDisk
{
  int (*open) (FilesDisk *disk, const char *path, int flags);
  int (*close) (FilesDisk *disk, int fd);
  gssize (*read) (FilesDisk *disk, int fd, gpointer data, gsize len, gint64 at);
  /* Has the kernel read a range soon. */
  void (*will_need) (FilesDisk *disk, int fd, gint64 at, gsize len);
  gssize (*write) (FilesDisk *disk, int fd, gconstpointer data, gsize len, gint64 at);
  /* Begins writing a range out, and waits for what was begun before `at`. */
  int (*write_out) (FilesDisk *disk, int fd, gint64 at, gsize len);
  int (*sync) (FilesDisk *disk, int fd);
  int (*sync_dir) (FilesDisk *disk, const char *dir);
  int (*rename) (FilesDisk *disk, const char *from, const char *to);
  int (*unlink) (FilesDisk *disk, const char *path);
  /* Bytes that may still be written there; -1: not known. */
  gint64 (*room) (FilesDisk *disk, const char *dir);
};

/* The machine's own. */
FilesDisk *files_disk_real (void);

#endif
