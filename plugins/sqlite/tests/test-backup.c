/* test-backup.c: a backup taken under writes is whole, and one that fails leaves nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup-fixture.h"
#include "fake-blobs.h"
#include "sqlite-objects.h"

/* ---- under writes ---- */

#define WRITERS 3

typedef struct
{
  TestStore *test;
  guint n;      /* which */
  gint stop;    /* atomic */
  gint written; /* atomic: of its records, how many are acknowledged */
  GThread *thread;
} Writer;

/* Record i of a writer is written after record i - 1 was acknowledged; records before are changed too. */
static gpointer
write_on (gpointer data)
{
  Writer *self = data;
  g_autofree char *name = g_strdup_printf ("db%u", self->n);
  g_autofree char *long_body = g_strnfill (3000, 'x');
  CsStoreDb *db = test_open (self->test, name);

  while (!g_atomic_int_get (&self->stop))
    {
      g_autofree char *id = g_strdup_printf ("r%07d", self->written);

      g_assert_cmpint (test_put (db, id, long_body), ==, CS_OK);
      g_atomic_int_inc (&self->written);
      g_assert_cmpint (test_put_many (db, "same", 0, 20, long_body), ==, CS_OK);
    }
  cs_store_db_unref (db);
  return NULL;
}

static void
assert_prefix (TestStore *test, guint writer, gint at_least)
{
  g_autofree char *name = g_strdup_printf ("db%u", writer);
  CsStoreDb *db = test_open (test, name);
  gint i = 0;

  for (;; i++)
    {
      g_autofree char *id = g_strdup_printf ("r%07d", i);
      g_autofree char *body = test_get (db, id);

      if (body == NULL)
        break;
      g_assert_cmpuint (strlen (body), ==, 3000);
    }
  g_assert_cmpint (i, >=, at_least);
  /* Nothing beyond a gap: the last number and the number of records belong together. */
  g_assert_cmpuint (backup_info (test, name).n_records, ==, (guint) i + 20 + 3000);
  cs_store_db_unref (db);
}

static void
test_under_writes (Fixture *fixture, gconstpointer data)
{
  Writer writers[WRITERS] = { 0 };
  gint before[WRITERS];
  guint round, i;

  test_store_free (fixture->test);
  fixture->test = backup_start (fixture->data, 2);
  for (i = 0; i < WRITERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("db%u", i);
      CsStoreDb *db = test_create (fixture->test, name);

      g_assert_cmpint (test_put_many (db, "old", 0, 3000, "an old body"), ==, CS_OK);
      g_assert_cmpint (test_put_many (db, "same", 0, 20, "b"), ==, CS_OK);
      cs_store_db_unref (db);
      writers[i].test = fixture->test;
      writers[i].n = i;
      writers[i].thread = g_thread_new ("writer", write_on, &writers[i]);
    }
  for (round = 0; round < 5; round++)
    {
      g_autofree char *dir = g_strdup_printf ("%s/b%u", fixture->dir, round);
      g_autoptr (GError) error = NULL;
      g_autoptr (SqliteManifest) manifest = NULL;
      TestStore *copy;

      for (i = 0; i < WRITERS; i++)
        before[i] = g_atomic_int_get (&writers[i].written);
      fixture->test->settings.backup_rate = round % 2 == 0 ? 0 : 64 << 20;
      manifest = sqlite_backup (&fixture->test->store, dir, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (sqlite_manifest_total (manifest).n_databases, ==, WRITERS);
      copy = backup_start (dir, 1);
      g_assert_cmpuint (copy->store.n_shards, ==, 2);
      for (i = 0; i < WRITERS; i++)
        assert_prefix (copy, i, before[i]);
      test_store_free (copy);
    }
  for (i = 0; i < WRITERS; i++)
    {
      g_atomic_int_set (&writers[i].stop, TRUE);
      g_thread_join (writers[i].thread);
    }
  g_assert_cmpint (test_stat ("sqlite_checkpoints_total"), >, 5);
}

/* ---- the directory ---- */

static void
test_nobody_else_reads_it (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->backup, "store-0.db", NULL);
  g_autofree char *manifest = g_build_filename (fixture->backup, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *wal = g_strconcat (file, "-wal", NULL);
  struct stat st;

  backup_put (fixture->test, "db", "a", "1");
  backup_take (fixture);
  g_assert_cmpint (stat (fixture->backup, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0700);
  g_assert_cmpint (stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  g_assert_cmpint (stat (manifest, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS));
}

/* Also of a backup that another process will ask about. */
static void
test_its_time_is_kept (Fixture *fixture, gconstpointer data)
{
  gint64 before = test_stat ("sqlite_backup_last_timestamp_seconds"), taken;
  gint64 failures = test_stat ("sqlite_backup_failures_total");
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (fixture->test->store.backup_at, ==, 0);
  backup_take (fixture);
  taken = fixture->test->store.backup_at;
  g_assert_cmpint (ABS (taken - g_get_real_time () / G_USEC_PER_SEC), <, 60);
  g_assert_cmpint (test_stat ("sqlite_backup_last_timestamp_seconds") - before, ==, taken);
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  g_assert_cmpint (test_stat ("sqlite_backup_failures_total"), ==, failures + 1);
  backup_restart (fixture);
  g_assert_cmpint (fixture->test->store.backup_at, ==, taken);
}

static void
test_nothing_is_written_over (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->backup, "mine", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (fixture->backup, 0755), ==, 0);
  g_assert_true (g_file_set_contents (file, "precious", -1, NULL));
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  g_unlink (file);
  backup_take (fixture); /* into the empty one */
}

/* A backup that fails leaves nothing behind, and the next one is none the worse. */
static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  struct rlimit before, small = { 300 * 1024, RLIM_INFINITY };
  g_autoptr (GError) error = NULL;
  CsStoreDb *db = test_create (fixture->test, "db");

  g_assert_cmpint (test_put_many (db, "r", 0, 5000, "some body that takes place"), ==, CS_OK);
  cs_store_db_unref (db);
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &before);
  small.rlim_max = before.rlim_max;
  setrlimit (RLIMIT_FSIZE, &small);
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  setrlimit (RLIMIT_FSIZE, &before);
  g_assert_error (error, CS_ERROR, CS_IO);
  g_assert_false (g_file_test (fixture->backup, G_FILE_TEST_EXISTS));
  backup_take (fixture);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  backup_put (fixture->test, "db", "a", "1");
  test_cancel_commands (TRUE);
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  test_cancel_commands (FALSE);
  g_assert_error (error, CS_ERROR, CS_CANCELLED);
  g_assert_false (g_file_test (fixture->backup, G_FILE_TEST_EXISTS));
  backup_take (fixture);
  test_cancel_commands (TRUE);
  backup_assert_refused (fixture, CS_CANCELLED, "cancelled");
  test_cancel_commands (FALSE);
}

/* ---- objects ---- */

static CsStatus
merge_blob (CsStoreEdit *edit, guint row, gpointer data)
{
  CsStorePut record = { .size = sizeof record, .summary = cs_slice ("s", 1), .tree = cs_slice ("t", 1) };

  cs_store_edit_add_blob (edit, cs_blob_id_slice (data), 10);
  cs_store_edit_put (edit, &record);
  return CS_OK;
}

static CsBlobId
put_with_object (TestStore *test, CsBlobs *blobs, const char *id, const char *text)
{
  CsBlobId name = fake_blobs_put (blobs, text);
  CsStoreDb *db = test_open (test, "db");
  CsSlice slice = cs_slice_str (id);

  g_assert_cmpint (cs_store_commit (db, &slice, 1, merge_blob, &name), ==, CS_OK);
  cs_store_db_unref (db);
  return name;
}

static char *
object_file (const char *dir, const CsBlobId *id)
{
  char text[CS_BLOB_ID_TEXT];

  cs_blob_id_text (id, text);
  return g_strdup_printf ("%s/objects/%.2s/%s", dir, text, text);
}

static void
test_objects (Fixture *fixture, gconstpointer data)
{
  CsBlobs *blobs = fake_blobs_new ();
  g_autofree char *second = g_build_filename (fixture->dir, "second", NULL);
  g_autofree char *long_text = g_strnfill (100000, 'o');
  g_autofree char *file = NULL, *linked = NULL;
  g_autoptr (SqliteManifest) manifest = NULL;
  g_autoptr (GError) error = NULL;
  CsBlobId first_id, second_id, unnamed = fake_blobs_put (blobs, "nobody's");
  struct stat st;

  fixture->test->store.blobs = blobs;
  cs_store_db_unref (test_create (fixture->test, "db"));
  first_id = put_with_object (fixture->test, blobs, "a", long_text);
  put_with_object (fixture->test, blobs, "b", long_text);
  backup_take (fixture);
  second_id = put_with_object (fixture->test, blobs, "c", "another");
  manifest = sqlite_backup (&fixture->test->store, second, fixture->backup, &error);
  g_assert_no_error (error);
  g_assert_cmpint (manifest->n_objects, ==, 2);
  g_assert_cmpint (manifest->object_bytes, ==, 100007);
  linked = object_file (second, &first_id);
  g_assert_cmpint (stat (linked, &st), ==, 0);
  g_assert_cmpint (st.st_nlink, ==, 2);
  g_assert_cmpint (st.st_size, ==, 100000);

  fake_blobs_lose (blobs, &first_id);
  fake_blobs_lose (blobs, &second_id);
  fake_blobs_lose (blobs, &unnamed);
  backup_stage (fixture);
  g_assert_true (fake_blobs_has (blobs, &first_id));
  g_assert_false (fake_blobs_has (blobs, &second_id)); /* of the later one */

  /* What nobody names in the running store is named by the one that waits. */
  {
    CsSlice name = cs_blob_id_slice (&unnamed);
    gboolean named = FALSE;

    g_assert_cmpint (cs_store_blobs_named (&fixture->test->store.base, &name, 1, &named), ==, CS_OK);
    g_assert_true (named);
    backup_restart (fixture);
    g_assert_cmpint (cs_store_blobs_named (&fixture->test->store.base, &name, 1, &named), ==, CS_OK);
    g_assert_false (named);
  }

  fixture->test->store.blobs = blobs;
  fake_blobs_lose (blobs, &first_id);
  file = object_file (fixture->backup, &first_id);
  backup_flip_bit (file, "", 5000);
  backup_assert_refused (fixture, CS_CORRUPT, "is damaged");
  g_unlink (file);
  backup_assert_refused (fixture, CS_IO, "No such file");
  fixture->test->store.blobs = NULL;
  backup_assert_refused (fixture, CS_UNSUPPORTED, "provides blob=1");
  fake_blobs_free (blobs);
}

/* What an earlier backup has is linked when it is whole, and the earlier one a backup. */
static void
test_previous_is_verified (Fixture *fixture, gconstpointer data)
{
  CsBlobs *blobs = fake_blobs_new ();
  g_autofree char *second = g_build_filename (fixture->dir, "second", NULL);
  g_autofree char *third = g_build_filename (fixture->dir, "third", NULL);
  g_autofree char *manifest = g_build_filename (fixture->backup, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *long_text = g_strnfill (300000, 'o');
  g_autofree char *file = NULL, *copy = NULL, *found = NULL;
  g_autoptr (SqliteManifest) taken = NULL;
  g_autoptr (GError) error = NULL;
  CsBlobId id;

  fixture->test->store.blobs = blobs;
  cs_store_db_unref (test_create (fixture->test, "db"));
  id = put_with_object (fixture->test, blobs, "a", long_text);
  backup_take (fixture);
  file = object_file (fixture->backup, &id);
  copy = object_file (second, &id);
  backup_flip_bit (file, "", 299999);
  taken = sqlite_backup (&fixture->test->store, second, fixture->backup, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (copy, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, long_text);

  g_unlink (manifest);
  g_assert_null (sqlite_backup (&fixture->test->store, third, fixture->backup, &error));
  g_assert_error (error, CS_ERROR, CS_NOT_FOUND);
  g_assert_false (g_file_test (third, G_FILE_TEST_EXISTS));
  fake_blobs_free (blobs);
}

/* An object that is there and damaged is put again. */
static void
test_damaged_object_is_mended (Fixture *fixture, gconstpointer data)
{
  CsBlobs *blobs = fake_blobs_new ();
  g_autofree char *long_text = g_strnfill (10000, 'o');
  CsBlobId id;

  fixture->test->store.blobs = blobs;
  cs_store_db_unref (test_create (fixture->test, "db"));
  id = put_with_object (fixture->test, blobs, "a", long_text);
  backup_take (fixture);
  fake_blobs_damage (blobs, &id);
  backup_stage (fixture);
  g_assert_false (fake_blobs_is_damaged (blobs, &id));
  fake_blobs_free (blobs);
}

/* One that is lost already is told, and the backup is not taken for whole. */
static void
test_lost_object (Fixture *fixture, gconstpointer data)
{
  CsBlobs *blobs = fake_blobs_new ();
  g_autoptr (GError) error = NULL;
  CsBlobId id;

  fixture->test->store.blobs = blobs;
  cs_store_db_unref (test_create (fixture->test, "db"));
  id = put_with_object (fixture->test, blobs, "a", "text");
  fake_blobs_lose (blobs, &id);
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  g_assert_error (error, CS_ERROR, CS_NOT_FOUND);
  g_assert_false (g_file_test (fixture->backup, G_FILE_TEST_EXISTS));
  fake_blobs_free (blobs);
}

/* ---- the notes of written pages ---- */

static void
test_dirty_pages (void)
{
  SqliteDirty *dirty = sqlite_dirty_new ();
  g_autoptr (GArray) pages = g_array_new (FALSE, FALSE, sizeof (gint64));

  sqlite_dirty_mark (dirty, 0, 4096);
  sqlite_dirty_take (dirty, pages);
  g_assert_cmpuint (pages->len, ==, 0);
  sqlite_dirty_track (dirty, TRUE);
  sqlite_dirty_mark (dirty, 63 * 4096, 4096);
  sqlite_dirty_mark (dirty, (gint64) 1000000 * 4096, 100);
  sqlite_dirty_mark (dirty, 64 * 4096 + 1, 4096);
  sqlite_dirty_take (dirty, pages);
  g_assert_cmpuint (pages->len, ==, 4);
  g_assert_cmpint (g_array_index (pages, gint64, 0), ==, 63);
  g_assert_cmpint (g_array_index (pages, gint64, 1), ==, 64);
  g_assert_cmpint (g_array_index (pages, gint64, 2), ==, 65);
  g_assert_cmpint (g_array_index (pages, gint64, 3), ==, 1000000);
  g_array_set_size (pages, 0);
  sqlite_dirty_take (dirty, pages);
  g_assert_cmpuint (pages->len, ==, 0);
  sqlite_dirty_free (dirty);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sqlite/backup/under-writes", test_under_writes);
  ADD ("/sqlite/backup/nobody-else-reads-it", test_nobody_else_reads_it);
  ADD ("/sqlite/backup/its-time-is-kept", test_its_time_is_kept);
  ADD ("/sqlite/backup/nothing-is-written-over", test_nothing_is_written_over);
  ADD ("/sqlite/backup/full-disk", test_full_disk);
  ADD ("/sqlite/backup/cancelled", test_cancelled);
  ADD ("/sqlite/backup/objects", test_objects);
  ADD ("/sqlite/backup/previous-is-verified", test_previous_is_verified);
  ADD ("/sqlite/backup/damaged-object-is-mended", test_damaged_object_is_mended);
  ADD ("/sqlite/backup/lost-object", test_lost_object);
  g_test_add_func ("/sqlite/backup/dirty-pages", test_dirty_pages);
  return g_test_run ();
}
