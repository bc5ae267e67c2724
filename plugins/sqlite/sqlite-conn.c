/* sqlite-conn.c: opening a connection, its statements, and what SQLite's results mean here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-conn.h"

#include "sqlite-vfs.h"

/* Columns of a record, the costly ones last: SQLite reads a row no further than it is asked to. */
#define RECORD "d.key, d.id, d.deleted, d.summary, d.body, d.user, d.created, d.updated"
#define FROM_DOC " FROM doc d"
#define FROM_BOTH " FROM doc d LEFT JOIN body b ON b.key = d.body"

#define FOUR(which, rest)                                                                          \
  [which] = "SELECT " RECORD ", NULL, NULL" FROM_DOC rest,                                         \
  [which + 1] = "SELECT " RECORD ", d.tree, NULL" FROM_DOC rest,                                   \
  [which + 2] = "SELECT " RECORD ", NULL, b.data" FROM_BOTH rest,                                  \
  [which + 3] = "SELECT " RECORD ", d.tree, b.data" FROM_BOTH rest

/* The entry leads to its record, never the other way round. */
#define FROM_ENTRY " FROM entry e CROSS JOIN doc d ON d.db = ?2 AND d.id = e.id"
#define FROM_ENTRY_BODY FROM_ENTRY " LEFT JOIN body b ON b.key = d.body"

#define FOUR_ENTRIES(which, rest)                                                                  \
  [which] = "SELECT " RECORD ", NULL, NULL, e.key" FROM_ENTRY rest,                                \
  [which + 1] = "SELECT " RECORD ", d.tree, NULL, e.key" FROM_ENTRY rest,                          \
  [which + 2] = "SELECT " RECORD ", NULL, b.data, e.key" FROM_ENTRY_BODY rest,                     \
  [which + 3] = "SELECT " RECORD ", d.tree, b.data, e.key" FROM_ENTRY_BODY rest

/* Found by an index, given by sequence, and nothing is sorted: test-filters.c looks at the plans. */
#define BY_USER                                                                                    \
  " WHERE d.key > ?1 AND d.key <= ?2 AND d.db = ?3 AND d.user = ?4 ORDER BY d.key"
#define BY_CREATED                                                                                 \
  " WHERE d.key IN (SELECT c.key FROM doc c INDEXED BY doc_created WHERE c.db = ?3"                \
  " AND c.created >= ?4 AND c.key > ?1 AND c.key <= ?2) ORDER BY d.key"

static const char *const texts[SQLITE_ST_N] = {
  [SQLITE_ST_BEGIN_READ] = "BEGIN",
  [SQLITE_ST_END_READ] = "COMMIT",
  [SQLITE_ST_DATABASE_BY_NAME]
  = "SELECT d.db, d.uuid, d.created, d.state, t.last_seq, t.last_time, t.n_records, t.n_deleted,"
    " t.bytes, t.last_body FROM database d JOIN tally t ON t.db = d.db WHERE d.name = ?1",
  [SQLITE_ST_DATABASE_NAMES]
  = "SELECT name FROM database WHERE name >= ?1 ORDER BY name LIMIT 1000",
  [SQLITE_ST_EPOCHS] = "SELECT epoch, fork_seq FROM epoch WHERE db = ?1 ORDER BY n",
  [SQLITE_ST_LOCAL_GET] = "SELECT version, data FROM local WHERE db = ?1 AND id = ?2",
  [SQLITE_ST_LOCAL_IDS]
  = "SELECT id FROM local WHERE db = ?1 AND id >= ?2 ORDER BY id LIMIT ?3",
  [SQLITE_ST_LOCAL_IDS_DOWN]
  = "SELECT id FROM local WHERE db = ?1 AND (?2 IS NULL OR id <= ?2) ORDER BY id DESC LIMIT ?3",
  [SQLITE_ST_META_GET] = "SELECT value FROM meta WHERE db = ?1 AND key = ?2",
  [SQLITE_ST_BODY] = "SELECT data FROM body WHERE key = ?1 AND db = ?2",
  [SQLITE_ST_UPDATED_AT]
  = "SELECT key, updated FROM doc WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT 1",
  [SQLITE_ST_COUNT] = "SELECT count(*), max(key) FROM"
                      " (SELECT key FROM doc WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3)",
  [SQLITE_ST_BLOB_NAMED] = "SELECT 1 FROM blob WHERE name = ?1 LIMIT 1",
  [SQLITE_ST_BLOB_NAMES]
  = "SELECT DISTINCT name FROM blob WHERE name > ?1 ORDER BY name LIMIT ?2",
  [SQLITE_ST_CREATED_COUNT]
  = "SELECT count(*) FROM (SELECT 1 FROM doc INDEXED BY doc_created WHERE db = ?1 AND created >= ?2"
    " LIMIT ?3)",
  FOUR (SQLITE_ST_READ, " WHERE d.db = ?1 AND d.id = ?2"),
  FOUR (SQLITE_ST_CHANGES, " WHERE d.key > ?1 AND d.key <= ?2 ORDER BY d.key"),
  FOUR (SQLITE_ST_CHANGES_DOWN, " WHERE d.key > ?1 AND d.key <= ?2 ORDER BY d.key DESC"),
  FOUR (SQLITE_ST_CHANGES_USER, BY_USER),
  FOUR (SQLITE_ST_CHANGES_CREATED, BY_CREATED),
  FOUR (SQLITE_ST_IDS, " WHERE d.db = ?1 AND d.id >= ?2 ORDER BY d.id"),
  FOUR (SQLITE_ST_IDS_DOWN, " WHERE d.db = ?1 AND d.id <= ?2 ORDER BY d.id DESC"),
  FOUR (SQLITE_ST_IDS_LAST, " WHERE d.db = ?1 ORDER BY d.id DESC"),

  [SQLITE_ST_INDEX_BY_NAME] = "SELECT ix, seq FROM ordering WHERE db = ?1 AND name = ?2",
  [SQLITE_ST_INDEX_NAMES]
  = "SELECT name FROM ordering WHERE db = ?1 AND name > ?2 ORDER BY name LIMIT 1000",
  FOUR_ENTRIES (SQLITE_ST_ENTRIES, " WHERE e.ix = ?1 AND (e.key, e.id) > (?3, ?4)"
                                   " ORDER BY e.key, e.id"),
  FOUR_ENTRIES (SQLITE_ST_ENTRIES_DOWN, " WHERE e.ix = ?1 AND (e.key, e.id) < (?3, ?4)"
                                        " ORDER BY e.key DESC, e.id DESC"),
  FOUR_ENTRIES (SQLITE_ST_ENTRIES_LAST, " WHERE e.ix = ?1 ORDER BY e.key DESC, e.id DESC"),

  [SQLITE_ST_BEGIN] = "BEGIN IMMEDIATE",
  [SQLITE_ST_COMMIT] = "COMMIT",
  [SQLITE_ST_ROLLBACK] = "ROLLBACK",
  [SQLITE_ST_DOC_INSERT]
  = "INSERT INTO doc (key, db, id, deleted, summary, body, user, created, updated, tree)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
  [SQLITE_ST_DOC_DELETE] = "DELETE FROM doc WHERE key = ?1",
  [SQLITE_ST_DOC_UPDATE] = "UPDATE doc SET deleted = ?2, summary = ?3, body = ?4, user = ?5,"
                           " tree = ?6 WHERE key = ?1",
  [SQLITE_ST_BODY_INSERT] = "INSERT INTO body (key, db, data) VALUES (?1, ?2, ?3)",
  [SQLITE_ST_BODY_LENGTH] = "SELECT length(data) FROM body WHERE key = ?1 AND db = ?2",
  [SQLITE_ST_BODY_DELETE] = "DELETE FROM body WHERE key = ?1",
  [SQLITE_ST_BLOB_INSERT] = "INSERT INTO blob (ref, db, name, length) VALUES (?1, ?2, ?3, ?4)",
  [SQLITE_ST_BLOB_LENGTH] = "SELECT length FROM blob WHERE ref = ?1 AND db = ?2",
  [SQLITE_ST_BLOB_DELETE] = "DELETE FROM blob WHERE ref = ?1",
  [SQLITE_ST_TALLY_UPDATE]
  = "UPDATE tally SET last_seq = ?2, last_time = ?3, n_records = ?4, n_deleted = ?5, bytes = ?6,"
    " last_body = ?7 WHERE db = ?1",
  [SQLITE_ST_TALLY_INSERT]
  = "INSERT INTO tally (db, last_seq, last_time, n_records, n_deleted, bytes, last_body)"
    " VALUES (?1, 0, 0, 0, 0, 0, 0)",
  [SQLITE_ST_DATABASE_INSERT]
  = "INSERT INTO database (name, uuid, created, state, first_body) VALUES (?1, ?2, ?3, 0, ?4)",
  [SQLITE_ST_DATABASE_DROP] = "UPDATE database SET name = NULL, state = 1 WHERE db = ?1",
  [SQLITE_ST_DATABASE_STATE] = "UPDATE database SET state = ?2, reason = ?3 WHERE db = ?1"
                               " AND state <> 1",
  [SQLITE_ST_EPOCH_INSERT]
  = "INSERT INTO epoch (db, n, epoch, fork_seq) VALUES"
    " (?1, (SELECT coalesce (max (n), 0) + 1 FROM epoch WHERE db = ?1), ?2, ?3)",
  [SQLITE_ST_LOCAL_PUT]
  = "INSERT OR REPLACE INTO local (db, id, version, data) VALUES (?1, ?2, ?3, ?4)",
  [SQLITE_ST_LOCAL_DELETE] = "DELETE FROM local WHERE db = ?1 AND id = ?2",
  [SQLITE_ST_META_PUT] = "INSERT OR REPLACE INTO meta (db, key, value) VALUES (?1, ?2, ?3)",
  [SQLITE_ST_META_DELETE] = "DELETE FROM meta WHERE db = ?1 AND key = ?2",
  [SQLITE_ST_INDEX_INSERT] = "INSERT INTO ordering (db, name, seq, state) VALUES (?1, ?2, 0, 0)",
  [SQLITE_ST_INDEX_SEQ] = "UPDATE ordering SET seq = ?2 WHERE ix = ?1",
  [SQLITE_ST_INDEX_DROP]
  = "UPDATE ordering SET name = NULL, state = 1 WHERE db = ?1 AND name = ?2",
  /* Not of a record that was erased since the keys were made: nothing would tell of it again. */
  [SQLITE_ST_ENTRY_INSERT] = "INSERT OR IGNORE INTO entry (ix, key, id) SELECT ?1, ?2, ?3"
                             " WHERE EXISTS (SELECT 1 FROM doc WHERE db = ?4 AND id = ?3)",
  [SQLITE_ST_ENTRY_DELETE] = "DELETE FROM entry WHERE ix = ?1 AND id = ?2",
  [SQLITE_ST_ENTRY_ERASE] = "DELETE FROM entry WHERE ix IN"
                            " (SELECT ix FROM ordering WHERE db = ?1 AND name IS NOT NULL)"
                            " AND id = ?2",
};

CsStatus
sqlite_status (int rc)
{
  if (rc == SQLITE_VFS_BLOCKED)
    return CS_AGAIN;
  switch (rc & 0xff)
    {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return CS_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return CS_AGAIN;
    case SQLITE_FULL:
      return CS_NO_SPACE;
    case SQLITE_IOERR:
      return rc == SQLITE_IOERR_NOMEM ? CS_NO_MEMORY : CS_IO;
    case SQLITE_CANTOPEN:
      return CS_IO;
    case SQLITE_READONLY:
      return CS_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return CS_CORRUPT;
    case SQLITE_NOMEM:
      return CS_NO_MEMORY;
    case SQLITE_TOOBIG:
      return CS_TOO_LARGE;
    default:
      return CS_FAILED;
    }
}

CsStatus
sqlite_conn_exec (SqliteConn *conn, const char *sql, GError **error)
{
  int rc = sqlite3_exec (conn->db, sql, NULL, NULL, NULL);

  if (rc != SQLITE_OK)
    g_set_error (error, CS_ERROR, sqlite_status (rc), "%s", sqlite3_errmsg (conn->db));
  return sqlite_status (rc);
}

static gboolean
configure (SqliteConn *conn, gint64 cache_size, GError **error)
{
  g_autofree char *sql = g_strdup_printf (
    "PRAGMA cache_size = -%" G_GINT64_FORMAT "; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON",
    cache_size / 1024);

  sqlite3_extended_result_codes (conn->db, 1);
  return sqlite_conn_exec (conn, sql, error) == CS_OK;
}

SqliteConn *
sqlite_conn_open (const char *path, const char *vfs, SqliteConnMode mode, gint64 cache_size,
                  GError **error)
{
  g_autoptr (SqliteConn) conn = g_new0 (SqliteConn, 1);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  int rc;

  conn->mode = mode;
  if (mode == SQLITE_CONN_WRITER)
    flags |= SQLITE_OPEN_CREATE;
  rc = sqlite3_open_v2 (path, &conn->db, flags, vfs);
  if (rc != SQLITE_OK)
    {
      g_set_error (error, CS_ERROR, sqlite_status (rc), "%s", sqlite3_errstr (rc));
      return NULL;
    }
  /* Only the writer may fold the WAL in and remove it, when it closes last. */
  if (mode != SQLITE_CONN_WRITER)
    sqlite3_db_config (conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (!configure (conn, cache_size, error))
    return NULL;
  return g_steal_pointer (&conn);
}

gboolean
sqlite_conn_settle (SqliteConn *conn, GError **error)
{
  guint i;

  if (sqlite_conn_exec (conn, "PRAGMA query_only = 1; SELECT count (*) FROM sqlite_schema", error)
      != CS_OK)
    return FALSE;
  for (i = 0; i < SQLITE_ST_N_READ; i++)
    if (sqlite_conn_statement (conn, i) == NULL)
      {
        g_set_error (error, CS_ERROR, CS_CORRUPT, "%s", sqlite3_errmsg (conn->db));
        return FALSE;
      }
  if (conn->mode == SQLITE_CONN_NOWAIT)
    sqlite_vfs_set_nowait (conn->db);
  return TRUE;
}

void
sqlite_conn_close (SqliteConn *conn)
{
  guint i;

  for (i = 0; i < SQLITE_ST_N; i++)
    sqlite3_finalize (conn->statements[i]);
  sqlite3_close (conn->db);
  g_free (conn);
}

sqlite3_stmt *
sqlite_conn_statement (SqliteConn *conn, SqliteStatement which)
{
  sqlite3_stmt **at = &conn->statements[which];

  if (*at == NULL
      && sqlite3_prepare_v3 (conn->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, at, NULL)
           != SQLITE_OK)
    return NULL;
  return *at;
}

CsStatus
sqlite_conn_step (SqliteConn *conn, sqlite3_stmt *statement)
{
  int rc;

  if (statement == NULL)
    return sqlite_status (sqlite3_extended_errcode (conn->db));
  rc = sqlite3_step (statement);
  return rc == SQLITE_DONE ? CS_NOT_FOUND : sqlite_status (rc);
}

CsStatus
sqlite_conn_run (SqliteConn *conn, sqlite3_stmt *statement)
{
  CsStatus status = sqlite_conn_step (conn, statement);

  if (statement != NULL)
    sqlite3_reset (statement);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

gboolean
sqlite_conn_busy (SqliteConn *conn)
{
  sqlite3_stmt *statement = NULL;

  while ((statement = sqlite3_next_stmt (conn->db, statement)) != NULL)
    if (sqlite3_stmt_busy (statement))
      return TRUE;
  return FALSE;
}

void
sqlite_bind_slice (sqlite3_stmt *statement, int at, CsSlice slice)
{
  sqlite3_bind_blob64 (statement, at, slice.data != NULL ? slice.data : "", slice.len,
                       SQLITE_STATIC);
}

CsSlice
sqlite_column_slice (sqlite3_stmt *statement, int at)
{
  sqlite3_value *value = sqlite3_column_value (statement, at);
  const void *data = sqlite3_value_blob (value);

  return cs_slice (data, sqlite3_value_bytes (value));
}
