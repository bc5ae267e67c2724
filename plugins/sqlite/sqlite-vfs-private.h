/* sqlite-vfs-private.h: what the two files of the VFS share: the VFS, files that are open, their methods.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_VFS_PRIVATE_H
#define SQLITE_VFS_PRIVATE_H

#include <pthread.h>

#include "sqlite-shared.h"
#include "sqlite-vfs.h"

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

/* sqlite-vfs-file.c: reading, writing, syncing and locking one open file. */
extern const sqlite3_io_methods sqlite_vfs_methods;

#endif
