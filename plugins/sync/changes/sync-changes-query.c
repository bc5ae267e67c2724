/* sync-changes-query.c: what a request for changes asks for, and filters by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-changes.h"
#include "sync-write.h"

#include <stdlib.h>

static gboolean
refuse (SyncChanges *changes, guint status, const char *error, const char *reason)
{
  sync_reply_error (changes->exchange, status, error, reason);
  return FALSE;
}

static gboolean
read_feed (SyncChanges *changes)
{
  CsSlice text;

  changes->feed = SYNC_FEED_NORMAL;
  if (!cs_http_query (changes->exchange, "feed", &text) || cs_slice_is (text, "normal"))
    return TRUE;
  if (cs_slice_is (text, "longpoll"))
    changes->feed = SYNC_FEED_LONGPOLL;
  else if (cs_slice_is (text, "continuous") || cs_slice_is (text, "live"))
    changes->feed = SYNC_FEED_CONTINUOUS;
  else if (cs_slice_is (text, "eventsource"))
    changes->feed = SYNC_FEED_EVENTSOURCE;
  else
    return refuse (changes, 400, "bad_request",
                   "Supported `feed` types: normal, continuous, live, longpoll, eventsource");
  return TRUE;
}

static gboolean
read_style (SyncChanges *changes)
{
  CsSlice text;

  if (!cs_http_query (changes->exchange, "style", &text) || cs_slice_is (text, "main_only"))
    return TRUE;
  changes->all_leaves = cs_slice_is (text, "all_docs");
  return changes->all_leaves
         || refuse (changes, 400, "bad_request", "style is main_only or all_docs");
}

static gboolean
read_since (SyncChanges *changes, const CsStoreInfo *info)
{
  CsSlice token = cs_slice (NULL, 0);

  if (changes->feed == SYNC_FEED_EVENTSOURCE)
    token = cs_http_header (changes->exchange, "Last-Event-ID");
  if (token.data == NULL && !cs_http_query (changes->exchange, "last-event-id", &token)
      && !cs_http_query (changes->exchange, "since", &token))
    return TRUE;
  return sync_seq_parse (changes->db->db, info, token, &changes->since)
         || refuse (changes, 400, "bad_request",
                    "Malformed sequence supplied in 'since' parameter.");
}

/* `true`, or milliseconds. */
static gint64
milliseconds (CsHttpExchange *exchange, const char *name, gint64 of_true)
{
  CsSlice text;
  g_autofree char *digits = NULL;
  guint64 number;

  if (!cs_http_query (exchange, name, &text))
    return 0;
  if (cs_slice_is (text, "true"))
    return of_true;
  digits = g_strndup (text.data, text.len);
  if (!g_ascii_string_to_unsigned (digits, 10, 1, G_MAXINT32, &number, NULL))
    return 0;
  return CS_MS (number);
}

static gboolean
read_numbers (SyncChanges *changes)
{
  const SyncSettings *settings = cs_settings (changes->self);
  gint64 interval = 0;
  gint64 timeout = milliseconds (changes->exchange, "timeout", settings->feed_timeout);

  changes->left = G_MAXINT64;
  if (!sync_query_number (changes->exchange, "limit", &changes->left)
      || !sync_query_number (changes->exchange, "seq_interval", &interval))
    return FALSE;
  changes->seq_interval = interval;
  changes->heartbeat = milliseconds (changes->exchange, "heartbeat", settings->heartbeat);
  changes->timeout = timeout > 0 ? MIN (timeout, settings->feed_timeout) : settings->feed_timeout;
  return TRUE;
}

/* ---- filters ---- */

int
sync_compare_ids (gconstpointer a, gconstpointer b)
{
  const CsSlice *x = a;
  const CsSlice *y = b;

  return cs_slice_compare (*x, *y);
}

static gboolean
take_doc_ids (SyncChanges *changes, SyncJson list)
{
  SyncArena arena = sync_exchange_arena (changes->exchange);
  SyncJsonCursor cursor;
  SyncJson item;
  guint n = 0;

  if (!sync_json_elements (&cursor, list))
    return refuse (changes, 400, "bad_request", "`doc_ids` filter parameter is not a list of doc ids.");
  while (sync_json_next_element (&cursor, &item))
    n++;
  changes->doc_ids = sync_alloc (&arena, (n + 1) * sizeof (CsSlice));
  sync_json_elements (&cursor, list);
  while (sync_json_next_element (&cursor, &item))
    if (item.type == SYNC_JSON_STRING)
      changes->doc_ids[changes->n_doc_ids++] = sync_json_text (item, &arena);
  qsort (changes->doc_ids, changes->n_doc_ids, sizeof (CsSlice), sync_compare_ids);
  changes->filter = SYNC_FILTER_DOC_IDS;
  return TRUE;
}

static gboolean
read_doc_ids (SyncChanges *changes, SyncJson body)
{
  SyncJson list = sync_json_member (body, "doc_ids");
  CsSlice text;

  if (list.type == SYNC_JSON_NONE && cs_http_query (changes->exchange, "doc_ids", &text)
      && !sync_json_parse (text, 4, &list))
    {
      sync_reply_not_json (changes->exchange);
      return FALSE;
    }
  return take_doc_ids (changes, list);
}

/* CouchDB's names for the faults of a selector are those of queries; here each is a bad request. */
static gboolean
read_selector (SyncChanges *changes, SyncJson body)
{
  SyncArena arena = sync_exchange_arena (changes->exchange);
  SyncJson selector = sync_json_member (body, "selector");
  SyncJson fields = sync_json_member (body, "fields");
  SyncError error;

  if (!cs_slice_is (cs_http_request (changes->exchange)->method, "POST"))
    return refuse (changes, 400, "bad_request", "Selector must be specified in POST payload");
  if (selector.type != SYNC_JSON_OBJECT)
    return refuse (changes, 400, "bad_request", "Selector error: expected a JSON object");
  changes->filter = SYNC_FILTER_SELECTOR;
  if (!sync_selector_prepare (changes->self, &changes->selector, selector, &arena, &error)
      || (fields.type != SYNC_JSON_NONE
          && !sync_projection_read (&changes->fields, fields, &arena, &error)))
    return refuse (changes, error.status, error.status == 400 ? "bad_request" : error.error,
                   error.reason);
  return TRUE;
}

/* The stored members of a document as an object. */
static gboolean
object_of (SyncChanges *changes, CsSlice bytes, SyncJson *object)
{
  SyncArena arena = sync_exchange_arena (changes->exchange);
  SyncBody body;
  char *text;

  if (!sync_body_decode (bytes, &arena, &body))
    return FALSE;
  text = sync_alloc (&arena, body.text.len + 2);
  text[0] = '{';
  memcpy (text + 1, body.text.data, body.text.len);
  text[body.text.len + 1] = '}';
  return sync_json_parse (cs_slice (text, body.text.len + 2), SYNC_JSON_DEPTH_MAX, object);
}

static gboolean
missing_key (SyncChanges *changes, const char *key)
{
  g_autofree char *reason = g_strdup_printf ("missing json key: %s", key);

  return refuse (changes, 404, "not_found", reason);
}

static gboolean
refuse_function (SyncChanges *changes, const CsStoreRecord *record, const char *member,
                 const char *name)
{
  SyncJson object;
  SyncJson functions;

  if (record->seq == 0 || record->deleted)
    return refuse (changes, 404, "not_found", record->seq == 0 ? "missing" : "deleted");
  if (!object_of (changes, record->body, &object))
    {
      sync_reply_status (changes->exchange, CS_CORRUPT);
      return FALSE;
    }
  functions = sync_json_member (object, member);
  if (functions.type == SYNC_JSON_NONE)
    return missing_key (changes, member);
  if (sync_json_member (functions, name).type == SYNC_JSON_NONE)
    return missing_key (changes, name);
  return refuse (changes, 501, "not_implemented",
                 "Filters of design documents need JavaScript, which is not run; filter with "
                 "_selector or _doc_ids instead");
}

/* A function of a design document cannot be run; say so only when it is there. */
static gboolean
read_design_filter (SyncChanges *changes, CsSlice name, const char *member)
{
  const char *slash = memchr (name.data, '/', name.len);
  g_autofree char *id = g_strdup_printf ("_design/%.*s", (int) (slash - name.data), name.data);
  g_autofree char *function = g_strndup (slash + 1, name.data + name.len - slash - 1);
  CsStoreRows *rows = NULL;
  CsSlice key = cs_slice_str (id);
  CsStatus status = cs_store_read (changes->db->db, &key, 1, CS_STORE_BODY, &rows);

  if (status == CS_OK)
    refuse_function (changes, &rows->records[0], member, function);
  else
    sync_reply_status (changes->exchange, status);
  cs_store_rows_free (changes->db->db, rows);
  return FALSE;
}

static gboolean
read_filter (SyncChanges *changes, SyncJson body)
{
  CsSlice name;
  CsSlice view;

  if (!cs_http_query (changes->exchange, "filter", &name) || name.len == 0)
    return TRUE;
  if (cs_slice_is (name, "_doc_ids"))
    return read_doc_ids (changes, body);
  if (cs_slice_is (name, "_design"))
    {
      changes->filter = SYNC_FILTER_DESIGN;
      return TRUE;
    }
  if (cs_slice_is (name, "_selector"))
    return read_selector (changes, body);
  if (cs_slice_is (name, "_view"))
    {
      if (!cs_http_query (changes->exchange, "view", &view))
        return refuse (changes, 400, "bad_request", "`view` filter parameter is not provided.");
      if (view.len == 0 || memchr (view.data, '/', view.len) == NULL)
        return refuse (changes, 400, "bad_request",
                       "`view` must be of the form `designname/viewname`");
      return read_design_filter (changes, view, "views");
    }
  if (name.data[0] == '_')
    return refuse (changes, 400, "bad_request", "unknown builtin filter name");
  if (memchr (name.data, '/', name.len) == NULL)
    return refuse (changes, 400, "bad_request",
                   "`filter` must be of the form `designname/filtername`");
  return read_design_filter (changes, name, "filters");
}

static gboolean
read_post (SyncChanges *changes, SyncJson *body)
{
  CsSlice text;

  memset (body, 0, sizeof *body);
  if (strcmp (cs_http_route (changes->exchange)->method, "POST") != 0)
    return TRUE;
  if (cs_http_read_body (changes->exchange, &text) != CS_OK)
    return FALSE;
  return text.len == 0 || sync_parse_body (changes->exchange, changes->self, text, body);
}

void
sync_changes_release (SyncChanges *changes)
{
  sync_selector_clear (&changes->selector);
  sync_db_unref (changes->db);
}

gboolean
sync_changes_read (SyncChanges *changes, CsHttpExchange *exchange, Sync *self, SyncDb *db)
{
  CsStoreInfo info = { .size = sizeof info };
  SyncJson body;
  CsStatus status;

  memset (changes, 0, sizeof *changes);
  changes->exchange = exchange;
  changes->self = self;
  changes->db = db;
  status = cs_store_info (db->db, &info);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      sync_changes_release (changes);
      return FALSE;
    }
  changes->epoch = info.epoch;
  changes->descending = sync_query_flag (exchange, "descending");
  changes->include_docs = sync_query_flag (exchange, "include_docs");
  changes->flags = (sync_query_flag (exchange, "conflicts") ? SYNC_VIEW_CONFLICTS : 0)
                   | (sync_query_flag (exchange, "attachments") ? SYNC_VIEW_ATTACHMENTS : 0);
  if (read_post (changes, &body) && read_feed (changes) && read_style (changes)
      && read_numbers (changes) && read_filter (changes, body) && read_since (changes, &info))
    return TRUE;
  sync_changes_release (changes);
  return FALSE;
}
