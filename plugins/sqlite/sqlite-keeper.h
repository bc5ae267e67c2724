/* sqlite-keeper.h: a file's second thread: checkpoints, and the check after an unclean stop.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_KEEPER_H
#define SQLITE_KEEPER_H

#include "sqlite-engine.h"

SqliteKeeper *sqlite_keeper_new (SqliteShard *shard, gboolean check, GError **error);
/* Ends the thread; wishes are still taken, and not carried out. */
void sqlite_keeper_stop (SqliteKeeper *self);
void sqlite_keeper_free (SqliteKeeper *self);

/* Any thread; does not wait. */
void sqlite_keeper_want_checkpoint (SqliteKeeper *self);

#endif
