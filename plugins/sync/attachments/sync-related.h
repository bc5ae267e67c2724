/* sync-related.h: a document and its attachments in one request: multipart/related (RFC 2387).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_RELATED_H
#define SYNC_RELATED_H

#include "sync-edit.h"
#include "sync-intake.h"
#include "sync-multipart.h"
#include "sync.h"

typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncArena arena;
  SyncMultipart parser;
  char *buffer;
  CsSlice input;     /* of the buffer: read, not looked at yet */
  gint64 unpacked;   /* bytes that gzip grows to, all attachments together */
  SyncHeld held;     /* until the commit is over */
  GString *document; /* NULL: the request is no multipart/related */
} SyncRelated;

/* FALSE: the request is something else. */
gboolean sync_related_begin (SyncRelated *self, CsHttpExchange *exchange, Sync *sync);
/* The first part, which is the document's text; lives until clear. FALSE: answered. Waits. */
gboolean sync_related_document (SyncRelated *self, CsSlice *text);
/* Fills the attachments that follow, in order, to the request's end. FALSE: answered. Waits. */
gboolean sync_related_attachments (SyncRelated *self, SyncEdit *edit);
void sync_related_clear (SyncRelated *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncRelated, sync_related_clear)

#endif
