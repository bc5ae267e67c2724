/* sqlite-copy.h: a copy of a store file that is being written.
 *
 * The file is read in passes: first all of it, then the pages that checkpoints wrote meanwhile, until those
 * are few. Then a read transaction keeps the WAL from beginning anew for as long as the last pages and the
 * WAL take. What was acknowledged before that moment is in the copy; writers and checkpoints never wait, and the
 * WAL does not grow as it would under a reading that is as long as the copy.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_COPY_H
#define SQLITE_COPY_H

#include "sqlite-engine.h"

/* Holds reading and writing of copies to so many bytes a second. */
typedef struct
{
  gint64 rate; /* 0: no limit */
  gint64 began; /* monotonic; 0: not yet */
  guint64 bytes;
} SqlitePace;

/* Sleeps as long as `bytes` more are too many. FALSE, with CS_CANCELLED: nobody waits for the command. */
gboolean sqlite_pace (SqlitePace *pace, gsize bytes, GError **error);

/* Copies a live file to `to` and `to`-wal, which must not exist, and syncs them. *seqs gets the last sequence
 * number (gint64) of each database (by its number, gint64) as of the moment of the copy. On failure files may
 * be left. May block. */
gboolean sqlite_copy_live (SqliteShard *shard, const char *to, SqlitePace *pace, GHashTable **seqs,
                           GError **error);

/* Copies a file that nobody writes, and syncs it; progress is told under `what`. May block. */
gboolean sqlite_copy_file (const char *from, const char *to, const char *what, SqlitePace *pace,
                           GError **error);

/* Makes the names of a directory's entries durable. */
gboolean sqlite_sync_dir (const char *dir, GError **error);

/* "copying store-0.db" and the like: a path's last part after a verb. To be freed. */
char *sqlite_stage (const char *verb, const char *path);

/* CS_IO or CS_NO_SPACE by errno, with the path and the system's reason. FALSE. */
gboolean sqlite_io_error (GError **error, const char *path);

#endif
