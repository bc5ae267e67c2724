/* sqlite-conn.h: a connection to a store file with its prepared statements.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_CONN_H
#define SQLITE_CONN_H

#include <cloudsync/sdk.h>
#include <sqlite3.h>

typedef enum
{
  SQLITE_CONN_WRITER,
  SQLITE_CONN_READER, /* may block */
  SQLITE_CONN_NOWAIT  /* a worker's: answers CS_AGAIN instead of waiting for the disk */
} SqliteConnMode;

/* Statements that the engine keeps ready, prepared at first use except in nowait mode. Those before
 * SQLITE_ST_N_READ only read. */
typedef enum
{
  SQLITE_ST_BEGIN_READ,
  SQLITE_ST_END_READ,
  SQLITE_ST_DATABASE_BY_NAME,
  SQLITE_ST_DATABASE_NAMES,
  SQLITE_ST_EPOCHS,
  SQLITE_ST_LOCAL_GET,
  SQLITE_ST_LOCAL_IDS,
  SQLITE_ST_LOCAL_IDS_DOWN,
  SQLITE_ST_META_GET,
  SQLITE_ST_BODY,
  SQLITE_ST_UPDATED_AT,
  SQLITE_ST_COUNT,
  SQLITE_ST_CREATED_COUNT,
  SQLITE_ST_BLOB_NAMED,
  SQLITE_ST_BLOB_NAMES,
  SQLITE_ST_INDEX_BY_NAME,
  SQLITE_ST_INDEX_NAMES,
  /* Four each: of CsStoreWhat, none, tree, body, both. */
  SQLITE_ST_READ,
  SQLITE_ST_CHANGES = SQLITE_ST_READ + 4,
  SQLITE_ST_CHANGES_DOWN = SQLITE_ST_CHANGES + 4,
  SQLITE_ST_CHANGES_USER = SQLITE_ST_CHANGES_DOWN + 4,
  SQLITE_ST_CHANGES_CREATED = SQLITE_ST_CHANGES_USER + 4,
  SQLITE_ST_IDS = SQLITE_ST_CHANGES_CREATED + 4,
  SQLITE_ST_IDS_DOWN = SQLITE_ST_IDS + 4,
  SQLITE_ST_IDS_LAST = SQLITE_ST_IDS_DOWN + 4,
  SQLITE_ST_ENTRIES = SQLITE_ST_IDS_LAST + 4,
  SQLITE_ST_ENTRIES_DOWN = SQLITE_ST_ENTRIES + 4,
  SQLITE_ST_ENTRIES_LAST = SQLITE_ST_ENTRIES_DOWN + 4,
  SQLITE_ST_N_READ = SQLITE_ST_ENTRIES_LAST + 4,

  SQLITE_ST_BEGIN = SQLITE_ST_N_READ,
  SQLITE_ST_COMMIT,
  SQLITE_ST_ROLLBACK,
  SQLITE_ST_DOC_INSERT,
  SQLITE_ST_DOC_DELETE,
  SQLITE_ST_DOC_UPDATE,
  SQLITE_ST_BODY_INSERT,
  SQLITE_ST_BODY_LENGTH,
  SQLITE_ST_BODY_DELETE,
  SQLITE_ST_BLOB_INSERT,
  SQLITE_ST_BLOB_LENGTH,
  SQLITE_ST_BLOB_DELETE,
  SQLITE_ST_TALLY_UPDATE,
  SQLITE_ST_TALLY_INSERT,
  SQLITE_ST_DATABASE_INSERT,
  SQLITE_ST_DATABASE_DROP,
  SQLITE_ST_DATABASE_STATE,
  SQLITE_ST_EPOCH_INSERT,
  SQLITE_ST_LOCAL_PUT,
  SQLITE_ST_LOCAL_DELETE,
  SQLITE_ST_META_PUT,
  SQLITE_ST_META_DELETE,
  SQLITE_ST_INDEX_INSERT,
  SQLITE_ST_INDEX_SEQ,
  SQLITE_ST_INDEX_DROP,
  SQLITE_ST_ENTRY_INSERT,
  SQLITE_ST_ENTRY_DELETE,
  SQLITE_ST_ENTRY_ERASE,
  SQLITE_ST_N
} SqliteStatement;

typedef struct
{
  sqlite3 *db;
  SqliteConnMode mode;
  sqlite3_stmt *statements[SQLITE_ST_N];
} SqliteConn;

/* May block. `vfs` is the name of a registered VFS; cache_size in bytes. */
SqliteConn *sqlite_conn_open (const char *path, const char *vfs, SqliteConnMode mode,
                              gint64 cache_size, GError **error);
/* After the schema is there: makes a nowait connection ready, so that it never prepares again. */
gboolean sqlite_conn_settle (SqliteConn *conn, GError **error);
void sqlite_conn_close (SqliteConn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteConn, sqlite_conn_close)

/* The statement, reset and ready to be bound; NULL when it cannot be prepared. */
sqlite3_stmt *sqlite_conn_statement (SqliteConn *conn, SqliteStatement which);
/* Steps a statement that gives no rows and resets it. */
CsStatus sqlite_conn_run (SqliteConn *conn, sqlite3_stmt *statement);
/* Steps to the next row: CS_OK, CS_NOT_FOUND at the end, else the failure. */
CsStatus sqlite_conn_step (SqliteConn *conn, sqlite3_stmt *statement);
CsStatus sqlite_conn_exec (SqliteConn *conn, const char *sql, GError **error);
/* Is any statement in the middle of its rows? For assertions. */
gboolean sqlite_conn_busy (SqliteConn *conn);

/* CS_AGAIN: the page is not in memory, or the file was busy for a moment. */
CsStatus sqlite_status (int rc);

void sqlite_bind_slice (sqlite3_stmt *statement, int at, CsSlice slice);
CsSlice sqlite_column_slice (sqlite3_stmt *statement, int at);

#endif
