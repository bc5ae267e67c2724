/* test-schema.c: a store file goes forward from version to version, wholly or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-schema.h"
#include "test-host.h"

typedef struct
{
  char *dir, *path;
  SqliteVfs *vfs;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  SqliteVfsOptions options = { sqlite_disk_real (), TRUE, NULL, NULL };
  TestStore *test;
  CsStoreDb *db;

  fixture->dir = test_dir_new ();
  fixture->path = g_build_filename (fixture->dir, "store-0.db", NULL);
  test = test_store_new (fixture->dir);
  g_assert_true (test_store_start (test, NULL));
  db = test_create (test, "db");
  g_assert_cmpint (test_put (db, "a", "kept"), ==, CS_OK);
  cs_store_db_unref (db);
  test_store_free (test);
  fixture->vfs = sqlite_vfs_new (&options);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  sqlite_vfs_free (fixture->vfs);
  g_free (fixture->path);
  test_dir_remove (fixture->dir);
}

static SqliteConn *
open_conn (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  SqliteConn *conn = sqlite_conn_open (fixture->path, sqlite_vfs_name (fixture->vfs),
                                       SQLITE_CONN_WRITER, 1 << 20, &error);

  g_assert_no_error (error);
  return conn;
}

static gint64
value (SqliteConn *conn, const char *sql)
{
  sqlite3_stmt *st = NULL;
  gint64 n;

  g_assert_cmpint (sqlite3_prepare_v2 (conn->db, sql, -1, &st, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (st), ==, SQLITE_ROW);
  n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

/* Today's schema and two steps more. */
static SqliteSchema
extended (const char *first, const char *second)
{
  static const char *steps[16];
  guint n = sqlite_schema.n;

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (steps) - 2);
  memcpy (steps, sqlite_schema.steps, n * sizeof *steps);
  steps[n++] = first;
  steps[n++] = second;
  return (SqliteSchema){ steps, n };
}

static void
test_forward (Fixture *fixture, gconstpointer data)
{
  SqliteSchema schema = extended ("ALTER TABLE doc ADD COLUMN size INTEGER;"
                                  "UPDATE doc SET size = length (tree)",
                                  "CREATE INDEX doc_size ON doc (db, size)");
  g_autoptr (SqliteConn) conn = open_conn (fixture);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (value (conn, "PRAGMA user_version"), ==, sqlite_schema.n);
  g_assert_true (sqlite_schema_migrate (conn, &schema, &error));
  g_assert_no_error (error);
  g_assert_cmpint (value (conn, "PRAGMA user_version"), ==, schema.n);
  g_assert_cmpint (value (conn, "SELECT size FROM doc INDEXED BY doc_size WHERE db = 1"), ==, 4);
  /* Once more changes nothing. */
  g_assert_true (sqlite_schema_migrate (conn, &schema, &error));
  /* The older server refuses it untouched. */
  g_assert_false (sqlite_schema_migrate (conn, &sqlite_schema, &error));
  g_assert_error (error, CS_ERROR, CS_UNSUPPORTED);
}

static void
test_failing_step (Fixture *fixture, gconstpointer data)
{
  SqliteSchema schema = extended ("ALTER TABLE doc ADD COLUMN size INTEGER",
                                  "INSERT INTO nowhere VALUES (1)");
  g_autoptr (SqliteConn) conn = open_conn (fixture);
  g_autoptr (GError) error = NULL;

  g_assert_false (sqlite_schema_migrate (conn, &schema, &error));
  g_assert_nonnull (strstr (error->message, "nowhere"));
  g_assert_cmpint (value (conn, "PRAGMA user_version"), ==, sqlite_schema.n);
  g_assert_cmpint (value (conn, "SELECT count (*) FROM pragma_table_info ('doc')"
                                " WHERE name = 'size'"),
                   ==, 0);
  g_assert_cmpint (value (conn, "SELECT count (*) FROM doc"), ==, 1);
}

static void
test_indexes_from_the_first (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SqliteConn) conn = open_conn (fixture);

  g_assert_cmpint (value (conn, "SELECT count (*) FROM sqlite_schema WHERE type = 'index' AND name"
                                " IN ('doc_id', 'doc_user', 'doc_created')"),
                   ==, 3);
}

/* A file as the first version wrote it: each later step finds it so and loses nothing. */
static void
test_from_the_first (Fixture *fixture, gconstpointer data)
{
  SqliteSchema first = { sqlite_schema.steps, 1 };
  g_autofree char *path = g_build_filename (fixture->dir, "first.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteConn) conn = sqlite_conn_open (path, sqlite_vfs_name (fixture->vfs),
                                                  SQLITE_CONN_WRITER, 1 << 20, &error);

  g_assert_no_error (error);
  g_assert_true (sqlite_schema_migrate (conn, &first, &error));
  sqlite_conn_exec (conn,
                    "INSERT INTO database (name, uuid, created, state, first_body)"
                    " VALUES ('one', 'u', 1, 0, 1);"
                    "INSERT INTO tally VALUES (1, 1, 1, 1, 0, 9, 0);"
                    "INSERT INTO epoch VALUES (1, 1, 7, 0);"
                    "INSERT INTO doc VALUES ((1 << 40) | 1, 1, 'a', 0, '', 0, NULL, 1, 1, '')",
                    &error);
  g_assert_no_error (error);
  g_assert_true (sqlite_schema_migrate (conn, &sqlite_schema, &error));
  g_assert_no_error (error);
  g_assert_cmpint (value (conn, "PRAGMA user_version"), ==, sqlite_schema.n);
  g_assert_cmpint (value (conn, "SELECT count (*) FROM doc WHERE id = 'a'"), ==, 1);
  g_assert_cmpint (value (conn, "SELECT count (*) FROM ordering"), ==, 0);
  g_assert_cmpint (value (conn, "SELECT count (*) FROM entry"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/sqlite/schema/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("forward", test_forward);
  ADD ("failing-step", test_failing_step);
  ADD ("from-the-first", test_from_the_first);
  ADD ("indexes-from-the-first", test_indexes_from_the_first);
  return g_test_run ();
}
