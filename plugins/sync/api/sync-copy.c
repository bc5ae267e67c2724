/* sync-copy.c: COPY: a revision of a document as a new revision of another, with its attachments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-destination.h"
#include "sync-intake.h"
#include "sync-stored.h"
#include "sync-view.h"
#include "sync-write.h"

typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  SyncBody body; /* of the revision that is copied */
  SyncDoc doc;   /* what becomes of it */
} Copying;

static gboolean
refuse (Copying *self, guint status, const char *error, const char *reason)
{
  sync_reply_error (self->exchange, status, error, reason);
  return FALSE;
}

static gboolean
fail (Copying *self, CsStatus status)
{
  sync_reply_status (self->exchange, status);
  return FALSE;
}

static gboolean
refused (Copying *self, const SyncError *error)
{
  return refuse (self, error->status, error->error, error->reason);
}

/* ---- what ---- */

/* The node of `rev`, or the winner. FALSE: answered. */
static gboolean
find_source (Copying *self, SyncView *view, gint *node)
{
  CsSlice text;
  SyncRev rev;

  if (!sync_view_tree (view))
    return fail (self, CS_CORRUPT);
  *node = sync_tree_winner (&view->tree);
  if (cs_http_query (self->exchange, "rev", &text))
    {
      if (!sync_rev_parse (text, &rev))
        return refuse (self, 400, "bad_request", "Invalid rev format");
      *node = sync_tree_find (&view->tree, &rev);
    }
  else if (*node >= 0 && view->tree.nodes[*node].deleted)
    return refuse (self, 404, "not_found", "deleted");
  return (*node >= 0 && view->tree.nodes[*node].available)
         || refuse (self, 404, "not_found", "missing");
}

static gboolean
decode_body (Copying *self, CsSlice stored)
{
  char *bytes = sync_alloc (&self->arena, stored.len);

  memcpy (bytes, stored.data, stored.len);
  return sync_body_decode (cs_slice (bytes, stored.len), &self->arena, &self->body)
         || fail (self, CS_CORRUPT);
}

static gboolean
read_source (Copying *self, CsSlice id)
{
  CsStoreDb *store = self->db->db;
  CsStoreRows *rows = NULL;
  CsStoreBodies *bodies = NULL;
  SyncView view = { .db = self->db, .arena = &self->arena };
  gint node;
  CsStatus status = cs_store_read (store, &id, 1, CS_STORE_TREE, &rows);
  gboolean good = status == CS_OK;

  if (good)
    {
      view.record = &rows->records[0];
      good = find_source (self, &view, &node);
    }
  else
    fail (self, status);
  if (good)
    {
      status = cs_store_bodies (store, &view.tree.nodes[node].ref, 1, &bodies);
      good = status == CS_OK && bodies->bodies[0].data != NULL
               ? decode_body (self, bodies->bodies[0])
               : fail (self, status != CS_OK ? status : CS_CORRUPT);
    }
  cs_store_bodies_free (store, bodies);
  cs_store_rows_free (store, rows);
  return good;
}

/* The stored members, read as a client's document would be: rules for documents hold for copies too. */
static gboolean
make_document (Copying *self, CsSlice id, CsSlice rev)
{
  CsSlice text = self->body.text;
  char *object = sync_alloc (&self->arena, text.len + 2);
  SyncError error;
  SyncJson value;

  object[0] = '{';
  memcpy (object + 1, text.data, text.len);
  object[text.len + 1] = '}';
  if (!sync_json_parse (cs_slice (object, text.len + 2), SYNC_JSON_DEPTH_MAX, &value))
    return fail (self, CS_CORRUPT);
  if (!sync_doc_read (&self->doc, value, &self->arena, &error))
    return refused (self, &error);
  self->doc.id = id;
  self->doc.rev = rev;
  return sync_design_check (self->self, self->db, &self->doc, &error) || refused (self, &error);
}

/* ---- attachments: each document has bytes of its own ---- */

static CsStatus
copy_bytes (SyncIntake *intake, SyncStored *stored)
{
  guint64 at = 0;
  CsSlice bytes;
  CsStatus status;

  while ((status = sync_stored_read (stored, at, &bytes)) == CS_OK && bytes.len > 0)
    {
      at += bytes.len;
      status = sync_intake_add (intake, bytes);
      if (status != CS_OK)
        return status;
    }
  return status;
}

static CsStatus
copy_attachment (Copying *self, SyncHeld *held, const SyncAttachment *from, SyncAttachment *to)
{
  g_auto (SyncStored) stored = { 0 };
  g_auto (SyncIntake) intake = { 0 };
  CsStatus status = sync_stored_open (&stored, self->db, from);

  memset (to, 0, sizeof *to);
  to->name = from->name;
  to->type = from->type;
  if (status == CS_OK)
    status = sync_intake_begin (&intake, self->self, held, from->length, from->length);
  if (status == CS_OK)
    status = copy_bytes (&intake, &stored);
  return status == CS_OK ? sync_intake_finish (&intake, to) : status;
}

static gboolean
copy_attachments (Copying *self, SyncHeld *held, SyncEdit *edit)
{
  edit->attachments
    = sync_alloc (&self->arena, (self->body.n_attachments + 1) * sizeof (SyncAttachment));
  for (guint i = 0; i < self->body.n_attachments; i++)
    {
      CsStatus status
        = copy_attachment (self, held, &self->body.attachments[i], &edit->attachments[i]);

      if (status != CS_OK)
        {
          sync_intake_reply (self->exchange, status);
          return FALSE;
        }
      edit->n_attachments++;
    }
  return TRUE;
}

/* ---- the write ---- */

static void
commit (Copying *self, SyncEdit *edit)
{
  CsStatus status
    = sync_commit (self->self, self->db, cs_http_identity (self->exchange), edit, 1);

  if (status != CS_OK)
    fail (self, status);
  else if (edit->outcome == SYNC_EDIT_REFUSED)
    refused (self, &edit->refusal);
  else if (edit->outcome != SYNC_EDIT_STORED)
    fail (self, CS_CONFLICT);
  else
    {
      sync_set_location (self->exchange, self->self, edit->id, cs_slice (NULL, 0));
      sync_reply_written (self->exchange, 201, edit->id, &edit->result, TRUE);
    }
}

static void
write_copy (Copying *self)
{
  g_auto (SyncHeld) held;
  SyncError error;
  SyncEdit edit;

  sync_held_init (&held);
  if (!sync_edit_init (&edit, &self->doc, FALSE, &self->arena, &error))
    refused (self, &error);
  else if (copy_attachments (self, &held, &edit))
    commit (self, &edit);
}

/* Users who may read their own document in _users may not leave others beside it. */
static gboolean
may_write_local (Copying *self)
{
  return !self->db->users || cs_identity_is_node_admin (cs_http_identity (self->exchange))
         || refuse (self, 403, "forbidden", "You may only update your own user document.");
}

void
sync_document_copy (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  Copying copying = { .exchange = exchange, .self = self, .db = db };
  gboolean design = strstr (cs_http_route (exchange)->path, "/_design/{") != NULL;
  SyncError error;
  CsSlice from;
  CsSlice to;
  CsSlice rev;

  if (db == NULL)
    return;
  copying.arena = sync_exchange_arena (exchange);
  from = cs_http_param (exchange, 1);
  if (design)
    from = sync_design_id (exchange, from);
  if (!sync_destination_read (cs_http_header (exchange, "Destination"), &copying.arena, &to, &rev,
                              &error))
    {
      refused (&copying, &error);
      return;
    }
  if (!read_source (&copying, from) || !make_document (&copying, to, rev))
    return;
  if (to.len <= 7 || memcmp (to.data, "_local/", 7) != 0)
    write_copy (&copying);
  else if (may_write_local (&copying))
    sync_local_write (exchange, self, db, &copying.doc, TRUE);
}
