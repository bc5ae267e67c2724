/* test-power-cut.c: the power goes at a random write, sync, rename or removal; then every object that was
 * acknowledged is there and good, and no other is there that is not good. CRASH_ROUNDS says how often
 * (default 20). The same rounds without syncing must lose something.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "sim-disk.h"

#include <glib/gstdio.h>

#define CONTENTS 12

static guint
rounds (void)
{
  const char *text = g_getenv ("CRASH_ROUNDS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 20;
}

typedef struct
{
  Fixture *fixture;
  SimDisk *disk;
  GRand *random;
  GBytes *contents[CONTENTS];
  CsBlobId ids[CONTENTS];
  gboolean acknowledged[CONTENTS]; /* and not to be removed since */
} Round;

static void
put_one (Round *round, guint i)
{
  CsBlobInfo info = { .size = sizeof info };
  CsBlob *blob = NULL;

  if (put (round->fixture, round->contents[i], 50000, &blob) != CS_OK)
    return;
  cs_blob_info (blob, &info);
  cs_blob_close (blob);
  round->ids[i] = info.id;
  round->acknowledged[i] = TRUE;
}

static void
remove_one (Round *round, guint i)
{
  CsBlobs *blobs = &round->fixture->files->base;

  if (!round->acknowledged[i] || cs_blob_condemn (blobs, &round->ids[i]) != CS_OK)
    return;
  round->acknowledged[i] = FALSE;
  cs_blob_remove (blobs, &round->ids[i]);
}

/* On a worker, so that the lanes run beside each other. */
static void
work_until_cut (gpointer data)
{
  Round *round = data;

  while (!sim_disk_is_dead (round->disk))
    {
      guint i = g_rand_int_range (round->random, 0, CONTENTS);

      if (g_rand_int_range (round->random, 0, 4) == 0)
        remove_one (round, i);
      else
        put_one (round, i);
    }
}

static gboolean
is_good (const CsBlobEntry *entry, gpointer data)
{
  Round *round = data;
  CsBlobs *blobs = &round->fixture->files->base;
  CsBlob *blob = NULL;
  guint64 at = 0;
  CsSlice bytes;
  CsStatus status = cs_blob_open (blobs, &entry->id, &blob);

  while (status == CS_OK && (status = cs_blob_read (blob, at, &bytes)) == CS_OK && bytes.len > 0)
    at += bytes.len;
  cs_blob_close (blob);
  return status == CS_OK;
}

typedef struct
{
  Round *round;
  guint n_bad;
} Judgement;

static gboolean
judge_entry (const CsBlobEntry *entry, gpointer data)
{
  Judgement *judgement = data;

  judgement->n_bad += !is_good (entry, judgement->round);
  return TRUE;
}

/* How many acknowledged objects are lost, and how many that are there are no good. */
static guint
judge (Round *round)
{
  Judgement judgement = { round, 0 };

  for (guint i = 0; i < CONTENTS; i++)
    if (round->acknowledged[i]
        && fetch (round->fixture, &round->ids[i], round->contents[i]) != CS_OK)
      judgement.n_bad++;
  g_assert_cmpint (cs_blob_list (&round->fixture->files->base, NULL, judge_entry, &judgement), ==,
                   CS_OK);
  g_assert_cmpuint (leftovers (round->fixture), ==, 0);
  return judgement.n_bad;
}

static guint
run_round (guint32 seed, gboolean syncs, guint *taken_back)
{
  Fixture fixture = { NULL };
  Round round = { .fixture = &fixture, .random = g_rand_new_with_seed (seed) };
  g_autofree char *spare = g_dir_make_tmp ("files-spare-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  guint n_bad;

  round.disk = sim_disk_new (seed, spare, syncs);
  for (guint i = 0; i < CONTENTS; i++)
    round.contents[i] = content (seed * CONTENTS + i, g_rand_int_range (round.random, 0,
                                                                       3 * CS_BLOB_PIECE));
  fixture_set_up (&fixture, sim_disk_base (round.disk));
  sim_disk_cut_after (round.disk, g_rand_int_range (round.random, 1, 150));
  cs_harness_run (0, work_until_cut, &round);
  fixture_stop (&fixture);
  *taken_back += sim_disk_settle (round.disk);
  fixture_start (&fixture, NULL, &error);
  g_assert_no_error (error);
  n_bad = judge (&round);
  fixture_tear_down (&fixture);
  sim_disk_free (round.disk);
  for (guint i = 0; i < CONTENTS; i++)
    g_bytes_unref (round.contents[i]);
  g_rand_free (round.random);
  g_assert_cmpint (g_rmdir (spare), ==, 0);
  return n_bad;
}

static void
test_acknowledged_is_there (void)
{
  guint taken_back = 0;

  for (guint i = 0; i < rounds (); i++)
    g_assert_cmpuint (run_round (1000 + i, TRUE, &taken_back), ==, 0);
  g_assert_cmpuint (taken_back, >, 0);
}

static void
test_without_syncs_something_is_lost (void)
{
  guint taken_back = 0;
  guint n_bad = 0;

  for (guint i = 0; i < rounds () && n_bad == 0; i++)
    n_bad = run_round (1000 + i, FALSE, &taken_back);
  g_assert_cmpuint (n_bad, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/files/power-cut/acknowledged-is-there", test_acknowledged_is_there);
  g_test_add_func ("/files/power-cut/without-syncs-something-is-lost",
                   test_without_syncs_something_is_lost);
  return g_test_run ();
}
