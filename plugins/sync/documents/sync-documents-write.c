/* sync-documents-write.c: documents=1: put, patch and remove, as plain writes on the winner.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-documents.h"
#include "sync-merge-patch.h"
#include "sync-write.h"

#define PATCH_TRIES 64               /* against writers that are no patches */
#define PATCH_POOL_BYTES (64 * 1024) /* more than this is merged in the pool */

/* One write, from its arguments to its result. */
typedef struct
{
  SyncDocuments *self;
  CsDocumentResult *result;
  SyncScratch scratch;
  SyncPlain wanted; /* the caller's condition */
  SyncEdit edit;
  CsSlice members;
} Write;

static CsStatus
invalid (CsDocumentFault *fault, CsDocumentFault what)
{
  *fault = what;
  return CS_INVALID;
}

static CsStatus
check_id (CsSlice id, CsDocumentFault *fault)
{
  SyncError error;

  return sync_doc_id_check (id, &error) && id.data[0] != '_'
           ? CS_OK
           : invalid (fault, CS_DOCUMENT_FAULT_ID);
}

static void
read_condition (Write *write, const CsDocumentCondition *condition)
{
  SyncRev *revs;

  if (condition == NULL)
    return;
  revs = sync_alloc (&write->scratch.arena, (condition->n_versions + 1) * sizeof (SyncRev));
  for (guint i = 0; i < condition->n_versions; i++)
    sync_version_read (condition->versions[i], &revs[i]);
  write->wanted = (SyncPlain){ condition->when, revs, condition->n_versions, condition->since };
}

/* The write is to be ended in any case. */
static CsStatus
begin_write (Write *write, CsDocumentsDb *base, CsSlice id, const CsDocumentCondition *condition,
             CsDocumentResult *result)
{
  CsStatus status;

  *write = (Write){ .self = sync_documents (base), .result = result };
  sync_scratch_init (&write->scratch);
  *result = (CsDocumentResult){ .size = result->size };
  if (!write->self->writable)
    return CS_DENIED;
  status = check_id (id, &result->fault);
  if (status != CS_OK)
    return status;
  read_condition (write, condition);
  write->edit.id = id;
  write->edit.plain = &write->wanted;
  return CS_OK;
}

static CsStatus
end_write (Write *write, CsStatus status)
{
  sync_scratch_clear (&write->scratch);
  return status;
}

static void
note_version (CsDocumentResult *result, const SyncRev *rev)
{
  char text[SYNC_REV_TEXT_MAX];

  if (rev->generation > 0)
    sync_version_write (result->version, cs_slice (text, sync_rev_write (text, rev)));
}

static CsStatus
commit_write (Write *write)
{
  CsDocumentResult *result = write->result;
  SyncEdit *edit = &write->edit;
  CsStatus status = sync_commit (write->self->self, write->self->db, write->self->identity, edit, 1);

  if (status != CS_OK)
    return status;
  if (edit->outcome == SYNC_EDIT_MISSING || edit->outcome == SYNC_EDIT_DELETED)
    return CS_NOT_FOUND;
  note_version (result, &edit->result);
  if (edit->outcome != SYNC_EDIT_STORED)
    return CS_CONFLICT;
  result->made = edit->made;
  result->created = edit->created;
  result->updated = edit->updated;
  return CS_OK;
}

/* ---- bodies ---- */

static gboolean
has_reserved (SyncJson object, const SyncArena *arena)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    if (key.text.data[1] == '_'
        || (key.text.data[1] == '\\' && sync_json_text (key, arena).data[0] == '_'))
      return TRUE;
  return FALSE;
}

/* One object without reserved members. What is far too large, whatever space it has around it, is not parsed. */
static CsStatus
read_body (Sync *self, const SyncArena *arena, CsSlice text, SyncJson *object,
           CsDocumentFault *fault)
{
  const SyncSettings *settings = cs_settings (self);
  CsStatus status;

  if ((gint64) (text.len / 2) > settings->max_document)
    return CS_TOO_LARGE;
  status = sync_parse (self, text, object);
  if (status == CS_INVALID)
    return invalid (fault, CS_DOCUMENT_FAULT_JSON);
  if (status != CS_OK)
    return status;
  if (object->type != SYNC_JSON_OBJECT)
    return invalid (fault, CS_DOCUMENT_FAULT_OBJECT);
  if (has_reserved (*object, arena))
    return invalid (fault, CS_DOCUMENT_FAULT_RESERVED);
  return CS_OK;
}

static gboolean
is_space (char byte)
{
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The members, as they are also kept when they come by the other API. */
static CsStatus
members_of (Sync *self, CsSlice object, CsSlice *members)
{
  const SyncSettings *settings = cs_settings (self);
  const char *at = object.data + 1;
  const char *end = object.data + object.len - 1;

  while (at < end && is_space (*at))
    at++;
  while (at < end && is_space (end[-1]))
    end--;
  *members = cs_slice (at, end - at);
  return (gint64) members->len > settings->max_document ? CS_TOO_LARGE : CS_OK;
}

/* What the edit is to store. */
static CsStatus
set_members (Write *write, CsSlice object)
{
  CsStatus status = members_of (write->self->self, object, &write->members);

  write->edit.parts = &write->members;
  write->edit.n_parts = write->members.len > 0;
  return status;
}

CsStatus
sync_documents_check (CsDocuments *documents, CsSlice id, CsSlice body, CsDocumentFault *fault)
{
  Sync *self = sync_of_documents (documents);
  SyncScratch scratch;
  SyncJson object;
  CsSlice members;
  CsStatus status = id.len > 0 ? check_id (id, fault) : CS_OK;

  sync_scratch_init (&scratch);
  if (status == CS_OK)
    status = read_body (self, &scratch.arena, body, &object, fault);
  if (status == CS_OK)
    status = members_of (self, object.text, &members);
  sync_scratch_clear (&scratch);
  return status;
}

CsStatus
sync_documents_put (CsDocumentsDb *base, CsSlice id, CsSlice body,
                    const CsDocumentCondition *condition, CsDocumentResult *result)
{
  char made[CS_DOCUMENT_ID_SIZE] = "";
  Write write;
  SyncJson object;
  CsStatus status;

  if (id.len == 0)
    {
      sync_id_make (made);
      id = cs_slice_str (made);
    }
  status = begin_write (&write, base, id, condition, result);
  memcpy (result->id, made, sizeof made);
  if (status == CS_OK)
    status = read_body (write.self->self, &write.scratch.arena, body, &object, &result->fault);
  if (status == CS_OK)
    status = set_members (&write, object.text);
  if (status == CS_OK)
    status = commit_write (&write);
  return end_write (&write, status);
}

CsStatus
sync_documents_remove (CsDocumentsDb *base, CsSlice id, const CsDocumentCondition *condition,
                       CsDocumentResult *result)
{
  Write write;
  CsStatus status = begin_write (&write, base, id, condition, result);

  write.edit.deleted = TRUE;
  write.edit.deletion = TRUE;
  if (status == CS_OK)
    status = commit_write (&write);
  return end_write (&write, status);
}

/* ---- patch ---- */

typedef struct
{
  SyncJson target;
  SyncJson patch;
  const SyncArena *arena;
  GString *merged;
} Merging;

static void
merge (gpointer data)
{
  Merging *merging = data;

  sync_merge_patch (merging->target, merging->patch, merging->arena, merging->merged);
}

static CsStatus
run_merge (Write *write, Merging *merging)
{
  if (merging->target.text.len + merging->patch.text.len > PATCH_POOL_BYTES)
    return cs_pool_run (write->self->self, merge, merging);
  merge (merging);
  return CS_OK;
}

/* Writes what the patch makes of this version, if it is still the current one. */
static CsStatus
patch_version (Write *write, SyncJson patch, const CsDocument *current, const SyncRev *rev)
{
  g_autoptr (GString) merged = g_string_sized_new (current->body.len + patch.text.len);
  SyncPlain same = { CS_DOCUMENT_MATCHES, rev, 1, 0 };
  Merging merging
    = { sync_json_value (current->body.data, current->body.data + current->body.len), patch,
        &write->scratch.arena, merged };
  CsStatus status = run_merge (write, &merging);

  if (status == CS_OK)
    status = set_members (write, cs_slice (merged->str, merged->len));
  write->edit.plain = &same;
  if (status == CS_OK)
    status = commit_write (write);
  write->edit.plain = &write->wanted;
  return status == CS_CONFLICT ? CS_AGAIN : status;
}

/* CS_AGAIN: another writer came between. */
static CsStatus
try_patch (Write *write, SyncJson patch)
{
  CsDocumentsDb *base = &write->self->base;
  CsDocument *current = NULL;
  SyncRev rev;
  CsStatus status = sync_documents_get (base, write->edit.id, &current);

  write->result->version[0] = '\0';
  if (status == CS_NOT_FOUND)
    return sync_plain_holds (&write->wanted, NULL, 0) ? CS_NOT_FOUND : CS_CONFLICT;
  if (status != CS_OK)
    return status;
  sync_version_read (cs_slice_str (current->version), &rev);
  if (sync_plain_holds (&write->wanted, &rev, current->updated))
    status = patch_version (write, patch, current, &rev);
  else
    {
      note_version (write->result, &rev);
      status = CS_CONFLICT;
    }
  sync_documents_free (current);
  return status;
}

/* Patches of one document take turns once two have met; other writers come between seldom, and are bounded. */
static CsStatus
patch_in_turn (Write *write, SyncJson patch)
{
  SyncTurns *turns = &write->self->self->patches;
  GBytes *turn = NULL;
  CsStatus status
    = sync_turns_take (turns, write->self->db->key, write->edit.id, &turn);

  if (status != CS_OK)
    return status;
  status = CS_AGAIN;
  for (guint tries = 0; status == CS_AGAIN && tries < PATCH_TRIES; tries++)
    status = try_patch (write, patch);
  sync_turns_give (turns, turn);
  return status == CS_AGAIN ? CS_OVERLOADED : status;
}

CsStatus
sync_documents_patch (CsDocumentsDb *base, CsSlice id, CsSlice text,
                      const CsDocumentCondition *condition, CsDocumentResult *result)
{
  Write write;
  SyncJson patch;
  CsStatus status = begin_write (&write, base, id, condition, result);

  if (status == CS_OK)
    status = read_body (write.self->self, &write.scratch.arena, text, &patch, &result->fault);
  if (status != CS_OK)
    return end_write (&write, status);
  status = CS_AGAIN;
  if (!sync_turns_any (&write.self->self->patches))
    status = try_patch (&write, patch);
  if (status == CS_AGAIN)
    status = patch_in_turn (&write, patch);
  return end_write (&write, status);
}
