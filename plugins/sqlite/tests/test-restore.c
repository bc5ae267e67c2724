/* test-restore.c: a restore is all or nothing, keeps what it replaces, and damage is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup-fixture.h"
#include "sqlite-verify.h"

/* The process ends at that many renames from now, done or not yet done. */
static gint die_at_rename = -1;
static gboolean die_after;

int
rename (const char *from, const char *to)
{
  gboolean last = die_at_rename >= 0 && die_at_rename-- == 0;
  int rc;

  if (last && !die_after)
    _exit (9);
  rc = renameat (AT_FDCWD, from, AT_FDCWD, to);
  if (last)
    _exit (9);
  return rc;
}

/* ---- restoring ---- */

static void
test_restored (Fixture *fixture, gconstpointer data)
{
  CsStoreInfo then, now;
  CsStoreDb *db;
  guint64 since = 0;

  backup_put (fixture->test, "db", "a", "1");
  backup_put (fixture->test, "db", "b", "1");
  then = backup_info (fixture->test, "db");
  backup_take (fixture);
  backup_put (fixture->test, "db", "a", "2");
  backup_put (fixture->test, "later", "x", "1");
  backup_stage (fixture);
  g_assert_true (backup_has (fixture->test, "db", "a", "2")); /* until the restart */
  backup_restart (fixture);

  g_assert_true (backup_has (fixture->test, "db", "a", "1"));
  g_assert_true (backup_has (fixture->test, "db", "b", "1"));
  g_assert_false (backup_has (fixture->test, "later", "x", "1"));
  now = backup_info (fixture->test, "db");
  g_assert_cmpuint (now.epoch, !=, then.epoch);
  g_assert_cmpstr (now.uuid, ==, then.uuid);
  /* Somebody who saw sequence 3, which is lost, reads on from 2. */
  db = test_open (fixture->test, "db");
  g_assert_cmpint (cs_store_resolve (db, then.epoch, 3, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 2);
  g_assert_cmpint (cs_store_resolve (db, now.epoch, 3, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 3);
  cs_store_db_unref (db);
  backup_put (fixture->test, "db", "a", "3");
  backup_restart (fixture);
  g_assert_true (backup_has (fixture->test, "db", "a", "3"));
}

static char *
kept_dir (const char *data)
{
  g_autoptr (GDir) dir = g_dir_open (data, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "replaced-"))
      return g_build_filename (data, name, NULL);
  return NULL;
}

static void
test_former_files_are_kept (Fixture *fixture, gconstpointer data)
{
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;
  TestStore *former;

  backup_put (fixture->test, "db", "a", "1");
  backup_take (fixture);
  backup_put (fixture->test, "db", "a", "2");
  g_assert_null (sqlite_restore_stage (&fixture->test->store, fixture->backup, FALSE, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_nonnull (strstr (error->message, "--replace"));
  backup_stage (fixture);
  g_clear_error (&error);
  g_assert_null (sqlite_restore_stage (&fixture->test->store, fixture->backup, TRUE, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_nonnull (strstr (error->message, "staged already"));
  backup_put (fixture->test, "db", "a", "3");
  backup_restart (fixture);
  g_assert_true (backup_has (fixture->test, "db", "a", "1"));
  kept = kept_dir (fixture->data);
  g_assert_nonnull (kept);
  former = backup_start (kept, 1);
  g_assert_true (backup_has (former, "db", "a", "3"));
  test_store_free (former);
}

static void
test_damage_is_told (Fixture *fixture, gconstpointer data)
{
  g_autofree char *manifest = g_build_filename (fixture->backup, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *file = g_build_filename (fixture->backup, "store-0.db", NULL);
  g_autofree char *text = NULL, *newer = NULL, *format = NULL;
  struct stat st;

  backup_put (fixture->test, "db", "a", "1");
  backup_take (fixture);
  g_assert_true (g_file_get_contents (manifest, &text, NULL, NULL));
  backup_flip_bit (fixture->backup, "store-0.db", 20000);
  backup_assert_refused (fixture, CS_CORRUPT, "its digest is not the manifest's");
  backup_flip_bit (fixture->backup, "store-0.db", 20000);
  g_assert_cmpint (stat (file, &st), ==, 0);
  g_assert_cmpint (truncate (file, st.st_size - 1), ==, 0);
  backup_assert_refused (fixture, CS_CORRUPT, "the backup is damaged");

  g_unlink (manifest);
  backup_assert_refused (fixture, CS_NOT_FOUND, "one that did not end");
  newer = g_strdup (text);
  strstr (newer, "\"schema\" : ")[11] = '9';
  g_assert_true (g_file_set_contents (manifest, newer, -1, NULL));
  backup_assert_refused (fixture, CS_UNSUPPORTED, "is newer than this one's");
  format = g_strdup (text);
  strstr (format, "\"cloudsync_backup\" : ")[21] = '7';
  g_assert_true (g_file_set_contents (manifest, format, -1, NULL));
  backup_assert_refused (fixture, CS_UNSUPPORTED, "the backup's format is 7");
  g_assert_true (g_file_set_contents (manifest, "{", -1, NULL));
  backup_assert_refused (fixture, CS_INVALID, SQLITE_MANIFEST_NAME);
  g_assert_true (backup_has (fixture->test, "db", "a", "1"));
}

/* A backup of before schema step 2. */
static void
test_older_schema (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->backup, "store-0.db", NULL);
  g_autofree char *manifest_path = g_build_filename (fixture->backup, SQLITE_MANIFEST_NAME, NULL);
  g_autoptr (SqliteManifest) manifest = NULL;
  g_autoptr (GError) error = NULL;
  SqlitePace pace = { 0 };
  SqliteConn *conn;

  backup_put (fixture->test, "db", "a", "1");
  backup_take (fixture);
  manifest = sqlite_manifest_read (fixture->backup, &error);
  g_assert_no_error (error);
  conn = sqlite_verify_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sqlite_conn_exec (conn, (const char *) data, &error), ==, CS_OK);
  g_assert_true (sqlite_verify_close (conn, path, &error));
  manifest->schema = 1;
  g_assert_true (sqlite_verify_digest (path, &pace,
                                       &g_array_index (manifest->files, SqliteManifestFile, 0),
                                       &error));
  g_unlink (manifest_path);
  g_assert_true (sqlite_manifest_write (manifest, fixture->backup, &error));
  backup_stage (fixture);
  backup_restart (fixture);
  g_assert_true (backup_has (fixture->test, "db", "a", "1"));
}

/* ---- killed ---- */

/* The child stages and restarts, and dies at a rename. TRUE: it died. */
static gboolean
dies (Fixture *fixture, gint at, gboolean after)
{
  int status = 0;
  pid_t child = fork ();

  if (child == 0)
    {
      g_autoptr (GError) error = NULL;
      char *kept = NULL;
      TestStore *test;

      die_after = after;
      die_at_rename = at;
      test = backup_start (fixture->data, 1);
      sqlite_manifest_free (sqlite_restore_stage (&test->store, fixture->backup, TRUE, &error));
      test_store_free (test);
      sqlite_restore_finish (fixture->data, &kept, &error);
      _exit (error == NULL ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_true (WEXITSTATUS (status) == 0 || WEXITSTATUS (status) == 9);
  return WEXITSTATUS (status) == 9;
}

static void
test_killed_at_any_rename (Fixture *fixture, gconstpointer data)
{
  gint at, n_old = 0, n_new = 0;
  gboolean died = TRUE;

  backup_put (fixture->test, "db", "a", "backed up");
  backup_take (fixture);
  for (at = 0; died; at++)
    {
      gboolean is_new;

      backup_put (fixture->test, "db", "a", "present");
      g_clear_pointer (&fixture->test, test_store_free);
      died = dies (fixture, at / 2, at % 2);
      fixture->test = backup_start (fixture->data, 1);
      is_new = backup_has (fixture->test, "db", "a", "backed up");
      g_assert_true (is_new || backup_has (fixture->test, "db", "a", "present"));
      g_assert_true (died || is_new);
      n_old += !is_new;
      n_new += is_new;
    }
  g_assert_cmpint (n_old, ==, 1);  /* before the rename that decides */
  g_assert_cmpint (n_new, >=, 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sqlite/restore/restored", test_restored);
  ADD ("/sqlite/restore/former-files-are-kept", test_former_files_are_kept);
  ADD ("/sqlite/restore/damage-is-told", test_damage_is_told);
  ADD ("/sqlite/restore/killed-at-any-rename", test_killed_at_any_rename);
  g_test_add ("/sqlite/restore/older-schema", Fixture,
              "DROP TABLE blob; DROP TABLE ordering; DROP TABLE entry; PRAGMA user_version = 1",
              backup_set_up, test_older_schema, backup_tear_down);
  return g_test_run ();
}
