/* ledger.c: the load of the crash suites and its verdict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include "sqlite-check.h"

#define FIRST_FILLER 40
#define LONGEST_FILLER 9000

/* ---- content that follows from id and version ---- */

static char *
content (guint writer, guint id, guint64 version)
{
  guint64 x = version * 0x9e3779b97f4a7c15u + writer * 1000 + id;
  guint i, len = FIRST_FILLER + x % (version % 7 == 0 ? LONGEST_FILLER : 300);
  GString *text = g_string_sized_new (len + 40);

  g_string_printf (text, "%u-%u:%" G_GUINT64_FORMAT ":", writer, id, version);
  for (i = 0; i < len; i++)
    {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      g_string_append_c (text, 'a' + x % 26);
    }
  return g_string_free (text, FALSE);
}

/* The version that a body is of; 0 when nobody wrote it like that. */
static guint64
version_of (guint writer, guint id, const char *body)
{
  g_autofree char *expected = NULL;
  const char *colon = strchr (body, ':');
  guint64 version = colon != NULL ? g_ascii_strtoull (colon + 1, NULL, 10) : 0;

  expected = content (writer, id, version);
  return g_str_equal (body, expected) ? version : 0;
}

/* ---- writing ---- */

typedef struct
{
  CsStoreDb *db;
  const Ledger *from;
  const LedgerListener *listener;
  gint *stop;
  guint writer;
} Writer;

typedef struct
{
  char *bodies[LEDGER_BATCH];
  guint64 seq;
} Batch;

static CsStatus
merge (CsStoreEdit *edit, guint row, gpointer data)
{
  Batch *batch = data;
  CsSlice body = cs_slice_str (batch->bodies[row]);
  CsStorePut put = { .size = sizeof put };

  if (edit->record->body_ref != 0)
    cs_store_edit_remove_body (edit, edit->record->body_ref);
  put.body_ref = cs_store_edit_add_body (edit, &body, 1);
  put.tree = cs_slice (body.data, MIN (body.len, 30));
  put.summary = put.tree;
  cs_store_edit_put (edit, &put);
  batch->seq = edit->seq;
  return CS_OK;
}

static guint
pick (const Writer *self, guint64 version, guint *ids)
{
  guint n = 1 + version % LEDGER_BATCH, first = version * 31 % LEDGER_IDS, i;

  for (i = 0; i < n; i++)
    ids[i] = (first + i * 7) % LEDGER_IDS; /* 7 and 60 share no factor: all different */
  return n;
}

static CsStatus
commit_one (Writer *self, guint64 version)
{
  guint ids[LEDGER_BATCH], n = pick (self, version, ids), i;
  char names[LEDGER_BATCH][32];
  CsSlice slices[LEDGER_BATCH];
  Batch batch = { { NULL }, 0 };
  CsStatus status;

  for (i = 0; i < n; i++)
    {
      g_snprintf (names[i], sizeof names[i], "w%u-%u", self->writer, ids[i] * 7919 % 1000);
      slices[i] = cs_slice_str (names[i]);
      batch.bodies[i] = content (self->writer, ids[i], version);
    }
  self->listener->tried (self->listener->data, self->writer, ids, n, version);
  status = cs_store_commit (self->db, slices, n, merge, &batch);
  if (status == CS_OK)
    self->listener->acked (self->listener->data, self->writer, version, batch.seq);
  for (i = 0; i < n; i++)
    g_free (batch.bodies[i]);
  return status;
}

static gpointer
writer_main (gpointer data)
{
  Writer *self = data;
  guint64 version = self->from->tried_version[self->writer];

  while (!g_atomic_int_get (self->stop) && commit_one (self, ++version) == CS_OK)
    ;
  g_atomic_int_set (self->stop, TRUE);
  return NULL;
}

void
ledger_write (CsStoreDb *db, const Ledger *from, const LedgerListener *listener, gint *stop)
{
  Writer writers[LEDGER_WRITERS];
  GThread *threads[LEDGER_WRITERS];
  guint i;

  for (i = 0; i < LEDGER_WRITERS; i++)
    {
      writers[i] = (Writer){ db, from, listener, stop, i };
      threads[i] = g_thread_new ("ledger", writer_main, &writers[i]);
    }
  for (i = 0; i < LEDGER_WRITERS; i++)
    g_thread_join (threads[i]);
}

/* ---- keeping ---- */

void
ledger_tried (Ledger *ledger, guint writer, const guint *ids, guint n, guint64 version)
{
  ledger->tried_n[writer] = n;
  ledger->tried_version[writer] = version;
  memcpy (ledger->tried_ids[writer], ids, n * sizeof *ids);
}

void
ledger_acked (Ledger *ledger, guint writer, guint64 version, guint64 seq)
{
  guint64 seen = __atomic_load_n (&ledger->seen_seq, __ATOMIC_RELAXED);
  guint i;

  for (i = 0; i < ledger->tried_n[writer]; i++)
    ledger->acked[writer][ledger->tried_ids[writer][i]] = version;
  ledger->tried_n[writer] = 0;
  __atomic_add_fetch (&ledger->n_acked, 1, __ATOMIC_RELAXED);
  while (seq > seen
         && !__atomic_compare_exchange_n (&ledger->seen_seq, &seen, seq, FALSE, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED))
    ;
}

/* ---- comparing ---- */

static gboolean
was_tried (const Ledger *ledger, guint writer, guint id)
{
  guint i;

  for (i = 0; i < ledger->tried_n[writer]; i++)
    if (ledger->tried_ids[writer][i] == id)
      return TRUE;
  return FALSE;
}

static guint64
stored_version (CsStoreDb *db, guint writer, guint id, LedgerVerdict *verdict)
{
  g_autofree char *name = g_strdup_printf ("w%u-%u", writer, id * 7919 % 1000);
  g_autofree char *body = NULL;
  CsSlice slice = cs_slice_str (name);
  CsStoreRows *rows = NULL;
  guint64 version = 0;

  if (cs_store_read (db, &slice, 1, CS_STORE_BODY, &rows) != CS_OK)
    verdict->damaged++;
  else if (rows->records[0].seq > 0)
    {
      body = g_strndup (rows->records[0].body.len > 0 ? rows->records[0].body.data : "",
                        rows->records[0].body.len);
      version = version_of (writer, id, body);
      verdict->torn += version == 0;
    }
  cs_store_rows_free (db, rows);
  return version;
}

static void
verify_writer (Ledger *ledger, CsStoreDb *db, guint writer, LedgerVerdict *verdict)
{
  guint id, with_tried = 0;

  for (id = 0; id < LEDGER_IDS; id++)
    {
      guint64 version = stored_version (db, writer, id, verdict);
      gboolean tried = was_tried (ledger, writer, id)
                       && version == ledger->tried_version[writer];

      with_tried += tried;
      if (!tried && version != ledger->acked[writer][id])
        verdict->lost++;
      ledger->acked[writer][id] = version;
    }
  if (with_tried != 0 && with_tried != ledger->tried_n[writer])
    verdict->torn++;
  ledger->tried_n[writer] = 0;
}

/* Each number is one record's, none is above the last, and the next one was never seen. */
static void
verify_sequence (Ledger *ledger, CsStoreDb *db, LedgerVerdict *verdict)
{
  CsStoreRange range = { .size = sizeof range };
  CsStoreRows *rows = NULL;
  guint64 before = 0;
  guint i;

  if (cs_store_changes (db, &range, &rows) != CS_OK)
    {
      verdict->damaged++;
      return;
    }
  for (i = 0; i < rows->n; i++)
    {
      verdict->reused += rows->records[i].seq <= before;
      before = rows->records[i].seq;
    }
  cs_store_rows_free (db, rows);
  verdict->reused += before > test_last_seq (db);
  verdict->reused += ledger->seen_seq > test_last_seq (db);
  ledger->seen_seq = test_last_seq (db);
}

static void
verify_open (Ledger *ledger, TestStore *test, LedgerVerdict *verdict)
{
  g_autoptr (GString) output = g_string_new (NULL);
  CsStoreDb *db = NULL;
  guint i;

  if (!sqlite_check_all (&test->store, output))
    {
      g_test_message ("%s", output->str);
      verdict->damaged++;
    }
  if (cs_store_open (&test->store.base, cs_slice_str ("db"), &db) != CS_OK)
    {
      verdict->lost += ledger->n_acked > 0;
      return;
    }
  for (i = 0; i < LEDGER_WRITERS; i++)
    verify_writer (ledger, db, i, verdict);
  verify_sequence (ledger, db, verdict);
  cs_store_db_unref (db);
}

LedgerVerdict
ledger_verify (Ledger *ledger, const char *dir)
{
  LedgerVerdict verdict = { 0 };
  TestStore *test = test_store_new (dir);
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  if (test_store_start (test, &error))
    {
      verdict.start_us = g_get_monotonic_time () - began;
      verify_open (ledger, test, &verdict);
    }
  else
    {
      g_test_message ("%s", error->message);
      verdict.damaged++;
    }
  test_store_free (test);
  return verdict;
}

gboolean
ledger_verdict_is_clean (const LedgerVerdict *verdict)
{
  return verdict->lost + verdict->torn + verdict->reused + verdict->damaged == 0;
}
