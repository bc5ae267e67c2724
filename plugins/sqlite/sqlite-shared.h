/* sqlite-shared.h: what the connections to one database file share inside this process: the locks and
 * the WAL index, both in plain memory, so that neither can wait for a disk.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_SHARED_H
#define SQLITE_SHARED_H

#include <glib.h>
#include <sqlite3.h>

typedef struct _SqliteShared SqliteShared;

/* One connection's part: what it holds. Zeroed before use. */
typedef struct
{
  SqliteShared *shared;
  int level;           /* SQLITE_LOCK_* */
  guint shm_shared;    /* bit per slot */
  guint shm_exclusive;
} SqliteHolder;

/* All: any thread; a call about a holder from the thread that uses its connection. */

SqliteShared *sqlite_shared_new (void);
void sqlite_shared_free (SqliteShared *self);

int sqlite_shared_lock (SqliteHolder *holder, int level);
int sqlite_shared_unlock (SqliteHolder *holder, int level);
gboolean sqlite_shared_is_reserved (SqliteHolder *holder);

int sqlite_shared_map (SqliteHolder *holder, int region, int size, gboolean extend,
                       void volatile **memory);
int sqlite_shared_shm_lock (SqliteHolder *holder, int first, int n, int flags);

#endif
