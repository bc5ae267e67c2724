/* sqlite-check.h: is what is stored what was written?
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_CHECK_H
#define SQLITE_CHECK_H

#include "sqlite-engine.h"

typedef struct _SqliteCheck SqliteCheck;

/* A walk over a file's records with a connection of one's own, in slices of bounded length. */
SqliteCheck *sqlite_check_new (SqliteShard *shard, SqliteConn *conn);
void sqlite_check_free (SqliteCheck *self);
/* FALSE when all is read. A database that fails is set read-only and logged. May block. */
gboolean sqlite_check_slice (SqliteCheck *self);

/* Everything at once, SQLite's own integrity check included: appends a JSON object a file. May block
 * for long. FALSE when something is wrong. */
gboolean sqlite_check_all (SqliteStore *store, GString *output);

#endif
