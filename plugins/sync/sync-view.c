/* sync-view.c: a stored revision as the JSON that clients read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-view.h"

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

static CsStatus
append_attachments (SyncView *view, const SyncBody *body, GString *out)
{
  guint n = body->n_attachments;
  CsSlice *bytes = NULL;
  guint64 *refs;
  CsStoreBodies *stored = NULL;
  CsStatus status = CS_OK;

  if (n == 0)
    return CS_OK;
  if (view->flags & SYNC_VIEW_ATTACHMENTS)
    {
      refs = sync_alloc (view->arena, n * sizeof *refs);
      for (guint i = 0; i < n; i++)
        refs[i] = body->attachments[i].ref;
      status = cs_store_bodies (view->db->db, refs, n, &stored);
      if (status != CS_OK)
        return status;
      bytes = sync_alloc (view->arena, n * sizeof *bytes);
      for (guint i = 0; i < n; i++)
        if (body->attachments[i].revpos <= view->since_generation)
          bytes[i] = cs_slice (NULL, 0);
        else
          bytes[i] = body->attachments[i].length > 0 ? stored->bodies[i] : cs_slice ("", 0);
    }
  g_string_append_c (out, ',');
  sync_attachments_append (out, body->attachments, n, bytes);
  cs_store_bodies_free (view->db->db, stored);
  return CS_OK;
}

static CsStatus
append_body (SyncView *view, CsSlice bytes, GString *out)
{
  SyncBody body;

  if (!sync_body_decode (bytes, view->arena, &body))
    return CS_CORRUPT;
  if (body.text.len > 0)
    {
      g_string_append_c (out, ',');
      g_string_append_len (out, body.text.data, body.text.len);
    }
  return append_attachments (view, &body, out);
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
  status = append_body (view, bytes, out);
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

  if (node < 0 && (view->flags & SYNC_VIEW_NEEDS_TREE))
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
