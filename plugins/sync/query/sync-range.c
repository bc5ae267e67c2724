/* sync-range.c: what a selector says of one field: between which values it lies, whether it must be
 * there.
 *
 * Only conditions that must all hold are looked at: those at the top, and inside $and.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-find.h"

#include "sync-collate.h"

static int
compare (SyncJson a, SyncJson b, gboolean is_id)
{
  return is_id ? sync_collate_raw (a, b) : sync_collate (a, b);
}

static void
raise_low (SyncRange *range, SyncJson value, gboolean open, gboolean is_id)
{
  int order = range->low.type == SYNC_JSON_NONE ? 1 : compare (value, range->low, is_id);

  if (order > 0)
    range->low_open = open;
  else if (order == 0)
    range->low_open = range->low_open || open;
  if (order > 0)
    range->low = value;
}

static void
lower_high (SyncRange *range, SyncJson value, gboolean open, gboolean is_id)
{
  int order = range->high.type == SYNC_JSON_NONE ? -1 : compare (value, range->high, is_id);

  if (order < 0)
    range->high_open = open;
  else if (order == 0)
    range->high_open = range->high_open || open;
  if (order < 0)
    range->high = value;
}

/* Does the collation keep every text that begins so together? It does for printable ASCII;
 * elsewhere characters change places, or melt into one. */
static gboolean
keeps_together (CsSlice text)
{
  for (gsize i = 0; i < text.len; i++)
    if ((guint8) text.data[i] < 0x20 || (guint8) text.data[i] > 0x7e)
      return FALSE;
  return TRUE;
}

/* The text and the greatest character behind it. */
static SyncJson
last_of_prefix (const SyncTerm *term, const SyncArena *arena)
{
  static const char by_collation[] = "\xef\xbf\xbf\""; /* U+FFFF, above all in ICU */
  static const char by_bytes[] = "\xf4\x8f\xbf\xbf\"";
  const char *last = term->is_id ? by_bytes : by_collation;
  gsize len = term->arg.text.len - 1;
  char *text = sync_alloc (arena, len + 5);

  memcpy (text, term->arg.text.data, len);
  memcpy (text + len, last, strlen (last));
  return (SyncJson){ SYNC_JSON_STRING, cs_slice (text, len + strlen (last)) };
}

static gboolean
narrow_to_prefix (SyncRange *range, const SyncTerm *term, const SyncArena *arena)
{
  if (!term->is_id && !keeps_together (term->text))
    return FALSE;
  raise_low (range, term->arg, FALSE, term->is_id);
  lower_high (range, last_of_prefix (term, arena), TRUE, term->is_id);
  return TRUE;
}

/* TRUE: the condition narrows. */
static gboolean
narrow (SyncRange *range, const SyncTerm *term, const SyncArena *arena)
{
  if (term->negated)
    return FALSE;
  switch (term->op)
    {
    case SYNC_OP_LT:
    case SYNC_OP_LTE:
      lower_high (range, term->arg, term->op == SYNC_OP_LT, term->is_id);
      return TRUE;
    case SYNC_OP_GT:
    case SYNC_OP_GTE:
      raise_low (range, term->arg, term->op == SYNC_OP_GT, term->is_id);
      return TRUE;
    case SYNC_OP_EQ:
      raise_low (range, term->arg, FALSE, term->is_id);
      lower_high (range, term->arg, FALSE, term->is_id);
      return TRUE;
    case SYNC_OP_BEGINS_WITH:
      return narrow_to_prefix (range, term, arena);
    default:
      return FALSE;
    }
}

static gboolean
narrow_all (SyncRange *range, const SyncTerm *term, CsSlice field, const SyncArena *arena)
{
  gboolean any = FALSE;

  if (term->op == SYNC_OP_AND)
    {
      for (guint i = 0; i < term->n_terms; i++)
        any = narrow_all (range, term->terms[i], field, arena) || any;
      return any;
    }
  return term->op != SYNC_OP_OR && cs_slice_equal (term->field.text, field) &&
         narrow (range, term, arena);
}

gboolean
sync_range_of (const SyncSelector *selector, CsSlice field, const SyncArena *arena,
               SyncRange *range)
{
  memset (range, 0, sizeof *range);
  return selector->root != NULL && narrow_all (range, selector->root, field, arena);
}

gboolean
sync_range_is_empty (const SyncRange *range, CsSlice field)
{
  int order;

  if (range->low.type == SYNC_JSON_NONE || range->high.type == SYNC_JSON_NONE)
    return FALSE;
  order = compare (range->low, range->high, cs_slice_is (field, "_id"));
  return order > 0 || (order == 0 && (range->low_open || range->high_open));
}

static gboolean
has_range (const SyncTerm *term)
{
  if (term->negated)
    return FALSE;
  if (term->op == SYNC_OP_BEGINS_WITH)
    return term->is_id || keeps_together (term->text);
  return term->op == SYNC_OP_LT || term->op == SYNC_OP_LTE || term->op == SYNC_OP_EQ ||
         term->op == SYNC_OP_GTE || term->op == SYNC_OP_GT;
}

static guint
add_fields (const SyncTerm *term, CsSlice *fields, guint n, guint most)
{
  if (term->op == SYNC_OP_AND)
    {
      for (guint i = 0; i < term->n_terms; i++)
        n = add_fields (term->terms[i], fields, n, most);
      return n;
    }
  if (term->op == SYNC_OP_OR || !has_range (term) || n == most)
    return n;
  for (guint i = 0; i < n; i++)
    if (cs_slice_equal (fields[i], term->field.text))
      return n;
  fields[n] = term->field.text;
  return n + 1;
}

guint
sync_range_fields (const SyncSelector *selector, CsSlice *fields, guint most)
{
  return selector->root != NULL ? add_fields (selector->root, fields, 0, most) : 0;
}

/* Of a $or each part must. */
static gboolean
term_requires (const SyncTerm *term, CsSlice field)
{
  gboolean all = term->op == SYNC_OP_OR;

  if (term->op != SYNC_OP_AND && term->op != SYNC_OP_OR)
    return cs_slice_equal (term->field.text, field) &&
           !(term->op == SYNC_OP_EXISTS && term->arg.type == SYNC_JSON_FALSE);
  for (guint i = 0; i < term->n_terms; i++)
    if (term_requires (term->terms[i], field) != all)
      return !all;
  return all && term->n_terms > 0;
}

gboolean
sync_selector_requires (const SyncSelector *selector, CsSlice field)
{
  return selector->root != NULL && term_requires (selector->root, field);
}

static gboolean
term_fixes (const SyncTerm *term, CsSlice field)
{
  if (term->op != SYNC_OP_AND)
    return term->op == SYNC_OP_EQ && cs_slice_equal (term->field.text, field);
  for (guint i = 0; i < term->n_terms; i++)
    if (term_fixes (term->terms[i], field))
      return TRUE;
  return FALSE;
}

gboolean
sync_selector_fixes (const SyncSelector *selector, CsSlice field)
{
  return selector->root != NULL && term_fixes (selector->root, field);
}
