/* sqlite-verify.h: opens a copy of a store file by itself, folds its WAL in, and proves that it is whole.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_VERIFY_H
#define SQLITE_VERIFY_H

#include "sqlite-copy.h"
#include "sqlite-manifest.h"

/* A file that no store has open. NULL with the reason. May block. */
SqliteConn *sqlite_verify_open (const char *path, GError **error);

/* Puts everything into the file itself and closes it (also on failure); the file is then synced. */
gboolean sqlite_verify_close (SqliteConn *conn, const char *path, GError **error);

/* SQLite's integrity check, every record, and the tallies; the counts into `file`. `self` is the plugin's
 * instance, for its log. May block for long; ends early when the command is cancelled. */
gboolean sqlite_verify_records (gpointer self, SqliteConn *conn, const char *path,
                                SqliteManifestFile *file, GError **error);

/* Each database of `seqs` (sqlite-copy.h) is there with a last number that is no lower, unless it was
 * dropped since. */
gboolean sqlite_verify_seqs (SqliteConn *conn, const char *path, GHashTable *seqs, GError **error);

/* Its size and digest into `file`. */
gboolean sqlite_verify_digest (const char *path, SqlitePace *pace, SqliteManifestFile *file,
                               GError **error);

#endif
