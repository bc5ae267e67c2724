/* sync-find-query.c: what a query asks for, member by member, refused in CouchDB's words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-find.h"

#include "sync-collate.h"
#include "sync-write.h"

#define LIMIT_DEFAULT 25

typedef struct
{
  SyncFind *find;
  SyncError *error;
} Query;

static gboolean
refuse (Query *query, const char *name, const char *reason)
{
  *query->error = (SyncError){ 400, name, reason };
  return FALSE;
}

static gboolean
refuse_value (Query *query, const char *name, const char *reason, SyncJson value)
{
  return sync_refuse_value (query->error, &query->find->arena, name, reason, value.text);
}

/* `VALUE is not …`. */
static gboolean
refuse_number (Query *query, const char *name, const char *what, SyncJson value)
{
  CsSlice shown = sync_cut (value.text, 200);
  gsize len = shown.len + strlen (what) + 1;
  char *reason = sync_alloc (&query->find->arena, len);

  memcpy (reason, shown.data, shown.len);
  strcpy (reason + shown.len, what);
  return refuse (query, name, reason);
}

/* ---- kinds of values ---- */

static gboolean
take_flag (Query *query, SyncJson value, gboolean *flag)
{
  if (value.type != SYNC_JSON_TRUE && value.type != SYNC_JSON_FALSE)
    return refuse_value (query, "invalid_boolean", "Invalid boolean value", value);
  *flag = value.type == SYNC_JSON_TRUE;
  return TRUE;
}

static gboolean
take_size (Query *query, SyncJson value, guint64 *number)
{
  gint64 whole;

  if (!sync_json_integer (value, &whole) || whole < 0)
    return refuse_number (query, "invalid_non_neg_integer",
                          " is not an integer greater than or equal to zero", value);
  *number = (guint64) whole;
  return TRUE;
}

/* ---- members ---- */

static gboolean
take_selector (Query *query, SyncJson value)
{
  SyncFind *find = query->find;

  return sync_selector_prepare (find->self, &find->selector, value, &find->arena, query->error);
}

static CsSlice
design_id (Query *query, CsSlice name)
{
  static const char prefix[] = "_design/";
  const gsize len = sizeof prefix - 1;
  char *text;

  if (name.len > len && memcmp (name.data, prefix, len) == 0)
    return name;
  text = sync_alloc (&query->find->arena, len + name.len);
  memcpy (text, prefix, len);
  memcpy (text + len, name.data, name.len);
  return cs_slice (text, len + name.len);
}

static void
set_hint (Query *query, CsSlice ddoc, CsSlice name)
{
  query->find->hinted = TRUE;
  query->find->use_ddoc = design_id (query, ddoc);
  query->find->use_name = name;
}

/* `ddoc`, `_design/ddoc`, `ddoc/name`, `_design/ddoc/name`. */
static gboolean
take_hint_text (Query *query, SyncJson value)
{
  CsSlice text = sync_json_text (value, &query->find->arena);
  gsize skip = text.len > 8 && memcmp (text.data, "_design/", 8) == 0 ? 8 : 0;
  const char *slash = memchr (text.data + skip, '/', text.len - skip);
  gsize len = slash != NULL ? (gsize) (slash - text.data) : text.len;

  if (len == skip || (slash != NULL && len + 1 == text.len))
    return refuse_value (query, "invalid_index_name", "Invalid index name", value);
  set_hint (query, cs_slice (text.data, len),
            slash != NULL ? cs_slice (slash + 1, text.len - len - 1) : cs_slice ("", 0));
  return TRUE;
}

static gboolean
take_hint_list (Query *query, SyncJson value)
{
  CsSlice names[2] = { { "", 0 }, { "", 0 } };
  SyncJsonCursor cursor;
  SyncJson item;
  guint n = 0;

  sync_json_elements (&cursor, value);
  for (; sync_json_next_element (&cursor, &item); n++)
    {
      if (n == G_N_ELEMENTS (names) || item.type != SYNC_JSON_STRING)
        return refuse_value (query, "invalid_index_name", "Invalid index name", value);
      names[n] = sync_json_text (item, &query->find->arena);
    }
  if (n > 0)
    set_hint (query, names[0], names[1]);
  return TRUE;
}

static gboolean
take_use_index (Query *query, SyncJson value)
{
  if (value.type == SYNC_JSON_NULL)
    return TRUE;
  if (value.type == SYNC_JSON_STRING)
    return take_hint_text (query, value);
  if (value.type == SYNC_JSON_ARRAY)
    return take_hint_list (query, value);
  return refuse_value (query, "invalid_index_name", "Invalid index name", value);
}

static gboolean
take_bookmark (Query *query, SyncJson value)
{
  CsSlice text;

  if (value.type == SYNC_JSON_NULL)
    return TRUE;
  if (value.type != SYNC_JSON_STRING)
    return refuse_value (query, "invalid_bookmark", "Invalid bookmark value", value);
  text = sync_json_text (value, &query->find->arena);
  if (!cs_slice_is (text, "nil"))
    query->find->bookmark = text;
  return TRUE;
}

static gboolean
take_limit (Query *query, SyncJson value)
{
  return take_size (query, value, &query->find->limit);
}

static gboolean
take_skip (Query *query, SyncJson value)
{
  return take_size (query, value, &query->find->skip);
}

static gboolean
take_sort (Query *query, SyncJson value)
{
  SyncFind *find = query->find;

  return sync_sort_read (value, &find->arena, &find->sort, &find->n_sort, &find->descending,
                         query->error);
}

static gboolean
take_fields (Query *query, SyncJson value)
{
  query->find->fields = value;
  return sync_projection_read (&query->find->projection, value, &query->find->arena, query->error);
}

static gboolean
take_partition (Query *query, SyncJson value)
{
  if (value.type == SYNC_JSON_STRING && value.text.len == 2)
    return TRUE;
  return refuse (query, "bad_request",
                 "`partition` is not supported: databases have no partitions");
}

static gboolean
take_r (Query *query, SyncJson value)
{
  if (sync_json_integer (value, &query->find->r) && query->find->r > 0)
    return TRUE;
  return refuse_number (query, "invalid_pos_integer", " is not an integer greater than zero",
                        value);
}

static gboolean
take_conflicts (Query *query, SyncJson value)
{
  return take_flag (query, value, &query->find->conflicts);
}

static gboolean
take_stale (Query *query, SyncJson value)
{
  query->find->stale_ok = sync_json_is (value, "ok");
  return query->find->stale_ok || value.type == SYNC_JSON_FALSE || sync_json_is (value, "false") ||
         refuse_value (query, "invalid_ok_or_false_value", "stale is \"ok\" or false, not", value);
}

static gboolean
take_update (Query *query, SyncJson value)
{
  return take_flag (query, value, &query->find->update);
}

static gboolean
take_stable (Query *query, SyncJson value)
{
  return take_flag (query, value, &query->find->stable);
}

static gboolean
take_stats (Query *query, SyncJson value)
{
  return take_flag (query, value, &query->find->stats);
}

static gboolean
take_fallback (Query *query, SyncJson value)
{
  return take_flag (query, value, &query->find->allow_fallback);
}

static const struct
{
  const char *name;
  gboolean (*take) (Query *query, SyncJson value);
} members[] = {
  { "selector", take_selector },
  { "use_index", take_use_index },
  { "bookmark", take_bookmark },
  { "limit", take_limit },
  { "skip", take_skip },
  { "sort", take_sort },
  { "fields", take_fields },
  { "partition", take_partition },
  { "r", take_r },
  { "conflicts", take_conflicts },
  { "stale", take_stale },
  { "update", take_update },
  { "stable", take_stable },
  { "execution_stats", take_stats },
  { "allow_fallback", take_fallback },
};

static gboolean
is_known (SyncJson key)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (sync_json_is (key, members[i].name))
      return TRUE;
  return FALSE;
}

static gboolean
refuse_unknown (Query *query, SyncJson object)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    if (!is_known (key))
      {
        CsSlice name = sync_cut (sync_json_text (key, &query->find->arena), 100);
        g_autofree char *reason =
          g_strdup_printf ("Invalid key %.*s for this request.", (int) name.len, name.data);
        char *kept = sync_alloc (&query->find->arena, strlen (reason) + 1);

        return refuse (query, "invalid_key", strcpy (kept, reason));
      }
  return TRUE;
}

static gboolean
take_members (Query *query, SyncJson object)
{
  if (sync_json_member (object, "selector").type == SYNC_JSON_NONE)
    return refuse (query, "missing_required_key", "Missing required key: selector");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      SyncJson value = sync_json_member (object, members[i].name);

      if (value.type != SYNC_JSON_NONE && !members[i].take (query, value))
        return FALSE;
    }
  return refuse_unknown (query, object);
}

void
sync_find_refuse (const SyncFind *find, const SyncError *error)
{
  sync_reply_error (find->exchange, error->status, error->error, error->reason);
}

gboolean
sync_find_parse (SyncFind *find, Sync *self, SyncDb *db, SyncArena arena, SyncJson object)
{
  Query query = { find, &find->error };

  *find = (SyncFind){ .self = self,
                      .db = db,
                      .arena = arena,
                      .limit = LIMIT_DEFAULT,
                      .r = 1,
                      .update = TRUE,
                      .allow_fallback = TRUE };
  return take_members (&query, object);
}

gboolean
sync_find_read (SyncFind *find, CsHttpExchange *exchange, Sync *self, SyncDb *db)
{
  SyncJson object;
  gboolean read;

  if (!sync_read_object (exchange, self, &object))
    return FALSE;
  read = sync_find_parse (find, self, db, sync_exchange_arena (exchange), object);
  find->exchange = exchange;
  if (!read)
    sync_find_refuse (find, &find->error);
  return read;
}

void
sync_find_clear (SyncFind *find)
{
  sync_selector_clear (&find->selector);
}

/* ---- for _explain ---- */

static void
append_hint (const SyncFind *find, GString *out)
{
  g_string_append_c (out, '[');
  if (find->hinted)
    sync_json_append_string (out, find->use_ddoc);
  if (find->use_name.len > 0)
    {
      g_string_append_c (out, ',');
      sync_json_append_string (out, find->use_name);
    }
  g_string_append_c (out, ']');
}

static void
append_sort (const SyncFind *find, GString *out)
{
  g_string_append_c (out, '{');
  for (guint i = 0; i < find->n_sort; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      sync_json_append_string (out, find->sort[i].text);
      g_string_append (out, find->descending ? ":\"desc\"" : ":\"asc\"");
    }
  g_string_append_c (out, '}');
}

static const char *
word (gboolean flag)
{
  return flag ? "true" : "false";
}

void
sync_find_append_options (const SyncFind *find, GString *out)
{
  g_string_append (out, "{\"use_index\":");
  append_hint (find, out);
  g_string_append (out, ",\"bookmark\":");
  sync_json_append_string (out, find->bookmark.len > 0 ? find->bookmark : cs_slice_str ("nil"));
  g_string_append_printf (
    out, ",\"limit\":%" G_GUINT64_FORMAT ",\"skip\":%" G_GUINT64_FORMAT ",\"sort\":", find->limit,
    find->skip);
  append_sort (find, out);
  g_string_append (out, ",\"fields\":");
  if (find->projection != NULL)
    g_string_append_len (out, find->fields.text.data, (gssize) find->fields.text.len);
  else
    g_string_append (out, "[]");
  g_string_append_printf (out,
                          ",\"partition\":\"\",\"r\":%" G_GINT64_FORMAT
                          ",\"conflicts\":%s,\"stale\":%s,\"update\":%s,\"stable\":%s"
                          ",\"execution_stats\":%s,\"allow_fallback\":%s}",
                          find->r, word (find->conflicts), find->stale_ok ? "\"ok\"" : "false",
                          word (find->update), word (find->stable), word (find->stats),
                          word (find->allow_fallback));
}
