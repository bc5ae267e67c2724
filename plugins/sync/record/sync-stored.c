/* sync-stored.c: see sync-stored.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-stored.h"

static CsStatus
open_blob (SyncStored *stored, const SyncAttachment *attachment)
{
  CsBlobInfo info = { .size = sizeof info };
  CsStatus status;

  if (stored->db->blobs == NULL)
    return CS_UNSUPPORTED;
  cs_fiber_set_deadline (CS_NEVER); /* the server watches over the client's pace */
  status = cs_blob_open (stored->db->blobs, &attachment->blob, &stored->blob);
  if (status != CS_OK)
    return status == CS_NOT_FOUND ? CS_CORRUPT : status;
  cs_blob_info (stored->blob, &info);
  return info.length == attachment->length ? CS_OK : CS_CORRUPT;
}

CsStatus
sync_stored_open (SyncStored *stored, SyncDb *db, const SyncAttachment *attachment)
{
  CsStatus status;

  *stored = (SyncStored){ .db = db, .length = attachment->length };
  if (attachment->length == 0)
    return CS_OK;
  if (attachment->is_blob)
    return open_blob (stored, attachment);
  status = cs_store_bodies (db->db, &attachment->ref, 1, &stored->body);
  if (status == CS_OK
      && (stored->body->bodies[0].data == NULL || stored->body->bodies[0].len != stored->length))
    status = CS_CORRUPT;
  return status;
}

CsStatus
sync_stored_read (SyncStored *stored, guint64 offset, CsSlice *bytes)
{
  *bytes = cs_slice ("", 0);
  if (offset >= stored->length)
    return CS_OK;
  if (stored->blob != NULL)
    return cs_blob_read (stored->blob, offset, bytes);
  *bytes = cs_slice (stored->body->bodies[0].data + offset, stored->length - offset);
  return CS_OK;
}

void
sync_stored_clear (SyncStored *stored)
{
  if (stored->db != NULL)
    cs_store_bodies_free (stored->db->db, stored->body);
  cs_blob_close (g_steal_pointer (&stored->blob));
  stored->body = NULL;
}
