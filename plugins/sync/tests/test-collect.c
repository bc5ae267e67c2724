/* test-collect.c: what nobody names is removed; what somebody names, or touches while that is being found out,
 * stays.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

#include "harness.h"

#define N 450 /* more than two batches */

/* A store and a provider of objects as simple as can be, and what happens between their calls. */
typedef struct
{
  gboolean there[N];
  gboolean condemned[N];
  gboolean pinned[N];
  gboolean named[N];
  gint64 stored[N];
  /* Somebody puts this object, names it, and lets go of it, right after the store was asked. */
  gint put_after_asking;
  CsStatus ask_fails;
  guint asked_of_uncondemned;
} World;

static World world;
static Sync *sync_;
static SyncSettings settings;

static CsBlobId
id_of (guint i)
{
  CsBlobId id = { { i >> 8, i } };

  return id;
}

static guint
index_of (const guint8 *bytes)
{
  return bytes[0] << 8 | bytes[1];
}

/* ---- blob=1 ---- */

static CsStatus
fake_list (CsBlobs *blobs, const CsBlobId *after, CsBlobListFunc func, gpointer data)
{
  for (guint i = after != NULL ? index_of (after->bytes) + 1 : 0; i < N; i++)
    {
      CsBlobEntry entry = { .size = sizeof entry, .id = id_of (i), .stored = world.stored[i],
                            .bytes = 10 };

      if (world.there[i] && !func (&entry, data))
        break;
    }
  return CS_OK;
}

static CsStatus
fake_condemn (CsBlobs *blobs, const CsBlobId *id)
{
  guint i = index_of (id->bytes);

  if (world.pinned[i])
    return CS_CONFLICT;
  world.condemned[i] = TRUE;
  return CS_OK;
}

static void
fake_pardon (CsBlobs *blobs, const CsBlobId *id)
{
  world.condemned[index_of (id->bytes)] = FALSE;
}

static CsStatus
fake_remove (CsBlobs *blobs, const CsBlobId *id)
{
  guint i = index_of (id->bytes);

  if (!world.condemned[i] || world.pinned[i])
    return CS_CONFLICT;
  world.condemned[i] = world.there[i] = FALSE;
  return CS_OK;
}

static const CsBlobTable blob_table = { .size = sizeof (CsBlobTable),
                                        .list = fake_list,
                                        .condemn = fake_condemn,
                                        .pardon = fake_pardon,
                                        .remove = fake_remove };
static CsBlobs blobs = { &blob_table };

/* ---- store=1 ---- */

static CsStatus
fake_named (CsStore *store, const CsSlice *names, guint n, gboolean *named)
{
  for (guint j = 0; j < n; j++)
    {
      guint i = index_of ((const guint8 *) names[j].data);

      named[j] = world.named[i];
      world.asked_of_uncondemned += !world.condemned[i];
    }
  if (world.put_after_asking >= 0)
    {
      world.condemned[world.put_after_asking] = FALSE;
      world.named[world.put_after_asking] = TRUE;
    }
  return world.ask_fails;
}

static const CsStoreTable store_table
  = { .size = sizeof (CsStoreTable), .blobs_named = fake_named };
static CsStore store = { &store_table };

/* ---- the cases ---- */

static void
set_up (void)
{
  cs_harness_start (1);
  settings = (SyncSettings){ .blob_grace = CS_SECONDS (3600) };
  sync_ = cs_harness_instance ("sync", &settings, sizeof (Sync));
  sync_->blobs = &blobs;
  sync_->store = &store;
  cs_add_command (sync_, &sync_collect_command);
  memset (&world, 0, sizeof world);
  world.put_after_asking = -1;
  for (guint i = 0; i < N; i++)
    world.there[i] = TRUE;
}

static gboolean
collect (const char *argument, GString *output, GError **error)
{
  const char *args[] = { argument, NULL };

  return cs_harness_command ("collect-blobs", args, output, error);
}

static guint
n_there (void)
{
  guint n = 0;

  for (guint i = 0; i < N; i++)
    n += world.there[i];
  return n;
}

static void
test_named_and_pinned_stay (void)
{
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_strdup_printf ("{\"removed\":%u,\"bytes\":%u}", N - 3, 10 * (N - 3));

  set_up ();
  world.named[7] = world.named[N - 1] = TRUE;
  world.pinned[250] = TRUE;
  g_assert_true (collect (NULL, output, &error));
  g_assert_cmpstr (output->str, ==, expected);
  g_assert_true (world.there[7] && world.there[N - 1] && world.there[250]);
  g_assert_cmpuint (n_there (), ==, 3);
  g_assert_false (world.condemned[7] || world.condemned[N - 1]);
  g_assert_cmpuint (world.asked_of_uncondemned, ==, 0);
  cs_harness_stop ();
}

/* The store said that nobody names it, and that was true when it said it. */
static void
test_put_in_between_stays (void)
{
  g_autoptr (GString) output = g_string_new (NULL);

  set_up ();
  world.put_after_asking = 42;
  g_assert_true (collect (NULL, output, NULL));
  g_assert_true (world.there[42]);
  g_assert_cmpuint (n_there (), ==, 1);
  cs_harness_stop ();
}

static void
test_grace (void)
{
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GString) again = g_string_new (NULL);

  set_up ();
  world.stored[3] = g_get_real_time () - CS_SECONDS (3000);
  world.stored[4] = g_get_real_time () - CS_SECONDS (4000);
  g_assert_true (collect (NULL, output, NULL));
  g_assert_true (world.there[3] && !world.there[4]);
  g_assert_true (collect ("now", again, NULL));
  g_assert_false (world.there[3]);
  g_assert_false (collect ("never", again, NULL));
  cs_harness_stop ();
}

static void
test_store_that_fails (void)
{
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  set_up ();
  world.ask_fails = CS_IO;
  g_assert_false (collect (NULL, output, &error));
  g_assert_error (error, CS_ERROR, CS_IO);
  g_assert_cmpuint (n_there (), ==, N);
  for (guint i = 0; i < N; i++)
    g_assert_false (world.condemned[i]);
  /* The next one is not kept from running. */
  world.ask_fails = CS_OK;
  g_assert_true (collect (NULL, output, NULL));
  g_assert_cmpuint (n_there (), ==, 0);
  cs_harness_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/collect/named-and-pinned-stay", test_named_and_pinned_stay);
  g_test_add_func ("/sync/collect/put-in-between-stays", test_put_in_between_stays);
  g_test_add_func ("/sync/collect/grace", test_grace);
  g_test_add_func ("/sync/collect/store-that-fails", test_store_that_fails);
  return g_test_run ();
}
