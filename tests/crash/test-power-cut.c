/* test-power-cut.c: the power goes at a random write or sync; then everything acknowledged must be there.
 * CRASH_ROUNDS says how often (default 20). The same rounds without syncing must lose something.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fake-blobs.h"
#include "ledger.h"
#include "sqlite-backup.h"
#include "sim-disk.h"

static guint
rounds (void)
{
  const char *text = g_getenv ("CRASH_ROUNDS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 20;
}

/* Of the ledger while writers run. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
tried (gpointer data, guint writer, const guint *ids, guint n, guint64 version)
{
  pthread_mutex_lock (&lock);
  ledger_tried (data, writer, ids, n, version);
  pthread_mutex_unlock (&lock);
}

static void
acked (gpointer data, guint writer, guint64 version, guint64 seq)
{
  pthread_mutex_lock (&lock);
  ledger_acked (data, writer, version, seq);
  pthread_mutex_unlock (&lock);
}

static Ledger *
copy_ledger (const Ledger *ledger)
{
  Ledger *copy;

  pthread_mutex_lock (&lock);
  copy = g_memdup2 (ledger, sizeof *ledger);
  pthread_mutex_unlock (&lock);
  return copy;
}

typedef struct
{
  CsStoreDb *db;
  Ledger *ledger;
  gint *stop;
} Reader;

/* Notes what a reader was shown: those numbers count as given, acknowledged or not. */
static gpointer
reader_main (gpointer data)
{
  Reader *self = data;
  guint64 since = 0;

  while (!g_atomic_int_get (self->stop))
    {
      CsStoreRange range = { .size = sizeof range, .since = since, .limit = 100 };
      CsStoreRows *rows = NULL;

      if (cs_store_changes (self->db, &range, &rows) != CS_OK)
        break;
      if (rows->n > 0)
        since = rows->records[rows->n - 1].seq;
      cs_store_rows_free (self->db, rows);
      g_usleep (200);
    }
  return GSIZE_TO_POINTER (since);
}

/* Takes backups until the power goes; the last one that ended is held against what was acknowledged before it. */
typedef struct
{
  TestStore *test;
  const Ledger *ledger;
  gint *stop;
  char *dirs[2];
  Ledger *before[2];
  gint last; /* which of the two ended last; -1: none */
  guint n;   /* that ended */
} Copier;

static gpointer
copier_main (gpointer data)
{
  Copier *self = data;
  gboolean ended = TRUE;

  while (ended && !g_atomic_int_get (self->stop))
    {
      gint next = self->last == 0;
      SqliteManifest *manifest;

      g_free (self->before[next]);
      self->before[next] = copy_ledger (self->ledger);
      sqlite_remove_tree (self->dirs[next]);
      manifest = sqlite_backup (&self->test->store, self->dirs[next], NULL, NULL);
      ended = manifest != NULL;
      if (ended)
        self->last = next;
      self->n += ended;
      g_clear_pointer (&manifest, sqlite_manifest_free);
    }
  return NULL;
}

static void
copier_init (Copier *self, TestStore *test, const Ledger *ledger, gint *stop, const char *dir)
{
  *self = (Copier){ .test = test, .ledger = ledger, .stop = stop, .last = -1 };
  self->dirs[0] = g_strconcat (dir, ".backup-0", NULL);
  self->dirs[1] = g_strconcat (dir, ".backup-1", NULL);
}

/* After the power went. */
static void
copier_verify (Copier *self, const Ledger *after, LedgerVerdict *total)
{
  LedgerVerdict verdict;
  guint i;

  if (self->last >= 0)
    {
      verdict = ledger_verify_copy (self->before[self->last], after, self->dirs[self->last]);
      total->lost += verdict.lost;
      total->torn += verdict.torn;
      total->damaged += verdict.damaged;
      if (!ledger_verdict_is_clean (&verdict))
        g_test_message ("a backup: lost %u, torn %u, damaged %u", verdict.lost, verdict.torn,
                        verdict.damaged);
    }
  for (i = 0; i < 2; i++)
    {
      sqlite_remove_tree (self->dirs[i]);
      g_free (self->dirs[i]);
      g_free (self->before[i]);
    }
}

static void
load_until_cut (SimDisk *disk, const char *dir, Ledger *ledger, gboolean synchronous,
                LedgerVerdict *total, guint *n_backups)
{
  TestStore *test = test_store_new (dir);
  LedgerListener listener = { tried, acked, ledger };
  gint stop = FALSE;
  CsStoreDb *db = NULL;
  CsBlobs *blobs = fake_blobs_new_any ();

  test->store.disk = sim_disk_base (disk);
  test->store.blobs = blobs;
  test->settings.synchronous = synchronous ? SQLITE_DURABLE : SQLITE_UNSYNCED;
  test->settings.checkpoint = 256 * 1024;
  if (test_store_start (test, NULL)
      && (cs_store_open (&test->store.base, cs_slice_str ("db"), &db) == CS_OK
          || cs_store_create (&test->store.base, cs_slice_str ("db"), &db) == CS_OK))
    {
      Reader reader = { db, ledger, &stop };
      GThread *thread = g_thread_new ("reader", reader_main, &reader), *copying;
      Copier copier;
      guint64 seen;

      copier_init (&copier, test, ledger, &stop, dir);
      copying = g_thread_new ("copier", copier_main, &copier);
      ledger_write (db, ledger, &listener, &stop);
      seen = GPOINTER_TO_SIZE (g_thread_join (thread));
      g_thread_join (copying);
      *n_backups += copier.n;
      copier_verify (&copier, ledger, total);
      ledger->seen_seq = MAX (ledger->seen_seq, seen);
    }
  cs_store_db_unref (db);
  test_store_free (test);
  fake_blobs_free (blobs);
}

/* Several cuts on one directory, so that later ones find an old WAL and a filled file. */
static void
run_rounds (gboolean synchronous, guint32 seed, guint n, LedgerVerdict *total, guint *dropped,
            guint *n_backups)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  Ledger *ledger = g_new0 (Ledger, 1);
  char *dir = NULL;
  guint i;

  for (i = 0; i < n; i++)
    {
      SimDisk *disk = sim_disk_new (g_rand_int (random));
      LedgerVerdict verdict;

      if (i % 8 == 0)
        {
          g_clear_pointer (&dir, test_dir_remove);
          dir = test_dir_new ();
          memset (ledger, 0, sizeof *ledger);
        }
      sim_disk_cut_after (disk, g_rand_int_range (random, 1, i % 8 == 0 ? 60 : 900));
      load_until_cut (disk, dir, ledger, synchronous, total, n_backups);
      g_assert_true (sim_disk_is_dead (disk));
      *dropped += sim_disk_settle (disk);
      sim_disk_free (disk);
      verdict = ledger_verify (ledger, dir);
      total->lost += verdict.lost;
      total->torn += verdict.torn;
      total->reused += verdict.reused;
      total->damaged += verdict.damaged;
      total->start_us = MAX (total->start_us, verdict.start_us);
      if (!ledger_verdict_is_clean (&verdict))
        {
          g_test_message ("round %u, seed %u: lost %u, torn %u, reused %u, damaged %u", i, seed,
                          verdict.lost, verdict.torn, verdict.reused, verdict.damaged);
          g_clear_pointer (&dir, test_dir_remove);
          i |= 7; /* the directory is spoilt: begin another */
        }
    }
  g_clear_pointer (&dir, test_dir_remove);
  g_free (ledger);
}

static void
test_cuts (void)
{
  LedgerVerdict total = { 0 };
  guint32 seed = g_test_rand_int ();
  guint dropped = 0, n_backups = 0;

  g_test_message ("seed %u", seed);
  run_rounds (TRUE, seed, rounds (), &total, &dropped, &n_backups);
  g_test_message ("%u cuts, %u unsynced writes dropped or torn, %u backups ended, slowest start %"
                  G_GINT64_FORMAT " us",
                  rounds (), dropped, n_backups, total.start_us);
  g_assert_cmpuint (dropped, >, 0);
  g_assert_cmpuint (n_backups, >, 0);
  g_assert_true (ledger_verdict_is_clean (&total));
  g_assert_cmpint (total.start_us, <, G_USEC_PER_SEC);
}

/* The suite can fail: without syncing it must find losses. */
static void
test_cuts_without_syncing (void)
{
  LedgerVerdict total = { 0 };
  guint32 seed = g_test_rand_int ();
  guint dropped = 0, n_backups = 0;

  run_rounds (FALSE, seed, rounds (), &total, &dropped, &n_backups);
  g_test_message ("lost %u, torn %u, reused %u, damaged %u", total.lost, total.torn, total.reused,
                  total.damaged);
  g_assert_false (ledger_verdict_is_clean (&total));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crash/power-cut/keeps-what-was-acknowledged", test_cuts);
  g_test_add_func ("/crash/power-cut/without-syncing-loses", test_cuts_without_syncing);
  return g_test_run ();
}
