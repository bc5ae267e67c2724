/* test-backup.c: a backup taken under writes is whole, a restore of it is all or nothing, damage is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-blobs.h"
#include "sqlite-backup.h"
#include "sqlite-objects.h"
#include "sqlite-restore.h"
#include "sqlite-verify.h"
#include "test-host.h"

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

typedef struct
{
  char *dir;    /* of everything */
  char *data;   /* the store's */
  char *backup;
  TestStore *test;
} Fixture;

static TestStore *
start (const char *dir, guint shards)
{
  TestStore *test = test_store_new (dir);
  g_autoptr (GError) error = NULL;

  test->settings.shards = shards;
  test->settings.checkpoint = 256 * 1024;
  test_store_start (test, &error);
  g_assert_no_error (error);
  return test;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = test_dir_new ();
  fixture->data = g_build_filename (fixture->dir, "data", NULL);
  fixture->backup = g_build_filename (fixture->dir, "backup", NULL);
  fixture->test = start (fixture->data, 1);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->test, test_store_free);
  g_free (fixture->data);
  g_free (fixture->backup);
  test_dir_remove (fixture->dir);
}

static void
restart (Fixture *fixture)
{
  guint shards = fixture->test->settings.shards;

  test_store_free (fixture->test);
  fixture->test = start (fixture->data, shards);
}

static void
take_backup (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteManifest) manifest
    = sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (manifest);
}

static void
stage_backup (Fixture *fixture, gboolean replace)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteManifest) manifest
    = sqlite_restore_stage (&fixture->test->store, fixture->backup, replace, &error);

  g_assert_no_error (error);
  g_assert_nonnull (manifest);
}

/* Nothing was staged, and the reason has this text. */
static void
assert_refused (Fixture *fixture, CsStatus status, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *begun = g_build_filename (fixture->data, "restore.new", NULL);

  g_assert_null (sqlite_restore_stage (&fixture->test->store, fixture->backup, TRUE, &error));
  g_assert_error (error, CS_ERROR, (gint) status);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_false (g_file_test (begun, G_FILE_TEST_EXISTS));
  g_assert_false (sqlite_restore_waits (fixture->data));
}

static gboolean
has (TestStore *test, const char *name, const char *id, const char *body)
{
  CsStoreDb *db = NULL;
  g_autofree char *found = NULL;

  if (cs_store_open (&test->store.base, cs_slice_str (name), &db) != CS_OK)
    return FALSE;
  found = test_get (db, id);
  cs_store_db_unref (db);
  return g_strcmp0 (found, body) == 0;
}

static void
put (TestStore *test, const char *name, const char *id, const char *body)
{
  CsStoreDb *db = NULL;

  if (cs_store_open (&test->store.base, cs_slice_str (name), &db) != CS_OK)
    db = test_create (test, name);
  g_assert_cmpint (test_put (db, id, body), ==, CS_OK);
  cs_store_db_unref (db);
}

static CsStoreInfo
info_of (TestStore *test, const char *name)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStoreDb *db = test_open (test, name);

  g_assert_cmpint (cs_store_info (db, &info), ==, CS_OK);
  cs_store_db_unref (db);
  return info;
}

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
  g_assert_cmpuint (info_of (test, name).n_records, ==, (guint) i + 20 + 3000);
  cs_store_db_unref (db);
}

static void
test_under_writes (Fixture *fixture, gconstpointer data)
{
  Writer writers[WRITERS] = { 0 };
  gint before[WRITERS];
  guint round, i;

  test_store_free (fixture->test);
  fixture->test = start (fixture->data, 2);
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
      copy = start (dir, 1);
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

  put (fixture->test, "db", "a", "1");
  take_backup (fixture);
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
  take_backup (fixture);
  taken = fixture->test->store.backup_at;
  g_assert_cmpint (ABS (taken - g_get_real_time () / G_USEC_PER_SEC), <, 60);
  g_assert_cmpint (test_stat ("sqlite_backup_last_timestamp_seconds") - before, ==, taken);
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  g_assert_cmpint (test_stat ("sqlite_backup_failures_total"), ==, failures + 1);
  restart (fixture);
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
  take_backup (fixture); /* into the empty one */
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
  take_backup (fixture);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  put (fixture->test, "db", "a", "1");
  test_cancel_commands (TRUE);
  g_assert_null (sqlite_backup (&fixture->test->store, fixture->backup, NULL, &error));
  test_cancel_commands (FALSE);
  g_assert_error (error, CS_ERROR, CS_CANCELLED);
  g_assert_false (g_file_test (fixture->backup, G_FILE_TEST_EXISTS));
  take_backup (fixture);
  test_cancel_commands (TRUE);
  assert_refused (fixture, CS_CANCELLED, "cancelled");
  test_cancel_commands (FALSE);
}

/* ---- restoring ---- */

static void
test_restored (Fixture *fixture, gconstpointer data)
{
  CsStoreInfo then, now;
  CsStoreDb *db;
  guint64 since = 0;

  put (fixture->test, "db", "a", "1");
  put (fixture->test, "db", "b", "1");
  then = info_of (fixture->test, "db");
  take_backup (fixture);
  put (fixture->test, "db", "a", "2");
  put (fixture->test, "later", "x", "1");
  stage_backup (fixture, TRUE);
  g_assert_true (has (fixture->test, "db", "a", "2")); /* until the restart */
  restart (fixture);

  g_assert_true (has (fixture->test, "db", "a", "1"));
  g_assert_true (has (fixture->test, "db", "b", "1"));
  g_assert_false (has (fixture->test, "later", "x", "1"));
  now = info_of (fixture->test, "db");
  g_assert_cmpuint (now.epoch, !=, then.epoch);
  g_assert_cmpstr (now.uuid, ==, then.uuid);
  /* Somebody who saw sequence 3, which is lost, reads on from 2. */
  db = test_open (fixture->test, "db");
  g_assert_cmpint (cs_store_resolve (db, then.epoch, 3, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 2);
  g_assert_cmpint (cs_store_resolve (db, now.epoch, 3, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 3);
  cs_store_db_unref (db);
  put (fixture->test, "db", "a", "3");
  restart (fixture);
  g_assert_true (has (fixture->test, "db", "a", "3"));
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

  put (fixture->test, "db", "a", "1");
  take_backup (fixture);
  put (fixture->test, "db", "a", "2");
  g_assert_null (sqlite_restore_stage (&fixture->test->store, fixture->backup, FALSE, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_nonnull (strstr (error->message, "--replace"));
  stage_backup (fixture, TRUE);
  g_clear_error (&error);
  g_assert_null (sqlite_restore_stage (&fixture->test->store, fixture->backup, TRUE, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_nonnull (strstr (error->message, "staged already"));
  put (fixture->test, "db", "a", "3");
  restart (fixture);
  g_assert_true (has (fixture->test, "db", "a", "1"));
  kept = kept_dir (fixture->data);
  g_assert_nonnull (kept);
  former = start (kept, 1);
  g_assert_true (has (former, "db", "a", "3"));
  test_store_free (former);
}

static void
flip_byte (const char *dir, const char *name, long at)
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

static void
test_damage_is_told (Fixture *fixture, gconstpointer data)
{
  g_autofree char *manifest = g_build_filename (fixture->backup, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *file = g_build_filename (fixture->backup, "store-0.db", NULL);
  g_autofree char *text = NULL, *newer = NULL, *format = NULL;
  struct stat st;

  put (fixture->test, "db", "a", "1");
  take_backup (fixture);
  g_assert_true (g_file_get_contents (manifest, &text, NULL, NULL));
  flip_byte (fixture->backup, "store-0.db", 20000);
  assert_refused (fixture, CS_CORRUPT, "its digest is not the manifest's");
  flip_byte (fixture->backup, "store-0.db", 20000);
  g_assert_cmpint (stat (file, &st), ==, 0);
  g_assert_cmpint (truncate (file, st.st_size - 1), ==, 0);
  assert_refused (fixture, CS_CORRUPT, "the backup is damaged");

  g_unlink (manifest);
  assert_refused (fixture, CS_NOT_FOUND, "one that did not end");
  newer = g_strdup (text);
  strstr (newer, "\"schema\" : ")[11] = '9';
  g_assert_true (g_file_set_contents (manifest, newer, -1, NULL));
  assert_refused (fixture, CS_UNSUPPORTED, "is newer than this one's");
  format = g_strdup (text);
  strstr (format, "\"cloudsync_backup\" : ")[21] = '7';
  g_assert_true (g_file_set_contents (manifest, format, -1, NULL));
  assert_refused (fixture, CS_UNSUPPORTED, "the backup's format is 7");
  g_assert_true (g_file_set_contents (manifest, "{", -1, NULL));
  assert_refused (fixture, CS_INVALID, SQLITE_MANIFEST_NAME);
  g_assert_true (has (fixture->test, "db", "a", "1"));
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

  put (fixture->test, "db", "a", "1");
  take_backup (fixture);
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
  stage_backup (fixture, TRUE);
  restart (fixture);
  g_assert_true (has (fixture->test, "db", "a", "1"));
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
      test = start (fixture->data, 1);
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

  put (fixture->test, "db", "a", "backed up");
  take_backup (fixture);
  for (at = 0; died; at++)
    {
      gboolean is_new;

      put (fixture->test, "db", "a", "present");
      g_clear_pointer (&fixture->test, test_store_free);
      died = dies (fixture, at / 2, at % 2);
      fixture->test = start (fixture->data, 1);
      is_new = has (fixture->test, "db", "a", "backed up");
      g_assert_true (is_new || has (fixture->test, "db", "a", "present"));
      g_assert_true (died || is_new);
      n_old += !is_new;
      n_new += is_new;
    }
  g_assert_cmpint (n_old, ==, 1);  /* before the rename that decides */
  g_assert_cmpint (n_new, >=, 7);
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
  take_backup (fixture);
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
  stage_backup (fixture, TRUE);
  g_assert_true (fake_blobs_has (blobs, &first_id));
  g_assert_false (fake_blobs_has (blobs, &second_id)); /* of the later one */

  /* What nobody names in the running store is named by the one that waits. */
  {
    CsSlice name = cs_blob_id_slice (&unnamed);
    gboolean named = FALSE;

    g_assert_cmpint (cs_store_blobs_named (&fixture->test->store.base, &name, 1, &named), ==, CS_OK);
    g_assert_true (named);
    restart (fixture);
    g_assert_cmpint (cs_store_blobs_named (&fixture->test->store.base, &name, 1, &named), ==, CS_OK);
    g_assert_false (named);
  }

  fixture->test->store.blobs = blobs;
  fake_blobs_lose (blobs, &first_id);
  file = object_file (fixture->backup, &first_id);
  flip_byte (file, "", 5000);
  assert_refused (fixture, CS_CORRUPT, "is damaged");
  g_unlink (file);
  assert_refused (fixture, CS_IO, "No such file");
  fixture->test->store.blobs = NULL;
  assert_refused (fixture, CS_UNSUPPORTED, "provides blob=1");
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

#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

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
  ADD ("/sqlite/backup/lost-object", test_lost_object);
  ADD ("/sqlite/restore/restored", test_restored);
  ADD ("/sqlite/restore/former-files-are-kept", test_former_files_are_kept);
  ADD ("/sqlite/restore/damage-is-told", test_damage_is_told);
  ADD ("/sqlite/restore/killed-at-any-rename", test_killed_at_any_rename);
  g_test_add ("/sqlite/restore/older-schema", Fixture,
              "DROP TABLE blob; DROP TABLE ordering; DROP TABLE entry; PRAGMA user_version = 1", set_up, test_older_schema, tear_down);
  g_test_add_func ("/sqlite/backup/dirty-pages", test_dirty_pages);
  return g_test_run ();
}
