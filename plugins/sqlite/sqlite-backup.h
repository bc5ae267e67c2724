/* sqlite-backup.h: a verified copy of the whole store in a directory, taken while the store is used.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_BACKUP_H
#define SQLITE_BACKUP_H

#include "sqlite-engine.h"
#include "sqlite-manifest.h"

/* Makes DIR, which must not exist or be empty, a backup: each file copied, opened by itself, checked against the
 * last sequence numbers of the moment of its copy, and digested; then the objects that it names (those that
 * PREVIOUS, another backup, has are linked; NULL: none); the manifest last. NULL with the reason; what was made
 * is removed then. A command's thread; may block for long. */
SqliteManifest *sqlite_backup (SqliteStore *store, const char *dir, const char *previous,
                               GError **error);

/* When the last one ended is kept in the store: figures have it from the start on. Main thread. */
void sqlite_backup_recall (SqliteStore *store);

/* backup DIR [PREVIOUS] */
gboolean sqlite_backup_command (gpointer self, const char *const *args, GString *output,
                                GError **error);

/* Removes a directory and all in it; what is not there is fine. */
void sqlite_remove_tree (const char *dir);

#endif
