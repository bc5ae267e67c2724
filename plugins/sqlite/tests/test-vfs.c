/* test-vfs.c: a worker's readings never reach the disk: what is not in memory is read in the pool.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
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
  fixture->dir = test_dir_new ();
  fixture->disk = sim_disk_new (1);
  fixture->test = test_store_new (fixture->dir);
  fixture->test->store.disk = sim_disk_base (fixture->disk);
  fixture->test->settings.reader_cache_size = 256 * 1024;
  g_assert_true (test_store_start (fixture->test, NULL));
  fixture->db = test_create (fixture->test, "db");
  g_assert_cmpint (test_put_many (fixture->db, "r", 0, 5000, "a body of a record"), ==, CS_OK);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  sim_disk_free (fixture->disk);
  test_dir_remove (fixture->dir);
}

static void
read_some (Fixture *fixture)
{
  CsStoreRange range = { .size = sizeof range, .since = 1000, .limit = 500, .what = CS_STORE_BODY };
  CsStoreRows *rows = NULL;
  guint i;

  for (i = 0; i < 5000; i += 250)
    {
      g_autofree char *id = g_strdup_printf ("r-%08u", i);
      g_autofree char *body = test_get (fixture->db, id);

      g_assert_cmpstr (body, ==, "a body of a record");
    }
  g_assert_cmpint (cs_store_changes (fixture->db, &range, &rows), ==, CS_OK);
  g_assert_cmpuint (rows->n, ==, 500);
  g_assert_true (cs_slice_is (rows->records[499].body, "a body of a record"));
  cs_store_rows_free (fixture->db, rows);
  range.with_deleted = TRUE;
  g_assert_cmpint (cs_store_ids (fixture->db, &range, &rows), ==, CS_OK);
  g_assert_cmpuint (rows->n, ==, 500);
  cs_store_rows_free (fixture->db, rows);
}

static void
test_in_memory (Fixture *fixture, gconstpointer data)
{
  guint blocking;
  gint64 redone = test_stat ("sqlite_reads_redone_total");

  test_worker_begin (fixture->test);
  blocking = sim_disk_blocking_reads (fixture->disk);
  read_some (fixture);
  g_assert_cmpuint (sim_disk_blocking_reads (fixture->disk), ==, blocking);
  g_assert_cmpint (test_stat ("sqlite_reads_redone_total"), ==, redone);
  test_worker_end (fixture->test);
}

static void
test_not_in_memory (Fixture *fixture, gconstpointer data)
{
  gint64 redone = test_stat ("sqlite_reads_redone_total");

  test_worker_begin (fixture->test);
  sim_disk_forget_pages (fixture->disk, TRUE);
  read_some (fixture);
  g_assert_cmpint (test_stat ("sqlite_reads_redone_total") - redone, >=, 20);
  sim_disk_forget_pages (fixture->disk, FALSE);
  redone = test_stat ("sqlite_reads_redone_total");
  read_some (fixture);
  g_assert_cmpint (test_stat ("sqlite_reads_redone_total"), ==, redone);
  test_worker_end (fixture->test);
}

/* Each commit makes a worker's cached pages stale; what it reads is the newest all the same. */
static void
test_reads_what_was_written (Fixture *fixture, gconstpointer data)
{
  guint i;

  test_worker_begin (fixture->test);
  for (i = 0; i < 300; i++)
    {
      g_autofree char *text = g_strdup_printf ("version %u", i);
      g_autofree char *body = NULL;

      sim_disk_forget_pages (fixture->disk, i % 3 == 0);
      g_assert_cmpint (test_put (fixture->db, "r-00000042", text), ==, CS_OK);
      body = test_get (fixture->db, "r-00000042");
      g_assert_cmpstr (body, ==, text);
    }
  test_worker_end (fixture->test);
}

/* FALSE where files are memory, or the kernel keeps them all the same. */
static gboolean
forget_file (const char *path)
{
  char page[4096];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  SqliteDisk *disk = sqlite_disk_real ();
  gboolean forgotten;

  g_assert_cmpint (fsync (fd), ==, 0);
  posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
  forgotten = disk->read (disk, fd, page, sizeof page, 100 * sizeof page, TRUE) < 0;
  close (fd);
  return forgotten;
}

/* The kernel's own word: pages that it was told to forget are not waited for. */
static void
test_real_disk (void)
{
  char *dir = test_dir_new ();
  g_autofree char *path = g_build_filename (dir, "store-0.db", NULL);
  TestStore *test = test_store_new (dir);
  gint64 redone;
  g_autofree char *body = NULL;
  CsStoreDb *db;

  g_assert_true (test_store_start (test, NULL));
  db = test_create (test, "db");
  g_assert_cmpint (test_put_many (db, "r", 0, 5000, "on disk"), ==, CS_OK);
  cs_store_db_unref (db);
  test_store_free (test);
  test = test_store_new (dir);
  g_assert_true (test_store_start (test, NULL));
  test_worker_begin (test);
  redone = test_stat ("sqlite_reads_redone_total");
  db = test_open (test, "db");
  if (forget_file (path))
    {
      body = test_get (db, "r-00003999");
      g_assert_cmpstr (body, ==, "on disk");
      g_assert_cmpint (test_stat ("sqlite_reads_redone_total"), >, redone);
    }
  else
    g_test_skip ("the file's pages cannot be driven out of memory here");
  test_worker_end (test);
  cs_store_db_unref (db);
  test_store_free (test);
  test_dir_remove (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/sqlite/vfs/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("in-memory", test_in_memory);
  ADD ("not-in-memory", test_not_in_memory);
  ADD ("reads-what-was-written", test_reads_what_was_written);
  g_test_add_func ("/sqlite/vfs/real-disk", test_real_disk);
  return g_test_run ();
}
