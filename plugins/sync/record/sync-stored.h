/* sync-stored.h: an attachment's bytes, piece by piece, wherever they are stored.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_STORED_H
#define SYNC_STORED_H

#include "sync-body.h"
#include "sync.h"

typedef struct
{
  SyncDb *db;
  guint64 length;
  CsStoreBodies *body; /* of one in the store */
  CsBlob *blob;
} SyncStored;

/* Fibers; may wait. CS_CORRUPT: they are damaged, or not there. What is open is closed by clear. */
CsStatus sync_stored_open (SyncStored *stored, SyncDb *db, const SyncAttachment *attachment);
/* Bytes from `offset` on, none at the end; valid until the next call. */
CsStatus sync_stored_read (SyncStored *stored, guint64 offset, CsSlice *bytes);
void sync_stored_clear (SyncStored *stored);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncStored, sync_stored_clear)

#endif
