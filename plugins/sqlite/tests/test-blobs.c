/* test-blobs.c: objects elsewhere that records keep alive: named with the record, gone with it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-schema.h"
#include "test-host.h"

typedef struct
{
  char *dir;
  TestStore *test;
  CsStoreDb *db;
} Fixture;

static void
start (Fixture *fixture, guint shards)
{
  g_autoptr (GError) error = NULL;

  fixture->test = test_store_new (fixture->dir);
  fixture->test->settings.shards = shards;
  test_store_start (fixture->test, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = test_dir_new ();
  start (fixture, 1);
  fixture->db = test_create (fixture->test, "one");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  test_dir_remove (fixture->dir);
}

/* ---- a record with an object ---- */

typedef struct
{
  CsSlice name;     /* len 0: none */
  guint64 remove;   /* a reference; 0: none */
  guint64 added;
  CsStatus outcome;
} Change;

static CsStatus
merge_change (CsStoreEdit *edit, guint row, gpointer data)
{
  Change *change = data;
  CsStorePut put = { .size = sizeof put, .summary = cs_slice ("s", 1), .tree = cs_slice ("t", 1) };

  if (change->remove != 0)
    cs_store_edit_remove_body (edit, change->remove);
  if (change->name.len > 0)
    change->added = cs_store_edit_add_blob (edit, change->name, 1000);
  cs_store_edit_put (edit, &put);
  return change->outcome;
}

static guint64
name_blob (CsStoreDb *db, const char *id, const char *name)
{
  Change change = { .name = cs_slice_str (name) };
  CsSlice slice = cs_slice_str (id);

  g_assert_cmpint (cs_store_commit (db, &slice, 1, merge_change, &change), ==, CS_OK);
  g_assert_cmpuint (change.added, !=, 0);
  return change.added;
}

static void
forget_blob (CsStoreDb *db, const char *id, guint64 ref)
{
  Change change = { .remove = ref };
  CsSlice slice = cs_slice_str (id);

  g_assert_cmpint (cs_store_commit (db, &slice, 1, merge_change, &change), ==, CS_OK);
}

static gboolean
is_named (Fixture *fixture, const char *name)
{
  CsSlice names[2] = { cs_slice_str ("nobody's"), cs_slice_str (name) };
  gboolean named[2] = { TRUE, FALSE };

  g_assert_cmpint (cs_store_blobs_named (&fixture->test->store.base, names, 2, named), ==, CS_OK);
  g_assert_false (named[0]);
  return named[1];
}

static guint64
bytes_of (CsStoreDb *db)
{
  CsStoreInfo info = { .size = sizeof info };

  g_assert_cmpint (cs_store_info (db, &info), ==, CS_OK);
  return info.bytes_data;
}

static void
test_named_while_referred_to (Fixture *fixture, gconstpointer data)
{
  guint64 before = bytes_of (fixture->db);
  guint64 first = name_blob (fixture->db, "a", "x");
  guint64 second = name_blob (fixture->db, "b", "x");

  g_assert_cmpuint (first, !=, second);
  g_assert_cmpuint (bytes_of (fixture->db), >=, before + 2000);
  forget_blob (fixture->db, "a", first);
  g_assert_true (is_named (fixture, "x"));
  forget_blob (fixture->db, "b", second);
  g_assert_false (is_named (fixture, "x"));
  g_assert_cmpuint (bytes_of (fixture->db), <, before + 1000);
}

static void
test_undone_with_its_batch (Fixture *fixture, gconstpointer data)
{
  Change change = { .name = cs_slice_str ("x"), .outcome = CS_IO };
  CsSlice id = cs_slice_str ("a");

  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, merge_change, &change), ==, CS_IO);
  g_assert_false (is_named (fixture, "x"));
}

/* Another database's reference is not its own to remove. */
static void
test_only_its_own (Fixture *fixture, gconstpointer data)
{
  CsStoreDb *other = test_create (fixture->test, "two");
  guint64 ref = name_blob (other, "a", "x");

  forget_blob (fixture->db, "a", ref);
  g_assert_true (is_named (fixture, "x"));
  cs_store_db_unref (other);
}

static void
test_gone_with_the_database (Fixture *fixture, gconstpointer data)
{
  name_blob (fixture->db, "a", "x");
  g_assert_cmpint (cs_store_drop (&fixture->test->store.base, cs_slice_str ("one")), ==, CS_OK);
  for (guint i = 0; i < 2000 && is_named (fixture, "x"); i++)
    g_usleep (5000);
  g_assert_false (is_named (fixture, "x"));
}

/* A reference stays one's own over a restart. */
static void
test_kept_over_a_restart (Fixture *fixture, gconstpointer data)
{
  guint64 ref = name_blob (fixture->db, "a", "x");

  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  start (fixture, 1);
  fixture->db = test_open (fixture->test, "one");
  g_assert_true (is_named (fixture, "x"));
  g_assert_cmpuint (name_blob (fixture->db, "b", "y"), >, ref);
  forget_blob (fixture->db, "a", ref);
  g_assert_false (is_named (fixture, "x"));
  g_assert_true (is_named (fixture, "y"));
}

/* ---- the list ---- */

typedef struct
{
  GString *last;
  guint n;
  guint most;
} Listing;

static gboolean
note_name (CsSlice name, gpointer data)
{
  Listing *listing = data;
  CsSlice last = cs_slice (listing->last->str, listing->last->len);

  g_assert_cmpint (cs_slice_compare (last, name), <, 0);
  g_string_truncate (listing->last, 0);
  g_string_append_len (listing->last, name.data, name.len);
  return ++listing->n < listing->most;
}

static guint
list (Fixture *fixture, const char *after, guint most)
{
  g_autoptr (GString) last = g_string_new (after);
  Listing listing = { last, 0, most };

  g_assert_cmpint (cs_store_blobs_list (&fixture->test->store.base, cs_slice_str (after), note_name,
                                        &listing),
                   ==, CS_OK);
  return listing.n;
}

static CsStatus
merge_many (CsStoreEdit *edit, guint row, gpointer data)
{
  CsStorePut put = { .size = sizeof put, .summary = cs_slice ("s", 1), .tree = cs_slice ("t", 1) };
  char name[16];

  g_snprintf (name, sizeof name, "%05u", row * *(guint *) data);
  cs_store_edit_add_blob (edit, cs_slice_str (name), 1);
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

/* More than a page of several files, some names in both: all are told once, in order. */
static void
test_list_over_files (Fixture *fixture, gconstpointer data)
{
  enum { N = 1300 };
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree CsSlice *ids = g_new (CsSlice, N);
  guint step = 1;

  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  start (fixture, 3);
  fixture->db = test_open (fixture->test, "one");
  for (guint i = 0; i < N; i++)
    {
      g_ptr_array_add (texts, g_strdup_printf ("id%u", i));
      ids[i] = cs_slice_str (texts->pdata[i]);
    }
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *name = g_strdup_printf ("many%u", i);
      CsStoreDb *db = test_create (fixture->test, name);

      step = i % 2 + 1;
      g_assert_cmpint (cs_store_commit (db, ids, N, merge_many, &step), ==, CS_OK);
      cs_store_db_unref (db);
    }
  /* 0 … 1299, and the even ones up to 2598. */
  g_assert_cmpuint (list (fixture, "", G_MAXUINT), ==, N + N / 2);
  g_assert_cmpuint (list (fixture, "01299", G_MAXUINT), ==, N / 2);
  g_assert_cmpuint (list (fixture, "", 7), ==, 7);
}

/* ---- a file of before ---- */

static void
test_older_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "store-0.db", NULL);
  g_autofree char *body = NULL;
  SqliteVfsOptions options = { sqlite_disk_real (), TRUE, NULL, NULL };
  SqliteVfs *vfs = sqlite_vfs_new (&options);
  SqliteSchema first = { sqlite_schema.steps, 1 };
  SqliteConn *conn
    = sqlite_conn_open (path, sqlite_vfs_name (vfs), SQLITE_CONN_WRITER, 1 << 20, NULL);
  Fixture older = { .dir = g_steal_pointer (&dir) };

  g_assert_nonnull (conn);
  g_assert_true (sqlite_schema_migrate (conn, &first, NULL));
  g_assert_cmpint (sqlite_conn_exec (conn,
                                     "INSERT INTO database (name, uuid, created, state, first_body)"
                                     " VALUES (x'6f6c64', 'u', 0, 0, 1);"
                                     "INSERT INTO tally VALUES (1, 1, 1, 1, 0, 5, 1);"
                                     "INSERT INTO epoch VALUES (1, 1, 7, 0);"
                                     "INSERT INTO body VALUES (1, 1, x'62');"
                                     "INSERT INTO doc VALUES (1 << 40 | 1, 1, x'61', 0, x'73', 1,"
                                     " NULL, 1, 1, x'74')",
                                     NULL),
                   ==, CS_OK);
  sqlite_conn_close (conn);
  sqlite_vfs_free (vfs);
  start (&older, 1);
  older.db = test_open (older.test, "old");
  body = test_get (older.db, "a");
  g_assert_cmpstr (body, ==, "b");
  g_assert_cmpuint (name_blob (older.db, "b", "x"), ==, 2);
  g_assert_true (is_named (&older, "x"));
  tear_down (&older, NULL);
}

int
main (int argc, char **argv)
{
  test_host_init ();
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/sqlite/blobs/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("named-while-referred-to", test_named_while_referred_to);
  ADD ("undone-with-its-batch", test_undone_with_its_batch);
  ADD ("only-its-own", test_only_its_own);
  ADD ("gone-with-the-database", test_gone_with_the_database);
  ADD ("kept-over-a-restart", test_kept_over_a_restart);
  ADD ("list-over-files", test_list_over_files);
  ADD ("older-file", test_older_file);
  return g_test_run ();
}
