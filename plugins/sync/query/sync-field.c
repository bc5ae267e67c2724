/* sync-field.c: splits names of fields, finds them in a document's text, and gives documents of
 * some fields only. SPDX-License-Identifier: Apache-2.0 */
#include "sync-field.h"

#include <stdlib.h>

/* ---- names ---- */

static guint
count_names (CsSlice text)
{
  guint n = 1;

  for (gsize i = 0; i < text.len; i++)
    n += text.data[i] == '.';
  return n;
}

/* One name from *at on; moves behind its dot. */
static CsSlice
next_name (const char **at, const char *end, char **out)
{
  char *start = *out;

  while (*at < end && **at != '.')
    {
      if (**at == '\\' && *at + 1 < end)
        (*at)++;
      *(*out)++ = *(*at)++;
    }
  (*at)++;
  return cs_slice (start, (gsize) (*out - start));
}

gboolean
sync_field_parse (SyncField *field, CsSlice text, const SyncArena *arena)
{
  const char *at = text.data;
  const char *end = text.data + text.len;
  char *out;

  field->text = text;
  field->n = 0;
  if (text.len == 0)
    return FALSE;
  field->names = sync_alloc (arena, count_names (text) * sizeof (CsSlice));
  out = sync_alloc (arena, text.len);
  while (at <= end)
    {
      CsSlice name = next_name (&at, end, &out);

      if (name.len == 0 || field->n == SYNC_FIELD_DEPTH_MAX)
        return FALSE;
      field->names[field->n++] = name;
    }
  return TRUE;
}

/* ---- finding ---- */

static gboolean
name_is (SyncJson key, CsSlice name)
{
  const char *text = key.text.data + 1;
  gsize len = key.text.len - 2;

  if (memchr (text, '\\', len) == NULL)
    return cs_slice_equal (cs_slice (text, len), name);
  if (memchr (name.data, '\0', name.len) != NULL)
    return FALSE; /* no member is found by a name with a zero byte */
  g_autofree char *plain = g_strndup (name.data, name.len);
  return sync_json_is (key, plain);
}

static SyncFound
find_member (SyncJson object, CsSlice name, SyncJson *found)
{
  SyncFound result = SYNC_FIELD_MISSING;
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    if (name_is (key, name))
      {
        *found = value;
        result = SYNC_FIELD_FOUND;
      }
  return result;
}

static SyncFound
find_element (SyncJson array, CsSlice name, SyncJson *found)
{
  SyncJson digits = { SYNC_JSON_NUMBER, name };
  SyncJsonCursor cursor;
  guint64 index;

  if (name.len == 0 || !sync_json_unsigned (digits, &index))
    return SYNC_FIELD_NO_WAY;
  sync_json_elements (&cursor, array);
  while (sync_json_next_element (&cursor, found))
    if (index-- == 0)
      return SYNC_FIELD_FOUND;
  return SYNC_FIELD_NO_WAY;
}

static SyncFound
find_step (SyncJson value, CsSlice name, SyncJson *found)
{
  if (value.type == SYNC_JSON_OBJECT)
    return find_member (value, name, found);
  if (value.type == SYNC_JSON_ARRAY)
    return find_element (value, name, found);
  return SYNC_FIELD_NO_WAY;
}

SyncFound
sync_field_find (const SyncField *field, SyncJson value, SyncJson *found)
{
  SyncFound result = SYNC_FIELD_FOUND;

  *found = value;
  for (guint i = 0; i < field->n && result == SYNC_FIELD_FOUND; i++)
    result = find_step (*found, field->names[i], found);
  return result;
}

/* ---- orders ---- */

typedef struct
{
  const SyncArena *arena;
  SyncError *error;
  SyncField *fields;
  guint n;
  guint n_descending;
} SortReader;

static gboolean
bad_sort_field (SortReader *reader, SyncJson item)
{
  return sync_refuse_value (reader->error, reader->arena, "invalid_sort_field",
                            "Invalid sort field", item.text);
}

static gboolean
add_sort_field (SortReader *reader, SyncJson name, SyncJson direction, SyncJson item)
{
  gboolean down = sync_json_is (direction, "desc");

  if (reader->n == SYNC_SORT_MAX || (!down && !sync_json_is (direction, "asc")) ||
      !sync_field_parse (&reader->fields[reader->n], sync_json_text (name, reader->arena),
                         reader->arena))
    return bad_sort_field (reader, item);
  reader->n++;
  reader->n_descending += (guint) down;
  return TRUE;
}

/* One member: the field and its direction. */
static gboolean
add_sort_object (SortReader *reader, SyncJson item)
{
  SyncJsonCursor cursor;
  SyncJson name;
  SyncJson direction;
  SyncJson more;

  if (!sync_json_members (&cursor, item) || !sync_json_next_member (&cursor, &name, &direction) ||
      sync_json_next_member (&cursor, &more, &more))
    return bad_sort_field (reader, item);
  return add_sort_field (reader, name, direction, item);
}

static gboolean
add_sort_items (SortReader *reader, SyncJson spec)
{
  static const SyncJson ascending = { SYNC_JSON_STRING, { "\"asc\"", 5 } };
  SyncJsonCursor cursor;
  SyncJson item;
  SyncJson direction;

  if (sync_json_members (&cursor, spec))
    {
      while (sync_json_next_member (&cursor, &item, &direction))
        if (!add_sort_field (reader, item, direction, spec))
          return FALSE;
      return TRUE;
    }
  sync_json_elements (&cursor, spec);
  while (sync_json_next_element (&cursor, &item))
    if (!(item.type == SYNC_JSON_STRING ? add_sort_field (reader, item, ascending, item)
                                        : add_sort_object (reader, item)))
      return FALSE;
  return TRUE;
}

gboolean
sync_sort_read (SyncJson spec, const SyncArena *arena, SyncField **fields, guint *n,
                gboolean *descending, SyncError *error)
{
  SortReader reader = { .arena = arena, .error = error };

  if (spec.type != SYNC_JSON_ARRAY && spec.type != SYNC_JSON_OBJECT)
    return sync_refuse_value (error, arena, "invalid_sort_json",
                              "Sort must be an array of sort specs, not", spec.text);
  reader.fields = sync_alloc (arena, SYNC_SORT_MAX * sizeof (SyncField));
  if (!add_sort_items (&reader, spec))
    return FALSE;
  if (reader.n_descending > 0 && reader.n_descending < reader.n)
    {
      *error = (SyncError){ 400, "unsupported_mixed_sort",
                            "Sorts currently only support a single direction for all fields." };
      return FALSE;
    }
  *fields = reader.fields;
  *n = reader.n;
  *descending = reader.n_descending > 0;
  return TRUE;
}

/* ---- projections: a tree of names ---- */

struct _SyncProjection
{
  CsSlice name;
  gboolean whole; /* the value as it is */
  SyncProjection *children;
  SyncProjection *last_child;
  SyncProjection *next;
};

static SyncProjection *
find_or_add (SyncProjection *parent, CsSlice name, const SyncArena *arena)
{
  SyncProjection *child = parent->children;

  while (child != NULL && !cs_slice_equal (child->name, name))
    child = child->next;
  if (child != NULL)
    return child;
  child = sync_alloc (arena, sizeof *child);
  memset (child, 0, sizeof *child);
  child->name = name;
  if (parent->last_child != NULL)
    parent->last_child->next = child;
  else
    parent->children = child;
  parent->last_child = child;
  return child;
}

static gboolean
add_field (SyncProjection *root, SyncJson item, const SyncArena *arena, SyncError *error)
{
  SyncProjection *node = root;
  SyncField field;

  if (item.type != SYNC_JSON_STRING)
    return sync_refuse_value (error, arena, "invalid_field", "Invalid JSON for field spec",
                              item.text);
  if (!sync_field_parse (&field, sync_json_text (item, arena), arena))
    return sync_refuse_value (error, arena, "invalid_field_name", "Invalid field name", item.text);
  for (guint i = 0; i < field.n; i++)
    node = find_or_add (node, field.names[i], arena);
  node->whole = TRUE;
  return TRUE;
}

gboolean
sync_projection_read (SyncProjection **projection, SyncJson list, const SyncArena *arena,
                      SyncError *error)
{
  SyncProjection *root;
  SyncJsonCursor cursor;
  SyncJson item;
  guint n = sync_json_count (list);

  *projection = NULL;
  if (list.type != SYNC_JSON_ARRAY)
    return sync_refuse_value (error, arena, "invalid_fields",
                              "Fields must be an array of strings, not", list.text);
  if (n > SYNC_FIELDS_MAX)
    return sync_refuse_value (error, arena, "invalid_fields", "At most 256 fields, not", list.text);
  if (n == 0)
    return TRUE;
  *projection = root = sync_alloc (arena, sizeof *root);
  memset (root, 0, sizeof *root);
  sync_json_elements (&cursor, list);
  while (sync_json_next_element (&cursor, &item))
    if (!add_field (root, item, arena, error))
      return FALSE;
  return TRUE;
}

/* The members of `value` that the node's children name; FALSE: there are none. At most as deep as a
 * field. */
static gboolean
append_members (const SyncProjection *node, SyncJson value, GString *out)
{
  gboolean any = FALSE;

  g_string_append_c (out, '{');
  for (const SyncProjection *child = node->children; child != NULL; child = child->next)
    {
      gsize before = out->len;
      gboolean there = TRUE;
      SyncJson found;

      if (find_step (value, child->name, &found) != SYNC_FIELD_FOUND)
        continue;
      if (any)
        g_string_append_c (out, ',');
      sync_json_append_string (out, child->name);
      g_string_append_c (out, ':');
      if (child->whole)
        g_string_append_len (out, found.text.data, (gssize) found.text.len);
      else
        there = append_members (child, found, out);
      if (!there)
        g_string_truncate (out, before);
      any = any || there;
    }
  g_string_append_c (out, '}');
  return any;
}

void
sync_projection_append (const SyncProjection *projection, SyncJson doc, GString *out)
{
  append_members (projection, doc, out);
}

/* ---- refusals ---- */

CsSlice
sync_cut (CsSlice text, gsize most)
{
  if (text.len <= most)
    return text;
  while (most > 0 && ((guint8) text.data[most] & 0xc0) == 0x80)
    most--;
  return cs_slice (text.data, most);
}

gboolean
sync_refuse_value (SyncError *error, const SyncArena *arena, const char *name, const char *reason,
                   CsSlice value)
{
  CsSlice shown = sync_cut (value, 200);
  gsize len = strlen (reason);
  char *text = sync_alloc (arena, len + 2 + shown.len + 1);

  memcpy (text, reason, len);
  memcpy (text + len, ": ", 2);
  memcpy (text + len + 2, shown.data, shown.len);
  text[len + 2 + shown.len] = '\0';
  *error = (SyncError){ 400, name, text };
  return FALSE;
}
