/* sync-selector-match.c: a selector against a document's text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-selector.h"

#include "sync-collate.h"
#include "sync-scratch.h"

static gboolean match_term (SyncSelector *self, const SyncTerm *term, SyncJson value);

/* ---- conditions ---- */

static int
order (const SyncTerm *term, SyncJson value)
{
  return term->is_id ? sync_collate_raw (value, term->arg) : sync_collate (value, term->arg);
}

static gboolean
is_equal (const SyncTerm *term, SyncJson value, SyncJson arg)
{
  return term->is_id ? sync_collate_raw (value, arg) == 0 : sync_collate_equal (value, arg);
}

static gboolean
is_one_of (const SyncTerm *term, SyncJson value)
{
  SyncJsonCursor cursor;
  SyncJson item;

  sync_json_elements (&cursor, term->arg);
  while (sync_json_next_element (&cursor, &item))
    if (is_equal (term, value, item))
      return TRUE;
  return FALSE;
}

/* Of an array any element counts. */
static gboolean
is_in (const SyncTerm *term, SyncJson value)
{
  SyncJsonCursor cursor;
  SyncJson element;

  if (!sync_json_elements (&cursor, value))
    return is_one_of (term, value);
  while (sync_json_next_element (&cursor, &element))
    if (is_one_of (term, element))
      return TRUE;
  return FALSE;
}

static gboolean
has_element (SyncJson array, SyncJson wanted)
{
  SyncJsonCursor cursor;
  SyncJson element;

  sync_json_elements (&cursor, array);
  while (sync_json_next_element (&cursor, &element))
    if (sync_collate_equal (element, wanted))
      return TRUE;
  return FALSE;
}

/* Each of the arguments is an element; or the only argument is an array, and the value is that. */
static gboolean
has_all (const SyncTerm *term, SyncJson value)
{
  SyncJsonCursor cursor;
  SyncJson wanted = { SYNC_JSON_NONE, { NULL, 0 } };
  gboolean all = TRUE;
  guint n = 0;

  if (value.type != SYNC_JSON_ARRAY)
    return FALSE;
  sync_json_elements (&cursor, term->arg);
  for (; sync_json_next_element (&cursor, &wanted); n++)
    all = all && has_element (value, wanted);
  if (n == 0)
    return FALSE;
  return all || (n == 1 && wanted.type == SYNC_JSON_ARRAY && sync_collate_equal (value, wanted));
}

static gboolean
is_of_type (const SyncTerm *term, SyncJson value)
{
  static const char *const names[] = {
    [SYNC_JSON_NULL] = "null",     [SYNC_JSON_FALSE] = "boolean", [SYNC_JSON_TRUE] = "boolean",
    [SYNC_JSON_NUMBER] = "number", [SYNC_JSON_STRING] = "string", [SYNC_JSON_ARRAY] = "array",
    [SYNC_JSON_OBJECT] = "object",
  };

  return cs_slice_is (term->text, names[value.type]);
}

static gboolean
leaves_remainder (const SyncTerm *term, SyncJson value)
{
  gint64 number;

  if (!sync_json_integer (value, &number))
    return FALSE;
  return (term->number == -1 ? 0 : number % term->number) == term->remainder;
}

static gboolean
matches_text (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  SyncScratch scratch;
  CsSlice text;
  gboolean result;

  if (value.type != SYNC_JSON_STRING)
    return FALSE;
  sync_scratch_init (&scratch);
  text = sync_json_text (value, &scratch.arena);
  if (term->op == SYNC_OP_REGEX)
    result = sync_regex_match (self, term->regex, text);
  else
    result = text.len >= term->text.len &&
             (term->text.len == 0 || memcmp (text.data, term->text.data, term->text.len) == 0);
  sync_scratch_clear (&scratch);
  return result;
}

/* $elemMatch wants one that matches, $allMatch none that does not, and one at least. */
static gboolean
match_elements (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  gboolean wanted = term->op == SYNC_OP_ELEM_MATCH;
  SyncJsonCursor cursor;
  SyncJson element;
  guint n = 0;

  if (!sync_json_elements (&cursor, value))
    return FALSE;
  for (; sync_json_next_element (&cursor, &element); n++)
    if (match_term (self, term->terms[0], element) == wanted)
      return wanted;
  return !wanted && n > 0;
}

static gboolean
match_keys (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson member;

  if (!sync_json_members (&cursor, value))
    return FALSE;
  while (sync_json_next_member (&cursor, &key, &member))
    if (match_term (self, term->terms[0], key))
      return TRUE;
  return FALSE;
}

static gboolean
test (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  switch (term->op)
    {
    case SYNC_OP_LT:
      return order (term, value) < 0;
    case SYNC_OP_LTE:
      return order (term, value) <= 0;
    case SYNC_OP_EQ:
      return is_equal (term, value, term->arg);
    case SYNC_OP_NE:
      return !is_equal (term, value, term->arg);
    case SYNC_OP_GTE:
      return order (term, value) >= 0;
    case SYNC_OP_GT:
      return order (term, value) > 0;
    case SYNC_OP_IN:
      return is_in (term, value);
    case SYNC_OP_NIN:
      return !is_in (term, value);
    case SYNC_OP_ALL:
      return has_all (term, value);
    case SYNC_OP_TYPE:
      return is_of_type (term, value);
    case SYNC_OP_MOD:
      return leaves_remainder (term, value);
    case SYNC_OP_REGEX:
    case SYNC_OP_BEGINS_WITH:
      return matches_text (self, term, value);
    case SYNC_OP_SIZE:
      return value.type == SYNC_JSON_ARRAY && sync_json_count (value) == term->number;
    case SYNC_OP_KEY_MAP_MATCH:
      return match_keys (self, term, value);
    default:
      return match_elements (self, term, value);
    }
}

/* ---- terms ---- */

static gboolean
match_condition (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  SyncJson found;
  SyncFound how = sync_field_find (&term->field, value, &found);

  if (term->op == SYNC_OP_EXISTS)
    return how == (term->arg.type == SYNC_JSON_TRUE ? SYNC_FIELD_FOUND : SYNC_FIELD_MISSING);
  return how == SYNC_FIELD_FOUND && test (self, term, found) != term->negated;
}

/* An empty $or holds, as it does in CouchDB. */
static gboolean
match_any (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  for (guint i = 0; i < term->n_terms; i++)
    if (match_term (self, term->terms[i], value))
      return TRUE;
  return term->n_terms == 0;
}

/* As deep as the selector, which is bounded. */
static gboolean
match_term (SyncSelector *self, const SyncTerm *term, SyncJson value)
{
  if (term->op == SYNC_OP_OR)
    return match_any (self, term, value);
  if (term->op != SYNC_OP_AND)
    return match_condition (self, term, value);
  for (guint i = 0; i < term->n_terms; i++)
    if (!match_term (self, term->terms[i], value))
      return FALSE;
  return TRUE;
}

gboolean
sync_selector_match (SyncSelector *self, SyncJson doc)
{
  sync_regex_begin (self, doc.text.len);
  return self->root == NULL || (match_term (self, self->root, doc) && !self->given_up);
}

/* ---- as JSON ---- */

static void
append_list (const SyncTerm *term, GString *out)
{
  g_string_append_printf (out, "{\"%s\":[", sync_op_names[term->op]);
  for (guint i = 0; i < term->n_terms; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      sync_term_append (term->terms[i], out);
    }
  g_string_append (out, "]}");
}

static void
append_condition (const SyncTerm *term, GString *out)
{
  if (term->field.n > 0)
    {
      g_string_append_c (out, '{');
      sync_json_append_string (out, term->field.text);
      g_string_append_c (out, ':');
    }
  g_string_append_printf (
    out, term->negated ? "{\"$not\":{\"%s\":" : "{\"%s\":", sync_op_names[term->op]);
  if (term->n_terms > 0)
    sync_term_append (term->terms[0], out);
  else
    g_string_append_len (out, term->arg.text.data, (gssize) term->arg.text.len);
  g_string_append (out, term->negated ? "}}" : "}");
  if (term->field.n > 0)
    g_string_append_c (out, '}');
}

void
sync_term_append (const SyncTerm *term, GString *out)
{
  if (term->op == SYNC_OP_AND || term->op == SYNC_OP_OR)
    append_list (term, out);
  else
    append_condition (term, out);
}

void
sync_selector_append (const SyncSelector *self, GString *out)
{
  if (self->root != NULL)
    sync_term_append (self->root, out);
  else
    g_string_append (out, "{}");
}
