/* sqlite-restore.h: a backup takes the store's place at the next start.
 *
 * The running node makes everything ready in DATA/restore.new: files copied, held against their digests,
 * brought to this server's schema, checked, and given new epochs. Renaming that to DATA/restore.ready decides; until
 * then nothing has changed. The next start moves the present files to DATA/restore.ready/replaced and the new ones
 * to their place, and goes on with that wherever it was interrupted.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_RESTORE_H
#define SQLITE_RESTORE_H

#include "sqlite-engine.h"
#include "sqlite-manifest.h"

/* Stages the backup in DIR. Refused while another one is staged, and when a database was written to, unless
 * `replace`. NULL with the reason: nothing has changed. A command's thread; may block for long. */
SqliteManifest *sqlite_restore_stage (SqliteStore *store, const char *dir, gboolean replace,
                                      GError **error);

/* At the start, before any file of the store is opened: brings a staged restore to its end, or removes what an
 * interrupted staging left. *kept gets where the former files are, NULL when nothing was restored. To be freed. */
gboolean sqlite_restore_finish (const char *data_dir, char **kept, GError **error);

/* Is one staged? */
gboolean sqlite_restore_waits (const char *data_dir);

/* restore DIR [--replace] */
gboolean sqlite_restore_command (gpointer self, const char *const *args, GString *output,
                                 GError **error);

#endif
