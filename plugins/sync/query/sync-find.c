/* sync-find.c: _find: pages of an index, or of all documents, against the selector.
 *
 * A page is read, matched, and written before the next is read; what fits into one piece is
 * answered as one. SPDX-License-Identifier: Apache-2.0 */
#include "sync-find-run.h"

#define PAGE_MAX 100
#define PAGE_BYTES (1024 * 1024) /* about; large documents come in smaller pages */
/* Replanned so often when an index goes away under the query. */
#define PLANS_MAX 3

static void
run_init (SyncRun *run, SyncFind *find, const SyncPlan *plan)
{
  *run = (SyncRun){ .find = find,
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
run_clear (SyncRun *run)
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
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncRun, run_clear)

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

/* The entry's bytes outlive its page. */
static void
note_last (SyncRun *run, CsSlice key, CsSlice id)
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
take_page (SyncRun *run, const CsStoreRecord *records, const CsSlice *keys, guint n)
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
      sync_run_append_match (run, i, &records[i]);
    }
}

/* ---- pages ---- */

static guint
page_size (const SyncRun *run)
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
wanted_of_records (const SyncRun *run)
{
  return CS_STORE_BODY | (run->find->conflicts ? CS_STORE_TREE : 0);
}

static CsStatus
match_records (SyncRun *run, const CsStoreRecord *records, const CsSlice *keys, guint n)
{
  SyncFind *find = run->find;
  CsStatus status = CS_OK;
  SyncScratch scratch;

  sync_page_reset (&run->page);
  sync_scratch_init (&scratch);
  for (guint i = 0; i < n && status == CS_OK; i++)
    {
      SyncView view = { .db = find->db,
                        .arena = &scratch.arena,
                        .record = &records[i],
                        .flags = find->conflicts ? SYNC_VIEW_CONFLICTS : 0 };

      if (sync_id_is_design (records[i].id))
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
note_place (SyncRun *run, CsSlice key, CsSlice id)
{
  set_bytes (run->after_key, key);
  set_bytes (run->after_id, id);
  run->resumes = TRUE;
}

static CsStatus
index_page (SyncRun *run, gboolean *more)
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
id_bound (const SyncRun *run, const SyncJson *value)
{
  return value->type == SYNC_JSON_STRING ? sync_json_text (*value, &run->find->arena)
                                         : cs_slice (NULL, 0);
}

static CsStatus
all_docs_page (SyncRun *run, CsSlice low, CsSlice high, gboolean *more)
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
read_pages (SyncRun *run, const SyncCandidate *chosen)
{
  static const SyncRange everything = { .low_open = FALSE };
  const SyncRange *range = chosen->n_ranges > 0 ? &chosen->ranges[0] : &everything;
  CsSlice low = sync_run_reads_all (run) ? id_bound (run, &range->low) : cs_slice (NULL, 0);
  CsSlice high = sync_run_reads_all (run) ? id_bound (run, &range->high) : cs_slice (NULL, 0);
  gboolean more = run->left > 0;
  CsStatus status = CS_OK;

  while (status == CS_OK && more && run->left > 0)
    {
      status =
        sync_run_reads_all (run) ? all_docs_page (run, low, high, &more) : index_page (run, &more);
      if (status == CS_OK)
        status = sync_run_send_piece (run);
      if (status == CS_OK && more && run->left > 0)
        status = cs_sleep (0);
    }
  return status;
}

/* ---- one plan ---- */

static gboolean
refuse_bookmark (SyncFind *find)
{
  g_autoptr (GString) quoted = g_string_new (NULL);

  sync_json_append_string (quoted, find->bookmark);
  return sync_refuse_value (&find->error, &find->arena, "invalid_bookmark",
                            "Invalid bookmark value", cs_slice (quoted->str, quoted->len));
}

/* A bookmark goes on in its own index, whatever would be chosen now. FALSE: find->error tells. */
static gboolean
follow_bookmark (SyncFind *find, SyncPlan *plan, SyncBookmark *bookmark)
{
  if (find->bookmark.len == 0)
    return TRUE;
  if (!sync_bookmark_read (bookmark, find->bookmark, &find->arena) ||
      !sync_plan_choose_mark (plan, bookmark->mark))
    return refuse_bookmark (find);
  return TRUE;
}

/* CS_NOT_FOUND: the index went away, and nothing was answered yet. */
static CsStatus
run_plan (SyncFind *find, const SyncPlan *plan, const SyncBookmark *bookmark)
{
  g_auto (SyncRun) run;
  CsStatus status;

  run_init (&run, find, plan);
  if (find->bookmark.len > 0)
    note_place (&run, bookmark->key, bookmark->id);
  if (!sync_run_reads_all (&run))
    sync_plan_bounds (plan->chosen, run.low, run.high);
  g_string_append (run.out, "{\"docs\":[");
  status = read_pages (&run, plan->chosen);
  if (status == CS_NOT_FOUND && !sync_run_reads_all (&run) && !run.begun && !find->update)
    status = CS_OK; /* it is not there yet, and was not to be made */
  if (status == CS_OK)
    sync_run_finish (&run);
  else if (run.begun)
    {
      cs_http_abort (find->exchange);
      status = CS_OK;
    }
  else if (status == CS_NOT_FOUND && run.index->state != NULL)
    sync_index_state_forget (run.index->state);
  /* What was taken cannot be given back. */
  if (status == CS_NOT_FOUND && find->take != NULL && run.results > 0)
    status = CS_OVERLOADED;
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
