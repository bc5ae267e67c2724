/* backup-fixture.c: a store, a backup of it, and what tests of both do with them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backup-fixture.h"

#include <stdio.h>

TestStore *
backup_start (const char *dir, guint shards)
{
  TestStore *test = test_store_new (dir);
  g_autoptr (GError) error = NULL;

  test->settings.shards = shards;
  test->settings.checkpoint = 256 * 1024;
  test_store_start (test, &error);
  g_assert_no_error (error);
  return test;
}

void
backup_set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = test_dir_new ();
  fixture->data = g_build_filename (fixture->dir, "data", NULL);
  fixture->backup = g_build_filename (fixture->dir, "backup", NULL);
  fixture->test = backup_start (fixture->data, 1);
}

void
backup_tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->test, test_store_free);
  g_free (fixture->data);
  g_free (fixture->backup);
  test_dir_remove (fixture->dir);
}

void
backup_restart (Fixture *fixture)
{
  guint shards = fixture->test->settings.shards;

  test_store_free (fixture->test);
  fixture->test = backup_start (fixture->data, shards);
}

void
backup_take (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteManifest) manifest
    = sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (manifest);
}

void
backup_stage (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteManifest) manifest
    = sqlite_restore_stage (&fixture->test->store, fixture->backup, TRUE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (manifest);
}

void
backup_assert_refused (Fixture *fixture, CsStatus status, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *begun = g_build_filename (fixture->data, "restore.new", NULL);

  g_assert_null (sqlite_restore_stage (&fixture->test->store, fixture->backup, TRUE, &error));
  g_assert_error (error, CS_ERROR, (gint) status);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_false (g_file_test (begun, G_FILE_TEST_EXISTS));
  g_assert_false (sqlite_restore_waits (fixture->data));
}

gboolean
backup_has (TestStore *test, const char *name, const char *id, const char *body)
{
  CsStoreDb *db = NULL;
  g_autofree char *found = NULL;

  if (cs_store_open (&test->store.base, cs_slice_str (name), &db) != CS_OK)
    return FALSE;
  found = test_get (db, id);
  cs_store_db_unref (db);
  return g_strcmp0 (found, body) == 0;
}

void
backup_put (TestStore *test, const char *name, const char *id, const char *body)
{
  CsStoreDb *db = NULL;

  if (cs_store_open (&test->store.base, cs_slice_str (name), &db) != CS_OK)
    db = test_create (test, name);
  g_assert_cmpint (test_put (db, id, body), ==, CS_OK);
  cs_store_db_unref (db);
}

CsStoreInfo
backup_info (TestStore *test, const char *name)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStoreDb *db = test_open (test, name);

  g_assert_cmpint (cs_store_info (db, &info), ==, CS_OK);
  cs_store_db_unref (db);
  return info;
}

void
backup_flip_bit (const char *dir, const char *name, long at)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  FILE *file = fopen (path, "r+b");
  int byte;

  g_assert_nonnull (file);
  fseek (file, at, SEEK_SET);
  byte = getc (file);
  fseek (file, at, SEEK_SET);
  putc (byte ^ 1, file);
  fclose (file);
}
