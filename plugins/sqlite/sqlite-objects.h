/* sqlite-objects.h: the objects of blob=1 that a copy of the store names, in a backup's directory.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_OBJECTS_H
#define SQLITE_OBJECTS_H

#include "sqlite-copy.h"
#include "sqlite-manifest.h"

/* Copies each object that the file at `conn` names to DIR/objects/ab/abcd…, once, reading (and so verifying)
 * all of it; one that PREVIOUS (another backup, NULL: none) has is read too, and linked when its content is that of
 * its name. Counts them in the manifest. May block for long. */
gboolean sqlite_objects_save (SqliteStore *store, SqliteConn *conn, const char *dir,
                              const char *previous, SqlitePace *pace, SqliteManifest *manifest,
                              GError **error);

/* Puts each object that the file at `conn` names and the provider does not have undamaged: what it has is read.
 * May block for long. */
gboolean sqlite_objects_load (SqliteStore *store, SqliteConn *conn, const char *dir,
                              SqlitePace *pace, guint64 *n_put, GError **error);

#endif
