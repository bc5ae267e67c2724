/* sqlite-check.h: is what is stored what was written?
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_CHECK_H
#define SQLITE_CHECK_H

#include "sqlite-engine.h"

typedef struct _SqliteCheck SqliteCheck;

/* Which file, who is told of a database that fails (NULL: only counted), and whose log has it. */
typedef struct
{
  gpointer self; /* the plugin's instance */
  const char *path;
  void (*failed) (gpointer data, gint64 number, const char *reason);
  gpointer data;
} SqliteCheckFile;

/* A walk over a file's records with a connection of one's own, in slices of bounded length. */
SqliteCheck *sqlite_check_new (const SqliteCheckFile *file, SqliteConn *conn);
void sqlite_check_free (SqliteCheck *self);
/* FALSE when all is read. A database that fails is logged and told. May block. */
gboolean sqlite_check_slice (SqliteCheck *self);

/* What a live file of the store is: a database that fails is set read-only. */
SqliteCheckFile sqlite_check_shard (SqliteShard *shard);

/* All of one file, SQLite's own integrity check included: appends members of a JSON object. Tells a command's
 * progress, and ends early when it is cancelled. May block for long. FALSE when something is wrong. */
gboolean sqlite_check_file (const SqliteCheckFile *file, SqliteConn *conn, GString *output);

/* Every file: appends an array of JSON objects. */
gboolean sqlite_check_all (SqliteStore *store, GString *output);

/* A text for JSON: its quotes, backslashes and control bytes must not end the string. To be freed. */
char *sqlite_json_text (const char *text);

#endif
