/* sync-all-docs.c: documents by id: ranges streamed in pages, or the given keys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-view.h"

#include <stdlib.h>

#define PAGE_ROWS 1000
#define DESIGN_FIRST "_design/"
#define DESIGN_END "_design0" /* the byte after '/' */

/* One request: parameters stand in the query, and in a POST's body, which wins. */
typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  SyncJson body;
  SyncJson keys;
  CsSlice from;
  CsSlice to;
  CsStoreRange range;
  gint64 skip;
  gint64 limit;
  gboolean empty; /* a key that is no string matches nothing */
  gboolean include_docs;
  gboolean update_seq;
  gboolean design; /* _design_docs */
  guint flags;
  guint64 total;
  guint64 n_rows;
} AllDocs;

static gboolean
parse_error (AllDocs *self, const char *what, CsSlice value)
{
  g_autofree char *reason
    = value.len > 0 ? g_strdup_printf ("Invalid %s: \"%.*s\"", what, (int) value.len, value.data)
                    : g_strdup_printf ("Invalid %s: []", what);

  sync_reply_error (self->exchange, 400, "query_parse_error", reason);
  return FALSE;
}

static gboolean
get_flag (AllDocs *self, const char *name, gboolean *flag)
{
  SyncJson member = sync_json_member (self->body, name);
  CsSlice text;

  if (member.type == SYNC_JSON_TRUE || member.type == SYNC_JSON_FALSE)
    {
      *flag = member.type == SYNC_JSON_TRUE;
      return TRUE;
    }
  if (!cs_http_query (self->exchange, name, &text))
    return TRUE;
  if (!cs_slice_is (text, "true") && !cs_slice_is (text, "false"))
    return parse_error (self, "boolean parameter", text);
  *flag = cs_slice_is (text, "true");
  return TRUE;
}

static gboolean
get_number (AllDocs *self, const char *name, gint64 *number)
{
  SyncJson member = sync_json_member (self->body, name);
  g_autofree char *digits = NULL;
  CsSlice text;

  if (member.type == SYNC_JSON_NUMBER)
    text = member.text;
  else if (!cs_http_query (self->exchange, name, &text))
    return TRUE;
  digits = g_strndup (text.data, text.len);
  if (!g_ascii_string_to_signed (digits, 10, G_MININT64, G_MAXINT64, number, NULL))
    return parse_error (self, "value for integer", text);
  return *number >= 0 || parse_error (self, "value for positive integer", text);
}

/* *found with the key as JSON. FALSE: answered. */
static gboolean
get_key (AllDocs *self, const char *name, const char *alias, SyncJson *key)
{
  CsSlice text;

  *key = sync_json_member (self->body, name);
  if (key->type == SYNC_JSON_NONE)
    *key = sync_json_member (self->body, alias);
  if (key->type != SYNC_JSON_NONE
      || !(cs_http_query (self->exchange, name, &text)
           || cs_http_query (self->exchange, alias, &text)))
    return TRUE;
  if (sync_json_parse (text, 32, key))
    return TRUE;
  sync_reply_not_json (self->exchange);
  return FALSE;
}

static gboolean
get_keys (AllDocs *self)
{
  gboolean from_body;

  self->keys = sync_json_member (self->body, "keys");
  from_body = self->keys.type != SYNC_JSON_NONE;
  if (!from_body && !get_key (self, "keys", "keys", &self->keys))
    return FALSE;
  if (self->keys.type == SYNC_JSON_NONE || self->keys.type == SYNC_JSON_ARRAY)
    return TRUE;
  sync_reply_error (self->exchange, 400, "bad_request",
                    from_body ? "`keys` body member must be an array."
                              : "`keys` parameter must be an array.");
  return FALSE;
}

static void
bound (AllDocs *self, SyncJson key, CsSlice *text, const CsSlice **end)
{
  if (key.type == SYNC_JSON_NONE)
    return;
  if (key.type != SYNC_JSON_STRING)
    {
      self->empty = TRUE;
      return;
    }
  *text = sync_json_text (key, &self->arena);
  *end = text;
}

static gboolean
get_bounds (AllDocs *self)
{
  SyncJson key;
  SyncJson from;
  SyncJson to;

  if (!get_key (self, "key", "key", &key) || !get_key (self, "startkey", "start_key", &from)
      || !get_key (self, "endkey", "end_key", &to))
    return FALSE;
  if (key.type != SYNC_JSON_NONE)
    from = to = key;
  bound (self, from, &self->from, &self->range.from);
  bound (self, to, &self->to, &self->range.to);
  return TRUE;
}

/* Narrows the range to design documents. */
static void
bound_to_design (AllDocs *self)
{
  static const CsSlice first = { DESIGN_FIRST, sizeof DESIGN_FIRST - 1 };
  static const CsSlice end = { DESIGN_END, sizeof DESIGN_END - 1 };
  const CsSlice **low = self->range.descending ? &self->range.to : &self->range.from;
  const CsSlice **high = self->range.descending ? &self->range.from : &self->range.to;

  if (*low == NULL)
    *low = &first;
  if (*high == NULL)
    {
      *high = &end;
      if (self->range.descending)
        self->range.from_exclusive = TRUE;
      else
        self->range.to_exclusive = TRUE;
    }
}

static gboolean
read_parameters (AllDocs *self)
{
  gboolean inclusive_end = TRUE;
  gboolean conflicts = FALSE;
  gboolean attachments = FALSE;

  self->limit = G_MAXINT64;
  if (!get_number (self, "limit", &self->limit) || !get_number (self, "skip", &self->skip)
      || !get_flag (self, "descending", &self->range.descending)
      || !get_flag (self, "include_docs", &self->include_docs)
      || !get_flag (self, "inclusive_end", &inclusive_end)
      || !get_flag (self, "update_seq", &self->update_seq)
      || !get_flag (self, "conflicts", &conflicts)
      || !get_flag (self, "attachments", &attachments) || !get_keys (self) || !get_bounds (self))
    return FALSE;
  self->range.size = sizeof self->range;
  self->range.to_exclusive = !inclusive_end && self->range.to != NULL;
  self->flags = (conflicts ? SYNC_VIEW_CONFLICTS : 0) | (attachments ? SYNC_VIEW_ATTACHMENTS : 0);
  if (self->include_docs)
    self->range.what = CS_STORE_BODY | (conflicts ? CS_STORE_TREE : 0);
  if (self->design)
    bound_to_design (self);
  return TRUE;
}

/* ---- rows ---- */

static CsStatus
append_row (AllDocs *self, const CsStoreRecord *record, GString *out)
{
  SyncView view = { .db = self->db, .arena = &self->arena, .record = record,
                    .flags = self->flags };
  CsStatus status = CS_OK;

  g_string_append (out, self->n_rows++ == 0 ? "\n{\"id\":" : ",\n{\"id\":");
  sync_json_append_string (out, record->id);
  g_string_append (out, ",\"key\":");
  sync_json_append_string (out, record->id);
  g_string_append (out, ",\"value\":{\"rev\":\"");
  g_string_append_len (out, record->summary.data, record->summary.len);
  g_string_append (out, record->deleted ? "\",\"deleted\":true}" : "\"}");
  if (self->include_docs)
    {
      g_string_append (out, ",\"doc\":");
      if (record->deleted)
        g_string_append (out, "null");
      else
        status = sync_view_append (&view, SYNC_WINNER, out);
    }
  g_string_append_c (out, '}');
  return status;
}

static void
append_not_found (AllDocs *self, SyncJson key, GString *out)
{
  g_string_append (out, self->n_rows++ == 0 ? "\n{\"key\":" : ",\n{\"key\":");
  g_string_append_len (out, key.text.data, key.text.len);
  g_string_append (out, ",\"error\":\"not_found\"}");
}

static CsStatus
append_rows (AllDocs *self, const CsStoreRows *rows, GString *out)
{
  CsStatus status = CS_OK;

  for (guint i = 0; status == CS_OK && i < rows->n; i++)
    status = append_row (self, &rows->records[i], out);
  return status;
}

/* Pages of rows; nothing of the store is held while the client is slow. */
static CsStatus
stream_range (AllDocs *self, GString *out)
{
  g_autoptr (GString) last = g_string_new (NULL);
  CsSlice next;
  gint64 left = self->limit;
  gboolean more = !self->empty && left > 0;
  CsStatus status = CS_OK;

  self->range.skip = MIN (self->skip, G_MAXUINT);
  while (status == CS_OK && more)
    {
      CsStoreRows *rows = NULL;

      self->range.limit = MIN (left, PAGE_ROWS);
      status = cs_store_ids (self->db->db, &self->range, &rows);
      if (status != CS_OK)
        break;
      status = append_rows (self, rows, out);
      left -= rows->n;
      more = rows->more && rows->n > 0 && left > 0;
      if (more)
        {
          g_string_truncate (last, 0);
          g_string_append_len (last, rows->records[rows->n - 1].id.data,
                               rows->records[rows->n - 1].id.len);
          next = cs_slice (last->str, last->len);
          self->range.from = &next;
          self->range.from_exclusive = TRUE;
          self->range.skip = 0;
        }
      cs_store_rows_free (self->db->db, rows);
      if (status == CS_OK)
        status = sync_flush (self->exchange, out);
    }
  return status;
}

static CsStatus
answer_key (AllDocs *self, SyncJson key, GString *out)
{
  CsStoreRows *rows = NULL;
  CsSlice id;
  CsStatus status;

  if (key.type != SYNC_JSON_STRING)
    {
      append_not_found (self, key, out);
      return CS_OK;
    }
  id = sync_json_text (key, &self->arena);
  status = cs_store_read (self->db->db, &id, 1, self->range.what, &rows);
  if (status != CS_OK)
    return status;
  if (rows->records[0].seq == 0)
    append_not_found (self, key, out);
  else
    status = append_row (self, &rows->records[0], out);
  cs_store_rows_free (self->db->db, rows);
  return status;
}

static CsStatus
stream_keys (AllDocs *self, GString *out)
{
  SyncJsonCursor cursor;
  SyncJson key;
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (SyncJson));
  gint64 n;
  CsStatus status = CS_OK;

  sync_json_elements (&cursor, self->keys);
  while (sync_json_next_element (&cursor, &key))
    g_array_append_val (keys, key);
  n = keys->len;
  for (gint64 i = self->skip; status == CS_OK && i < n && i - self->skip < self->limit; i++)
    {
      key = g_array_index (keys, SyncJson, self->range.descending ? n - 1 - i : i);
      status = answer_key (self, key, out);
      if (status == CS_OK && out->len > 65536)
        status = sync_flush (self->exchange, out);
    }
  return status;
}

/* ---- the answer ---- */

static CsStatus
append_head (AllDocs *self, GString *out)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (self->db->db, &info);

  g_string_append_c (out, '{');
  if (!self->design)
    g_string_append_printf (out, "\"total_rows\":%" G_GUINT64_FORMAT ",\"offset\":null,",
                            info.n_records);
  if (self->update_seq)
    {
      g_string_append (out, "\"update_seq\":");
      sync_seq_append (out, info.last_seq, info.epoch);
      g_string_append_c (out, ',');
    }
  g_string_append (out, "\"rows\":[");
  return status;
}

static void
append_tail (AllDocs *self, GString *out)
{
  g_string_append (out, "\n]");
  if (self->design)
    g_string_append_printf (out, ",\"total_rows\":%" G_GUINT64_FORMAT ",\"offset\":null",
                            self->n_rows);
  g_string_append_c (out, '}');
}

/* One listing, from brace to brace. */
static CsStatus
stream_listing (AllDocs *self, GString *out)
{
  CsStatus status = append_head (self, out);

  if (status == CS_OK)
    status = self->keys.type == SYNC_JSON_ARRAY ? stream_keys (self, out)
                                                : stream_range (self, out);
  append_tail (self, out);
  return status;
}

static void
end (CsHttpExchange *exchange, CsStatus status, GString *out)
{
  if (status == CS_OK)
    status = sync_flush (exchange, out);
  if (status == CS_OK)
    cs_http_end (exchange);
  else
    cs_http_abort (exchange);
}

static void
stream (AllDocs *self)
{
  g_autoptr (GString) out = g_string_sized_new (8192);
  CsStatus status;

  sync_begin (self->exchange, "application/json");
  status = stream_listing (self, out);
  g_string_append_c (out, '\n');
  end (self->exchange, status, out);
}

/* FALSE: answered. */
static gboolean
read_post (AllDocs *self)
{
  const SyncSettings *settings = cs_settings (self->self);
  CsSlice body;

  if (!cs_slice_is (cs_http_request (self->exchange)->method, "POST"))
    return TRUE;
  if (cs_http_read_body (self->exchange, &body) != CS_OK)
    return FALSE;
  if (!sync_json_parse (body, settings->max_depth, &self->body))
    {
      sync_reply_not_json (self->exchange);
      return FALSE;
    }
  if (self->body.type == SYNC_JSON_OBJECT)
    return TRUE;
  sync_reply_error (self->exchange, 400, "bad_request", "Request body must be a JSON object");
  return FALSE;
}

void
sync_all_docs (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  AllDocs request = { .exchange = exchange, .self = self, .db = db };

  if (db == NULL)
    return;
  request.arena = sync_exchange_arena (exchange);
  request.design = g_str_has_suffix (cs_http_route (exchange)->path, "/_design_docs");
  if (read_post (&request) && read_parameters (&request))
    stream (&request);
}

/* ---- _all_docs/queries: several listings in one answer ---- */

/* Reads every query before the answer begins, so that a bad one is told as such. */
static AllDocs *
read_queries (AllDocs *self, guint *n)
{
  SyncJson list = sync_json_member (self->body, "queries");
  SyncJsonCursor cursor;
  SyncJson query;
  AllDocs *queries;

  *n = 0;
  if (!sync_json_elements (&cursor, list))
    {
      sync_reply_error (self->exchange, 400, "bad_request", "`queries` must be an array.");
      return NULL;
    }
  while (sync_json_next_element (&cursor, &query))
    ++*n;
  queries = sync_alloc (&self->arena, (*n + 1) * sizeof *queries);
  sync_json_elements (&cursor, list);
  for (guint i = 0; sync_json_next_element (&cursor, &query); i++)
    {
      queries[i] = *self;
      queries[i].body = query;
      if (!read_parameters (&queries[i]))
        return NULL;
    }
  return queries;
}

void
sync_all_docs_queries (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  AllDocs request = { .exchange = exchange, .self = self, .db = db };
  g_autoptr (GString) out = NULL;
  AllDocs *queries;
  guint n;
  CsStatus status = CS_OK;

  if (db == NULL)
    return;
  request.arena = sync_exchange_arena (exchange);
  if (!read_post (&request) || (queries = read_queries (&request, &n)) == NULL)
    return;
  out = g_string_new ("{\"results\":[");
  sync_begin (exchange, "application/json");
  for (guint i = 0; status == CS_OK && i < n; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      status = stream_listing (&queries[i], out);
    }
  g_string_append (out, "]}\n");
  end (exchange, status, out);
}
