/* test-store.c: the contract store=1 as the sqlite engine keeps it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>

#include "test-host.h"

#include "sqlite-check.h"

typedef TestDb Fixture;

static void
expect_body (CsStoreDb *db, const char *id, const char *expected)
{
  g_autofree char *body = test_get (db, id);

  g_assert_cmpstr (body, ==, expected);
}

static gboolean
note_name (CsSlice name, gpointer data)
{
  GString *names = data;

  g_string_append_printf (names, "%.*s ", (int) name.len, name.data);
  return TRUE;
}

static void
test_databases (Fixture *fixture, gconstpointer data)
{
  CsStore *store = &fixture->test->store.base;
  g_autoptr (GString) names = g_string_new (NULL);
  CsStoreInfo info = { .size = sizeof info }, again = { .size = sizeof again };
  CsStoreDb *two = test_create (fixture->test, "two"), *none = NULL;

  g_assert_cmpint (cs_store_create (store, cs_slice_str ("one"), &none), ==, CS_EXISTS);
  g_assert_null (none);
  g_assert_cmpint (cs_store_open (store, cs_slice_str ("three"), &none), ==, CS_NOT_FOUND);
  cs_store_db_unref (test_create (fixture->test, "other"));
  g_assert_cmpint (cs_store_list (store, cs_slice_str (""), note_name, names), ==, CS_OK);
  g_assert_cmpstr (names->str, ==, "one other two ");
  g_string_truncate (names, 0);
  cs_store_list (store, cs_slice_str ("o"), note_name, names);
  g_assert_cmpstr (names->str, ==, "one other ");

  g_assert_cmpint (cs_store_info (two, &info), ==, CS_OK);
  g_assert_cmpuint (strlen (info.uuid), ==, 36);
  g_assert_cmpuint (info.epoch, !=, 0);
  g_assert_cmpint (cs_store_drop (store, cs_slice_str ("two")), ==, CS_OK);
  g_assert_cmpint (cs_store_drop (store, cs_slice_str ("two")), ==, CS_NOT_FOUND);
  g_assert_cmpint (cs_store_info (two, &info), ==, CS_NOT_FOUND);
  g_assert_cmpint (test_put (two, "a", "x"), ==, CS_NOT_FOUND);
  cs_store_db_unref (two);
  two = test_create (fixture->test, "two");
  g_assert_cmpint (cs_store_info (two, &again), ==, CS_OK);
  g_assert_cmpuint (again.epoch, !=, info.epoch);
  g_assert_cmpuint (again.last_seq, ==, 0);
  cs_store_db_unref (two);
}

static void
test_many_names (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) names = g_string_new (NULL);
  guint i;

  for (i = 0; i < 1100; i++)
    {
      g_autofree char *name = g_strdup_printf ("user-%05u", i);

      cs_store_db_unref (test_create (fixture->test, name));
    }
  cs_store_list (&fixture->test->store.base, cs_slice_str ("user-"), note_name, names);
  g_assert_cmpuint (names->len, ==, 1100 * strlen ("user-00000 "));
  g_assert_true (g_str_has_suffix (names->str, "user-01099 "));
}

static void
test_records (Fixture *fixture, gconstpointer data)
{
  CsStoreInfo info = { .size = sizeof info };

  g_assert_cmpint (test_put (fixture->db, "a", "first"), ==, CS_OK);
  g_assert_cmpint (test_put (fixture->db, "b", "other"), ==, CS_OK);
  g_assert_cmpint (test_put (fixture->db, "a", "second"), ==, CS_OK);
  expect_body (fixture->db, "a", "second");
  expect_body (fixture->db, "b", "other");
  expect_body (fixture->db, "c", NULL);
  g_assert_cmpint (test_put_deleted (fixture->db, "b"), ==, CS_OK);
  g_assert_cmpint (cs_store_info (fixture->db, &info), ==, CS_OK);
  g_assert_cmpuint (info.last_seq, ==, 4);
  g_assert_cmpuint (info.n_records, ==, 1);
  g_assert_cmpuint (info.n_deleted, ==, 1);
  test_db_again (fixture);
  expect_body (fixture->db, "a", "second");
  g_assert_cmpint (cs_store_info (fixture->db, &info), ==, CS_OK);
  g_assert_cmpuint (info.last_seq, ==, 4);
  g_assert_cmpuint (info.n_records, ==, 1);
  /* a: id 1, summary 1, tree 4, body 6; b: 6 without a body. */
  g_assert_cmpuint (info.bytes_data, ==, 18);
}

static void
expect_changes (Fixture *fixture, const CsStoreRange *range, const char *expected, gboolean more)
{
  g_autoptr (GString) text = g_string_new (NULL);
  CsStoreRows *rows = NULL;
  guint i;

  g_assert_cmpint (cs_store_changes (fixture->db, range, &rows), ==, CS_OK);
  for (i = 0; i < rows->n; i++)
    g_string_append_printf (text, "%" G_GUINT64_FORMAT ":%.*s%s ", rows->records[i].seq,
                            (int) rows->records[i].id.len, rows->records[i].id.data,
                            rows->records[i].deleted ? "!" : "");
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_cmpint (rows->more, ==, more);
  g_assert_cmpuint (rows->last_seq, ==, test_last_seq (fixture->db));
  cs_store_rows_free (fixture->db, rows);
}

#define RANGE(...) (&(CsStoreRange){ .size = sizeof (CsStoreRange), __VA_ARGS__ })

static void
test_changes (Fixture *fixture, gconstpointer data)
{
  test_put (fixture->db, "a", "1");
  test_put (fixture->db, "b", "2");
  test_put (fixture->db, "c", "3");
  test_put (fixture->db, "a", "4");
  test_put_deleted (fixture->db, "b");
  expect_changes (fixture, RANGE (.limit = 0), "3:c 4:a 5:b! ", FALSE);
  expect_changes (fixture, RANGE (.since = 3), "4:a 5:b! ", FALSE);
  expect_changes (fixture, RANGE (.limit = 2), "3:c 4:a ", TRUE);
  expect_changes (fixture, RANGE (.limit = 3), "3:c 4:a 5:b! ", FALSE);
  expect_changes (fixture, RANGE (.since = 5), "", FALSE);
  expect_changes (fixture, RANGE (.since = 99), "", FALSE);
  expect_changes (fixture, RANGE (.descending = TRUE), "5:b! 4:a 3:c ", FALSE);
  expect_changes (fixture, RANGE (.descending = TRUE, .until = 4, .limit = 1), "4:a ", TRUE);
  expect_changes (fixture, RANGE (.skip = 1, .limit = 1), "4:a ", TRUE);
}

static void
expect_ids (Fixture *fixture, const CsStoreRange *range, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  CsStoreRows *rows = NULL;
  guint i;

  g_assert_cmpint (cs_store_ids (fixture->db, range, &rows), ==, CS_OK);
  for (i = 0; i < rows->n; i++)
    g_string_append_printf (text, "%.*s ", (int) rows->records[i].id.len,
                            rows->records[i].id.data);
  g_string_append (text, rows->more ? "+" : "");
  g_assert_cmpstr (text->str, ==, expected);
  cs_store_rows_free (fixture->db, rows);
}

static void
test_ids (Fixture *fixture, gconstpointer data)
{
  const CsSlice b = cs_slice_str ("b"), d = cs_slice_str ("d"), bb = cs_slice_str ("bb");
  static const char *const ids[] = { "d", "b", "a", "bb", "c", "e" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (ids); i++)
    test_put (fixture->db, ids[i], "x");
  test_put_deleted (fixture->db, "c");
  expect_ids (fixture, RANGE (.limit = 0), "a b bb d e ");
  expect_ids (fixture, RANGE (.with_deleted = TRUE), "a b bb c d e ");
  expect_ids (fixture, RANGE (.from = &b, .to = &d), "b bb d ");
  expect_ids (fixture, RANGE (.from = &b, .to = &d, .from_exclusive = TRUE, .to_exclusive = TRUE),
              "bb ");
  expect_ids (fixture, RANGE (.from = &b, .limit = 2), "b bb +");
  expect_ids (fixture, RANGE (.from = &b, .limit = 2, .to = &bb), "b bb ");
  expect_ids (fixture, RANGE (.descending = TRUE), "e d bb b a ");
  expect_ids (fixture, RANGE (.descending = TRUE, .from = &d, .to = &b), "d bb b ");
  expect_ids (fixture,
              RANGE (.descending = TRUE, .from = &d, .from_exclusive = TRUE, .to = &b,
                     .to_exclusive = TRUE),
              "bb ");
  expect_ids (fixture, RANGE (.skip = 2, .limit = 2), "bb d +");
  expect_ids (fixture, RANGE (.descending = TRUE, .skip = 4), "a ");
}

/* Longer than one step of a walk. */
static void
test_long_walks (Fixture *fixture, gconstpointer data)
{
  CsStoreRows *rows = NULL;
  guint i;

  for (i = 0; i < 9; i++)
    g_assert_cmpint (test_put_many (fixture->db, "n", i * 1000, 1000, "body"), ==, CS_OK);
  for (i = 0; i < 7000; i++)
    {
      g_autofree char *id = g_strdup_printf ("n-%08u", i);

      if (i % 1000 == 0)
        g_assert_cmpint (test_put_deleted (fixture->db, id), ==, CS_OK);
    }
  expect_ids (fixture, RANGE (.skip = 8000, .limit = 1), "n-00008007 +");
  expect_ids (fixture, RANGE (.skip = 8000, .limit = 1, .descending = TRUE), "n-00000993 +");
  expect_ids (fixture, RANGE (.skip = 8992), "n-00008999 ");
  g_assert_cmpint (cs_store_changes (fixture->db, RANGE (.skip = 5000, .limit = 1000), &rows), ==,
                   CS_OK);
  g_assert_cmpuint (rows->n, ==, 1000);
  g_assert_true (rows->more);
  cs_store_rows_free (fixture->db, rows);
}

static guint
page_of (Fixture *fixture, const CsStoreRange *range, gboolean by_id)
{
  CsStoreRows *rows = NULL;
  CsStatus status = by_id ? cs_store_ids (fixture->db, range, &rows)
                          : cs_store_changes (fixture->db, range, &rows);
  guint n;

  g_assert_cmpint (status, ==, CS_OK);
  n = rows->n;
  g_assert_true (rows->more == (n < 10));
  cs_store_rows_free (fixture->db, rows);
  return n;
}

/* Pages end at some bytes too, of what was asked for; one that is larger comes alone. */
static void
test_large_rows (Fixture *fixture, gconstpointer data)
{
  g_autofree char *large = g_strnfill (1536 * 1024, 'x');
  g_autofree char *huge = g_strnfill (6 * 1024 * 1024, 'y');
  CsSlice from = cs_slice_str ("n-00000008");

  g_assert_cmpint (test_put_many (fixture->db, "n", 0, 8, large), ==, CS_OK);
  g_assert_cmpint (test_put_many (fixture->db, "n", 8, 2, huge), ==, CS_OK);
  g_assert_cmpuint (page_of (fixture, RANGE (.what = CS_STORE_BODY), FALSE), ==, 3);
  g_assert_cmpuint (page_of (fixture, RANGE (.what = CS_STORE_BODY), TRUE), ==, 3);
  g_assert_cmpuint (page_of (fixture, RANGE (.what = CS_STORE_BODY, .since = 8), FALSE), ==, 1);
  g_assert_cmpuint (page_of (fixture, RANGE (.what = CS_STORE_BODY, .from = &from), TRUE), ==, 1);
  g_assert_cmpuint (page_of (fixture, RANGE (.what = 0), FALSE), ==, 10);
  g_assert_cmpuint (page_of (fixture, RANGE (.what = 0), TRUE), ==, 10);
}

static void
test_updated_between (Fixture *fixture, gconstpointer data)
{
  CsStoreRows *rows = NULL;
  gint64 times[200];
  guint i, from, to;

  for (i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *id = g_strdup_printf ("d%u", i % 150);

      test_put (fixture->db, id, "x");
    }
  g_assert_cmpint (cs_store_changes (fixture->db, RANGE (.limit = 0), &rows), ==, CS_OK);
  g_assert_cmpuint (rows->n, ==, 150);
  for (i = 0; i < rows->n; i++)
    times[i] = rows->records[i].updated;
  cs_store_rows_free (fixture->db, rows);
  for (from = 0; from < 150; from += 37)
    for (to = from + 1; to < 150; to += 41)
      {
        guint expected = 0;

        g_assert_cmpint (cs_store_changes (fixture->db,
                                           RANGE (.updated_from = times[from],
                                                  .updated_to = times[to]),
                                           &rows),
                         ==, CS_OK);
        for (i = 0; i < 150; i++)
          expected += times[i] >= times[from] && times[i] < times[to];
        g_assert_cmpuint (rows->n, ==, expected);
        cs_store_rows_free (fixture->db, rows);
      }
}

typedef struct
{
  guint calls;
  guint fail_at; /* this call returns CS_TOO_LARGE */
  guint rows_seen[64];
  gboolean look;
} BatchData;

static CsStatus
merge_batch (CsStoreEdit *edit, guint row, gpointer data)
{
  BatchData *batch = data;
  CsSlice body = cs_slice_str ("batch");
  CsStorePut put = { .size = sizeof put };

  batch->rows_seen[row] = edit->record->seq;
  if (++batch->calls == batch->fail_at)
    return CS_TOO_LARGE;
  put.body_ref = cs_store_edit_add_body (edit, &body, 1);
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

static void
test_batch_whole_or_not (Fixture *fixture, gconstpointer data)
{
  CsSlice ids[] = { cs_slice_str ("x"), cs_slice_str ("y"), cs_slice_str ("x") };
  BatchData batch = { .fail_at = 3 };
  guint64 before = test_last_seq (fixture->db);

  /* Failing once more when it is run alone. */
  g_assert_cmpint (cs_store_commit (fixture->db, ids, 3, merge_batch, &batch), ==, CS_OK);
  g_assert_cmpuint (batch.calls, ==, 6);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, before + 3);
  /* The later row of an id saw the earlier one. */
  g_assert_cmpuint (batch.rows_seen[0], ==, 0);
  g_assert_cmpuint (batch.rows_seen[2], ==, before + 1);
}

static CsStatus
merge_always_fails (CsStoreEdit *edit, guint row, gpointer data)
{
  CsSlice body = cs_slice_str ("lost");
  CsStorePut put = { .size = sizeof put };

  put.body_ref = cs_store_edit_add_body (edit, &body, 1);
  cs_store_edit_put (edit, &put);
  return row == 1 ? CS_TOO_LARGE : CS_OK;
}

static void
test_failed_batch_changes_nothing (Fixture *fixture, gconstpointer data)
{
  CsSlice ids[] = { cs_slice_str ("x"), cs_slice_str ("y") };
  CsStoreInfo info = { .size = sizeof info };

  test_put (fixture->db, "kept", "1");
  g_assert_cmpint (cs_store_commit (fixture->db, ids, 2, merge_always_fails, NULL), ==,
                   CS_TOO_LARGE);
  expect_body (fixture->db, "x", NULL);
  g_assert_cmpint (cs_store_info (fixture->db, &info), ==, CS_OK);
  g_assert_cmpuint (info.last_seq, ==, 1);
  g_assert_cmpuint (info.n_records, ==, 1);
  test_put (fixture->db, "after", "2");
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 2);
}

#define N_THREADS 8
#define N_EACH 100

static gpointer
commit_many (gpointer data)
{
  Fixture *fixture = data;
  static gint next;
  gint mine = g_atomic_int_add (&next, 1);
  guint i;

  for (i = 0; i < N_EACH; i++)
    {
      g_autofree char *id = g_strdup_printf ("t%d-%u", mine, i);

      if (i % 10 == 9)
        {
          CsSlice ids[] = { cs_slice_str ("bad"), cs_slice_str ("bad2") };

          g_assert_cmpint (cs_store_commit (fixture->db, ids, 2, merge_always_fails, NULL), ==,
                           CS_TOO_LARGE);
        }
      g_assert_cmpint (test_put (fixture->db, id, "x"), ==, CS_OK);
    }
  return NULL;
}

/* Batches that fail share groups with batches that do not. */
static void
test_groups (Fixture *fixture, gconstpointer data)
{
  GThread *threads[N_THREADS];
  gint64 commits = test_stat ("sqlite_commits_total");
  CsStoreRows *rows = NULL;
  CsStoreInfo info = { .size = sizeof info };
  guint i;

  for (i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("commit", commit_many, fixture);
  for (i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (cs_store_info (fixture->db, &info), ==, CS_OK);
  g_assert_cmpuint (info.n_records, ==, N_THREADS * N_EACH);
  g_assert_cmpuint (info.last_seq, ==, N_THREADS * N_EACH);
  g_assert_cmpint (cs_store_changes (fixture->db, RANGE (.limit = 1000), &rows), ==, CS_OK);
  for (i = 0; i < rows->n; i++)
    g_assert_cmpuint (rows->records[i].seq, ==, i + 1);
  cs_store_rows_free (fixture->db, rows);
  g_assert_cmpint (test_stat ("sqlite_commits_total") - commits, <, N_THREADS * N_EACH * 11 / 10);
  g_assert_cmpint (test_stat ("sqlite_queue"), ==, 0);
}

static CsStatus
merge_housekeeping (CsStoreEdit *edit, guint row, gpointer data)
{
  CsStorePut put = { .size = sizeof put, .keep_seq = TRUE };
  CsSlice body = { NULL, 0 };

  g_assert_cmpint (cs_store_edit_read_body (edit, edit->record->body_ref, &body), ==, CS_OK);
  g_assert_true (cs_slice_is (body, "long body"));
  put.body_ref = edit->record->body_ref;
  put.tree = cs_slice_str ("shorter");
  put.user = cs_slice_str ("ada");
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

static CsStatus
merge_erase (CsStoreEdit *edit, guint row, gpointer data)
{
  cs_store_edit_remove_body (edit, edit->record->body_ref);
  cs_store_edit_erase (edit);
  return CS_OK;
}

static void
test_housekeeping_and_erase (Fixture *fixture, gconstpointer data)
{
  CsSlice id = cs_slice_str ("a");
  CsStoreInfo info = { .size = sizeof info };
  CsStoreRows *rows = NULL;

  test_put (fixture->db, "a", "long body");
  test_put (fixture->db, "b", "x");
  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, merge_housekeeping, NULL), ==, CS_OK);
  g_assert_cmpint (cs_store_read (fixture->db, &id, 1, CS_STORE_TREE, &rows), ==, CS_OK);
  g_assert_cmpuint (rows->records[0].seq, ==, 1);
  g_assert_true (cs_slice_is (rows->records[0].tree, "shorter"));
  g_assert_true (cs_slice_is (rows->records[0].user, "ada"));
  g_assert_null (rows->records[0].body.data);
  cs_store_rows_free (fixture->db, rows);
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 2);
  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, merge_erase, NULL), ==, CS_OK);
  expect_changes (fixture, RANGE (.limit = 0), "2:b ", FALSE);
  g_assert_cmpint (cs_store_info (fixture->db, &info), ==, CS_OK);
  g_assert_cmpuint (info.n_records, ==, 1);
  /* The highest number was erased: it is not given again, after a restart neither. */
  id = cs_slice_str ("b");
  g_assert_cmpint (cs_store_commit (fixture->db, &id, 1, merge_erase, NULL), ==, CS_OK);
  test_db_again (fixture);
  test_put (fixture->db, "c", "x");
  expect_changes (fixture, RANGE (.limit = 0), "3:c ", FALSE);
}

static void
test_bodies (Fixture *fixture, gconstpointer data)
{
  CsSlice ids[2] = { cs_slice_str ("a"), cs_slice_str ("b") };
  CsStoreRows *rows = NULL;
  CsStoreBodies *bodies = NULL;
  CsStoreDb *other = test_create (fixture->test, "other");
  guint64 refs[3];

  test_put (fixture->db, "a", "one");
  test_put (fixture->db, "b", "two");
  g_assert_cmpint (cs_store_read (fixture->db, ids, 2, 0, &rows), ==, CS_OK);
  refs[0] = rows->records[1].body_ref;
  refs[1] = 999999;
  refs[2] = rows->records[0].body_ref;
  cs_store_rows_free (fixture->db, rows);
  g_assert_cmpint (cs_store_bodies (fixture->db, refs, 3, &bodies), ==, CS_OK);
  g_assert_true (cs_slice_is (bodies->bodies[0], "two"));
  g_assert_null (bodies->bodies[1].data);
  g_assert_true (cs_slice_is (bodies->bodies[2], "one"));
  cs_store_bodies_free (fixture->db, bodies);
  /* Another database's references lead nowhere. */
  g_assert_cmpint (cs_store_bodies (other, refs, 3, &bodies), ==, CS_OK);
  g_assert_null (bodies->bodies[0].data);
  cs_store_bodies_free (other, bodies);
  cs_store_db_unref (other);
}

static void
test_locals (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) first = g_bytes_new_static ("{}", 2);
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  guint64 version, zero = 0, one = 1;
  CsSlice id = cs_slice_str ("check");

  g_assert_cmpint (cs_store_local_get (fixture->db, id, &version, &got), ==, CS_NOT_FOUND);
  g_assert_cmpint (cs_store_local_put (fixture->db, id, &one, 2, first), ==, CS_CONFLICT);
  g_assert_cmpint (cs_store_local_put (fixture->db, id, &zero, 1, first), ==, CS_OK);
  g_assert_cmpint (cs_store_local_put (fixture->db, id, &zero, 1, first), ==, CS_CONFLICT);
  g_assert_cmpint (cs_store_local_put (fixture->db, id, &one, 2, first), ==, CS_OK);
  g_assert_cmpint (cs_store_local_put (fixture->db, cs_slice_str ("zz"), NULL, 7, first), ==,
                   CS_OK);
  g_assert_cmpint (cs_store_local_get (fixture->db, id, &version, &got), ==, CS_OK);
  g_assert_cmpuint (version, ==, 2);
  g_assert_cmpuint (g_bytes_get_size (got), ==, 2);
  g_assert_cmpint (cs_store_local_list (fixture->db, RANGE (.limit = 5), note_name, names), ==,
                   CS_OK);
  g_assert_cmpstr (names->str, ==, "check zz ");
  g_string_truncate (names, 0);
  cs_store_local_list (fixture->db, RANGE (.descending = TRUE, .limit = 1), note_name, names);
  g_assert_cmpstr (names->str, ==, "zz ");
  g_assert_cmpuint (test_last_seq (fixture->db), ==, 0);
  g_assert_cmpint (cs_store_local_put (fixture->db, id, NULL, 0, NULL), ==, CS_OK);
  g_clear_pointer (&got, g_bytes_unref);
  g_assert_cmpint (cs_store_local_get (fixture->db, id, &version, &got), ==, CS_NOT_FOUND);
}

static void
test_meta (Fixture *fixture, gconstpointer data)
{
  CsStore *store = &fixture->test->store.base;
  g_autoptr (GBytes) value = g_bytes_new_static ("v", 1);
  g_autoptr (GBytes) got = NULL;

  g_assert_cmpint (cs_store_meta_get (store, NULL, "uuid", &got), ==, CS_NOT_FOUND);
  g_assert_cmpint (cs_store_meta_set (store, NULL, "uuid", value), ==, CS_OK);
  g_assert_cmpint (cs_store_meta_get (store, fixture->db, "uuid", &got), ==, CS_NOT_FOUND);
  g_assert_cmpint (cs_store_meta_get (store, NULL, "uuid", &got), ==, CS_OK);
  g_assert_true (g_bytes_equal (got, value));
  g_clear_pointer (&got, g_bytes_unref);
  g_assert_cmpint (cs_store_meta_set (store, NULL, "uuid", NULL), ==, CS_OK);
  g_assert_cmpint (cs_store_meta_get (store, NULL, "uuid", &got), ==, CS_NOT_FOUND);
}

static void
test_epochs (Fixture *fixture, gconstpointer data)
{
  CsStoreInfo info = { .size = sizeof info };
  guint64 first, since = 0;

  test_put (fixture->db, "a", "1");
  test_put (fixture->db, "b", "2");
  cs_store_info (fixture->db, &info);
  first = info.epoch;
  g_assert_cmpint (cs_store_resolve (fixture->db, first, 2, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 2);
  g_assert_cmpint (sqlite_db_fork ((SqliteDb *) fixture->db), ==, CS_OK);
  test_put (fixture->db, "c", "3");
  test_db_again (fixture);
  cs_store_info (fixture->db, &info);
  g_assert_cmpuint (info.epoch, !=, first);
  /* A token from beyond the fork goes on from there, an older one from itself. */
  g_assert_cmpint (cs_store_resolve (fixture->db, first, 9, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 2);
  g_assert_cmpint (cs_store_resolve (fixture->db, first, 1, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 1);
  g_assert_cmpint (cs_store_resolve (fixture->db, info.epoch, 3, &since), ==, CS_OK);
  g_assert_cmpuint (since, ==, 3);
  g_assert_cmpint (cs_store_resolve (fixture->db, 12345, 3, &since), ==, CS_NOT_FOUND);
}

typedef struct
{
  CsStoreWatch watch;
  CsStoreDb *db;
  guint n;
  guint64 last_seq;
  gboolean dropped;
} Watcher;

static void
watched (CsStoreWatch *watch, guint64 last_seq, gboolean dropped)
{
  Watcher *watcher = (Watcher *) watch;

  watcher->n++;
  watcher->last_seq = last_seq;
  watcher->dropped = dropped;
  if (watcher->n == 2 || dropped)
    cs_store_unwatch (watcher->db, watch);
}

static void
test_watch (Fixture *fixture, gconstpointer data)
{
  Watcher one = { .watch.changed = watched, .db = fixture->db };
  Watcher two = { .watch.changed = watched, .db = fixture->db };

  test_worker_begin (fixture->test);
  g_assert_cmpint (cs_store_watch (fixture->db, &one.watch), ==, CS_OK);
  g_assert_cmpint (cs_store_watch (fixture->db, &two.watch), ==, CS_OK);
  test_put (fixture->db, "a", "1");
  test_put (fixture->db, "b", "2");
  g_assert_cmpuint (test_run_posted (), ==, 1);
  g_assert_cmpuint (one.n, ==, 1);
  g_assert_cmpuint (two.last_seq, ==, 2);
  test_put (fixture->db, "c", "3");
  test_run_posted ();
  g_assert_cmpuint (one.n, ==, 2);
  g_assert_cmpuint (two.n, ==, 2);
  test_put (fixture->db, "d", "4");
  test_run_posted ();
  g_assert_cmpuint (one.n, ==, 2);
  one.n = 5;
  g_assert_cmpint (cs_store_watch (fixture->db, &one.watch), ==, CS_OK);
  g_assert_cmpint (cs_store_drop (&fixture->test->store.base, cs_slice_str ("one")), ==, CS_OK);
  test_run_posted ();
  g_assert_true (one.dropped);
  g_assert_cmpuint (one.n, ==, 6);
  g_assert_cmpint (cs_store_watch (fixture->db, &one.watch), ==, CS_NOT_FOUND);
  test_worker_end (fixture->test);
}

static gint64
count_rows (Fixture *fixture, const char *table)
{
  g_autofree char *path = g_strdup_printf ("%s/store-0.db", fixture->dir);
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM %s", table);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteConn) conn
    = sqlite_conn_open (path, sqlite_vfs_name (fixture->test->store.vfs), SQLITE_CONN_READER,
                        1 << 20, &error);
  sqlite3_stmt *st = NULL;
  gint64 n;

  g_assert_no_error (error);
  g_assert_cmpint (sqlite3_prepare_v2 (conn->db, sql, -1, &st, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (st), ==, SQLITE_ROW);
  n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

static void
test_drop_is_swept (Fixture *fixture, gconstpointer data)
{
  CsStoreDb *two = test_create (fixture->test, "two");
  g_autoptr (GBytes) value = g_bytes_new_static ("v", 1);
  guint tries;

  g_assert_cmpint (test_put_many (two, "x", 0, 3000, "body"), ==, CS_OK);
  g_assert_cmpint (test_put_many (fixture->db, "keep", 0, 10, "body"), ==, CS_OK);
  cs_store_local_put (two, cs_slice_str ("l"), NULL, 1, value);
  cs_store_meta_set (&fixture->test->store.base, two, "security", value);
  g_assert_cmpint (cs_store_drop (&fixture->test->store.base, cs_slice_str ("two")), ==, CS_OK);
  cs_store_db_unref (two);
  for (tries = 0; tries < 500 && count_rows (fixture, "database") > 1; tries++)
    g_usleep (10000);
  g_assert_cmpint (count_rows (fixture, "database"), ==, 1);
  g_assert_cmpint (count_rows (fixture, "doc"), ==, 10);
  g_assert_cmpint (count_rows (fixture, "body"), ==, 10);
  g_assert_cmpint (count_rows (fixture, "local") + count_rows (fixture, "meta"), ==, 0);
  expect_body (fixture->db, "keep-00000003", "body");
}

static void
test_checkpoints (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_strdup_printf ("%s/store-0.db-wal", fixture->dir);
  GStatBuf st;
  guint i;

  for (i = 0; i < 40; i++)
    g_assert_cmpint (test_put_many (fixture->db, "w", i * 1000, 1000,
                                    "a body of some length, so that the log grows quickly"),
                     ==, CS_OK);
  g_assert_cmpint (test_stat ("sqlite_checkpoints_total"), >, 0);
  g_assert_cmpint (g_stat (path, &st), ==, 0);
  /* The limit is 1 MiB here and each batch writes some 0.3. */
  g_assert_cmpint (st.st_size, <, 6 * 1024 * 1024);
}

static void
test_full_check (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) output = g_string_new (NULL);

  test_put_many (fixture->db, "c", 0, 1200, "body");
  test_put_deleted (fixture->db, "c-00000001");
  g_assert_true (sqlite_check_all (&fixture->test->store, output));
  g_assert_nonnull (strstr (output->str, "\"records\":1200,\"failed\":0,\"wrong_tallies\":0,"
                                       "\"wrong_indexes\":0"));
}

/* An index entry goes astray: the database becomes read-only, others stay as they are. */
static void
test_failed_check (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) output = g_string_new (NULL);
  CsStoreDb *two = test_create (fixture->test, "two");
  g_autofree char *path = g_strdup_printf ("%s/store-0.db", fixture->dir);
  g_autoptr (GError) error = NULL;
  SqliteConn *conn = NULL;

  test_put (fixture->db, "a", "body");
  test_put (two, "a", "body");
  conn = sqlite_conn_open (path, sqlite_vfs_name (fixture->test->store.vfs), SQLITE_CONN_READER,
                           1 << 20, &error);
  g_assert_no_error (error);
  sqlite_conn_exec (conn, "DELETE FROM body WHERE db = 1", &error);
  g_assert_no_error (error);
  sqlite_conn_close (conn);
  test_log_clear ();
  g_assert_false (sqlite_check_all (&fixture->test->store, output));
  g_assert_cmpuint (test_logged ("failed its check and is now read-only"), ==, 1);
  g_assert_cmpuint (test_logged ("the body of record"), ==, 1);
  g_assert_cmpint (test_put (fixture->db, "b", "x"), ==, CS_READ_ONLY);
  g_assert_cmpint (test_put (two, "b", "x"), ==, CS_OK);
  cs_store_db_unref (two);
  test_db_again (fixture);
  g_assert_cmpint (test_put (fixture->db, "b", "x"), ==, CS_READ_ONLY);
}

static void
test_more_shards (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  guint i;

  test_put (fixture->db, "a", "kept");
  cs_store_db_unref (fixture->db);
  test_store_free (fixture->test);
  fixture->test = test_store_new (fixture->dir);
  fixture->test->settings.shards = 3;
  test_store_start (fixture->test, &error);
  g_assert_no_error (error);
  fixture->db = test_open (fixture->test, "one");
  expect_body (fixture->db, "a", "kept");
  for (i = 0; i < 9; i++)
    {
      g_autofree char *name = g_strdup_printf ("d%u", i);
      CsStoreDb *db = test_create (fixture->test, name);

      g_assert_cmpint (test_put (db, "x", name), ==, CS_OK);
      cs_store_db_unref (db);
    }
  cs_store_list (&fixture->test->store.base, cs_slice_str (""), note_name, names);
  g_assert_cmpstr (names->str, ==, "d0 d1 d2 d3 d4 d5 d6 d7 d8 one ");
  /* Fewer again: the files that are there are still opened. */
  test_db_again (fixture);
  g_string_truncate (names, 0);
  cs_store_list (&fixture->test->store.base, cs_slice_str (""), note_name, names);
  g_assert_cmpstr (names->str, ==, "d0 d1 d2 d3 d4 d5 d6 d7 d8 one ");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*run) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "databases", test_databases },
    { "many-names", test_many_names },
    { "records", test_records },
    { "changes", test_changes },
    { "ids", test_ids },
    { "long-walks", test_long_walks },
    { "large-rows", test_large_rows },
    { "updated-between", test_updated_between },
    { "batch-sees-itself-and-repeats", test_batch_whole_or_not },
    { "failed-batch-changes-nothing", test_failed_batch_changes_nothing },
    { "groups", test_groups },
    { "housekeeping-and-erase", test_housekeeping_and_erase },
    { "bodies", test_bodies },
    { "locals", test_locals },
    { "meta", test_meta },
    { "epochs", test_epochs },
    { "watch", test_watch },
    { "drop-is-swept", test_drop_is_swept },
    { "checkpoints", test_checkpoints },
    { "full-check", test_full_check },
    { "failed-check", test_failed_check },
    { "more-shards", test_more_shards },
  };
  guint i;

  g_test_init (&argc, &argv, NULL);
  for (i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/sqlite/store/", tests[i].name, NULL);

      g_test_add (path, Fixture, NULL, test_db_begin, tests[i].run, test_db_end);
    }
  return g_test_run ();
}
