/* test-index.c: ordered entries beside records: replaced as one, in order, gone with what they belong to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

typedef TestDb Fixture;

static CsSlice index_name; /* that the cases below use */

static void
set_up (Fixture *fixture, gconstpointer data)
{
  test_db_begin (fixture, data);
  index_name = cs_slice_str ("by-age");
}

/* One record's entries: the key, or none. */
static CsStatus
update (Fixture *fixture, guint64 expect, guint64 seq, const char *id, const char *key)
{
  CsSlice keys[1] = { cs_slice_str (key != NULL ? key : "") };
  CsStoreIndexRow row = { cs_slice_str (id), keys, key != NULL, FALSE };

  return cs_store_index_update (fixture->db, index_name, expect, seq, &row, 1);
}

/* Reads all with pages of `limit`: "key/id " each. */
static char *
entries (Fixture *fixture, const CsStoreIndexRange *from, guint limit)
{
  GString *text = g_string_new (NULL);
  CsStoreIndexRange range = *from;
  g_autofree char *key = NULL, *id = NULL;
  CsSlice after_key, after_id;
  gboolean more = TRUE;

  range.size = sizeof range;
  range.limit = limit;
  while (more)
    {
      CsStoreEntries *page = NULL;

      g_assert_cmpint (cs_store_index_range (fixture->db, index_name, &range, &page), ==, CS_OK);
      g_assert_cmpuint (page->n, <=, limit);
      for (guint i = 0; i < page->n; i++)
        g_string_append_printf (text, "%.*s/%.*s ", (int) page->keys[i].len, page->keys[i].data,
                                (int) page->records[i].id.len, page->records[i].id.data);
      more = page->more;
      g_assert_true (!more || page->n > 0);
      if (more)
        {
          g_free (key);
          g_free (id);
          key = g_strndup (page->keys[page->n - 1].data, page->keys[page->n - 1].len);
          id = g_strndup (page->records[page->n - 1].id.data, page->records[page->n - 1].id.len);
          after_key = cs_slice_str (key);
          after_id = cs_slice_str (id);
          range.after_key = &after_key;
          range.after_id = &after_id;
        }
      cs_store_entries_free (fixture->db, page);
    }
  return g_string_free (text, FALSE);
}

static void
expect (Fixture *fixture, const CsStoreIndexRange *range, const char *wanted)
{
  for (guint limit = 1; limit <= 8; limit++)
    {
      g_autofree char *got = entries (fixture, range, limit);

      g_assert_cmpstr (got, ==, wanted);
    }
}

static void
fill (Fixture *fixture)
{
  const char *ids[] = { "d", "c", "b", "a" };
  const char *keys[] = { "2", "1", "2", "3" };

  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (test_put (fixture->db, ids[i], "x"), ==, CS_OK);
      g_assert_cmpint (update (fixture, i, i + 1, ids[i], keys[i]), ==, CS_OK);
    }
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  CsSlice one = cs_slice_str ("1"), two = cs_slice_str ("2"), three = cs_slice_str ("3");
  CsStoreIndexRange range = { 0 };

  fill (fixture);
  expect (fixture, &range, "1/c 2/b 2/d 3/a ");
  range.descending = TRUE;
  expect (fixture, &range, "3/a 2/d 2/b 1/c ");
  range.low = &two;
  range.high = &three;
  expect (fixture, &range, "2/d 2/b ");
  range.descending = FALSE;
  expect (fixture, &range, "2/b 2/d ");
  range.high = NULL;
  expect (fixture, &range, "2/b 2/d 3/a ");
  range.low = NULL;
  range.high = &one;
  expect (fixture, &range, "");
}

static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  CsSlice keys[] = { cs_slice_str ("7"), cs_slice_str ("0"), cs_slice_str ("7") };
  CsStoreIndexRow several = { cs_slice_str ("b"), keys, 3, FALSE };
  CsStoreIndexRange range = { 0 };
  guint64 seq;

  fill (fixture);
  g_assert_cmpint (update (fixture, 4, 5, "a", "0"), ==, CS_OK);
  expect (fixture, &range, "0/a 1/c 2/b 2/d ");
  g_assert_cmpint (update (fixture, 5, 6, "c", NULL), ==, CS_OK);
  expect (fixture, &range, "0/a 2/b 2/d ");
  g_assert_cmpint (cs_store_index_update (fixture->db, index_name, 6, 9, &several, 1), ==,
                   CS_OK);
  expect (fixture, &range, "0/a 0/b 2/d 7/b ");
  test_db_again (fixture);
  expect (fixture, &range, "0/a 0/b 2/d 7/b ");
  g_assert_cmpint (cs_store_index_seq (fixture->db, index_name, &seq), ==, CS_OK);
  g_assert_cmpuint (seq, ==, 9);
}

static void
test_compare_and_set (Fixture *fixture, gconstpointer data)
{
  CsStoreIndexRange range = { 0 };
  guint64 seq;

  g_assert_cmpint (cs_store_index_seq (fixture->db, index_name, &seq), ==, CS_NOT_FOUND);
  g_assert_cmpint (update (fixture, 3, 4, "a", "1"), ==, CS_CONFLICT);
  g_assert_cmpint (cs_store_index_seq (fixture->db, index_name, &seq), ==, CS_NOT_FOUND);
  fill (fixture);
  g_assert_cmpint (update (fixture, 3, 9, "a", "9"), ==, CS_CONFLICT);
  g_assert_cmpint (update (fixture, 0, 9, "a", "9"), ==, CS_CONFLICT);
  expect (fixture, &range, "1/c 2/b 2/d 3/a ");
}

static void
test_deleted_and_missing (Fixture *fixture, gconstpointer data)
{
  CsStoreIndexRange range = { 0 };

  fill (fixture);
  g_assert_cmpint (test_put_deleted (fixture->db, "b"), ==, CS_OK);
  g_assert_cmpint (update (fixture, 4, 5, "never", "2"), ==, CS_OK);
  expect (fixture, &range, "1/c 2/d 3/a ");
}

static CsStatus
erase (CsStoreEdit *edit, guint row, gpointer data)
{
  cs_store_edit_erase (edit);
  return CS_OK;
}

static gint64
rows (Fixture *fixture, const char *sql)
{
  g_autofree char *path = g_build_filename (fixture->dir, "store-0.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteConn) conn = sqlite_conn_open (path, sqlite_vfs_name (fixture->test->store.vfs),
                                                  SQLITE_CONN_READER, 1 << 20, &error);
  sqlite3_stmt *st = NULL;
  gint64 n;

  g_assert_no_error (error);
  g_assert_cmpint (sqlite3_prepare_v2 (conn->db, sql, -1, &st, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (st), ==, SQLITE_ROW);
  n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

static void
await_rows (Fixture *fixture, const char *sql, gint64 wanted)
{
  for (guint i = 0; i < 1000 && rows (fixture, sql) != wanted; i++)
    g_usleep (5000);
  g_assert_cmpint (rows (fixture, sql), ==, wanted);
}

static void
test_erased (Fixture *fixture, gconstpointer data)
{
  CsSlice id = cs_slice_str ("b");

  fill (fixture);
  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, erase, NULL), ==, CS_OK);
  g_assert_cmpint (rows (fixture, "SELECT count (*) FROM entry"), ==, 3);
  g_assert_cmpint (rows (fixture, "SELECT count (*) FROM entry WHERE id = x'62'"), ==, 0);
}

/* Keys that were made before a record was erased come too late. */
static void
test_erased_meanwhile (Fixture *fixture, gconstpointer data)
{
  CsSlice id = cs_slice_str ("b");
  CsSlice key = cs_slice_str ("2");
  CsStoreIndexRow late = { id, &key, 1, TRUE };

  fill (fixture);
  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, erase, NULL), ==, CS_OK);
  g_assert_cmpint (cs_store_index_update (fixture->db, index_name, 4, 5, &late, 1), ==, CS_OK);
  g_assert_cmpint (rows (fixture, "SELECT count (*) FROM entry WHERE id = x'62'"), ==, 0);
}

static gboolean
note_name (CsSlice name, gpointer data)
{
  g_string_append_printf (data, "%.*s ", (int) name.len, name.data);
  return TRUE;
}

static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) names = g_string_new (NULL);
  CsStoreIndexRange range = { .size = sizeof range };
  CsStoreEntries *page = NULL;

  fill (fixture);
  index_name = cs_slice_str ("a-second");
  g_assert_cmpint (update (fixture, 0, 4, "a", "1"), ==, CS_OK);
  g_assert_cmpint (cs_store_index_list (fixture->db, note_name, names), ==, CS_OK);
  g_assert_cmpstr (names->str, ==, "a-second by-age ");
  index_name = cs_slice_str ("by-age");
  g_assert_cmpint (cs_store_index_drop (fixture->db, index_name), ==, CS_OK);
  g_assert_cmpint (cs_store_index_drop (fixture->db, index_name), ==, CS_NOT_FOUND);
  g_assert_cmpint (cs_store_index_range (fixture->db, index_name, &range, &page), ==,
                   CS_NOT_FOUND);
  g_assert_null (page);
  await_rows (fixture, "SELECT count (*) FROM entry", 1);
  await_rows (fixture, "SELECT count (*) FROM ordering", 1);
  /* A new one of that name begins empty. */
  g_assert_cmpint (update (fixture, 0, 4, "a", "1"), ==, CS_OK);
  memset (&range, 0, sizeof range);
  expect (fixture, &range, "1/a ");
}

static void
test_dropped_database (Fixture *fixture, gconstpointer data)
{
  fill (fixture);
  g_assert_cmpint (cs_store_drop (&fixture->test->store.base, cs_slice_str ("one")), ==, CS_OK);
  g_assert_cmpint (update (fixture, 4, 5, "a", "9"), ==, CS_NOT_FOUND);
  await_rows (fixture, "SELECT count (*) FROM entry", 0);
  await_rows (fixture, "SELECT count (*) FROM ordering", 0);
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Longer than a step, with runs of equal keys over its seams, against sorting them here. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) joined = g_string_new (NULL);
  CsStoreIndexRange range = { 0 };

  g_assert_cmpint (test_put_many (fixture->db, "r", 0, 900, "x"), ==, CS_OK);
  for (guint i = 0; i < 900; i++)
    {
      g_autofree char *id = g_strdup_printf ("r-%08u", i);
      g_autofree char *key = g_strdup_printf ("%u", i * 7 % 3);

      g_assert_cmpint (update (fixture, i, i + 1, id, key), ==, CS_OK);
      g_ptr_array_add (wanted, g_strdup_printf ("%s/%s ", key, id));
    }
  g_ptr_array_sort (wanted, compare_text);
  for (guint i = 0; i < wanted->len; i++)
    g_string_append (joined, wanted->pdata[i]);
  for (guint limit = 1; limit <= 1000; limit = limit * 2 + 1)
    {
      g_autofree char *got = entries (fixture, &range, limit);

      g_assert_cmpstr (got, ==, joined->str);
    }
}

/* The order of entries is their table's: nothing is sorted, and a page ends where it is full. */
static void
test_plan (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->dir, "store-0.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteConn) conn = sqlite_conn_open (path, sqlite_vfs_name (fixture->test->store.vfs),
                                                  SQLITE_CONN_READER, 1 << 20, &error);

  for (guint which = SQLITE_ST_ENTRIES; which < SQLITE_ST_N_READ; which++)
    {
      g_autofree char *sql = g_strconcat ("EXPLAIN QUERY PLAN ",
                                          sqlite3_sql (sqlite_conn_statement (conn, which)), NULL);
      g_autoptr (GString) plan = g_string_new (NULL);
      sqlite3_stmt *st = NULL;

      g_assert_cmpint (sqlite3_prepare_v2 (conn->db, sql, -1, &st, NULL), ==, SQLITE_OK);
      while (sqlite3_step (st) == SQLITE_ROW)
        g_string_append_printf (plan, "%s; ", (const char *) sqlite3_column_text (st, 3));
      sqlite3_finalize (st);
      g_test_message ("%s", plan->str);
      g_assert_null (strstr (plan->str, "TEMP B-TREE"));
      g_assert_nonnull (strstr (
        plan->str,
        which < SQLITE_ST_ENTRIES_DOWN   ? "SEARCH e USING PRIMARY KEY (ix=? AND (key,id)>(?,?))"
        : which < SQLITE_ST_ENTRIES_LAST ? "SEARCH e USING PRIMARY KEY (ix=? AND (key,id)<(?,?))"
                                         : "SEARCH e USING PRIMARY KEY (ix=?)"));
    }
}

/* A page ends at some bytes of bodies too. */
static void
test_large_records (Fixture *fixture, gconstpointer data)
{
  g_autofree char *body = g_strnfill (6 * 1024 * 1024, 'x');
  CsStoreIndexRange range = { .size = sizeof range, .what = CS_STORE_BODY };
  CsStoreEntries *page = NULL;

  g_assert_cmpint (test_put (fixture->db, "a", body), ==, CS_OK);
  g_assert_cmpint (test_put (fixture->db, "b", body), ==, CS_OK);
  g_assert_cmpint (update (fixture, 0, 1, "a", "1"), ==, CS_OK);
  g_assert_cmpint (update (fixture, 1, 2, "b", "2"), ==, CS_OK);
  g_assert_cmpint (cs_store_index_range (fixture->db, index_name, &range, &page), ==, CS_OK);
  g_assert_cmpuint (page->n, ==, 1);
  g_assert_true (page->more);
  cs_store_entries_free (fixture->db, page);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/sqlite/index/" name, Fixture, NULL, set_up, func, test_db_end)
  ADD ("order", test_order);
  ADD ("replaced", test_replaced);
  ADD ("compare-and-set", test_compare_and_set);
  ADD ("deleted-and-missing", test_deleted_and_missing);
  ADD ("erased", test_erased);
  ADD ("erased-meanwhile", test_erased_meanwhile);
  ADD ("dropped", test_dropped);
  ADD ("dropped-database", test_dropped_database);
  ADD ("large-records", test_large_records);
  ADD ("many", test_many);
  ADD ("plan", test_plan);
  return g_test_run ();
}
