/* sync-write.h: what the writing handlers share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_WRITE_H
#define SYNC_WRITE_H

#include "sync-edit.h"
#include "sync.h"

/* Parses a client's text, a long one in the pool. CS_INVALID: it is no JSON, or too deep. Fiber; may wait. */
CsStatus sync_parse (Sync *self, CsSlice text, SyncJson *value);
/* The same for a request's body. FALSE: answered. */
gboolean sync_parse_body (CsHttpExchange *exchange, Sync *self, CsSlice body, SyncJson *value);
/* Reads the body as a JSON object. FALSE: answered. */
gboolean sync_read_object (CsHttpExchange *exchange, Sync *self, SyncJson *object);
/* Reads the body as one document of no more than sync.max-document. FALSE: answered. Fiber; may wait. */
gboolean sync_read_document (CsHttpExchange *exchange, Sync *self, const SyncArena *arena,
                             SyncDoc *doc);
/* Commits the edits as one batch; outcomes are in the edits. Fiber; waits until durable. */
CsStatus sync_commit (Sync *self, SyncDb *db, const CsIdentity *identity, SyncEdit *edits, guint n);
/* `{"ok":true,"id","rev"}`. */
void sync_reply_written (CsHttpExchange *exchange, guint status, CsSlice id, const SyncRev *rev,
                         gboolean tagged);
/* FALSE: a design document that this server must not take, *error tells why (sync-design.c). */
gboolean sync_design_check (Sync *self, SyncDb *db, const SyncDoc *doc, SyncError *error);
/* `_design/` and the name, of the exchange's arena. */
CsSlice sync_design_id (CsHttpExchange *exchange, CsSlice name);
/* Writes a fresh document id and a NUL: CS_DOCUMENT_ID_SIZE bytes. */
void sync_id_make (char *id);
/* The same, of the exchange's arena. */
CsSlice sync_make_id (CsHttpExchange *exchange);
/* A local document as JSON, but for its closing brace. */
void sync_local_append (GString *json, CsSlice id, guint64 version, GBytes *stored);
/* Writes a local document and answers. */
void sync_local_write (CsHttpExchange *exchange, Sync *self, SyncDb *db, const SyncDoc *doc,
                       gboolean tagged);
/* Writes it without answering; *version is the new one. */
CsStatus sync_local_store (SyncDb *db, const SyncDoc *doc, guint64 *version, SyncError *error);

#endif
