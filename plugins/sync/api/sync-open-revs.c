/* sync-open-revs.c: `open_revs`: several revisions of one document, as a JSON array or as
 * multipart/mixed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-parts.h"

/* The answer in either form. */
typedef struct
{
  CsHttpExchange *exchange;
  SyncView *view;
  GString *json;    /* NULL: parts */
  SyncParts *parts;
  gboolean any; /* something stands in the JSON already, or was sent */
} Answer;

/* A revision asked for, and what there is of it. */
typedef struct
{
  gint node;    /* -1: nothing */
  CsSlice text; /* as it was asked for */
} Wanted;

static void
separate (Answer *answer)
{
  if (answer->any)
    g_string_append_c (answer->json, ',');
  answer->any = TRUE;
}

static CsStatus
append_found (Answer *answer, gint node)
{
  CsStatus status;

  if (answer->json == NULL)
    return sync_parts_add (answer->parts, answer->view, node);
  separate (answer);
  g_string_append (answer->json, "{\"ok\":");
  status = sync_view_append (answer->view, node, answer->json);
  g_string_append_c (answer->json, '}');
  return status;
}

static void
append_missing (Answer *answer, CsSlice rev)
{
  GString *out = answer->json;

  if (out == NULL)
    out = sync_parts_add_error (answer->parts);
  else
    separate (answer);
  g_string_append (out, "{\"missing\":");
  sync_json_append_string (out, rev);
  g_string_append_c (out, '}');
}

static CsStatus
append_wanted (Answer *answer, const Wanted *wanted, guint n)
{
  CsStatus status = CS_OK;

  for (guint i = 0; status == CS_OK && i < n; i++)
    if (wanted[i].node >= 0)
      status = append_found (answer, wanted[i].node);
    else
      append_missing (answer, wanted[i].text);
  return status;
}

/* ---- which revisions ---- */

static void
add_nodes (GArray *wanted, const gint *nodes, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      Wanted found = { .node = nodes[i] };

      g_array_append_val (wanted, found);
    }
}

static void
add_one (SyncView *view, GArray *wanted, CsSlice text, const SyncRev *rev, gboolean latest)
{
  Wanted one = { sync_tree_find (&view->tree, rev), text };
  gint *leaves;

  if (one.node >= 0 && latest)
    {
      guint n = sync_tree_leaves_below (&view->tree, one.node, &leaves);

      add_nodes (wanted, leaves, n);
      return;
    }
  if (one.node >= 0 && !view->tree.nodes[one.node].available)
    one.node = -1;
  g_array_append_val (wanted, one);
}

/* FALSE: answered. */
static gboolean
add_listed (CsHttpExchange *exchange, SyncView *view, SyncJson list, GArray *wanted)
{
  gboolean latest = sync_query_flag (exchange, "latest");
  SyncJsonCursor cursor;
  SyncJson item;
  SyncRev rev;

  sync_json_elements (&cursor, list);
  while (sync_json_next_element (&cursor, &item))
    {
      CsSlice text = item.type == SYNC_JSON_STRING ? sync_json_text (item, view->arena)
                                                   : cs_slice ("", 0);

      if (!sync_rev_parse (text, &rev))
        {
          sync_reply_error (exchange, 400, "bad_request", "Invalid rev format");
          return FALSE;
        }
      add_one (view, wanted, text, &rev, latest);
    }
  return TRUE;
}

/* Leaves only; `all` was asked for. */
static void
add_leaves (SyncView *view, GArray *wanted)
{
  gint *leaves;
  guint n = sync_tree_leaves (&view->tree, &leaves);

  add_nodes (wanted, leaves, n);
}

/* ---- the answer ---- */

static void
reply_json (CsHttpExchange *exchange, SyncView *view, const GArray *wanted)
{
  g_autoptr (GString) json = g_string_new ("[");
  Answer answer = { .exchange = exchange, .view = view, .json = json };
  CsStatus status = append_wanted (&answer, (const Wanted *) wanted->data, wanted->len);

  g_string_append_c (json, ']');
  if (status == CS_OK)
    sync_reply_json (exchange, 200, json);
  else
    sync_reply_status (exchange, status);
}

/* With attachments: they leave as they are read. */
static void
stream_json (CsHttpExchange *exchange, SyncView *view, const GArray *wanted)
{
  g_autoptr (GString) json = g_string_new ("[");
  Answer answer = { .exchange = exchange, .view = view, .json = json };
  CsStatus status;

  view->pass = sync_pass_on;
  view->pass_data = exchange;
  sync_begin (exchange, "application/json");
  status = append_wanted (&answer, (const Wanted *) wanted->data, wanted->len);
  g_string_append (json, "]\n");
  if (status == CS_OK)
    status = sync_flush (exchange, json);
  if (status == CS_OK)
    cs_http_end (exchange);
  else
    cs_http_abort (exchange);
}

/* Attachments come without having been asked for. */
static void
reply_parts (CsHttpExchange *exchange, SyncView *view, const GArray *wanted)
{
  g_auto (SyncParts) parts = { 0 };
  Answer answer = { .exchange = exchange, .view = view, .parts = &parts };

  view->flags |= SYNC_VIEW_ATTACHMENTS | SYNC_VIEW_FOLLOWS;
  sync_parts_init (&parts, exchange, "multipart/mixed");
  sync_parts_end (&parts, append_wanted (&answer, (const Wanted *) wanted->data, wanted->len));
}

static void
reply (CsHttpExchange *exchange, SyncView *view, const SyncJson *list)
{
  static const char *const offered[] = { "multipart/mixed", "application/json", NULL };
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (Wanted));

  if (!sync_view_tree (view))
    {
      sync_reply_status (exchange, CS_CORRUPT);
      return;
    }
  if (list == NULL)
    add_leaves (view, wanted);
  else if (!add_listed (exchange, view, *list, wanted))
    return;
  view->flags &= SYNC_VIEW_REVS | SYNC_VIEW_ATTACHMENTS;
  if (cs_http_accept (exchange, offered) != 1)
    reply_parts (exchange, view, wanted);
  else if (view->flags & SYNC_VIEW_ATTACHMENTS)
    stream_json (exchange, view, wanted);
  else
    reply_json (exchange, view, wanted);
}

static gboolean
read_list (CsHttpExchange *exchange, CsSlice text, SyncJson *list)
{
  if (!sync_json_parse (text, 4, list))
    {
      sync_reply_not_json (exchange);
      return FALSE;
    }
  if (list->type == SYNC_JSON_ARRAY)
    return TRUE;
  sync_reply_error (exchange, 400, "bad_request", "Invalid list of revisions");
  return FALSE;
}

gboolean
sync_open_revs (CsHttpExchange *exchange, SyncView *view, CsSlice asked)
{
  SyncJson list;

  if (cs_slice_is (asked, "all"))
    {
      if (view->record->seq == 0)
        sync_reply_error (exchange, 404, "not_found", "missing");
      else
        reply (exchange, view, NULL);
      return TRUE;
    }
  if (!read_list (exchange, asked, &list))
    return TRUE;
  if (sync_json_count (list) == 0)
    return FALSE;
  reply (exchange, view, &list);
  return TRUE;
}
