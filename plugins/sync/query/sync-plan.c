/* sync-plan.c: chooses the index that answers a query, as CouchDB's mango_cursor does, and says why
 * not the others. SPDX-License-Identifier: Apache-2.0 */
#include "sync-find.h"

#include "sync-collate.h"

#define FIELDS_MAX 256

/* ---- which can be used ---- */

static gboolean
is_all_docs (const SyncIndex *index)
{
  return index->ddoc.len == 0;
}

static gboolean
is_hinted (const SyncFind *find, const SyncIndex *index)
{
  return find->hinted && cs_slice_equal (index->ddoc, find->use_ddoc) &&
         (find->use_name.len == 0 || cs_slice_equal (index->name, find->use_name));
}

static gboolean
is_sorted_by (const SyncFind *find, CsSlice column)
{
  for (guint i = 0; i < find->n_sort; i++)
    if (cs_slice_equal (find->sort[i].text, column))
      return TRUE;
  return FALSE;
}

/* Entries are only of documents that have all columns: the query must ask for no others. What it
 * sorts by must be there too. */
static gboolean
columns_required (const SyncFind *find, const SyncIndex *index)
{
  for (guint i = 0; i < index->n_columns; i++)
    {
      CsSlice column = index->columns[i].text;

      if (!is_sorted_by (find, column) && !cs_slice_is (column, "_id") &&
          !cs_slice_is (column, "_rev") && !sync_selector_requires (&find->selector, column))
        return FALSE;
    }
  return TRUE;
}

static gboolean
sort_follows (const SyncFind *find, const SyncIndex *index, guint first)
{
  if (find->n_sort > index->n_columns - first)
    return FALSE;
  for (guint i = 0; i < find->n_sort; i++)
    if (!cs_slice_equal (index->columns[first + i].text, find->sort[i].text))
      return FALSE;
  return TRUE;
}

/* The sort may begin behind columns whose value is fixed. */
static gboolean
can_sort (const SyncFind *find, const SyncIndex *index)
{
  if (find->n_sort == 0)
    return TRUE;
  for (guint i = 0; i < index->n_columns; i++)
    {
      if (cs_slice_equal (index->columns[i].text, find->sort[0].text))
        return sort_follows (find, index, i);
      if (!sync_selector_fixes (&find->selector, index->columns[i].text))
        return FALSE;
    }
  return FALSE;
}

static const char *
why_not_all_docs (const SyncFind *find)
{
  SyncRange range;

  if (find->n_sort == 0)
    return NULL;
  if (!sync_range_of (&find->selector, cs_slice_str ("_id"), &find->arena, &range))
    return "field_mismatch";
  return find->n_sort == 1 && cs_slice_is (find->sort[0].text, "_id") ? NULL
                                                                      : "sort_order_mismatch";
}

/* NULL: it can be used. */
static const char *
why_not (const SyncFind *find, const SyncIndex *index)
{
  if (index->filter_text.len > 0 && !is_hinted (find, index))
    return "is_partial";
  if (is_all_docs (index))
    return why_not_all_docs (find);
  if (find->selector.root == NULL)
    return "empty_selector";
  if (!columns_required (find, index))
    return "field_mismatch";
  return can_sort (find, index) ? NULL : "sort_order_mismatch";
}

/* ---- ranges ---- */

static void
take_ranges (SyncCandidate *candidate, const SyncFind *find, guint n_fields)
{
  static const CsSlice id_name = { "_id", 3 };
  const SyncIndex *index = candidate->index;
  guint n = is_all_docs (index) ? 1 : index->n_columns;

  candidate->ranges = sync_alloc (&find->arena, (n + 1) * sizeof (SyncRange));
  while (candidate->n_ranges < n)
    {
      CsSlice column = is_all_docs (index) ? id_name : index->columns[candidate->n_ranges].text;

      if (!sync_range_of (&find->selector, column, &find->arena,
                          &candidate->ranges[candidate->n_ranges]))
        break;
      candidate->n_ranges++;
    }
  candidate->distance = n_fields - MIN (n_fields, candidate->n_ranges);
}

/* A condition that contradicts another, or an empty $and or $or alone, which CouchDB answers with
 * nothing. */
static gboolean
matches_nothing (const SyncFind *find, const CsSlice *fields, guint n)
{
  const SyncTerm *root = find->selector.root;

  if (root != NULL && (root->op == SYNC_OP_AND || root->op == SYNC_OP_OR) && root->n_terms == 0)
    return TRUE;
  for (guint i = 0; i < n; i++)
    {
      SyncRange range;

      if (sync_range_of (&find->selector, fields[i], &find->arena, &range) &&
          sync_range_is_empty (&range, fields[i]))
        return TRUE;
    }
  return FALSE;
}

/* ---- choosing ---- */

/* The closest to the query; then the narrowest; then by name, which is their order here. */
static gboolean
is_better (const SyncCandidate *a, const SyncCandidate *b)
{
  if (b == NULL)
    return TRUE;
  if (a->distance != b->distance)
    return a->distance < b->distance;
  return a->index->n_columns < b->index->n_columns;
}

static void
exclude (SyncCandidate *candidate, const char *reason)
{
  if (candidate->reason == NULL)
    candidate->reason = reason;
}

static void
follow_hint (SyncPlan *plan, const SyncFind *find)
{
  gboolean found = FALSE;

  for (guint i = 0; i < plan->n; i++)
    found = found || (plan->candidates[i].usable && is_hinted (find, plan->candidates[i].index));
  plan->hint_missed = find->hinted && !found;
  for (guint i = 0; found && i < plan->n; i++)
    if (plan->candidates[i].usable && !is_hinted (find, plan->candidates[i].index))
      exclude (&plan->candidates[i], "excluded_by_user");
}

/* _all_docs reads everything: it is taken when there is nothing else. */
static void
prefer_indexes (SyncPlan *plan)
{
  gboolean any = FALSE;

  for (guint i = 0; i < plan->n; i++)
    any = any || (plan->candidates[i].reason == NULL && !is_all_docs (plan->candidates[i].index));
  for (guint i = 0; any && i < plan->n; i++)
    if (is_all_docs (plan->candidates[i].index))
      exclude (&plan->candidates[i], "unfavored_type");
}

static void
choose (SyncPlan *plan)
{
  for (guint i = 0; i < plan->n; i++)
    if (plan->candidates[i].reason == NULL && is_better (&plan->candidates[i], plan->chosen))
      plan->chosen = &plan->candidates[i];
}

static void
tell_reasons (SyncPlan *plan)
{
  const SyncCandidate *chosen = plan->chosen;

  for (guint i = 0; chosen != NULL && i < plan->n; i++)
    {
      SyncCandidate *other = &plan->candidates[i];

      if (other == chosen)
        continue;
      if (other->distance > chosen->distance)
        exclude (other, "less_overlap");
      else if (other->index->n_columns > chosen->index->n_columns)
        exclude (other, "too_many_fields");
      else
        exclude (other, "alphabetically_comes_after");
    }
}

/* ---- ranking, for _explain: how far each was from being chosen ---- */

static guint
group_of (const SyncCandidate *candidate)
{
  static const char *const groups[] = { "unfavored_type", "excluded_by_user", "", "is_partial" };

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (candidate->reason != NULL && strcmp (candidate->reason, groups[i]) == 0)
      return i + 1;
  return candidate->usable ? 0 : 3;
}

static guint
better_ones (const SyncPlan *plan, const SyncCandidate *candidate)
{
  guint n = 0;

  for (guint i = 0; i < plan->n; i++)
    {
      const SyncCandidate *other = &plan->candidates[i];

      if (other != candidate && group_of (other) == 0 &&
          (is_better (other, candidate) || (other < candidate && !is_better (candidate, other))))
        n++;
    }
  return n;
}

static void
rank (SyncPlan *plan)
{
  guint rank = 0;

  for (guint i = 0; i < plan->n; i++)
    rank += group_of (&plan->candidates[i]) == 0;
  rank = MAX (rank, 1);
  for (guint group = 1; group <= 4; group++)
    {
      gboolean any = FALSE;

      for (guint i = 0; i < plan->n; i++)
        if (group_of (&plan->candidates[i]) == group)
          {
            plan->candidates[i].ranking = rank;
            any = TRUE;
          }
      rank += any;
    }
  for (guint i = 0; i < plan->n; i++)
    if (group_of (&plan->candidates[i]) == 0)
      plan->candidates[i].ranking = better_ones (plan, &plan->candidates[i]);
}

/* ---- the plan ---- */

void
sync_plan_make (SyncPlan *plan, const SyncFind *find, const SyncIndexes *indexes)
{
  CsSlice fields[FIELDS_MAX];
  guint n_fields = sync_range_fields (&find->selector, fields, FIELDS_MAX);

  memset (plan, 0, sizeof *plan);
  plan->n = indexes->all->len;
  plan->candidates = sync_alloc (&find->arena, plan->n * sizeof (SyncCandidate));
  memset (plan->candidates, 0, plan->n * sizeof (SyncCandidate));
  for (guint i = 0; i < plan->n; i++)
    {
      SyncCandidate *candidate = &plan->candidates[i];

      candidate->index = indexes->all->pdata[i];
      candidate->reason = why_not (find, candidate->index);
      candidate->usable = candidate->reason == NULL;
      if (candidate->usable)
        take_ranges (candidate, find, n_fields);
    }
  plan->nothing = matches_nothing (find, fields, n_fields);
  follow_hint (plan, find);
  prefer_indexes (plan);
  choose (plan);
  tell_reasons (plan);
  rank (plan);
}

gboolean
sync_plan_choose_mark (SyncPlan *plan, const guint8 *mark)
{
  if (plan->chosen != NULL && memcmp (plan->chosen->index->mark, mark, 8) == 0)
    return TRUE;
  for (guint i = 0; i < plan->n; i++)
    if (plan->candidates[i].usable && memcmp (plan->candidates[i].index->mark, mark, 8) == 0)
      {
        plan->chosen = &plan->candidates[i];
        return TRUE;
      }
  return FALSE;
}

static gboolean
hint_cannot_be_used (const SyncFind *find, SyncError *error)
{
  g_autofree char *reason = NULL;
  char *kept;

  if (find->use_name.len > 0)
    reason = g_strdup_printf ("%.*s, %.*s specified by `use_index` could not be found or it is not "
                              "suitable.",
                              (int) find->use_ddoc.len, find->use_ddoc.data,
                              (int) find->use_name.len, find->use_name.data);
  else
    reason = g_strdup_printf ("%.*s specified by `use_index` could not be found or it is not "
                              "suitable.",
                              (int) find->use_ddoc.len, find->use_ddoc.data);
  kept = sync_alloc (&find->arena, strlen (reason) + 1);
  strcpy (kept, reason);
  *error = (SyncError){ 400, "invalid_index", kept };
  return FALSE;
}

gboolean
sync_plan_check (const SyncPlan *plan, const SyncFind *find, SyncError *error)
{
  if (plan->chosen == NULL)
    {
      *error = (SyncError){ 400, "no_usable_index",
                            "No index exists for this sort, try indexing by the sort fields." };
      return FALSE;
    }
  if (find->allow_fallback)
    return TRUE;
  if (plan->hint_missed)
    return hint_cannot_be_used (find, error);
  if (!is_all_docs (plan->chosen->index))
    return TRUE;
  *error = (SyncError){ 400, "invalid_index", "There is no index available for this selector." };
  return FALSE;
}

/* ---- where its entries lie ---- */

/* An open bound leaves out all that begin with its key: a byte above every tag comes behind it. */
static const guint8 above_all = 0xff;

void
sync_plan_bounds (const SyncCandidate *chosen, GByteArray *low, GByteArray *high)
{
  gboolean open = FALSE;
  gboolean room = TRUE;

  for (guint i = 0; i < chosen->n_ranges && room && !open; i++)
    {
      const SyncRange *range = &chosen->ranges[i];

      if (range->low.type == SYNC_JSON_NONE)
        break;
      room = sync_key_append (low, range->low);
      open = range->low_open && room;
    }
  if (open)
    g_byte_array_append (low, &above_all, 1);
  open = FALSE;
  room = TRUE;
  for (guint i = 0; i < chosen->n_ranges && room && !open; i++)
    {
      const SyncRange *range = &chosen->ranges[i];

      if (range->high.type == SYNC_JSON_NONE)
        break;
      room = sync_key_append (high, range->high);
      open = range->high_open && room;
    }
  if (high->len > 0 && !open)
    g_byte_array_append (high, &above_all, 1);
}
