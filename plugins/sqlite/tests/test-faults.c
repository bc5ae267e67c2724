/* test-faults.c: a full or failing disk, a damaged or foreign file: clear errors, nothing half-written.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "sim-disk.h"
#include "test-host.h"

typedef struct
{
  char *dir;
  SimDisk *disk;
  TestStore *test;
  CsStoreDb *db;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = test_dir_new ();
  fixture->disk = sim_disk_new (1);
  fixture->test = test_store_new (fixture->dir);
  fixture->test->store.disk = sim_disk_base (fixture->disk);
  test_store_start (fixture->test, &error);
  g_assert_no_error (error);
  fixture->db = test_create (fixture->test, "db");
  g_assert_cmpint (test_put (fixture->db, "before", "kept"), ==, CS_OK);
}

static void
stop (Fixture *fixture)
{
  g_clear_pointer (&fixture->db, cs_store_db_unref);
  g_clear_pointer (&fixture->test, test_store_free);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  stop (fixture);
  sim_disk_free (fixture->disk);
  test_dir_remove (fixture->dir);
}

static void
expect_body (CsStoreDb *db, const char *id, const char *expected)
{
  g_autofree char *body = test_get (db, id);

  g_assert_cmpstr (body, ==, expected);
}

/* Batches fail with the status, reading goes on, and so does writing once the disk is well again. */
static void
expect_failing (Fixture *fixture, CsStatus expected)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("v", 1);
  CsStoreDb *none = NULL;

  g_assert_cmpint (test_put (fixture->db, "lost", "x"), ==, expected);
  g_assert_cmpint (test_put_many (fixture->db, "lost", 0, 500, "x"), ==, expected);
  g_assert_cmpint (cs_store_local_put (fixture->db, cs_slice_str ("l"), NULL, 1, value), ==,
                   expected);
  g_assert_cmpint (cs_store_create (&fixture->test->store.base, cs_slice_str ("new"), &none), ==,
                   expected);
  expect_body (fixture->db, "before", "kept");
  expect_body (fixture->db, "lost", NULL);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 1);
}

static void
expect_well (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (test_put (fixture->db, "after", "new"), ==, CS_OK);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 2);
  stop (fixture);
  fixture->test = test_store_new (fixture->dir);
  test_store_start (fixture->test, &error);
  g_assert_no_error (error);
  fixture->db = test_open (fixture->test, "db");
  expect_body (fixture->db, "before", "kept");
  expect_body (fixture->db, "after", "new");
  expect_body (fixture->db, "lost", NULL);
}

static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  sim_disk_fail_writes (fixture->disk, ENOSPC);
  expect_failing (fixture, CS_NO_SPACE);
  sim_disk_fail_writes (fixture->disk, 0);
  expect_well (fixture);
}

static void
test_write_fails (Fixture *fixture, gconstpointer data)
{
  sim_disk_fail_writes (fixture->disk, EIO);
  expect_failing (fixture, CS_IO);
  sim_disk_fail_writes (fixture->disk, 0);
  expect_well (fixture);
}

static void
test_sync_fails (Fixture *fixture, gconstpointer data)
{
  sim_disk_fail_syncs (fixture->disk, EIO);
  expect_failing (fixture, CS_IO);
  sim_disk_fail_syncs (fixture->disk, 0);
  expect_well (fixture);
}

/* A checkpoint that cannot write takes nothing away: the WAL goes on. */
static void
test_checkpoint_fails (Fixture *fixture, gconstpointer data)
{
  guint i, stored = 0;

  for (i = 0; i < 60; i++)
    {
      sim_disk_fail_syncs (fixture->disk, i % 3 == 2 ? EIO : 0);
      if (test_put_many (fixture->db, "n", i * 500, 500, "some words to fill the log") == CS_OK)
        stored++;
    }
  sim_disk_fail_syncs (fixture->disk, 0);
  g_assert_cmpuint (stored, ==, 40);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 1 + 40 * 500);
  expect_body (fixture->db, "n-00000000", "some words to fill the log");
  expect_body (fixture->db, "n-00001000", NULL);
}

/* ---- a real full disk, and one that cannot be written ---- */

static gboolean
mounted (const char *dir, const char *options, unsigned long flags)
{
  if (geteuid () == 0 && mount ("tmpfs", dir, "tmpfs", flags, options) == 0)
    return TRUE;
  g_test_skip ("needs to mount a tmpfs");
  return FALSE;
}

static void
test_full_tmpfs (void)
{
  char *dir = test_dir_new ();
  Fixture fixture = { .dir = dir };
  g_autoptr (GError) error = NULL;
  CsStatus status = CS_OK;
  guint n = 0;

  if (mounted (dir, "size=3m", 0))
    {
      fixture.test = test_store_new (dir);
      test_store_start (fixture.test, &error);
      g_assert_no_error (error);
      fixture.db = test_create (fixture.test, "db");
      while (n < 200 && status == CS_OK)
        {
          status = test_put_many (fixture.db, "f", n * 100, 100, "a body that takes some room");
          n += status == CS_OK;
        }
      g_assert_cmpint (status, ==, CS_NO_SPACE);
      g_assert_cmpuint (test_last_seq (fixture.db), ==, n * 100);
      expect_body (fixture.db, "f-00000007", "a body that takes some room");
      /* Full as it is, it can be stopped and started, and nothing that was told is missing. */
      stop (&fixture);
      fixture.test = test_store_new (dir);
      test_store_start (fixture.test, &error);
      g_assert_no_error (error);
      fixture.db = test_open (fixture.test, "db");
      g_assert_cmpuint (test_last_seq (fixture.db), ==, n * 100);
      g_assert_cmpint (mount (NULL, dir, NULL, MS_REMOUNT, "size=30m"), ==, 0);
      g_assert_cmpint (test_put (fixture.db, "room", "again"), ==, CS_OK);
      stop (&fixture);
      g_assert_cmpint (umount (dir), ==, 0);
    }
  test_dir_remove (dir);
}

static void
expect_refused (const char *dir, const char *because)
{
  TestStore *test = test_store_new (dir);
  g_autoptr (GError) error = NULL;

  g_assert_false (test_store_start (test, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  if (strstr (error->message, because) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, because);
  g_assert_nonnull (strstr (error->message, dir));
  test_store_free (test);
}

static void
test_read_only_dir (void)
{
  char *dir = test_dir_new ();

  if (mounted (dir, NULL, MS_RDONLY))
    {
      expect_refused (dir, "cannot be written: Read-only file system");
      g_assert_cmpint (umount (dir), ==, 0);
    }
  test_dir_remove (dir);
}

/* ---- files that are not what they should be ---- */

static char *
filled_dir (void)
{
  char *dir = test_dir_new ();
  TestStore *test = test_store_new (dir);
  CsStoreDb *db;

  g_assert_true (test_store_start (test, NULL));
  db = test_create (test, "db");
  g_assert_cmpint (test_put_many (db, "c", 0, 2000, "content"), ==, CS_OK);
  cs_store_db_unref (db);
  test_store_free (test);
  return dir;
}

static void
overwrite (const char *dir, gsize at, const char *data, gsize len)
{
  g_autofree char *path = g_build_filename (dir, "store-0.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize size;

  g_file_get_contents (path, &text, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (at + len, <=, size);
  memcpy (text + at, data, len);
  g_file_set_contents (path, text, size, &error);
  g_assert_no_error (error);
}

static void
test_garbage_header (void)
{
  char *dir = filled_dir ();

  overwrite (dir, 0, "not a database at all", 21);
  expect_refused (dir, "is damaged");
  test_dir_remove (dir);
}

static void
test_garbage_schema (void)
{
  char *dir = filled_dir (), garbage[3900];

  memset (garbage, 0x5a, sizeof garbage);
  overwrite (dir, 100, garbage, sizeof garbage);
  expect_refused (dir, "is damaged");
  test_dir_remove (dir);
}

static void
test_truncated (void)
{
  char *dir = filled_dir ();
  g_autofree char *path = g_build_filename (dir, "store-0.db", NULL);

  g_assert_cmpint (truncate (path, 2048), ==, 0);
  expect_refused (dir, "is damaged");
  test_dir_remove (dir);
}

static void
run_sql (const char *dir, const char *sql)
{
  g_autofree char *path = g_build_filename (dir, "store-0.db", NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static void
test_foreign_file (void)
{
  char *dir = test_dir_new ();

  run_sql (dir, "CREATE TABLE theirs (x)");
  expect_refused (dir, "database of another program");
  test_dir_remove (dir);
}

static void
test_newer_schema (void)
{
  char *dir = filled_dir ();

  run_sql (dir, "PRAGMA user_version = 99");
  expect_refused (dir, "schema version is 99");
  test_dir_remove (dir);
}

static void
test_in_use (void)
{
  char *dir = test_dir_new ();
  TestStore *test = test_store_new (dir);

  g_assert_true (test_store_start (test, NULL));
  expect_refused (dir, "in use by another process");
  test_store_free (test);
  test_dir_remove (dir);
}

/* Damage inside: what can be read is, the rest says so, and the file as a whole fails its check. */
static void
test_damaged_pages (void)
{
  char *dir = filled_dir (), garbage[4096];
  TestStore *test = test_store_new (dir);
  CsStoreRange range = { .size = sizeof range };
  CsStoreRows *rows = NULL;
  CsStoreDb *db;
  guint i;

  memset (garbage, 0xa5, sizeof garbage);
  for (i = 20; i < 40; i++)
    overwrite (dir, i * 4096, garbage, sizeof garbage);
  g_assert_true (test_store_start (test, NULL));
  db = test_open (test, "db");
  g_assert_cmpint (cs_store_changes (db, &range, &rows), ==, CS_CORRUPT);
  g_assert_null (rows);
  cs_store_db_unref (db);
  test_store_free (test);
  test_dir_remove (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define WITH_DISK(name, func)                                                                      \
  g_test_add ("/sqlite/faults/" name, Fixture, NULL, set_up, func, tear_down)
  WITH_DISK ("disk-full", test_disk_full);
  WITH_DISK ("write-fails", test_write_fails);
  WITH_DISK ("sync-fails", test_sync_fails);
  WITH_DISK ("checkpoint-fails", test_checkpoint_fails);
#define ALONE(name, func) g_test_add_func ("/sqlite/faults/" name, func)
  ALONE ("full-tmpfs", test_full_tmpfs);
  ALONE ("read-only-dir", test_read_only_dir);
  ALONE ("garbage-header", test_garbage_header);
  ALONE ("garbage-schema", test_garbage_schema);
  ALONE ("truncated", test_truncated);
  ALONE ("foreign-file", test_foreign_file);
  ALONE ("newer-schema", test_newer_schema);
  ALONE ("in-use", test_in_use);
  ALONE ("damaged-pages", test_damaged_pages);
  return g_test_run ();
}
