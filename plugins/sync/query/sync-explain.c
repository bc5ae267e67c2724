/* sync-explain.c: _explain: which index would answer a query, between which keys, and why not the
 * others. SPDX-License-Identifier: Apache-2.0 */
#include "sync-find.h"

static gboolean
is_all_docs (const SyncIndex *index)
{
  return index->ddoc.len == 0;
}

static void
append_text (GString *out, CsSlice text)
{
  g_string_append_len (out, text.data, (gssize) text.len);
}

/* ---- keys ---- */

static void
append_key (const SyncCandidate *chosen, gboolean high, GString *out)
{
  guint n = 0;

  g_string_append_c (out, '[');
  for (guint i = 0; i < chosen->n_ranges; i++)
    {
      const SyncJson *bound = high ? &chosen->ranges[i].high : &chosen->ranges[i].low;

      if (bound->type == SYNC_JSON_NONE)
        break;
      if (n++ > 0)
        g_string_append_c (out, ',');
      append_text (out, bound->text);
    }
  if (high)
    g_string_append (out, n > 0 ? ",\"<MAX>\"" : "\"<MAX>\"");
  g_string_append_c (out, ']');
}

static void
append_id_key (const SyncCandidate *chosen, gboolean high, GString *out)
{
  const SyncJson *bound = NULL;

  if (chosen->n_ranges > 0)
    bound = high ? &chosen->ranges[0].high : &chosen->ranges[0].low;
  if (bound != NULL && bound->type != SYNC_JSON_NONE)
    append_text (out, bound->text);
  else
    g_string_append (out, high ? "\"<MAX>\"" : "\"\"");
}

static void
append_bound (const SyncPlan *plan, gboolean high, GString *out)
{
  if (plan->nothing)
    g_string_append (out, "null");
  else if (is_all_docs (plan->chosen->index))
    append_id_key (plan->chosen, high, out);
  else
    append_key (plan->chosen, high, out);
}

static void
append_reading (const SyncFind *find, const SyncPlan *plan, GString *out)
{
  gboolean down = find->descending;

  g_string_append (out, ",\"mrargs\":{\"include_docs\":true,\"view_type\":\"map\",\"reduce\":false,"
                        "\"partition\":null,\"start_key\":");
  append_bound (plan, down, out);
  g_string_append (out, ",\"end_key\":");
  append_bound (plan, !down, out);
  g_string_append_printf (
    out, ",\"direction\":\"%s\",\"stable\":%s,\"update\":%s,\"conflicts\":%s}",
    down ? "rev" : "fwd", find->stable ? "true" : "false",
    find->update && !find->stale_ok ? "true" : "false", find->conflicts ? "true" : "\"undefined\"");
}

/* ---- the others ---- */

static void
append_candidate (const SyncCandidate *candidate, GString *out)
{
  g_string_append (out, "{\"index\":");
  sync_index_append (candidate->index, out);
  g_string_append_printf (
    out,
    ",\"analysis\":{\"usable\":%s,\"reasons\":[{\"name\":\"%s\"}],\"ranking\":%u,"
    "\"covering\":%s}}",
    candidate->usable ? "true" : "false", candidate->reason, candidate->ranking,
    is_all_docs (candidate->index) ? "null" : "false");
}

static void
append_candidates (const SyncPlan *plan, GString *out)
{
  gboolean any = FALSE;

  g_string_append (out, ",\"index_candidates\":[");
  for (guint i = 0; i < plan->n; i++)
    {
      if (&plan->candidates[i] == plan->chosen)
        continue;
      if (any)
        g_string_append_c (out, ',');
      append_candidate (&plan->candidates[i], out);
      any = TRUE;
    }
  g_string_append_c (out, ']');
}

/* ---- hints ---- */

#define HINTS_MAX 256

static guint
add_fields (const SyncTerm *term, CsSlice *fields, guint n)
{
  if (term->op == SYNC_OP_AND || term->op == SYNC_OP_OR)
    {
      for (guint i = 0; i < term->n_terms; i++)
        n = add_fields (term->terms[i], fields, n);
      return n;
    }
  for (guint i = 0; i < n; i++)
    if (cs_slice_equal (fields[i], term->field.text))
      return n;
  if (n < HINTS_MAX)
    fields[n++] = term->field.text;
  return n;
}

static gboolean
is_among (CsSlice field, const CsSlice *fields, guint n)
{
  for (guint i = 0; i < n; i++)
    if (cs_slice_equal (fields[i], field))
      return TRUE;
  return FALSE;
}

static void
append_fields (const SyncFind *find, gboolean indexable, GString *out)
{
  CsSlice *all = sync_alloc (&find->arena, HINTS_MAX * sizeof (CsSlice));
  CsSlice *with_range = sync_alloc (&find->arena, HINTS_MAX * sizeof (CsSlice));
  guint n = find->selector.root != NULL ? add_fields (find->selector.root, all, 0) : 0;
  guint n_with_range = sync_range_fields (&find->selector, with_range, HINTS_MAX);
  gboolean any = FALSE;

  g_string_append_c (out, '[');
  for (guint i = 0; i < n; i++)
    {
      if (is_among (all[i], with_range, n_with_range) != indexable)
        continue;
      if (any)
        g_string_append_c (out, ',');
      sync_json_append_string (out, all[i]);
      any = TRUE;
    }
  g_string_append_c (out, ']');
}

static void
append_hints (const SyncFind *find, GString *out)
{
  g_string_append (out, ",\"selector_hints\":[{\"type\":\"json\",\"indexable_fields\":");
  append_fields (find, TRUE, out);
  g_string_append (out, ",\"unindexable_fields\":");
  append_fields (find, FALSE, out);
  g_string_append (out, "}]");
}

/* ---- the answer ---- */

static void
append_plan (CsSlice name, const SyncFind *find, const SyncPlan *plan, GString *out)
{
  g_string_append (out, "{\"dbname\":");
  sync_json_append_string (out, name);
  g_string_append (out, ",\"index\":");
  sync_index_append (plan->chosen->index, out);
  g_string_append (out, ",\"partitioned\":false,\"selector\":");
  sync_selector_append (&find->selector, out);
  g_string_append (out, ",\"opts\":");
  sync_find_append_options (find, out);
  g_string_append_printf (
    out, ",\"limit\":%" G_GUINT64_FORMAT ",\"skip\":%" G_GUINT64_FORMAT ",\"fields\":", find->limit,
    find->skip);
  if (find->projection != NULL)
    append_text (out, find->fields.text);
  else
    g_string_append (out, "[]");
  append_candidates (plan, out);
  append_hints (find, out);
  append_reading (find, plan, out);
  g_string_append (out, ",\"covering\":false}");
}

void
sync_explain (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_autoptr (SyncIndexes) indexes = NULL;
  g_autoptr (GString) json = NULL;
  g_auto (SyncFind) find = { 0 };
  CsStatus status;
  SyncError error;
  SyncPlan plan;

  if (db == NULL || !sync_find_read (&find, exchange, self, db))
    return;
  status = sync_indexes_get (self, db, &indexes);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  sync_plan_make (&plan, &find, indexes);
  if (!sync_plan_check (&plan, &find, &error))
    {
      sync_find_refuse (&find, &error);
      return;
    }
  json = g_string_sized_new (2048);
  append_plan (cs_http_param (exchange, 0), &find, &plan, json);
  sync_reply_json (exchange, 200, json);
}
