/* sqlite-vfs.h: SQLite's way to the disk, with a mode in which no reading ever waits for it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_VFS_H
#define SQLITE_VFS_H

#include <glib.h>
#include <sqlite3.h>

#include "sqlite-dirty.h"
#include "sqlite-disk.h"

/* What a step of a connection in nowait mode fails with when a page is not in memory: redo the
 * reading on a connection that may block. SQLite itself no longer uses this code. */
#define SQLITE_VFS_BLOCKED SQLITE_IOERR_BLOCKED

typedef struct _SqliteVfs SqliteVfs;

typedef struct
{
  SqliteDisk *disk;
  gboolean synchronous; /* FALSE: nothing is synced, a power cut loses what was acknowledged */
  void (*synced) (gpointer data, gint64 us); /* after each sync, on its thread; may be NULL */
  gpointer data;
} SqliteVfsOptions;

/* Registers a VFS under a name of its own. Main thread. */
SqliteVfs *sqlite_vfs_new (const SqliteVfsOptions *options);
/* After all its connections are closed. */
void sqlite_vfs_free (SqliteVfs *self);
const char *sqlite_vfs_name (SqliteVfs *self);

/* From now on the connection's readings fail with SQLITE_VFS_BLOCKED instead of waiting; it must not
 * write any more. The connection has read something before, so that its files are open. */
void sqlite_vfs_set_nowait (sqlite3 *db);

/* The notes about the database file that a connection of this VFS has open; borrowed while it has. */
SqliteDirty *sqlite_vfs_dirty (sqlite3 *db);

/* In a read transaction: is all that it sees in the database file, so that the WAL may begin anew under it?
 * If not, the WAL keeps what it has until the transaction ends. */
gboolean sqlite_vfs_reads_file_alone (sqlite3 *db);

#endif
