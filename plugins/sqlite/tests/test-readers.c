/* test-readers.c: workers read beside a busy writer and its checkpoints: never less than was acknowledged
 * before they asked, never a row of two versions.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "sim-disk.h"
#include "test-host.h"

#define N_IDS 50
#define N_READERS 3
#define DURATION CS_SECONDS (1)

typedef struct
{
  char *dir;
  SimDisk *disk;
  TestStore *test;
  CsStoreDb *db;
  gint acked[N_IDS]; /* atomic: version */
  gint stop;         /* atomic */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = test_dir_new ();
  fixture->disk = sim_disk_new (1);
  fixture->test = test_store_new (fixture->dir);
  fixture->test->store.disk = sim_disk_base (fixture->disk);
  fixture->test->settings.checkpoint = 256 * 1024;
  fixture->test->settings.reader_cache_size = 256 * 1024;
  g_assert_true (test_store_start (fixture->test, NULL));
  fixture->db = test_create (fixture->test, "db");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  sim_disk_free (fixture->disk);
  test_dir_remove (fixture->dir);
}

typedef struct
{
  const guint *ids;
  guint version;
} Versions;

/* Body, tree and summary all tell the version. */
static CsStatus
merge (CsStoreEdit *edit, guint row, gpointer data)
{
  const Versions *versions = data;
  char text[2000];
  gsize len = g_snprintf (text, sizeof text, "%-*u", (int) (versions->version % 1900) + 12,
                          versions->version);
  CsSlice body = cs_slice (text, len);
  CsStorePut put = { .size = sizeof put };

  if (edit->record->body_ref != 0)
    cs_store_edit_remove_body (edit, edit->record->body_ref);
  put.body_ref = cs_store_edit_add_body (edit, &body, 1);
  put.tree = put.summary = cs_slice (text, 12);
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

static gpointer
writer_main (gpointer data)
{
  Fixture *fixture = data;
  guint version, i;

  for (version = 1; !g_atomic_int_get (&fixture->stop); version++)
    {
      guint ids[5];
      char names[5][16];
      CsSlice slices[5];
      Versions versions = { ids, version };

      for (i = 0; i < 5; i++)
        {
          ids[i] = (version + i * 11) % N_IDS;
          g_snprintf (names[i], sizeof names[i], "id-%u", ids[i]);
          slices[i] = cs_slice_str (names[i]);
        }
      g_assert_cmpint (cs_store_commit (fixture->db, slices, 5, merge, &versions), ==, CS_OK);
      for (i = 0; i < 5; i++)
        g_atomic_int_set (&fixture->acked[ids[i]], version);
    }
  return NULL;
}

static void
read_one (Fixture *fixture, guint id)
{
  g_autofree char *name = g_strdup_printf ("id-%u", id);
  CsSlice slice = cs_slice_str (name);
  gint acked = g_atomic_int_get (&fixture->acked[id]);
  CsStoreRows *rows = NULL;
  const CsStoreRecord *record;

  g_assert_cmpint (cs_store_read (fixture->db, &slice, 1, CS_STORE_TREE | CS_STORE_BODY, &rows), ==,
                   CS_OK);
  record = &rows->records[0];
  if (acked > 0)
    {
      g_assert_cmpint (atoi (record->tree.data), >=, acked);
      g_assert_cmpint (atoi (record->body.data), ==, atoi (record->tree.data));
      g_assert_true (cs_slice_equal (record->tree, record->summary));
    }
  cs_store_rows_free (fixture->db, rows);
}

static void
read_feed (Fixture *fixture, guint64 *last_seq)
{
  CsStoreRange range = { .size = sizeof range, .what = CS_STORE_TREE | CS_STORE_BODY };
  CsStoreRows *rows = NULL;
  guint64 seq = 0;
  guint i;

  g_assert_cmpint (cs_store_changes (fixture->db, &range, &rows), ==, CS_OK);
  for (i = 0; i < rows->n; i++)
    {
      const CsStoreRecord *record = &rows->records[i];

      g_assert_cmpuint (record->seq, >, seq);
      seq = record->seq;
      g_assert_cmpint (atoi (record->body.data), ==, atoi (record->tree.data));
    }
  g_assert_cmpuint (rows->last_seq, >=, *last_seq);
  *last_seq = rows->last_seq;
  cs_store_rows_free (fixture->db, rows);
}

static gpointer
reader_main (gpointer data)
{
  Fixture *fixture = data;
  guint64 last_seq = 0;
  guint n;

  test_worker_begin (fixture->test);
  for (n = 0; !g_atomic_int_get (&fixture->stop); n++)
    if (n % 10 == 0)
      read_feed (fixture, &last_seq);
    else
      read_one (fixture, n % N_IDS);
  test_worker_end (fixture->test);
  return NULL;
}

static void
test_beside_a_writer (Fixture *fixture, gconstpointer data)
{
  GThread *threads[N_READERS + 1];
  gint64 until = g_get_monotonic_time () + DURATION;
  guint i, turns = 0;

  threads[0] = g_thread_new ("writer", writer_main, fixture);
  for (i = 1; i <= N_READERS; i++)
    threads[i] = g_thread_new ("reader", reader_main, fixture);
  while (g_get_monotonic_time () < until)
    {
      sim_disk_forget_pages (fixture->disk, turns++ % 3 == 0);
      g_usleep (5000);
    }
  g_atomic_int_set (&fixture->stop, TRUE);
  for (i = 0; i <= N_READERS; i++)
    g_thread_join (threads[i]);
  g_test_message ("%d batches, %" G_GINT64_FORMAT " checkpoints, %" G_GINT64_FORMAT
                  " readings redone",
                  fixture->acked[0], test_stat ("sqlite_checkpoints_total"),
                  test_stat ("sqlite_reads_redone_total"));
  g_assert_cmpint (test_stat ("sqlite_checkpoints_total"), >, 0);
  g_assert_cmpint (test_stat ("sqlite_reads_redone_total"), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/sqlite/readers/beside-a-writer", Fixture, NULL, set_up, test_beside_a_writer,
              tear_down);
  return g_test_run ();
}
