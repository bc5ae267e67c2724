/* sqlite-disk.h: the few calls that touch the disk, as a table that a test may stand in for.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_DISK_H
#define SQLITE_DISK_H

#include <glib.h>
#include <sys/types.h>

typedef struct _SqliteDisk SqliteDisk;

/* All as the system calls of the same names: -1 and errno on failure. Any thread. */
struct _SqliteDisk
{
  int (*open) (SqliteDisk *disk, const char *path, int flags);
  int (*close) (SqliteDisk *disk, int fd);
  /* With `nowait` only what is in memory: EAGAIN when it is not, EOPNOTSUPP when nobody can tell. */
  gssize (*read) (SqliteDisk *disk, int fd, gpointer data, gsize len, gint64 at, gboolean nowait);
  gssize (*write) (SqliteDisk *disk, int fd, gconstpointer data, gsize len, gint64 at);
  int (*sync) (SqliteDisk *disk, int fd);
  int (*sync_dir) (SqliteDisk *disk, const char *path); /* of the directory that holds `path` */
  int (*truncate) (SqliteDisk *disk, int fd, gint64 size);
  int (*unlink) (SqliteDisk *disk, const char *path);
};

/* The machine's own. */
SqliteDisk *sqlite_disk_real (void);

#endif
