/* ledger.c: the load of the crash suites and its verdict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include "sqlite-check.h"

#define FIRST_FILLER 40
#define LONGEST_FILLER 9000

/* ---- content that follows from id and version ---- */

#define MOST_PARTS 3
#define PURGE_EVERY 11
#define KEEP_EVERY 3

/* Part 0 is the body, the others are attachments. */
static char *
content (guint writer, guint id, guint64 version, guint part)
{
  guint64 x = version * 0x9e3779b97f4a7c15u + writer * 1000 + id + part * 77777;
  guint i, len = FIRST_FILLER + x % (version % 7 == 0 ? LONGEST_FILLER : 300);
  GString *text = g_string_sized_new (len + 40);

  g_string_printf (text, "%u-%u:%" G_GUINT64_FORMAT ":%u:", writer, id, version, part);
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

  expected = content (writer, id, version, 0);
  return g_str_equal (body, expected) ? version : 0;
}

/* How many attachments a version has; *object: the last one is elsewhere. */
static guint
attachments_of (guint64 version, gboolean *object)
{
  guint n = version % 5 == 4 ? 1 : version % 5;

  *object = version % 5 == 3;
  return MIN (n, MOST_PARTS);
}

static gboolean
purges (guint64 version)
{
  return version % PURGE_EVERY == 0;
}

/* What a reader finds of it. */
static guint64
shown (guint64 version)
{
  return purges (version) ? 0 : version;
}

/* A record's tree: references of its attachments, then of what is left for the housekeeping. */
typedef struct
{
  guint32 n_parts;
  guint32 n_old;
  guint64 refs[64];
} Tree;

static void
tree_read (Tree *tree, CsSlice bytes)
{
  memset (tree, 0, sizeof *tree);
  memcpy (tree, bytes.data, MIN (bytes.len, sizeof *tree));
}

static CsSlice
tree_slice (const Tree *tree)
{
  return cs_slice (tree, G_STRUCT_OFFSET (Tree, refs)
                           + (tree->n_parts + tree->n_old) * sizeof tree->refs[0]);
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
  guint writer;
  guint64 version;
  guint ids[LEDGER_BATCH];
  guint64 seq;
} Batch;

/* What the record had: gone, or left for the housekeeping. */
static void
leave_old (CsStoreEdit *edit, guint64 version, Tree *tree)
{
  Tree before;
  guint i;

  if (edit->record->seq == 0)
    return;
  tree_read (&before, edit->record->tree);
  before.refs[before.n_parts + before.n_old++] = edit->record->body_ref;
  for (i = 0; i < before.n_parts + before.n_old; i++)
    if (version % KEEP_EVERY == 0 && !purges (version)
        && tree->n_parts + tree->n_old < G_N_ELEMENTS (tree->refs) - 2)
      tree->refs[tree->n_parts + tree->n_old++] = before.refs[i];
    else
      cs_store_edit_remove_body (edit, before.refs[i]);
}

static guint64
add_part (CsStoreEdit *edit, const Batch *batch, guint id, guint part, gboolean object)
{
  g_autofree char *text = content (batch->writer, id, batch->version, part);
  CsSlice slice = cs_slice_str (text);

  if (object)
    return cs_store_edit_add_blob (edit, cs_slice (text, MIN (slice.len, 32)), slice.len);
  return cs_store_edit_add_body (edit, &slice, 1);
}

static CsStatus
merge (CsStoreEdit *edit, guint row, gpointer data)
{
  Batch *batch = data;
  guint id = batch->ids[row], i;
  CsStorePut put = { .size = sizeof put };
  Tree tree = { 0 };
  gboolean object;

  if (purges (batch->version))
    {
      leave_old (edit, batch->version, &tree);
      cs_store_edit_erase (edit);
      return CS_OK;
    }
  tree.n_parts = attachments_of (batch->version, &object);
  for (i = 0; i < tree.n_parts; i++)
    tree.refs[i] = add_part (edit, batch, id, i + 1, object && i + 1 == tree.n_parts);
  leave_old (edit, batch->version, &tree);
  put.body_ref = add_part (edit, batch, id, 0, FALSE);
  put.tree = tree_slice (&tree);
  put.summary = cs_slice ("s", 1);
  cs_store_edit_put (edit, &put);
  batch->seq = edit->seq;
  return CS_OK;
}

/* As compaction does it: what is old goes, the record keeps its place. */
static CsStatus
merge_housekeeping (CsStoreEdit *edit, guint row, gpointer data)
{
  CsStorePut put = { .size = sizeof put, .keep_seq = TRUE };
  Tree tree;
  guint i;

  if (edit->record->seq == 0)
    return CS_OK;
  tree_read (&tree, edit->record->tree);
  for (i = 0; i < tree.n_old; i++)
    cs_store_edit_remove_body (edit, tree.refs[tree.n_parts + i]);
  if (tree.n_old == 0)
    return CS_OK;
  tree.n_old = 0;
  put.body_ref = edit->record->body_ref;
  put.tree = tree_slice (&tree);
  put.summary = edit->record->summary;
  cs_store_edit_put (edit, &put);
  return CS_OK;
}

static char *
name_of (guint writer, guint id)
{
  return g_strdup_printf ("w%u-%u", writer, id * 7919 % 1000);
}

static guint
pick (guint64 version, guint *ids)
{
  guint n = 1 + version % LEDGER_BATCH, first = version * 31 % LEDGER_IDS, i;

  for (i = 0; i < n; i++)
    ids[i] = (first + i * 7) % LEDGER_IDS; /* 7 and 60 share no factor: all different */
  return n;
}

static CsStatus
commit_one (Writer *self, guint64 version)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  Batch batch = { .writer = self->writer, .version = version };
  CsSlice slices[LEDGER_BATCH];
  guint n = pick (version, batch.ids), i;
  CsStatus status;

  for (i = 0; i < n; i++)
    {
      g_ptr_array_add (names, name_of (self->writer, batch.ids[i]));
      slices[i] = cs_slice_str (names->pdata[i]);
    }
  self->listener->tried (self->listener->data, self->writer, batch.ids, n, version);
  status = cs_store_commit (self->db, slices, n, merge, &batch);
  if (status == CS_OK)
    self->listener->acked (self->listener->data, self->writer, version, batch.seq);
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

/* Goes over all records again and again. */
static gpointer
housekeeper_main (gpointer data)
{
  Writer *self = data;
  CsStatus status = CS_OK;
  guint i;

  for (i = 0; !g_atomic_int_get (self->stop) && status == CS_OK; i++)
    {
      g_autofree char *name = name_of (i % LEDGER_WRITERS, i / LEDGER_WRITERS % LEDGER_IDS);
      CsSlice slice = cs_slice_str (name);

      status = cs_store_commit (self->db, &slice, 1, merge_housekeeping, NULL);
    }
  g_atomic_int_set (self->stop, TRUE);
  return NULL;
}

void
ledger_write (CsStoreDb *db, const Ledger *from, const LedgerListener *listener, gint *stop)
{
  Writer writers[LEDGER_WRITERS + 1];
  GThread *threads[LEDGER_WRITERS + 1];
  guint i;

  for (i = 0; i <= LEDGER_WRITERS; i++)
    {
      writers[i] = (Writer){ db, from, listener, stop, i };
      threads[i] = g_thread_new ("ledger", i < LEDGER_WRITERS ? writer_main : housekeeper_main,
                                 &writers[i]);
    }
  for (i = 0; i <= LEDGER_WRITERS; i++)
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

static gboolean
object_named (CsStoreDb *db, const char *text)
{
  SqliteDb *self = (SqliteDb *) db;
  CsSlice name = cs_slice (text, MIN (strlen (text), 32));
  gboolean named = FALSE;

  return cs_store_blobs_named (&self->store->base, &name, 1, &named) == CS_OK && named;
}

/* Each attachment is there with the bytes of its version. */
static gboolean
parts_whole (CsStoreDb *db, guint writer, guint id, guint64 version, CsSlice bytes)
{
  CsStoreBodies *bodies = NULL;
  gboolean object, whole;
  guint n = attachments_of (version, &object), i;
  Tree tree;

  tree_read (&tree, bytes);
  whole = tree.n_parts == n && cs_store_bodies (db, tree.refs, n, &bodies) == CS_OK;
  for (i = 0; whole && i < n; i++)
    {
      g_autofree char *text = content (writer, id, version, i + 1);

      whole = object && i + 1 == n ? object_named (db, text) : cs_slice_is (bodies->bodies[i], text);
    }
  cs_store_bodies_free (db, bodies);
  return whole;
}

static guint64
stored_version (CsStoreDb *db, guint writer, guint id, LedgerVerdict *verdict)
{
  g_autofree char *name = name_of (writer, id);
  g_autofree char *body = NULL;
  CsSlice slice = cs_slice_str (name);
  CsStoreRows *rows = NULL;
  guint64 version = 0;

  if (cs_store_read (db, &slice, 1, CS_STORE_BODY | CS_STORE_TREE, &rows) != CS_OK)
    verdict->damaged++;
  else if (rows->records[0].seq > 0)
    {
      const CsStoreRecord *record = &rows->records[0];

      body = g_strndup (record->body.len > 0 ? record->body.data : "", record->body.len);
      version = version_of (writer, id, body);
      verdict->torn += version == 0 || !parts_whole (db, writer, id, version, record->tree);
    }
  cs_store_rows_free (db, rows);
  return version;
}

static void
verify_writer (Ledger *ledger, CsStoreDb *db, guint writer, LedgerVerdict *verdict)
{
  guint id, new_state = 0, old_state = 0, n = ledger->tried_n[writer];

  for (id = 0; id < LEDGER_IDS; id++)
    {
      guint64 version = stored_version (db, writer, id, verdict);
      gboolean is_old = version == shown (ledger->acked[writer][id]);
      gboolean tried = was_tried (ledger, writer, id);
      gboolean is_new = tried && version == shown (ledger->tried_version[writer]);

      new_state += is_new;
      old_state += tried && is_old;
      verdict->lost += !is_new && !is_old;
      ledger->acked[writer][id] = version;
    }
  verdict->torn += new_state != n && old_state != n;
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

/* Was it purged after a version, by one up to `last`? */
static gboolean
purged_since (guint id, guint64 version, guint64 last)
{
  guint ids[LEDGER_BATCH], n, i;

  for (version = version + 1; version <= last; version++)
    {
      n = purges (version) ? pick (version, ids) : 0;
      for (i = 0; i < n; i++)
        if (ids[i] == id)
          return TRUE;
    }
  return FALSE;
}

static void
compare_copy (const Ledger *before, const Ledger *after, CsStoreDb *db, LedgerVerdict *verdict)
{
  guint writer, id;

  for (writer = 0; writer < LEDGER_WRITERS; writer++)
    for (id = 0; id < LEDGER_IDS; id++)
      {
        guint64 found = stored_version (db, writer, id, verdict);
        guint64 least = before->acked[writer][id];

        if (found < shown (least) && !purged_since (id, least, after->tried_version[writer]))
          verdict->lost++;
      }
}

LedgerVerdict
ledger_verify_copy (const Ledger *before, const Ledger *after, const char *dir)
{
  LedgerVerdict verdict = { 0 };
  TestStore *test = test_store_new (dir);
  CsStoreDb *db = NULL;

  if (!test_store_start (test, NULL))
    verdict.damaged++;
  else if (cs_store_open (&test->store.base, cs_slice_str ("db"), &db) != CS_OK)
    verdict.lost += before->n_acked > 0;
  else
    compare_copy (before, after, db, &verdict);
  cs_store_db_unref (db);
  test_store_free (test);
  return verdict;
}

gboolean
ledger_verdict_is_clean (const LedgerVerdict *verdict)
{
  return verdict->lost + verdict->torn + verdict->reused + verdict->damaged == 0;
}
