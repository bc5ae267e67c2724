/* sqlite-schema.c: the tables of a store file. A step that was released never changes; a new version
 * is a new step at the end. docs/design/sqlite-layout.md has the reasons for the layout.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-schema.h"

#define APPLICATION_ID 0x43535331 /* "CSS1" */

static const char *const steps[] = {
  /* 1 */
  /* Numbers are never given twice, so that a handle of a dropped database can meet no other one's
   * rows. first_body .. tally.last_body is where its bodies are. */
  "CREATE TABLE database (db INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB UNIQUE,"
  " uuid TEXT NOT NULL, created INTEGER NOT NULL, state INTEGER NOT NULL,"
  " first_body INTEGER NOT NULL, reason TEXT);"
  "CREATE TABLE tally (db INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,"
  " last_time INTEGER NOT NULL, n_records INTEGER NOT NULL, n_deleted INTEGER NOT NULL,"
  " bytes INTEGER NOT NULL, last_body INTEGER NOT NULL);"
  "CREATE TABLE epoch (db INTEGER NOT NULL, n INTEGER NOT NULL, epoch INTEGER NOT NULL,"
  " fork_seq INTEGER NOT NULL, PRIMARY KEY (db, n)) WITHOUT ROWID;"
  /* key = db << 40 | seq. `updated` never falls within a database, so the clustering is its index. */
  "CREATE TABLE doc (key INTEGER PRIMARY KEY, db INTEGER NOT NULL, id BLOB NOT NULL,"
  " deleted INTEGER NOT NULL, summary BLOB NOT NULL, body INTEGER NOT NULL, user BLOB,"
  " created INTEGER NOT NULL, updated INTEGER NOT NULL, tree BLOB NOT NULL);"
  "CREATE UNIQUE INDEX doc_id ON doc (db, id);"
  "CREATE INDEX doc_user ON doc (db, user) WHERE user IS NOT NULL;"
  "CREATE INDEX doc_created ON doc (db, created);"
  "CREATE TABLE body (key INTEGER PRIMARY KEY, db INTEGER NOT NULL, data BLOB NOT NULL);"
  "CREATE TABLE local (db INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL,"
  " data BLOB NOT NULL, PRIMARY KEY (db, id)) WITHOUT ROWID;"
  "CREATE TABLE meta (db INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
  " PRIMARY KEY (db, key)) WITHOUT ROWID;",
  /* 2: objects elsewhere that records keep alive. `ref` is of the numbers that bodies have. */
  "CREATE TABLE blob (ref INTEGER PRIMARY KEY, db INTEGER NOT NULL, name BLOB NOT NULL,"
  " length INTEGER NOT NULL);"
  "CREATE INDEX blob_name ON blob (name);",
  /* 3: indexes of a database and their entries. Numbers are never given twice: the entries of
   * a dropped index (state 1, without a name) are removed in slices. */
  "CREATE TABLE ordering (ix INTEGER PRIMARY KEY AUTOINCREMENT, db INTEGER NOT NULL, name BLOB,"
  " seq INTEGER NOT NULL, state INTEGER NOT NULL, UNIQUE (db, name));"
  "CREATE TABLE entry (ix INTEGER NOT NULL, key BLOB NOT NULL, id BLOB NOT NULL,"
  " PRIMARY KEY (ix, key, id)) WITHOUT ROWID;"
  "CREATE INDEX entry_id ON entry (ix, id);",
};

const SqliteSchema sqlite_schema = { steps, G_N_ELEMENTS (steps) };

static gboolean
pragma_value (SqliteConn *conn, const char *sql, gint64 *value, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2 (conn->db, sql, -1, &statement, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (statement);
  if (rc == SQLITE_ROW)
    *value = sqlite3_column_int64 (statement, 0);
  else
    g_set_error (error, CS_ERROR, sqlite_status (rc), "%s", sqlite3_errmsg (conn->db));
  sqlite3_finalize (statement);
  return rc == SQLITE_ROW;
}

static gboolean
may_migrate (gint64 id, gint64 tables, gint64 version, guint newest, GError **error)
{
  if (id != APPLICATION_ID && (tables > 0 || id != 0))
    g_set_error (error, CS_ERROR, CS_INVALID,
                 "it is a database of another program (application id 0x%08x)", (guint) id);
  else if (version > newest)
    g_set_error (error, CS_ERROR, CS_UNSUPPORTED,
                 "its schema version is %d and this server knows up to %u: run the newer server",
                 (int) version, newest);
  else
    return TRUE;
  return FALSE;
}

static gboolean
run_steps (SqliteConn *conn, const SqliteSchema *schema, gint64 version, GError **error)
{
  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %u",
                                           APPLICATION_ID, schema->n);
  guint i;

  if (sqlite_conn_exec (conn, "BEGIN IMMEDIATE", error) != CS_OK)
    return FALSE;
  for (i = version; i < schema->n; i++)
    if (sqlite_conn_exec (conn, schema->steps[i], error) != CS_OK)
      goto failed;
  if (sqlite_conn_exec (conn, mark, error) == CS_OK
      && sqlite_conn_exec (conn, "COMMIT", error) == CS_OK)
    return TRUE;
failed:
  sqlite3_exec (conn->db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

gboolean
sqlite_schema_migrate (SqliteConn *conn, const SqliteSchema *schema, GError **error)
{
  gint64 id, tables, version;

  if (!pragma_value (conn, "PRAGMA application_id", &id, error)
      || !pragma_value (conn, "SELECT count (*) FROM sqlite_schema", &tables, error)
      || !pragma_value (conn, "PRAGMA user_version", &version, error)
      || !may_migrate (id, tables, version, schema->n, error))
    return FALSE;
  return version == schema->n || run_steps (conn, schema, version, error);
}
