/* sync-edit.c: what a commit does to one record: an edit on a leaf, or a replicated revision's graft.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-edit.h"

/* ---- on the worker ---- */

static const SyncError invalid_rev = { 400, "bad_request", "Invalid rev format" };

static gboolean
fail (SyncError *error, const SyncError *what)
{
  *error = *what;
  return FALSE;
}

static gboolean
path_of_revisions (SyncEdit *edit, const SyncDoc *doc, const SyncArena *arena, SyncError *error)
{
  SyncJsonCursor cursor;
  SyncJson id;
  guint n = 0;

  sync_json_elements (&cursor, doc->revisions_ids);
  while (sync_json_next_element (&cursor, &id))
    n++;
  if (n == 0)
    return fail (error, &invalid_rev);
  n = MIN (n, doc->revisions_start);
  edit->path = sync_alloc (arena, n * sizeof (SyncRev));
  edit->n_path = n;
  sync_json_elements (&cursor, doc->revisions_ids);
  for (guint i = 0; i < n && sync_json_next_element (&cursor, &id); i++)
    if (!sync_rev_parse_hash (sync_json_text (id, arena), doc->revisions_start - i, &edit->path[i])
        || !sync_rev_storable (&edit->path[i]))
      return fail (error, &invalid_rev);
  return TRUE;
}

static gboolean
graft_path (SyncEdit *edit, const SyncDoc *doc, const SyncArena *arena, SyncError *error)
{
  static const SyncError no_rev
    = { 400, "bad_request",
        "When `new_edits: false`, the document needs `_rev` or `_revisions` specified" };

  if (doc->has_revisions && doc->revisions_start > 0)
    return path_of_revisions (edit, doc, arena, error);
  if (doc->rev.data == NULL)
    return fail (error, &no_rev);
  if (!sync_rev_storable (&edit->rev))
    return fail (error, &invalid_rev);
  edit->path = sync_alloc (arena, sizeof (SyncRev));
  edit->path[0] = edit->rev;
  edit->n_path = 1;
  return TRUE;
}

static gboolean
read_attachments (SyncEdit *edit, const SyncDoc *doc, const SyncArena *arena, SyncError *error)
{
  static const SyncError no_parts
    = { 400, "bad_request", "Only a multipart/related request can have attachments that follow" };

  if (!sync_attachments_read (doc->attachments, arena, &edit->attachments, &edit->n_attachments,
                              error))
    return FALSE;
  for (guint i = 0; i < edit->n_attachments && !doc->related; i++)
    if (edit->attachments[i].follows)
      return fail (error, &no_parts);
  return TRUE;
}

gboolean
sync_edit_init (SyncEdit *edit, const SyncDoc *doc, gboolean graft, const SyncArena *arena,
                SyncError *error)
{
  memset (edit, 0, sizeof *edit);
  edit->id = doc->id;
  edit->deleted = doc->deleted;
  edit->parts = doc->parts;
  edit->n_parts = doc->n_parts;
  if (doc->rev.data != NULL)
    {
      edit->has_rev = TRUE;
      if (!sync_rev_parse (doc->rev, &edit->rev))
        return fail (error, &invalid_rev);
    }
  if (doc->attachments.type != SYNC_JSON_NONE
      && !read_attachments (edit, doc, arena, error))
    return FALSE;
  return !graft || graft_path (edit, doc, arena, error);
}

/* ---- in the engine's transaction ---- */

/* One record being merged. */
typedef struct
{
  CsStoreEdit *store;
  SyncBatch *batch;
  SyncEdit *edit;
  SyncTree tree;
  const SyncArena *arena;
} Merge;

static const SyncAttachment *
find_attachment (const SyncBody *body, CsSlice name)
{
  for (guint i = 0; i < body->n_attachments; i++)
    if (cs_slice_equal (body->attachments[i].name, name))
      return &body->attachments[i];
  return NULL;
}

/* The nearest body at or above a node. */
static CsStatus
body_above (Merge *merge, gint node, SyncBody *body)
{
  CsSlice bytes;
  CsStatus status;

  memset (body, 0, sizeof *body);
  while (node >= 0 && !merge->tree.nodes[node].available)
    node = merge->tree.nodes[node].parent;
  if (node < 0)
    return CS_OK;
  status = cs_store_edit_read_body (merge->store, merge->tree.nodes[node].ref, &bytes);
  if (status != CS_OK)
    return status;
  return sync_body_decode (bytes, merge->arena, body) ? CS_OK : CS_CORRUPT;
}

static gboolean
any_stub (const SyncEdit *edit)
{
  for (guint i = 0; i < edit->n_attachments; i++)
    if (edit->attachments[i].stub)
      return TRUE;
  return FALSE;
}

/* A plain write says nothing of attachments: those of the parent stay. */
static CsStatus
keep_attachments (Merge *merge, gint parent, SyncAttachment **table)
{
  SyncEdit *edit = merge->edit;
  SyncBody above = { 0 };
  CsStatus status = edit->deleted ? CS_OK : body_above (merge, parent, &above);

  edit->n_attachments = above.n_attachments;
  *table = above.n_attachments > 0 ? above.attachments
                                   : sync_alloc (merge->arena, sizeof (SyncAttachment));
  return status;
}

/* The table as it will be stored: stubs take the parent's bytes. NULL with CS_OK: a stub is missing. */
static CsStatus
resolve_attachments (Merge *merge, gint parent, guint64 generation, SyncAttachment **table)
{
  SyncEdit *edit = merge->edit;
  SyncBody above = { 0 };
  CsStatus status = CS_OK;

  if (edit->plain != NULL)
    return keep_attachments (merge, parent, table);
  if (any_stub (edit))
    status = body_above (merge, parent, &above);
  *table = sync_alloc (merge->arena, (edit->n_attachments + 1) * sizeof (SyncAttachment));
  for (guint i = 0; status == CS_OK && i < edit->n_attachments; i++)
    {
      SyncAttachment *to = &(*table)[i];
      const SyncAttachment *kept;

      *to = edit->attachments[i];
      if (!to->has_revpos || edit->path == NULL)
        to->revpos = generation;
      if (!to->stub)
        continue;
      kept = find_attachment (&above, to->name);
      if (kept == NULL)
        {
          edit->stub = to->name;
          *table = NULL;
          return CS_OK;
        }
      *to = *kept;
    }
  return status;
}

/* The table without where its bytes lie, which differs from node to node: part of a revision's id. */
static CsSlice
identity_of (Merge *merge, const SyncAttachment *table)
{
  guint n = merge->edit->n_attachments;
  SyncAttachment *bare;

  if (n == 0)
    return cs_slice (NULL, 0);
  bare = sync_alloc (merge->arena, n * sizeof *bare);
  memcpy (bare, table, n * sizeof *bare);
  for (guint i = 0; i < n; i++)
    {
      bare[i].ref = 0;
      bare[i].is_blob = FALSE;
    }
  return sync_body_encode_table (bare, n, merge->arena);
}

static guint64
store_attachment (Merge *merge, const SyncAttachment *attachment)
{
  if (attachment->is_blob)
    return cs_store_edit_add_blob (merge->store, cs_blob_id_slice (&attachment->blob),
                                   attachment->length);
  return cs_store_edit_add_body (merge->store, &attachment->data, 1);
}

static void
store_attachments (Merge *merge, SyncAttachment *table)
{
  for (guint i = 0; i < merge->edit->n_attachments; i++)
    if (table[i].ref == 0)
      table[i].ref = store_attachment (merge, &table[i]);
}

/* Puts the body under the node. */
static void
store_body (Merge *merge, gint node, SyncAttachment *table)
{
  SyncEdit *edit = merge->edit;
  CsSlice *parts = sync_alloc (merge->arena, (edit->n_parts + 1) * sizeof (CsSlice));

  store_attachments (merge, table);
  parts[0] = sync_body_encode_table (table, edit->n_attachments, merge->arena);
  if (edit->n_parts > 0)
    memcpy (parts + 1, edit->parts, edit->n_parts * sizeof (CsSlice));
  merge->tree.nodes[node].ref = cs_store_edit_add_body (merge->store, parts, edit->n_parts + 1);
  merge->tree.nodes[node].available = TRUE;
}

/* ---- what stemming drops ---- */

typedef struct
{
  Merge *merge;
  guint64 *attachments; /* references of dropped bodies' attachments */
  guint n;
} Dropping;

static void
drop_body (guint64 ref, gpointer data)
{
  Dropping *dropping = data;
  Merge *merge = dropping->merge;
  SyncBody body;
  CsSlice bytes;

  if (cs_store_edit_read_body (merge->store, ref, &bytes) == CS_OK
      && sync_body_decode (bytes, merge->arena, &body) && body.n_attachments > 0)
    {
      guint64 *grown = sync_alloc (merge->arena,
                                   (dropping->n + body.n_attachments) * sizeof *grown);

      if (dropping->n > 0)
        memcpy (grown, dropping->attachments, dropping->n * sizeof *grown);
      for (guint i = 0; i < body.n_attachments; i++)
        grown[dropping->n++] = body.attachments[i].ref;
      dropping->attachments = grown;
    }
  cs_store_edit_remove_body (merge->store, ref);
}

/* A dropped body's attachment goes too, unless a body that stays names it. */
static gboolean
still_named (Merge *merge, guint64 ref)
{
  for (guint i = 0; i < merge->tree.n; i++)
    {
      SyncBody body;
      CsSlice bytes;

      if (!merge->tree.nodes[i].available
          || cs_store_edit_read_body (merge->store, merge->tree.nodes[i].ref, &bytes) != CS_OK
          || !sync_body_decode (bytes, merge->arena, &body))
        continue;
      for (guint j = 0; j < body.n_attachments; j++)
        if (body.attachments[j].ref == ref)
          return TRUE;
    }
  return FALSE;
}

static void
drop_attachments (Dropping *dropping)
{
  Merge *merge = dropping->merge;

  for (guint i = 0; i < dropping->n; i++)
    if (!still_named (merge, dropping->attachments[i]))
      cs_store_edit_remove_body (merge->store, dropping->attachments[i]);
}

static void
stem (Merge *merge)
{
  Dropping dropping = { .merge = merge };

  sync_tree_stem (&merge->tree, merge->batch->revs_limit, drop_body, &dropping);
  drop_attachments (&dropping);
}

static void
put_record (Merge *merge, gboolean keep_seq)
{
  SyncTree *tree = &merge->tree;
  CsStorePut put = { .size = sizeof put };
  char summary[SYNC_REV_TEXT_MAX];
  gint winner;

  stem (merge);
  winner = sync_tree_winner (tree);
  put.deleted = tree->nodes[winner].deleted;
  put.summary = cs_slice (summary, sync_rev_write (summary, &tree->nodes[winner].rev));
  put.tree = sync_tree_encode (tree);
  put.body_ref = tree->nodes[winner].available ? tree->nodes[winner].ref : 0;
  put.user = merge->batch->user;
  put.keep_seq = keep_seq;
  cs_store_edit_put (merge->store, &put);
}

gboolean
sync_plain_holds (const SyncPlain *plain, const SyncRev *winner, gint64 updated)
{
  gboolean named = FALSE;

  for (guint i = 0; winner != NULL && i < plain->n_versions; i++)
    named = named || sync_rev_equal (&plain->versions[i], winner);
  switch (plain->when)
    {
    case CS_DOCUMENT_ABSENT:
      return winner == NULL;
    case CS_DOCUMENT_PRESENT:
      return winner != NULL;
    case CS_DOCUMENT_MATCHES:
      return named;
    case CS_DOCUMENT_DIFFERS:
      return !named;
    case CS_DOCUMENT_UNMODIFIED:
      return winner != NULL && updated <= plain->since;
    default:
      return TRUE;
    }
}

/* The same for a plain write: the winner, if that fulfils the condition. */
static gint
plain_leaf (Merge *merge, gint winner, SyncOutcome *why)
{
  SyncEdit *edit = merge->edit;
  const CsStoreRecord *record = merge->store->record;
  const SyncNode *node = winner >= 0 ? &merge->tree.nodes[winner] : NULL;
  const SyncRev *rev = node != NULL && !node->deleted ? &node->rev : NULL;

  edit->made = rev == NULL;
  edit->created = record->seq > 0 ? record->created : merge->store->now;
  edit->updated = merge->store->now;
  edit->result = rev != NULL ? *rev : (SyncRev){ .generation = 0 };
  *why = SYNC_EDIT_CONFLICT;
  if (!sync_plain_holds (edit->plain, rev, record->updated))
    return -2;
  *why = node == NULL ? SYNC_EDIT_MISSING : SYNC_EDIT_DELETED;
  return edit->deletion && rev == NULL ? -2 : winner;
}

/* The leaf that an edit grows from, -1 for a first revision, -2 when there is none that fits. */
static gint
edited_leaf (Merge *merge, SyncOutcome *why)
{
  SyncTree *tree = &merge->tree;
  const SyncEdit *edit = merge->edit;
  gint winner = sync_tree_winner (tree);
  gint leaf;

  if (edit->plain != NULL)
    return plain_leaf (merge, winner, why);
  *why = SYNC_EDIT_CONFLICT;
  if (winner < 0)
    {
      *why = edit->deletion ? SYNC_EDIT_MISSING : SYNC_EDIT_CONFLICT;
      if (edit->deletion || (edit->has_rev && !sync_rev_storable (&edit->rev)))
        return -2;
      /* CouchDB takes the revision given for an ancestor that it never saw. */
      return edit->has_rev ? sync_tree_add (tree, -1, &edit->rev, FALSE) : -1;
    }
  if (tree->nodes[winner].deleted && (edit->deletion || !edit->has_rev))
    {
      *why = SYNC_EDIT_DELETED;
      return edit->deletion ? -2 : winner;
    }
  if (!edit->has_rev)
    return -2;
  leaf = sync_tree_find (tree, &edit->rev);
  return leaf >= 0 && tree->nodes[leaf].leaf && !tree->nodes[leaf].deleted ? leaf : -2;
}

/* A plain deletion leaves no version behind that would win next. */
static void
end_other_leaves (Merge *merge)
{
  SyncAttachment none;
  gint *leaves;
  guint n = sync_tree_leaves (&merge->tree, &leaves);

  for (guint i = 0; i < n; i++)
    {
      SyncRev rev;

      if (merge->tree.nodes[leaves[i]].deleted)
        continue;
      sync_rev_make (&rev, &merge->tree.nodes[leaves[i]].rev, TRUE, NULL, 0, cs_slice (NULL, 0));
      store_body (merge, sync_tree_add (&merge->tree, leaves[i], &rev, TRUE), &none);
    }
}

static CsStatus
merge_edit (Merge *merge)
{
  SyncEdit *edit = merge->edit;
  SyncAttachment *table;
  CsSlice encoded;
  gint leaf = edited_leaf (merge, &edit->outcome);
  guint64 generation;
  CsStatus status;

  if (leaf == -2)
    return CS_OK;
  generation = leaf < 0 ? 1 : merge->tree.nodes[leaf].rev.generation + 1;
  status = resolve_attachments (merge, leaf, generation, &table);
  if (status != CS_OK)
    return status;
  if (table == NULL)
    {
      edit->outcome = SYNC_EDIT_MISSING_STUB;
      return CS_OK;
    }
  encoded = identity_of (merge, table);
  sync_rev_make (&edit->result, leaf < 0 ? NULL : &merge->tree.nodes[leaf].rev, edit->deleted,
                 edit->parts, edit->n_parts, encoded);
  store_body (merge, sync_tree_add (&merge->tree, leaf, &edit->result, edit->deleted), table);
  if (edit->plain != NULL && edit->deleted)
    end_other_leaves (merge);
  put_record (merge, FALSE);
  edit->outcome = SYNC_EDIT_STORED;
  return CS_OK;
}

/* A client says how long its path is. `limit` revisions stay of the new branch, and as many more may become
 * ancestors of one that ends at the oldest of them. */
static guint
graft_length (Merge *merge)
{
  guint64 limit = CLAMP (merge->batch->revs_limit, 1, G_MAXUINT);

  return MIN (merge->edit->n_path, 2 * limit);
}

static CsStatus
merge_graft (Merge *merge)
{
  SyncEdit *edit = merge->edit;
  SyncAttachment *table;
  SyncGraft graft;
  gint node;
  CsStatus status;

  edit->result = edit->path[0];
  graft = sync_tree_graft (&merge->tree, edit->path, graft_length (merge), edit->deleted, &node);
  if (graft == SYNC_GRAFT_KNOWN)
    {
      edit->outcome = SYNC_EDIT_KNOWN;
      return CS_OK;
    }
  if (graft == SYNC_GRAFT_JOINED && merge->tree.nodes[node].available)
    {
      put_record (merge, FALSE);
      edit->outcome = SYNC_EDIT_STORED;
      return CS_OK;
    }
  status = resolve_attachments (merge, merge->tree.nodes[node].parent, edit->path[0].generation,
                                &table);
  if (status != CS_OK)
    return status;
  if (table == NULL)
    {
      edit->outcome = SYNC_EDIT_MISSING_STUB;
      return CS_OK;
    }
  store_body (merge, node, table);
  put_record (merge, FALSE);
  edit->outcome = SYNC_EDIT_STORED;
  return CS_OK;
}

CsStatus
sync_edit_merge (CsStoreEdit *store, guint row, gpointer data)
{
  SyncBatch *batch = data;
  Merge merge = { .store = store, .batch = batch, .edit = &batch->edits[row] };

  if (merge.edit->refusal.status != 0)
    {
      merge.edit->outcome = SYNC_EDIT_REFUSED;
      return CS_OK;
    }
  sync_scratch_reset (&batch->scratch);
  merge.arena = &batch->scratch.arena;
  if (!sync_tree_decode (&merge.tree, store->record->tree, merge.arena))
    return CS_CORRUPT;
  return merge.edit->path != NULL ? merge_graft (&merge) : merge_edit (&merge);
}

/* ---- compaction ---- */

CsStatus
sync_compact_merge (CsStoreEdit *store, guint row, gpointer data)
{
  SyncBatch *batch = data;
  Merge merge = { .store = store, .batch = batch };
  Dropping dropping = { .merge = &merge };
  gboolean any = FALSE;

  sync_scratch_reset (&batch->scratch);
  merge.arena = &batch->scratch.arena;
  if (store->record->seq == 0)
    return CS_OK;
  if (!sync_tree_decode (&merge.tree, store->record->tree, merge.arena))
    return CS_CORRUPT;
  for (guint i = 0; i < merge.tree.n; i++)
    {
      SyncNode *node = &merge.tree.nodes[i];

      if (node->leaf || !node->available)
        continue;
      drop_body (node->ref, &dropping);
      node->available = FALSE;
      node->ref = 0;
      any = TRUE;
    }
  if (!any)
    return CS_OK;
  drop_attachments (&dropping);
  batch->user = store->record->user;
  put_record (&merge, TRUE);
  return CS_OK;
}

/* ---- purging ---- */

static guint
purged_leaves (const SyncTree *tree, SyncPurge *purge, gint *leaves)
{
  guint n = 0;

  for (guint i = 0; i < purge->n; i++)
    {
      gint node = sync_tree_find (tree, &purge->revs[i]);

      purge->purged[i] = node >= 0 && tree->nodes[node].leaf;
      if (purge->purged[i])
        leaves[n++] = node;
    }
  return n;
}

CsStatus
sync_purge_merge (CsStoreEdit *store, guint row, gpointer data)
{
  SyncBatch *batch = data;
  Merge merge = { .store = store, .batch = batch };
  Dropping dropping = { .merge = &merge };
  gint *leaves;
  guint n;

  sync_scratch_reset (&batch->scratch);
  merge.arena = &batch->scratch.arena;
  if (!sync_tree_decode (&merge.tree, store->record->tree, merge.arena))
    return CS_CORRUPT;
  leaves = sync_alloc (merge.arena, (batch->purges[row].n + 1) * sizeof (gint));
  n = purged_leaves (&merge.tree, &batch->purges[row], leaves);
  if (n == 0)
    return CS_OK;
  sync_tree_prune (&merge.tree, leaves, n, drop_body, &dropping);
  drop_attachments (&dropping);
  batch->user = store->record->user;
  if (merge.tree.n > 0)
    put_record (&merge, FALSE);
  else
    cs_store_edit_erase (store);
  return CS_OK;
}
