/* sqlite-writer.h: the one thread that writes a file, and the jobs it takes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_WRITER_H
#define SQLITE_WRITER_H

#include "sqlite-engine.h"

typedef struct _SqliteJob SqliteJob;

/* On the writer's thread inside a transaction. May be run again from the start, when the transaction
 * had to be undone. A failure undoes what it did, unless job->untouched says that there is nothing. */
typedef CsStatus (*SqliteJobFunc) (SqliteWriter *writer, SqliteJob *job);

/* One batch, on the stack of whoever waits for it. */
struct _SqliteJob
{
  SqliteJob *next;
  SqliteJobFunc run;
  void (*done) (SqliteWriter *writer, SqliteJob *job); /* when committed, before the answer; may be NULL */
  SqliteDb *db; /* may be NULL */
  guint n_rows;
  gboolean untouched;
  CsStatus status;
  gint state;
  CsWait wait;
};

SqliteWriter *sqlite_writer_new (SqliteShard *shard, SqliteConn *conn, GError **error);
/* Ends the thread after what is queued; nobody submits any more. */
void sqlite_writer_stop (SqliteWriter *self);
/* Closes the connection; the last of a file folds the WAL into it. */
void sqlite_writer_free (SqliteWriter *self);

/* Hands over the job and waits until it is durable, undone or given up. Any thread. */
CsStatus sqlite_writer_submit (SqliteWriter *self, SqliteJob *job);

/* ---- on the writer's thread ---- */

SqliteConn *sqlite_writer_conn (SqliteWriter *self);
SqliteShard *sqlite_writer_shard (SqliteWriter *self);
/* Its draft may change from now on, and is kept with the transaction. */
void sqlite_writer_touch (SqliteWriter *self, SqliteDb *db);
/* The number of the next body; file-wide. */
gint64 sqlite_writer_next_body (SqliteWriter *self);
gint64 sqlite_writer_last_body (SqliteWriter *self);
/* There are dropped databases whose rows are to be removed. */
void sqlite_writer_want_sweep (SqliteWriter *self);

/* Any thread: the size of the WAL in pages, as of the last commit. */
guint sqlite_writer_wal_pages (SqliteWriter *self);
/* The keeper: it copied `pages` of them into the database file. */
void sqlite_writer_checkpointed (SqliteWriter *self, guint pages);

#endif
