/* sync-selector-read.c: a selector's JSON into its one form, in one pass from the top down: the
 * field's name and whether to negate go along. SPDX-License-Identifier: Apache-2.0 */
#include "sync-selector.h"

#include "sync-collate.h"
#include "sync-selector-regex.h"

const char *const sync_op_names[SYNC_OP_N] = {
  [SYNC_OP_AND] = "$and",
  [SYNC_OP_OR] = "$or",
  [SYNC_OP_LT] = "$lt",
  [SYNC_OP_LTE] = "$lte",
  [SYNC_OP_EQ] = "$eq",
  [SYNC_OP_NE] = "$ne",
  [SYNC_OP_GTE] = "$gte",
  [SYNC_OP_GT] = "$gt",
  [SYNC_OP_IN] = "$in",
  [SYNC_OP_NIN] = "$nin",
  [SYNC_OP_ALL] = "$all",
  [SYNC_OP_EXISTS] = "$exists",
  [SYNC_OP_TYPE] = "$type",
  [SYNC_OP_MOD] = "$mod",
  [SYNC_OP_REGEX] = "$regex",
  [SYNC_OP_SIZE] = "$size",
  [SYNC_OP_BEGINS_WITH] = "$beginsWith",
  [SYNC_OP_ELEM_MATCH] = "$elemMatch",
  [SYNC_OP_ALL_MATCH] = "$allMatch",
  [SYNC_OP_KEY_MAP_MATCH] = "$keyMapMatch",
};

typedef struct
{
  SyncSelector *selector;
  const SyncArena *arena;
  SyncError *error;
  guint depth;
} Reader;

/* Where in the selector. */
typedef struct
{
  CsSlice field; /* names so far, joined by dots */
  gboolean negate;
  gboolean element; /* inside $elemMatch and its like: a condition may be on the value itself */
} Place;

static SyncTerm *read_condition (Reader *reader, Place place, SyncJson value);

/* Each gives NULL, so that a reader can return it. */
static gpointer
refuse (Reader *reader, const char *name, const char *reason)
{
  *reader->error = (SyncError){ 400, name, reason };
  return NULL;
}

static gpointer
refuse_value (Reader *reader, const char *name, const char *reason, CsSlice value)
{
  sync_refuse_value (reader->error, reader->arena, name, reason, value);
  return NULL;
}

static gpointer
bad_argument (Reader *reader, SyncOp op, SyncJson arg)
{
  char reason[64];

  g_snprintf (reason, sizeof reason, "Bad argument for operator %s", sync_op_names[op]);
  return refuse_value (reader, "bad_arg", reason, arg.text);
}

static SyncTerm *
new_term (Reader *reader, SyncOp op)
{
  SyncTerm *term;

  if (reader->selector->n_terms++ == SYNC_SELECTOR_TERMS_MAX)
    return refuse (
      reader, "invalid_selector",
      "The selector has more than " G_STRINGIFY (SYNC_SELECTOR_TERMS_MAX) " conditions.");
  term = sync_alloc (reader->arena, sizeof *term);
  memset (term, 0, sizeof *term);
  term->op = op;
  return term;
}

/* ---- conditions ---- */

static SyncOp
negation (SyncOp op)
{
  switch (op)
    {
    case SYNC_OP_LT:
      return SYNC_OP_GTE;
    case SYNC_OP_LTE:
      return SYNC_OP_GT;
    case SYNC_OP_GTE:
      return SYNC_OP_LT;
    case SYNC_OP_GT:
      return SYNC_OP_LTE;
    case SYNC_OP_EQ:
      return SYNC_OP_NE;
    case SYNC_OP_NE:
      return SYNC_OP_EQ;
    case SYNC_OP_IN:
      return SYNC_OP_NIN;
    case SYNC_OP_NIN:
      return SYNC_OP_IN;
    default:
      return SYNC_OP_N;
    }
}

static void
negate_term (SyncTerm *term)
{
  SyncOp other = negation (term->op);

  if (other != SYNC_OP_N)
    term->op = other;
  else if (term->op == SYNC_OP_EXISTS)
    term->arg = term->arg.type == SYNC_JSON_TRUE
                  ? (SyncJson){ SYNC_JSON_FALSE, cs_slice ("false", 5) }
                  : (SyncJson){ SYNC_JSON_TRUE, cs_slice ("true", 4) };
  else
    term->negated = TRUE;
}

static gboolean
take_mod (SyncTerm *term)
{
  SyncJsonCursor cursor;
  SyncJson divisor;
  SyncJson remainder;

  return sync_json_count (term->arg) == 2 && sync_json_elements (&cursor, term->arg) &&
         sync_json_next_element (&cursor, &divisor) &&
         sync_json_next_element (&cursor, &remainder) &&
         sync_json_integer (divisor, &term->number) &&
         sync_json_integer (remainder, &term->remainder) && term->number != 0;
}

static gboolean
take_argument (Reader *reader, SyncTerm *term)
{
  switch (term->op)
    {
    case SYNC_OP_IN:
    case SYNC_OP_NIN:
    case SYNC_OP_ALL:
      return term->arg.type == SYNC_JSON_ARRAY;
    case SYNC_OP_EXISTS:
      return term->arg.type == SYNC_JSON_TRUE || term->arg.type == SYNC_JSON_FALSE;
    case SYNC_OP_MOD:
      return take_mod (term);
    case SYNC_OP_SIZE:
      return sync_json_integer (term->arg, &term->number) && term->number >= 0;
    case SYNC_OP_TYPE:
    case SYNC_OP_REGEX:
    case SYNC_OP_BEGINS_WITH:
      if (term->arg.type != SYNC_JSON_STRING)
        return FALSE;
      term->text = sync_json_text (term->arg, reader->arena);
      return TRUE;
    default:
      return TRUE;
    }
}

static gboolean
take_field (Reader *reader, SyncTerm *term, const Place *place)
{
  if (place->field.len == 0)
    return place->element || refuse (reader, "invalid_selector",
                                     "One or more conditions is missing a field name.") != NULL;
  term->is_id = cs_slice_is (place->field, "_id");
  return sync_field_parse (&term->field, place->field, reader->arena) ||
         refuse_value (reader, "invalid_field_name", "Invalid field name", place->field) != NULL;
}

static gboolean
count_values (Reader *reader, const SyncTerm *term)
{
  if (term->op != SYNC_OP_IN && term->op != SYNC_OP_NIN && term->op != SYNC_OP_ALL)
    return TRUE;
  reader->selector->n_values += sync_json_count (term->arg);
  return reader->selector->n_values <= SYNC_SELECTOR_VALUES_MAX ||
         refuse (reader, "invalid_selector",
                 "The selector has more than " G_STRINGIFY (
                   SYNC_SELECTOR_VALUES_MAX) " values in $in, $nin and $all.") != NULL;
}

static SyncTerm *
read_leaf (Reader *reader, const Place *place, SyncOp op, SyncJson arg)
{
  SyncTerm *term = new_term (reader, op);

  if (term == NULL)
    return NULL;
  term->arg = arg;
  if (!take_argument (reader, term))
    return bad_argument (reader, op, arg);
  if (!count_values (reader, term) || !take_field (reader, term, place))
    return NULL;
  if (op == SYNC_OP_REGEX)
    sync_regex_add (reader->selector, term, reader->arena);
  if (place->negate)
    negate_term (term);
  return term;
}

/* $elemMatch and its like: a selector of its own on elements or names. */
static SyncTerm *
read_match (Reader *reader, const Place *place, SyncOp op, SyncJson arg)
{
  Place inside = { cs_slice ("", 0), FALSE, TRUE };
  SyncTerm *term = new_term (reader, op);

  if (term == NULL)
    return NULL;
  if (arg.type != SYNC_JSON_OBJECT)
    return bad_argument (reader, op, arg);
  if (!take_field (reader, term, place))
    return NULL;
  term->negated = place->negate;
  term->n_terms = 1;
  term->terms = sync_alloc (reader->arena, sizeof (SyncTerm *));
  term->terms[0] = read_condition (reader, inside, arg);
  return term->terms[0] != NULL ? term : NULL;
}

/* ---- combinations ---- */

static SyncTerm *
new_combination (Reader *reader, SyncOp op, guint n)
{
  SyncTerm *term = new_term (reader, op);

  if (term != NULL)
    term->terms = sync_alloc (reader->arena, (n + 1) * sizeof (SyncTerm *));
  return term;
}

static gboolean
add_condition (Reader *reader, SyncTerm *combination, Place place, SyncJson value)
{
  SyncTerm *term = read_condition (reader, place, value);

  if (term != NULL)
    combination->terms[combination->n_terms++] = term;
  return term != NULL;
}

static guint
count_members (SyncJson object)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;
  guint n = 0;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    n++;
  return n;
}

/* The members of an object, all of which must hold. */
static SyncTerm *
read_members (Reader *reader, const Place *place, SyncJson object)
{
  SyncTerm *term =
    new_combination (reader, place->negate ? SYNC_OP_OR : SYNC_OP_AND, count_members (object));
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  if (term == NULL)
    return NULL;
  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    {
      /* One member, without its brace and bracket: as an object of its own. */
      SyncJson alone = {
        SYNC_JSON_OBJECT,
        cs_slice (key.text.data - 1, (gsize) (value.text.data + value.text.len - key.text.data) + 2)
      };

      if (!add_condition (reader, term, *place, alone))
        return NULL;
    }
  return term;
}

static SyncTerm *
read_list (Reader *reader, Place place, SyncOp op, const char *name, SyncJson list)
{
  SyncJsonCursor cursor;
  SyncJson item;
  SyncTerm *term;

  if (!sync_json_elements (&cursor, list))
    {
      char reason[64];

      g_snprintf (reason, sizeof reason, "Bad argument for operator %s", name);
      return refuse_value (reader, "bad_arg", reason, list.text);
    }
  if (place.negate) /* De Morgan */
    op = op == SYNC_OP_AND ? SYNC_OP_OR : SYNC_OP_AND;
  term = new_combination (reader, op, sync_json_count (list));
  while (term != NULL && sync_json_next_element (&cursor, &item))
    if (!add_condition (reader, term, place, item))
      return NULL;
  return term;
}

static SyncTerm *
read_not (Reader *reader, Place place, SyncJson arg)
{
  if (arg.type != SYNC_JSON_OBJECT)
    return refuse_value (reader, "bad_arg", "Bad argument for operator $not", arg.text);
  place.negate = !place.negate;
  return read_condition (reader, place, arg);
}

static SyncTerm *
read_nor (Reader *reader, Place place, SyncJson list)
{
  place.negate = !place.negate; /* neither: not (a or b) */
  return read_list (reader, place, SYNC_OP_OR, "$nor", list);
}

/* ---- members ---- */

static SyncOp
find_op (SyncJson key)
{
  for (guint i = 0; i < SYNC_OP_N; i++)
    if (sync_json_is (key, sync_op_names[i]))
      return (SyncOp) i;
  return SYNC_OP_N;
}

static SyncTerm *
read_other (Reader *reader, Place place, SyncJson key, SyncJson value)
{
  static const char *const unsupported[] = { "$where", "$geoWithin",  "$geoIntersects",
                                             "$near",  "$nearSphere", "$text" };

  if (sync_json_is (key, "$not"))
    return read_not (reader, place, value);
  if (sync_json_is (key, "$nor"))
    return read_nor (reader, place, value);
  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    if (sync_json_is (key, unsupported[i]))
      return refuse_value (reader, "not_supported", "Unsupported operator",
                           cs_slice_str (unsupported[i]));
  return refuse_value (reader, "invalid_operator", "Invalid operator",
                       sync_json_text (key, reader->arena));
}

static SyncTerm *
read_operator (Reader *reader, Place place, SyncJson key, SyncJson value)
{
  SyncOp op = find_op (key);

  switch (op)
    {
    case SYNC_OP_AND:
    case SYNC_OP_OR:
      return read_list (reader, place, op, sync_op_names[op], value);
    case SYNC_OP_ELEM_MATCH:
    case SYNC_OP_ALL_MATCH:
    case SYNC_OP_KEY_MAP_MATCH:
      return read_match (reader, &place, op, value);
    case SYNC_OP_N:
      return read_other (reader, place, key, value);
    default:
      return read_leaf (reader, &place, op, value);
    }
}

static CsSlice
join (Reader *reader, CsSlice field, CsSlice name)
{
  char *text;

  if (field.len == 0)
    return name;
  text = sync_alloc (reader->arena, field.len + 1 + name.len);
  memcpy (text, field.data, field.len);
  text[field.len] = '.';
  memcpy (text + field.len + 1, name.data, name.len);
  return cs_slice (text, field.len + 1 + name.len);
}

static SyncTerm *
read_member (Reader *reader, Place place, SyncJson key, SyncJson value)
{
  CsSlice name = sync_json_text (key, reader->arena);

  if (name.len > 0 && name.data[0] == '$')
    return read_operator (reader, place, key, value);
  if (name.len == 0)
    return refuse (reader, "invalid_selector", "One or more conditions is missing a field name.");
  place.field = join (reader, place.field, name);
  return read_condition (reader, place, value);
}

/* A bare value means equality, and so does {} below a field. */
static SyncTerm *
read_value (Reader *reader, Place place, SyncJson value)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson first;
  SyncJson second_key;
  SyncJson second;

  if (!sync_json_members (&cursor, value))
    return read_leaf (reader, &place, SYNC_OP_EQ, value);
  if (!sync_json_next_member (&cursor, &key, &first))
    return place.field.len > 0 ? read_leaf (reader, &place, SYNC_OP_EQ, value)
                               : read_members (reader, &place, value);
  if (sync_json_next_member (&cursor, &second_key, &second))
    return read_members (reader, &place, value);
  return read_member (reader, place, key, first);
}

static SyncTerm *
read_condition (Reader *reader, Place place, SyncJson value)
{
  SyncTerm *term;

  if (reader->depth == SYNC_SELECTOR_DEPTH_MAX)
    return refuse (
      reader, "invalid_selector",
      "The selector is nested more than " G_STRINGIFY (SYNC_SELECTOR_DEPTH_MAX) " deep.");
  reader->depth++;
  term = read_value (reader, place, value);
  reader->depth--;
  return term;
}

gboolean
sync_selector_read (SyncSelector *self, SyncJson object, const SyncArena *arena, SyncError *error)
{
  Reader reader = { self, arena, error, 0 };
  Place top = { cs_slice ("", 0), FALSE, FALSE };
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  memset (self, 0, sizeof *self);
  if (!sync_json_members (&cursor, object))
    return sync_refuse_value (error, arena, "invalid_selector_json",
                              "Selector must be a JSON object, not", object.text);
  if (!sync_json_next_member (&cursor, &key, &value))
    return TRUE;
  self->root = read_condition (&reader, top, object);
  return self->root != NULL;
}
