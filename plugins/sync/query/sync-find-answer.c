/* sync-find-answer.c: the answer of a query: documents in pieces, then the bookmark, figures and
 * warnings. SPDX-License-Identifier: Apache-2.0 */
#include "sync-find-run.h"

#define PIECE 32768
#define SCAN_WARNING_RATIO 10

/* ---- the answer ---- */

CsStatus
sync_run_send_piece (SyncRun *run)
{
  if (run->find->take != NULL || run->out->len < PIECE)
    return CS_OK;
  if (!run->begun)
    sync_begin (run->find->exchange, "application/json");
  run->begun = TRUE;
  return sync_flush (run->find->exchange, run->out);
}

void
sync_run_append_match (SyncRun *run, guint i, const CsStoreRecord *record)
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

/* ---- the end of the answer ---- */

static void
append_bookmark (SyncRun *run, GString *out)
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
append_stats (SyncRun *run)
{
  gint64 us = g_get_monotonic_time () - run->started;

  g_string_append_printf (
    run->out,
    ",\n\"execution_stats\":{\"total_keys_examined\":%" G_GUINT64_FORMAT
    ",\"total_docs_examined\":%" G_GUINT64_FORMAT
    ",\"total_quorum_docs_examined\":0,\"results_returned\":%" G_GUINT64_FORMAT
    ",\"execution_time_ms\":%" G_GINT64_FORMAT ".%03d}",
    sync_run_reads_all (run) ? 0 : run->keys_examined, run->docs_examined, run->results, us / 1000,
    (int) (us % 1000));
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
append_warnings (SyncRun *run)
{
  g_autoptr (GString) warnings = g_string_new (NULL);

  if (run->hint_missed)
    warn_of_hint (run->find, warnings);
  if (sync_run_reads_all (run))
    add_warning (warnings, "No matching index found, create an index to optimize query time.");
  if (run->docs_examined > SCAN_WARNING_RATIO * MAX (run->results, 1))
    add_warning (warnings,
                 "The number of documents examined is high in proportion to the number of "
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
count (const SyncRun *run)
{
  Sync *self = run->find->self;

  cs_stat_add (self->queries, 1);
  cs_stat_add (self->queries_unindexed, sync_run_reads_all (run));
  cs_stat_add (self->query_documents, (gint64) run->docs_examined);
}

void
sync_run_finish (SyncRun *run)
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
