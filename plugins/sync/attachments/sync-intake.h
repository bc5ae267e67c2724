/* sync-intake.h: an attachment's bytes as they come: few are kept in memory, many go to blob=1.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_INTAKE_H
#define SYNC_INTAKE_H

#include "sync-body.h"
#include "sync.h"

/* What must stay until the commit is over: the memory of small attachments, the pins of large ones. */
typedef struct
{
  GPtrArray *memory;
  GPtrArray *blobs;
} SyncHeld;

void sync_held_init (SyncHeld *held);
void sync_held_clear (SyncHeld *held);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncHeld, sync_held_clear)

typedef struct
{
  Sync *self;
  SyncHeld *held;
  guint64 most;     /* bytes */
  gint64 expected;  /* -1: not known */
  guint64 length;   /* so far */
  char *memory;
  gsize room;       /* of memory */
  CsBlobWriter *writer; /* NULL: in memory */
} SyncIntake;

/* All for fibers; they may wait. Every failure is the status to answer; an intake that was begun is cleared
 * whatever happens. */

/* `expected` bytes, -1 when that is not known, at most `most`; what is allowed of both is the least of the
 * settings and of these. CS_TOO_LARGE; CS_NO_SPACE. */
CsStatus sync_intake_begin (SyncIntake *intake, Sync *self, SyncHeld *held, gint64 expected,
                            guint64 most);
/* Where the next bytes go, and that so many were put there. CS_TOO_LARGE. */
CsStatus sync_intake_room (SyncIntake *intake, gpointer *buffer, gsize *len);
CsStatus sync_intake_wrote (SyncIntake *intake, gsize len);
CsStatus sync_intake_add (SyncIntake *intake, CsSlice bytes);
/* Unpacks what is added. CS_INVALID: no gzip. */
CsStatus sync_intake_add_packed (SyncIntake *intake, SyncGunzip *gunzip, CsSlice packed);
/* Fills length, digest, and where the bytes are; what `held` holds stays with it. */
CsStatus sync_intake_finish (SyncIntake *intake, SyncAttachment *attachment);
void sync_intake_clear (SyncIntake *intake);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncIntake, sync_intake_clear)

/* Decodes the long base64 of a document's attachments. CS_INVALID: it is none; *failed is the attachment that a
 * failure is of. May also be called on a thread that is no worker. */
CsStatus sync_intake_decode (Sync *self, SyncHeld *held, SyncAttachment *attachments, guint n,
                             const SyncAttachment **failed);
/* The same. FALSE: answered. */
gboolean sync_intake_encoded (CsHttpExchange *exchange, Sync *self, SyncHeld *held,
                              SyncAttachment *attachments, guint n);
/* Answers a failure of the above. */
void sync_intake_reply (CsHttpExchange *exchange, CsStatus status);

#endif
