/* test-filters.c: ranges by who wrote and by when it was created: what they give, and by which index.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-conn.h"
#include "sqlite-vfs.h"
#include "test-host.h"

typedef TestDb Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  test_db_begin (fixture, NULL);
  /* Another database's rows lie on both sides. */
  cs_store_db_unref (test_create (fixture->test, "two"));
}

typedef struct
{
  const char *user;
  gboolean deleted;
} Writing;

static CsStatus
merge (CsStoreEdit *edit, guint row, gpointer data)
{
  const Writing *writing = data;
  CsSlice body = cs_slice_str ("x");
  CsStorePut put = { .size = sizeof put, .deleted = writing->deleted };

  put.summary = put.tree = edit->record->id;
  put.user = cs_slice_str (writing->user);
  put.body_ref = cs_store_edit_add_body (edit, &body, 1);
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

static void
write_some (CsStoreDb *db, guint first, guint n, const char *user, gboolean deleted)
{
  Writing writing = { user, deleted };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree CsSlice *ids = g_new (CsSlice, n);

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("d%06u", first + i));
      ids[i] = cs_slice_str (names->pdata[i]);
    }
  g_assert_cmpint (cs_store_commit (db, ids, n, merge, &writing), ==, CS_OK);
}

static gboolean
matches (const CsStoreRecord *record, const CsStoreRange *range)
{
  return (range->user == NULL || cs_slice_equal (record->user, *range->user))
         && record->created >= range->created_from && record->updated >= range->updated_from
         && (!range->live_only || !record->deleted);
}

/* Walks in pages and compares with the whole feed. */
static guint
expect_walk (CsStoreDb *db, CsStoreRange range)
{
  g_autoptr (GArray) expected = g_array_new (FALSE, FALSE, sizeof (guint64));
  CsStoreRange all = { .size = sizeof all };
  CsStoreRows *rows = NULL;
  gboolean more = TRUE;
  guint n = 0;

  for (; more; cs_store_rows_free (db, rows))
    {
      g_assert_cmpint (cs_store_changes (db, &all, &rows), ==, CS_OK);
      for (guint i = 0; i < rows->n; i++)
        if (matches (&rows->records[i], &range))
          g_array_append_val (expected, rows->records[i].seq);
      all.since = rows->n > 0 ? rows->records[rows->n - 1].seq : 0;
      more = rows->more;
    }
  for (more = TRUE; more; cs_store_rows_free (db, rows))
    {
      g_assert_cmpint (cs_store_changes (db, &range, &rows), ==, CS_OK);
      for (guint i = 0; i < rows->n; i++, n++)
        g_assert_cmpuint (rows->records[i].seq, ==, g_array_index (expected, guint64, n));
      range.since = rows->n > 0 ? rows->records[rows->n - 1].seq : range.since;
      more = rows->more;
    }
  g_assert_cmpuint (n, ==, expected->len);
  return n;
}

static void
test_by_user (Fixture *fixture, gconstpointer data)
{
  CsSlice ann = cs_slice_str ("ann"), nobody = cs_slice_str ("an");
  CsStoreRange range = { .size = sizeof range, .limit = 7, .user = &ann };

  write_some (fixture->db, 0, 100, "ann", FALSE);
  write_some (fixture->db, 50, 100, "bob", FALSE);
  write_some (fixture->db, 120, 5, "ann", FALSE);
  write_some (fixture->db, 10, 5, "ann", TRUE);
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 55);
  range.live_only = TRUE;
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 50);
  range.what = CS_STORE_BODY | CS_STORE_TREE;
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 50);
  range.user = &nobody;
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 0);
}

static gint64
pause_and_now (void)
{
  gint64 now;

  g_usleep (2000);
  now = g_get_real_time ();
  g_usleep (2000);
  return now;
}

static void
test_by_creation (Fixture *fixture, gconstpointer data)
{
  CsStoreRange range = { .size = sizeof range, .limit = 100 };
  CsSlice bob = cs_slice_str ("bob");

  for (guint i = 0; i < 5; i++)
    write_some (fixture->db, i * 1000, 1000, "ann", FALSE);
  range.created_from = pause_and_now ();
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 0);
  /* All were updated since, few were created since. */
  write_some (fixture->db, 9000, 10, "bob", FALSE);
  for (guint i = 0; i < 5; i++)
    write_some (fixture->db, i * 1000, 1000, "ann", FALSE);
  write_some (fixture->db, 9100, 300, "ann", FALSE);
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 310);
  range.what = CS_STORE_BODY;
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 310);
  range.user = &bob;
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 10);
  /* Too many for the other index. */
  range.user = NULL;
  for (guint i = 10; i < 13; i++)
    write_some (fixture->db, i * 1000, 1000, "bob", FALSE);
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 3310);
  range.updated_from = pause_and_now ();
  write_some (fixture->db, 10500, 20, "ann", FALSE);
  write_some (fixture->db, 0, 20, "ann", FALSE);
  g_assert_cmpuint (expect_walk (fixture->db, range), ==, 20);
}

static void
test_not_downwards (Fixture *fixture, gconstpointer data)
{
  CsSlice ann = cs_slice_str ("ann");
  CsStoreRange range = { .size = sizeof range, .user = &ann, .descending = TRUE };
  CsStoreRows *rows = NULL;

  g_assert_cmpint (cs_store_changes (fixture->db, &range, &rows), ==, CS_UNSUPPORTED);
  g_assert_null (rows);
}

/* ---- plans ---- */

static char *
plan_of (SqliteConn *conn, SqliteStatement which)
{
  g_autofree char *sql = g_strconcat ("EXPLAIN QUERY PLAN ",
                                      sqlite3_sql (sqlite_conn_statement (conn, which)), NULL);
  GString *plan = g_string_new (NULL);
  sqlite3_stmt *st = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (conn->db, sql, -1, &st, NULL), ==, SQLITE_OK);
  while (sqlite3_step (st) == SQLITE_ROW)
    g_string_append_printf (plan, "%s\n", (const char *) sqlite3_column_text (st, 3));
  sqlite3_finalize (st);
  return g_string_free (plan, FALSE);
}

/* Every statement that reads records finds them by an index, and none sorts. */
static void
test_plans (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    SqliteStatement which;
    const char *search;
  } expected[] = {
    { SQLITE_ST_READ, "SEARCH d USING INDEX doc_id (db=? AND id=?)" },
    { SQLITE_ST_CHANGES, "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
    { SQLITE_ST_CHANGES_DOWN, "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
    { SQLITE_ST_CHANGES_USER,
      "SEARCH d USING INDEX doc_user (db=? AND user=? AND rowid>? AND rowid<?)" },
    { SQLITE_ST_CHANGES_CREATED, "SEARCH c USING COVERING INDEX doc_created (db=? AND created>?)" },
    { SQLITE_ST_CHANGES_CREATED, "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)" },
    { SQLITE_ST_IDS, "SEARCH d USING INDEX doc_id (db=? AND id>?)" },
    { SQLITE_ST_IDS_DOWN, "SEARCH d USING INDEX doc_id (db=? AND id<?)" },
    { SQLITE_ST_IDS_LAST, "SEARCH d USING INDEX doc_id (db=?)" },
  };
  g_autofree char *path = g_strdup_printf ("%s/store-0.db", fixture->dir);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteConn) conn
    = sqlite_conn_open (path, sqlite_vfs_name (fixture->test->store.vfs), SQLITE_CONN_READER,
                        1 << 20, &error);
  g_autofree char *count = NULL;

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    for (guint what = 0; what < 4; what++)
      {
        g_autofree char *plan = plan_of (conn, expected[i].which + what);

        g_test_message ("%s", plan);
        g_assert_nonnull (strstr (plan, expected[i].search));
        g_assert_null (strstr (plan, "SCAN"));
        g_assert_null (strstr (plan, "TEMP B-TREE"));
      }
  count = plan_of (conn, SQLITE_ST_CREATED_COUNT);
  g_assert_nonnull (strstr (count, "USING COVERING INDEX doc_created (db=? AND created>?)"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/sqlite/filters/by-user", Fixture, NULL, set_up, test_by_user, test_db_end);
  g_test_add ("/sqlite/filters/by-creation", Fixture, NULL, set_up, test_by_creation, test_db_end);
  g_test_add ("/sqlite/filters/not-downwards", Fixture, NULL, set_up, test_not_downwards,
              test_db_end);
  g_test_add ("/sqlite/filters/plans", Fixture, NULL, set_up, test_plans, test_db_end);
  return g_test_run ();
}
