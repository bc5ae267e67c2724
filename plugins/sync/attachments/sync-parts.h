/* sync-parts.h: answers of several parts: revisions as multipart/mixed, one with its attachments
 * as multipart/related.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_PARTS_H
#define SYNC_PARTS_H

#include "sync-view.h"

#define SYNC_BOUNDARY_SIZE 33

/* An answer, begun when there is much of it, else sent as one piece. */
typedef struct
{
  CsHttpExchange *exchange;
  GString *out;     /* not sent yet */
  GString *json;    /* of the document at hand */
  const char *type; /* of the answer, with its boundary */
  char boundary[SYNC_BOUNDARY_SIZE];
  guint n;
  gboolean begun;
} SyncParts;

/* `type` is multipart/mixed or multipart/related. */
void sync_parts_init (SyncParts *self, CsHttpExchange *exchange, const char *type);
void sync_parts_clear (SyncParts *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncParts, sync_parts_clear)

/* Adds a revision, with what follows it. The view has SYNC_VIEW_FOLLOWS. Fiber; waits. */
CsStatus sync_parts_add (SyncParts *self, SyncView *view, gint node);
/* Adds a JSON text that tells of a failure; the caller appends it to the result. */
GString *sync_parts_add_error (SyncParts *self);
/* Ends the answer, or says that it failed. */
void sync_parts_end (SyncParts *self, CsStatus status);

/* TRUE when the client would rather have multipart/related than JSON, and names it. */
gboolean sync_parts_related_wanted (CsHttpExchange *exchange);
/* The answer is one document, already as `json`, and what follows it. */
void sync_parts_reply_related (CsHttpExchange *exchange, const SyncView *view, const GString *json);

/* ---- sync-open-revs.c ---- */

/* Answers `open_revs=` all or a list. FALSE: the list is empty, which stands for no open_revs at
 * all. */
gboolean sync_open_revs (CsHttpExchange *exchange, SyncView *view, CsSlice asked);

#endif
