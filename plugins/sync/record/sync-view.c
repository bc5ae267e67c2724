/* sync-view.c: a stored revision as the JSON that clients read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-view.h"

#include "sync-stored.h"

#define PASS_ON_BYTES 65536

static gpointer
exchange_alloc (gpointer owner, gsize len)
{
  return cs_http_alloc (owner, len);
}

SyncArena
sync_exchange_arena (CsHttpExchange *exchange)
{
  return (SyncArena){ exchange_alloc, exchange };
}

guint
sync_view_flags (CsHttpExchange *exchange)
{
  static const struct
  {
    const char *name;
    guint flags;
  } names[] = {
    { "revs", SYNC_VIEW_REVS },
    { "revs_info", SYNC_VIEW_REVS_INFO },
    { "conflicts", SYNC_VIEW_CONFLICTS },
    { "deleted_conflicts", SYNC_VIEW_DELETED_CONFLICTS },
    { "local_seq", SYNC_VIEW_LOCAL_SEQ },
    { "attachments", SYNC_VIEW_ATTACHMENTS },
    { "meta", SYNC_VIEW_REVS_INFO | SYNC_VIEW_CONFLICTS | SYNC_VIEW_DELETED_CONFLICTS },
  };
  guint flags = 0;

  if (cs_http_request (exchange)->query.len == 0)
    return 0;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (sync_query_flag (exchange, names[i].name))
      flags |= names[i].flags;
  return flags;
}

gboolean
sync_view_tree (SyncView *view)
{
  if (!view->has_tree)
    view->has_tree = sync_tree_decode (&view->tree, view->record->tree, view->arena);
  return view->has_tree;
}

/* The path from a node to its root, as far as the database remembers. */
static void
append_revisions (const SyncTree *tree, gint node, guint64 limit, GString *out)
{
  g_string_append_printf (out, ",\"_revisions\":{\"start\":%" G_GUINT64_FORMAT ",\"ids\":[",
                          tree->nodes[node].rev.generation);
  for (gint at = node; at >= 0 && limit-- > 0; at = tree->nodes[at].parent)
    {
      g_string_append (out, at == node ? "\"" : ",\"");
      sync_rev_append_hash (out, &tree->nodes[at].rev);
      g_string_append_c (out, '"');
    }
  g_string_append (out, "]}");
}

static const char *
status_of (const SyncNode *node)
{
  if (!node->available)
    return "missing";
  return node->deleted ? "deleted" : "available";
}

static void
append_revs_info (const SyncTree *tree, gint node, guint64 limit, GString *out)
{
  g_string_append (out, ",\"_revs_info\":[");
  for (gint at = node; at >= 0 && limit-- > 0; at = tree->nodes[at].parent)
    {
      g_string_append (out, at == node ? "{\"rev\":\"" : ",{\"rev\":\"");
      sync_rev_append (out, &tree->nodes[at].rev);
      g_string_append_printf (out, "\",\"status\":\"%s\"}", status_of (&tree->nodes[at]));
    }
  g_string_append_c (out, ']');
}

/* Losers in winning order; the member is left out when there are none. */
static void
append_losers (const SyncTree *tree, gint winner, gboolean deleted, const char *member, GString *out)
{
  gint *leaves;
  guint n = sync_tree_leaves (tree, &leaves);
  gboolean any = FALSE;

  for (guint i = 0; i < n; i++)
    {
      const SyncNode *node = &tree->nodes[leaves[i]];

      if (leaves[i] == winner || node->deleted != deleted)
        continue;
      g_string_append_printf (out, any ? ",\"" : ",\"%s\":[\"", member);
      sync_rev_append (out, &node->rev);
      g_string_append_c (out, '"');
      any = TRUE;
    }
  if (any)
    g_string_append_c (out, ']');
}

static void
append_extras (SyncView *view, gint node, GString *out)
{
  const SyncTree *tree = &view->tree;

  if (view->flags & SYNC_VIEW_REVS)
    append_revisions (tree, node, view->db->revs_limit, out);
  if (view->flags & SYNC_VIEW_REVS_INFO)
    append_revs_info (tree, node, view->db->revs_limit, out);
  if (view->flags & SYNC_VIEW_CONFLICTS)
    append_losers (tree, node, FALSE, "_conflicts", out);
  if (view->flags & SYNC_VIEW_DELETED_CONFLICTS)
    append_losers (tree, node, TRUE, "_deleted_conflicts", out);
  if (view->flags & SYNC_VIEW_LOCAL_SEQ)
    {
      g_string_append (out, ",\"_local_seq\":");
      sync_seq_append (out, view->record->seq, view->epoch);
    }
}

/* ---- attachments ---- */

gboolean
sync_view_since (SyncView *view, SyncJson list)
{
  SyncRev *revs = sync_alloc (view->arena, (sync_json_count (list) + 1) * sizeof (SyncRev));
  SyncJsonCursor cursor;
  SyncJson item;

  view->since = revs;
  view->n_since = 0;
  if (!sync_json_elements (&cursor, list))
    return FALSE;
  while (sync_json_next_element (&cursor, &item))
    if (item.type == SYNC_JSON_STRING
        && sync_rev_parse (sync_json_text (item, view->arena), &revs[view->n_since]))
      view->n_since++;
  return TRUE;
}

static gboolean
is_since (const SyncView *view, const SyncRev *rev)
{
  for (guint i = 0; i < view->n_since; i++)
    if (sync_rev_equal (&view->since[i], rev))
      return TRUE;
  return FALSE;
}

/* The newest ancestor that the asker has. A revision of another branch says nothing about this
 * one. */
static guint64
known_generation (const SyncView *view, gint node)
{
  if (view->n_since == 0)
    return 0;
  for (gint at = node; at >= 0; at = view->tree.nodes[at].parent)
    if (is_since (view, &view->tree.nodes[at].rev))
      return view->tree.nodes[at].rev.generation;
  return 0;
}

static CsSlice
keep (const SyncView *view, CsSlice text)
{
  char *copy = sync_alloc (view->arena, text.len + 1);

  if (text.len > 0)
    memcpy (copy, text.data, text.len);
  return cs_slice (copy, text.len);
}

/* Marks what comes behind the document, and keeps what must be known of it then. */
static void
note_following (SyncView *view, SyncBody *body, guint64 known)
{
  SyncAttachment *following
    = sync_alloc (view->arena, body->n_attachments * sizeof (SyncAttachment));

  view->following = following;
  for (guint i = 0; i < body->n_attachments; i++)
    {
      SyncAttachment *to = &following[view->n_following];

      if (body->attachments[i].revpos <= known)
        continue;
      body->attachments[i].follows = TRUE;
      *to = body->attachments[i];
      to->name = keep (view, to->name);
      to->type = keep (view, to->type);
      view->n_following++;
    }
}

/* Sends on what has been gathered, where the answer can take it. */
static CsStatus
pass_on (SyncView *view, GString *out)
{
  if (view->pass == NULL || out->len < PASS_ON_BYTES)
    return CS_OK;
  return view->pass (view->pass_data, out);
}

static CsStatus
append_bytes (SyncView *view, const SyncAttachment *attachment, GString *out)
{
  g_auto (SyncStored) stored = { 0 };
  SyncBase64 base64 = { 0, 0 };
  CsStatus status = sync_stored_open (&stored, view->db, attachment);
  guint64 at = 0;
  CsSlice bytes;

  while (status == CS_OK && (status = sync_stored_read (&stored, at, &bytes)) == CS_OK)
    {
      sync_base64_append_piece (out, &base64, bytes);
      if (bytes.len == 0)
        break;
      at += bytes.len;
      status = pass_on (view, out);
    }
  return status;
}

static CsStatus
append_inline (SyncView *view, const SyncBody *body, guint64 known, GString *out)
{
  CsStatus status = CS_OK;

  g_string_append (out, "\"_attachments\":{");
  for (guint i = 0; status == CS_OK && i < body->n_attachments; i++)
    {
      const SyncAttachment *attachment = &body->attachments[i];

      if (i > 0)
        g_string_append_c (out, ',');
      if (attachment->revpos <= known)
        {
          sync_attachment_append_stub (out, attachment);
          continue;
        }
      sync_attachment_append_begin (out, attachment);
      status = append_bytes (view, attachment, out);
      g_string_append (out, "\"}");
    }
  g_string_append_c (out, '}');
  return status;
}

static CsStatus
append_attachments (SyncView *view, gint node, SyncBody *body, GString *out)
{
  if (body->n_attachments == 0)
    return CS_OK;
  g_string_append_c (out, ',');
  if (view->flags & SYNC_VIEW_FOLLOWS)
    note_following (view, body, known_generation (view, node));
  else if (view->flags & SYNC_VIEW_ATTACHMENTS)
    return append_inline (view, body, known_generation (view, node), out);
  sync_attachments_append (out, body->attachments, body->n_attachments, NULL);
  return CS_OK;
}

static CsStatus
append_body (SyncView *view, gint node, CsSlice bytes, GString *out)
{
  SyncBody body;

  if (!sync_body_decode (bytes, view->arena, &body))
    return CS_CORRUPT;
  if (body.text.len > 0)
    {
      g_string_append_c (out, ',');
      g_string_append_len (out, body.text.data, body.text.len);
    }
  return append_attachments (view, node, &body, out);
}

static CsStatus
append_node (SyncView *view, gint node, CsSlice bytes, GString *out)
{
  const CsStoreRecord *record = view->record;
  gboolean deleted = node < 0 ? record->deleted : view->tree.nodes[node].deleted;
  CsStatus status;

  g_string_append (out, "{\"_id\":");
  sync_json_append_string (out, record->id);
  g_string_append (out, ",\"_rev\":\"");
  if (node < 0)
    g_string_append_len (out, record->summary.data, record->summary.len);
  else
    sync_rev_append (out, &view->tree.nodes[node].rev);
  g_string_append_c (out, '"');
  if (deleted)
    g_string_append (out, ",\"_deleted\":true");
  status = append_body (view, node, bytes, out);
  if (status == CS_OK && view->flags != 0)
    append_extras (view, node, out);
  g_string_append_c (out, '}');
  return status;
}

CsStatus
sync_view_append (SyncView *view, gint node, GString *out)
{
  CsStoreBodies *stored = NULL;
  CsStatus status;

  view->n_following = 0;
  if (node < 0 && ((view->flags & SYNC_VIEW_NEEDS_TREE) || view->n_since > 0))
    {
      if (!sync_view_tree (view))
        return CS_CORRUPT;
      node = sync_tree_winner (&view->tree);
    }
  if (node < 0 || view->tree.nodes[node].ref == view->record->body_ref)
    {
      if (view->record->body.data == NULL)
        return CS_NOT_FOUND;
      return append_node (view, node, view->record->body, out);
    }
  if (!view->tree.nodes[node].available)
    return CS_NOT_FOUND;
  status = cs_store_bodies (view->db->db, &view->tree.nodes[node].ref, 1, &stored);
  if (status != CS_OK)
    return status;
  status = stored->bodies[0].data != NULL ? append_node (view, node, stored->bodies[0], out)
                                          : CS_NOT_FOUND;
  cs_store_bodies_free (view->db->db, stored);
  return status;
}
