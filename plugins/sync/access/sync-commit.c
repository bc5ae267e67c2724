/* sync-commit.c: the one way in: edits are looked at, committed as one batch, and followed up.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

/* ---- before ---- */

/* A design document changes what a database does: its administrators write it. */
static void
check_design (SyncDb *db, const CsIdentity *identity, SyncEdit *edit)
{
  static const SyncError anonymous
    = { 401, "unauthorized", "You are not a db or server admin." };
  static const SyncError other = { 403, "forbidden", "You are not a db or server admin." };
  static const SyncError scope
    = { 403, "forbidden", "The credentials lack the scope sync:admin." };

  if (!sync_id_is_design (edit->id))
    return;
  if (!sync_security_allows (&db->security, identity, SYNC_ADMIN))
    edit->refusal = identity->user == NULL ? anonymous : other;
  else if (identity->scopes != NULL && !cs_identity_has_scope (identity, SYNC_SCOPE_ADMIN))
    edit->refusal = scope;
}

static CsStatus
admit (Sync *self, SyncDb *db, const CsIdentity *identity, SyncEdit *edits, guint n,
       SyncScratch *scratch)
{
  for (guint i = 0; i < n; i++)
    check_design (db, identity, &edits[i]);
  return db->users ? sync_users_admit (self, db, identity, edits, n, &scratch->arena) : CS_OK;
}

/* ---- after ---- */

static void
count (Sync *self, const SyncEdit *edits, guint n)
{
  guint stored = 0;
  guint conflicts = 0;

  for (guint i = 0; i < n; i++)
    {
      stored += edits[i].outcome == SYNC_EDIT_STORED;
      conflicts += edits[i].outcome == SYNC_EDIT_CONFLICT;
    }
  cs_stat_add (self->documents_written, stored);
  cs_stat_add (self->conflicts, conflicts);
}

/* A deleted revision leaves the user where another wins, and says nothing of one who was never here. */
static gboolean
user_went (SyncDb *db, const SyncEdit *edit, const SyncArena *arena)
{
  SyncUser user;

  return edit->deleted && edit->user_before && edit->outcome == SYNC_EDIT_STORED
         && sync_user_read (db->db, edit->id, arena, &user, NULL) == CS_NOT_FOUND;
}

static void
follow_users (Sync *self, SyncDb *db, const SyncEdit *edits, const CsSlice *ids, guint n,
              const SyncArena *arena)
{
  sync_users_changed (self, db, ids, n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *tenant
        = g_strndup (edits[i].tenant_before.data, edits[i].tenant_before.len);
      CsSlice name = sync_user_of_id (edits[i].id);

      if (name.data != NULL && user_went (db, &edits[i], arena))
        sync_per_user_remove (self, tenant != NULL ? tenant : "", name);
    }
}

/* ---- the batch ---- */

static CsStatus
run_batch (SyncDb *db, const CsIdentity *identity, SyncEdit *edits, const CsSlice *ids, guint n)
{
  SyncBatch batch = { .edits = edits, .n = n, .user = cs_slice_str (identity->user),
                      .revs_limit = db->revs_limit };
  CsStatus status;

  sync_scratch_init (&batch.scratch);
  status = cs_store_commit (db->db, ids, n, sync_edit_merge, &batch);
  sync_scratch_clear (&batch.scratch);
  return status;
}

CsStatus
sync_commit (Sync *self, SyncDb *db, const CsIdentity *identity, SyncEdit *edits, guint n)
{
  CsSlice few[8];
  CsSlice *ids = n <= G_N_ELEMENTS (few) ? few : g_new (CsSlice, n);
  SyncScratch scratch;
  CsStatus status;

  for (guint i = 0; i < n; i++)
    ids[i] = edits[i].id;
  sync_scratch_init (&scratch);
  status = admit (self, db, identity, edits, n, &scratch);
  if (status == CS_OK)
    status = run_batch (db, identity, edits, ids, n);
  if (status == CS_OK)
    count (self, edits, n);
  if (status == CS_OK && db->users)
    follow_users (self, db, edits, ids, n, &scratch.arena);
  sync_scratch_clear (&scratch);
  if (ids != few)
    g_free (ids);
  return status;
}
