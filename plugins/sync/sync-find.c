/* sync-find.c: _find: pages of an index, or of all documents, against the selector.
 *
 * A page is read, matched, and written before the next is read; what fits into one piece is answered as one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-find.h"

#define PAGE_MAX 100
#define PAGE_BYTES (1024 * 1024) /* about; large documents come in smaller pages */
#define PIECE 32768
/* Replanned so often when an index goes away under the query. */
#define PLANS_MAX 3
#define SCAN_WARNING_RATIO 10

typedef struct
{
  SyncFind *find;
  SyncIndex *index; /* a reference */
  CsSlice key;      /* its name in the store */
  GByteArray *low;
  GByteArray *high;
  SyncPage page;
  GString *out;
  gboolean begun;   /* the answer is on its way */
  gboolean any;     /* a document is in it */
  guint64 skip;
  guint64 left;
  /* The last entry that was read, and the last that matched. */
  GByteArray *after_key;
  GByteArray *after_id;
  gboolean resumes; /* after_* hold one */
  SyncBookmark last;
  gboolean has_last;
  GByteArray *last_bytes;
  gboolean hint_missed;
  guint64 keys_examined;
  guint64 docs_examined;
  guint64 bytes_examined;
  guint64 results;
  gint64 started;
} Run;

static void
run_init (Run *run, SyncFind *find, const SyncPlan *plan)
{
  *run = (Run){ .find = find,
                .index = sync_index_ref (plan->chosen->index),
                .low = g_byte_array_new (),
                .high = g_byte_array_new (),
                .out = g_string_sized_new (4096),
                .skip = find->skip,
                .left = find->limit,
                .after_key = g_byte_array_new (),
                .after_id = g_byte_array_new (),
                .last_bytes = g_byte_array_new (),
                .hint_missed = plan->hint_missed,
                .started = g_get_monotonic_time () };
  run->key = cs_slice_str (run->index->key);
  sync_page_init (&run->page);
}

static void
run_clear (Run *run)
{
  sync_page_clear (&run->page);
  g_byte_array_unref (run->low);
  g_byte_array_unref (run->high);
  g_byte_array_unref (run->after_key);
  g_byte_array_unref (run->after_id);
  g_byte_array_unref (run->last_bytes);
  g_string_free (run->out, TRUE);
  sync_index_unref (run->index);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
is_all_docs (const Run *run)
{
  return run->index->ddoc.len == 0;
}

static CsSlice
slice_of (const GByteArray *bytes)
{
  return cs_slice (bytes->data, bytes->len);
}

static void
set_bytes (GByteArray *bytes, CsSlice value)
{
  g_byte_array_set_size (bytes, 0);
  g_byte_array_append (bytes, (const guint8 *) value.data, (guint) value.len);
}

/* ---- the answer ---- */

static CsStatus
send_piece (Run *run)
{
  if (run->find->take != NULL || run->out->len < PIECE)
    return CS_OK;
  if (!run->begun)
    sync_begin (run->find->exchange, "application/json");
  run->begun = TRUE;
  return sync_flush (run->find->exchange, run->out);
}

static void
append_match (Run *run, guint i, const CsStoreRecord *record)
{
  SyncJson doc;

  run->results++;
  run->left--;
  if (run->find->take != NULL)
    {
      if (!run->find->take (record, run->find->take_data))
        run->left = 0;
      return;
    }
  doc = sync_page_json (&run->page, i);

  g_string_append (run->out, run->any ? ",\n" : "\n");
  if (run->find->projection != NULL)
    sync_projection_append (run->find->projection, doc, run->out);
  else
    g_string_append_len (run->out, doc.text.data, (gssize) doc.text.len);
  run->any = TRUE;
}

/* The entry's bytes outlive its page. */
static void
note_last (Run *run, CsSlice key, CsSlice id)
{
  g_byte_array_set_size (run->last_bytes, 0);
  g_byte_array_append (run->last_bytes, (const guint8 *) key.data, (guint) key.len);
  g_byte_array_append (run->last_bytes, (const guint8 *) id.data, (guint) id.len);
  run->last.key = cs_slice (run->last_bytes->data, key.len);
  run->last.id = cs_slice (run->last_bytes->data + key.len, id.len);
  run->has_last = TRUE;
}

/* Takes what matches of the page; keys NULL: of all documents. */
static void
take_page (Run *run, const CsStoreRecord *records, const CsSlice *keys, guint n)
{
  for (guint i = 0; i < n && run->left > 0; i++)
    {
      if (!sync_page_doc (&run->page, i)->matches)
        continue;
      note_last (run, keys != NULL ? keys[i] : cs_slice ("", 0), records[i].id);
      if (run->skip > 0)
        {
          run->skip--;
          continue;
        }
      append_match (run, i, &records[i]);
    }
}

/* ---- pages ---- */

static guint
page_size (const Run *run)
{
  guint64 wanted = run->skip + run->left;
  guint64 most = PAGE_MAX;

  if (run->bytes_examined > 0)
    most = CLAMP (PAGE_BYTES * run->docs_examined / run->bytes_examined, 1, PAGE_MAX);
  if (wanted < run->skip || run->keys_examined > 0)
    return (guint) most; /* few match: small pages would be many */
  return (guint) CLAMP (wanted, 1, most);
}

static guint
wanted_of_records (const Run *run)
{
  return CS_STORE_BODY | (run->find->conflicts ? CS_STORE_TREE : 0);
}

static gboolean
is_design (CsSlice id)
{
  return id.len >= 8 && memcmp (id.data, "_design/", 8) == 0;
}

static CsStatus
match_records (Run *run, const CsStoreRecord *records, const CsSlice *keys, guint n)
{
  SyncFind *find = run->find;
  CsStatus status = CS_OK;
  SyncScratch scratch;

  sync_page_reset (&run->page);
  sync_scratch_init (&scratch);
  for (guint i = 0; i < n && status == CS_OK; i++)
    {
      SyncView view = { .db = find->db, .arena = &scratch.arena, .record = &records[i],
                        .flags = find->conflicts ? SYNC_VIEW_CONFLICTS : 0 };

      if (is_design (records[i].id))
        {
          SyncPageDoc none = { 0 };

          g_array_append_val (run->page.docs, none);
          continue;
        }
      status = sync_page_add (&run->page, &view, SYNC_WINNER);
      run->docs_examined++;
    }
  sync_scratch_clear (&scratch);
  run->bytes_examined += run->page.text->len;
  if (status == CS_OK)
    status = sync_page_match (find->self, &run->page, &find->selector);
  if (status == CS_OK)
    take_page (run, records, keys, n);
  run->keys_examined += n;
  return status;
}

static void
note_place (Run *run, CsSlice key, CsSlice id)
{
  set_bytes (run->after_key, key);
  set_bytes (run->after_id, id);
  run->resumes = TRUE;
}

static CsStatus
index_page (Run *run, gboolean *more)
{
  CsSlice low = slice_of (run->low);
  CsSlice high = slice_of (run->high);
  CsSlice after_key = slice_of (run->after_key);
  CsSlice after_id = slice_of (run->after_id);
  CsStoreIndexRange range = { .size = sizeof range,
                              .low = low.len > 0 ? &low : NULL,
                              .high = high.len > 0 ? &high : NULL,
                              .after_key = run->resumes ? &after_key : NULL,
                              .after_id = run->resumes ? &after_id : NULL,
                              .descending = run->find->descending,
                              .limit = page_size (run),
                              .what = wanted_of_records (run) };
  CsStoreDb *db = run->find->db->db;
  CsStoreEntries *entries = NULL;
  CsStatus status = cs_store_index_range (db, run->key, &range, &entries);

  if (status != CS_OK)
    return status;
  status = match_records (run, entries->records, entries->keys, entries->n);
  *more = entries->more && entries->n > 0;
  if (*more)
    note_place (run, entries->keys[entries->n - 1], entries->records[entries->n - 1].id);
  cs_store_entries_free (db, entries);
  return status;
}

/* Bounds of `_id` are texts here; the selector is asked in any case. */
static CsSlice
id_bound (const Run *run, const SyncJson *value)
{
  return value->type == SYNC_JSON_STRING ? sync_json_text (*value, &run->find->arena)
                                         : cs_slice (NULL, 0);
}

static CsStatus
all_docs_page (Run *run, CsSlice low, CsSlice high, gboolean *more)
{
  gboolean down = run->find->descending;
  CsSlice after = slice_of (run->after_id);
  CsSlice from = down ? high : low;
  CsSlice to = down ? low : high;
  CsStoreRange range = { .size = sizeof range,
                         .descending = down,
                         .limit = page_size (run),
                         .what = wanted_of_records (run) };
  CsStoreDb *db = run->find->db->db;
  CsStoreRows *rows = NULL;
  CsStatus status;

  if (run->resumes)
    from = after;
  range.from = from.data != NULL ? &from : NULL;
  range.to = to.data != NULL ? &to : NULL;
  range.from_exclusive = run->resumes;
  status = cs_store_ids (db, &range, &rows);
  if (status != CS_OK)
    return status;
  status = match_records (run, rows->records, NULL, rows->n);
  *more = rows->more && rows->n > 0;
  if (*more)
    note_place (run, cs_slice ("", 0), rows->records[rows->n - 1].id);
  cs_store_rows_free (db, rows);
  return status;
}

/* Other fibers have their turn between pages. */
static CsStatus
read_pages (Run *run, const SyncCandidate *chosen)
{
  static const SyncRange everything = { .low_open = FALSE };
  const SyncRange *range = chosen->n_ranges > 0 ? &chosen->ranges[0] : &everything;
  CsSlice low = is_all_docs (run) ? id_bound (run, &range->low) : cs_slice (NULL, 0);
  CsSlice high = is_all_docs (run) ? id_bound (run, &range->high) : cs_slice (NULL, 0);
  gboolean more = run->left > 0;
  CsStatus status = CS_OK;

  while (status == CS_OK && more && run->left > 0)
    {
      status = is_all_docs (run) ? all_docs_page (run, low, high, &more) : index_page (run, &more);
      if (status == CS_OK)
        status = send_piece (run);
      if (status == CS_OK && more && run->left > 0)
        status = cs_sleep (0);
    }
  return status;
}

/* ---- the end of the answer ---- */

static void
append_bookmark (Run *run, GString *out)
{
  if (run->has_last)
    {
      memcpy (run->last.mark, run->index->mark, sizeof run->last.mark);
      sync_bookmark_append (&run->last, out);
    }
  else if (run->find->bookmark.len > 0)
    g_string_append_len (out, run->find->bookmark.data, (gssize) run->find->bookmark.len);
  else
    g_string_append (out, "nil");
}

static void
append_stats (Run *run)
{
  gint64 us = g_get_monotonic_time () - run->started;

  g_string_append_printf (run->out,
                          ",\n\"execution_stats\":{\"total_keys_examined\":%" G_GUINT64_FORMAT
                          ",\"total_docs_examined\":%" G_GUINT64_FORMAT
                          ",\"total_quorum_docs_examined\":0,\"results_returned\":%" G_GUINT64_FORMAT
                          ",\"execution_time_ms\":%" G_GINT64_FORMAT ".%03d}",
                          is_all_docs (run) ? 0 : run->keys_examined, run->docs_examined,
                          run->results, us / 1000, (int) (us % 1000));
}

static void
add_warning (GString *warnings, const char *text)
{
  if (warnings->len > 0)
    g_string_append_c (warnings, '\n');
  g_string_append (warnings, text);
}

static void
warn_of_hint (const SyncFind *find, GString *warnings)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_len (text, find->use_ddoc.data, (gssize) find->use_ddoc.len);
  if (find->use_name.len > 0)
    {
      g_string_append (text, ", ");
      g_string_append_len (text, find->use_name.data, (gssize) find->use_name.len);
      g_string_append (text, " was not used because it is not a valid index for this query.");
    }
  else
    g_string_append (text,
                     " was not used because it does not contain a valid index for this query.");
  add_warning (warnings, text->str);
}

static void
append_warnings (Run *run)
{
  g_autoptr (GString) warnings = g_string_new (NULL);

  if (run->hint_missed)
    warn_of_hint (run->find, warnings);
  if (is_all_docs (run))
    add_warning (warnings, "No matching index found, create an index to optimize query time.");
  if (run->docs_examined > SCAN_WARNING_RATIO * MAX (run->results, 1))
    add_warning (warnings, "The number of documents examined is high in proportion to the number of "
                           "results returned. Consider adding a more specific index to improve this.");
  if (run->find->selector.n_given_up > 0)
    add_warning (warnings, "A $regex took too long on some documents, which count as not matching: "
                           "make it simpler.");
  if (warnings->len == 0)
    return;
  g_string_append (run->out, ",\n\"warning\":");
  sync_json_append_string (run->out, cs_slice (warnings->str, warnings->len));
}

static void
count (const Run *run)
{
  Sync *self = run->find->self;

  cs_stat_add (self->queries, 1);
  cs_stat_add (self->queries_unindexed, is_all_docs (run));
  cs_stat_add (self->query_documents, (gint64) run->docs_examined);
}

static void
finish (Run *run)
{
  count (run);
  if (run->find->take != NULL)
    {
      append_bookmark (run, run->find->next);
      return;
    }
  g_string_append (run->out, "\n],\n\"bookmark\":\"");
  append_bookmark (run, run->out);
  g_string_append_c (run->out, '"');
  if (run->find->stats)
    append_stats (run);
  append_warnings (run);
  g_string_append_c (run->out, '}');
  if (!run->begun)
    {
      sync_reply_json (run->find->exchange, 200, run->out);
      return;
    }
  g_string_append_c (run->out, '\n');
  if (sync_flush (run->find->exchange, run->out) == CS_OK)
    cs_http_end (run->find->exchange);
  else
    cs_http_abort (run->find->exchange);
}

/* ---- one plan ---- */

static gboolean
refuse_bookmark (SyncFind *find)
{
  g_autoptr (GString) quoted = g_string_new (NULL);

  sync_json_append_string (quoted, find->bookmark);
  return sync_refuse_value (&find->error, &find->arena, "invalid_bookmark", "Invalid bookmark value",
                            cs_slice (quoted->str, quoted->len));
}

/* A bookmark goes on in its own index, whatever would be chosen now. FALSE: find->error tells. */
static gboolean
follow_bookmark (SyncFind *find, SyncPlan *plan, SyncBookmark *bookmark)
{
  if (find->bookmark.len == 0)
    return TRUE;
  if (!sync_bookmark_read (bookmark, find->bookmark, &find->arena)
      || !sync_plan_choose_mark (plan, bookmark->mark))
    return refuse_bookmark (find);
  return TRUE;
}

/* CS_NOT_FOUND: the index went away, and nothing was answered yet. */
static CsStatus
run_plan (SyncFind *find, const SyncPlan *plan, const SyncBookmark *bookmark)
{
  g_auto (Run) run;
  CsStatus status;

  run_init (&run, find, plan);
  if (find->bookmark.len > 0)
    note_place (&run, bookmark->key, bookmark->id);
  if (!is_all_docs (&run))
    sync_plan_bounds (plan->chosen, run.low, run.high);
  g_string_append (run.out, "{\"docs\":[");
  status = read_pages (&run, plan->chosen);
  if (status == CS_NOT_FOUND && !is_all_docs (&run) && !run.begun && !find->update)
    status = CS_OK; /* it is not there yet, and was not to be made */
  if (status == CS_OK)
    finish (&run);
  else if (run.begun)
    {
      cs_http_abort (find->exchange);
      status = CS_OK;
    }
  else if (status == CS_NOT_FOUND && run.index->state != NULL)
    sync_index_state_forget (run.index->state);
  return status;
}

static CsStatus
bring_up_to_date (SyncFind *find, const SyncPlan *plan)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (find->db->db, &info);

  if (status != CS_OK || plan->chosen->index->state == NULL || !find->update || find->stale_ok)
    return status;
  return sync_index_update (find->self, find->db, plan->chosen->index, info.last_seq);
}

static void
reply_nothing (const SyncFind *find)
{
  CsSlice part = cs_slice_str ("{\"docs\":[\n]}\n");

  if (find->take == NULL)
    sync_reply_slices (find->exchange, 200, &part, 1);
}

/* CS_NOT_FOUND: an index went away: plan again. */
static CsStatus
plan_and_run (SyncFind *find)
{
  g_autoptr (SyncIndexes) indexes = NULL;
  SyncBookmark bookmark = { .key = { NULL, 0 } };
  CsStatus status = sync_indexes_get (find->self, find->db, &indexes);
  SyncPlan plan;

  if (status != CS_OK)
    return status;
  sync_plan_make (&plan, find, indexes);
  if (!sync_plan_check (&plan, find, &find->error) || !follow_bookmark (find, &plan, &bookmark))
    return CS_INVALID;
  if (plan.nothing)
    {
      reply_nothing (find);
      return CS_OK;
    }
  status = bring_up_to_date (find, &plan);
  return status == CS_OK ? run_plan (find, &plan, &bookmark) : status;
}

CsStatus
sync_find_run (SyncFind *find)
{
  CsStatus status = CS_NOT_FOUND;

  for (guint i = 0; i < PLANS_MAX && status == CS_NOT_FOUND; i++)
    status = plan_and_run (find);
  return status;
}

void
sync_find (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_auto (SyncFind) find = { 0 };
  CsStatus status;

  if (db == NULL || !sync_find_read (&find, exchange, self, db))
    return;
  status = sync_find_run (&find);
  if (status == CS_INVALID)
    sync_find_refuse (&find, &find.error);
  else if (status != CS_OK)
    sync_reply_status (exchange, status);
}
