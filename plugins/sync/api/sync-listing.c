/* sync-listing.c: reads what a listing of documents asks for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-listing.h"
#include "sync-write.h"

#define DESIGN_FIRST "_design/"
#define DESIGN_END "_design0" /* the byte after '/' */

static gboolean
parse_error (SyncListing *self, const char *what, CsSlice value)
{
  g_autofree char *reason
    = value.len > 0 ? g_strdup_printf ("Invalid %s: \"%.*s\"", what, (int) value.len, value.data)
                    : g_strdup_printf ("Invalid %s: []", what);

  sync_reply_error (self->exchange, 400, "query_parse_error", reason);
  return FALSE;
}

static gboolean
get_flag (SyncListing *self, const char *name, gboolean *flag)
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
get_number (SyncListing *self, const char *name, gint64 *number)
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
get_key (SyncListing *self, const char *name, const char *alias, SyncJson *key)
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
get_keys (SyncListing *self)
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
bound (SyncListing *self, SyncJson key, CsSlice *text, const CsSlice **end)
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
get_bounds (SyncListing *self)
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

static gboolean
is_below (const CsSlice *a, const CsSlice *b)
{
  int order = memcmp (a->data, b->data, MIN (a->len, b->len));

  return order < 0 || (order == 0 && a->len < b->len);
}

/* Narrows the range to design documents, whatever keys were given. */
static void
bound_to_design (SyncListing *self)
{
  static const CsSlice first = { DESIGN_FIRST, sizeof DESIGN_FIRST - 1 };
  static const CsSlice end = { DESIGN_END, sizeof DESIGN_END - 1 };
  CsStoreRange *range = &self->range;
  const CsSlice **low = range->descending ? &range->to : &range->from;
  const CsSlice **high = range->descending ? &range->from : &range->to;
  gboolean *low_exclusive = range->descending ? &range->to_exclusive : &range->from_exclusive;
  gboolean *high_exclusive = range->descending ? &range->from_exclusive : &range->to_exclusive;

  if (*low == NULL || is_below (*low, &first))
    {
      *low = &first;
      *low_exclusive = FALSE;
    }
  if (*high == NULL || is_below (&end, *high))
    {
      *high = &end;
      *high_exclusive = TRUE;
    }
}

gboolean
sync_listing_read (SyncListing *self)
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
  if (self->kind == SYNC_LISTING_DESIGN)
    bound_to_design (self);
  return TRUE;
}

gboolean
sync_listing_read_body (SyncListing *self)
{
  CsSlice body;

  if (!cs_slice_is (cs_http_request (self->exchange)->method, "POST"))
    return TRUE;
  if (cs_http_read_body (self->exchange, &body) != CS_OK
      || !sync_parse_body (self->exchange, self->self, body, &self->body))
    return FALSE;
  if (self->body.type == SYNC_JSON_OBJECT)
    return TRUE;
  sync_reply_error (self->exchange, 400, "bad_request", "Request body must be a JSON object");
  return FALSE;
}

SyncListing *
sync_listing_read_queries (SyncListing *self, guint *n)
{
  SyncJson list = sync_json_member (self->body, "queries");
  SyncJsonCursor cursor;
  SyncJson query;
  SyncListing *queries;

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
      if (!sync_listing_read (&queries[i]))
        return NULL;
    }
  return queries;
}
