/* fuzz-sqlite-file.c: a store whose file or log was changed anywhere: it is refused, or answers what it can;
 * it never ends the process. Input: a byte for which file, then groups of three bytes place and one value.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "sqlite-check.h"
#include "test-host.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A sound store, made once: the database file, and a log that holds all of another. */
typedef struct
{
  char *text[2];
  gsize len[2];
} Template;

static char *dir;

static char *
path_of (gboolean log)
{
  return g_build_filename (dir, log ? "store-0.db-wal" : "store-0.db", NULL);
}

static void
fill (TestStore *test)
{
  CsStoreDb *db = test_create (test, "db");
  g_autofree char *body = g_strnfill (5000, 'b');

  g_assert_cmpint (test_put_many (db, "r", 0, 120, "a body"), ==, CS_OK);
  g_assert_cmpint (test_put (db, "long", body), ==, CS_OK);
  g_assert_cmpint (test_put_deleted (db, "r-00000007"), ==, CS_OK);
  cs_store_db_unref (db);
}

static TestStore *
start (void)
{
  TestStore *test = test_store_new (dir);

  test->settings.synchronous = SQLITE_UNSYNCED;
  test->settings.check_after_crash = TRUE;
  if (test_store_start (test, NULL))
    return test;
  test_store_free (test);
  return NULL;
}

static void
clean_up (void)
{
  test_dir_remove (dir);
}

static const Template *
template (void)
{
  static Template made;
  g_autofree char *file = NULL, *log = NULL;
  TestStore *test;

  if (made.text[0] != NULL)
    return &made;
  if (g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR))
    g_setenv ("SQLITE_TEST_DIR", "/dev/shm", FALSE);
  dir = test_dir_new ();
  atexit (clean_up);
  file = path_of (FALSE);
  log = path_of (TRUE);
  test = start ();
  fill (test);
  /* The log while the store runs, the file once it is folded in. */
  g_assert_true (g_file_get_contents (log, &made.text[1], &made.len[1], NULL));
  test_store_free (test);
  g_assert_true (g_file_get_contents (file, &made.text[0], &made.len[0], NULL));
  return &made;
}

static void
write_changed (const Template *sound, gboolean log, const guint8 *data, gsize size)
{
  g_autofree char *path = path_of (log), *other = path_of (!log);
  g_autofree char *text = g_memdup2 (sound->text[log], sound->len[log]);
  gsize i;

  for (i = 0; i + 4 <= size; i += 4)
    text[(data[i] | data[i + 1] << 8 | data[i + 2] << 16) % sound->len[log]] = data[i + 3];
  g_assert_true (g_file_set_contents (path, text, sound->len[log], NULL));
  /* A log is read over the sound file; without one the file stands alone. */
  if (log)
    g_assert_true (g_file_set_contents (other, sound->text[0], sound->len[0], NULL));
  else
    remove (other);
}

static gboolean
go_on (CsSlice name, gpointer data)
{
  return TRUE;
}

static void
use (TestStore *test)
{
  CsStoreRange range = { .size = sizeof range, .what = CS_STORE_TREE | CS_STORE_BODY };
  g_autoptr (GString) output = g_string_new (NULL);
  CsStoreRows *rows = NULL;
  CsStoreDb *db = NULL;

  cs_store_list (&test->store.base, cs_slice ("", 0), go_on, NULL);
  if (cs_store_open (&test->store.base, cs_slice_str ("db"), &db) == CS_OK)
    {
      if (cs_store_changes (db, &range, &rows) == CS_OK)
        cs_store_rows_free (db, rows);
      if (cs_store_ids (db, &range, &rows) == CS_OK)
        cs_store_rows_free (db, rows);
      test_put (db, "long", "shorter");
      test_put (db, "new", "body");
    }
  cs_store_db_unref (db);
  sqlite_check_all (&test->store, output);
  cs_store_drop (&test->store.base, cs_slice_str ("db"));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const Template *sound = template ();
  TestStore *test;

  if (size == 0 || size > 400)
    return -1;
  write_changed (sound, data[0] & 1, data + 1, size - 1);
  test = start ();
  if (test != NULL)
    {
      use (test);
      test_store_free (test);
    }
  test_log_clear ();
  return 0;
}
