/* sync-documents.h: what the files behind the contract documents=1 share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_DOCUMENTS_H
#define SYNC_DOCUMENTS_H

#include "sync-scratch.h"
#include "sync-view.h"

#include <cloudsync/services/documents.h>

/* An open database: what a CsDocumentsDb is. */
typedef struct
{
  CsDocumentsDb base;
  Sync *self;
  SyncDb *db; /* a reference */
  CsIdentity *identity;
  gboolean writable;
} SyncDocuments;

static inline Sync *
sync_of_documents (CsDocuments *documents)
{
  return (Sync *) ((char *) documents - G_STRUCT_OFFSET (Sync, documents));
}

static inline SyncDocuments *
sync_documents (CsDocumentsDb *base)
{
  return (SyncDocuments *) base;
}

/* ---- sync-documents-read.c ---- */

CsStatus sync_documents_get (CsDocumentsDb *base, CsSlice id, CsDocument **document);
void sync_documents_free (CsDocument *document);
CsStatus sync_documents_wait (CsDocumentsDb *base, const char *cursor, gint64 deadline);
CsStatus sync_documents_watch (CsDocumentsDb *base, CsDocumentsWatch *watch);
void sync_documents_unwatch (CsDocumentsWatch *watch);

/* Where a cursor is in the feed, with the database's state; CS_INVALID: nowhere. */
CsStatus sync_documents_cursor (SyncDocuments *self, const char *cursor, CsStoreInfo *info,
                                guint64 *since);

#define SYNC_DOCUMENT_EXTRA 3 /* bytes that a document needs beside its id, user and members */

/* The stored members of a record that was read with its body; of the record. */
CsStatus sync_document_members (const CsStoreRecord *record, const SyncArena *arena,
                                CsSlice *members);
/* Fills a document but for its version; `at` has room for the id, the user, the members and the extra. members
 * NULL: without a body. */
void sync_document_fill (CsDocument *document, const CsStoreRecord *record, const CsSlice *members,
                         char *at);

/* ---- sync-documents-list.c ---- */

CsStatus sync_documents_list (CsDocumentsDb *base, const CsDocumentQuery *query,
                              CsDocumentList **list);
CsStatus sync_documents_find (CsDocumentsDb *base, const CsDocumentFind *find,
                              CsDocumentList **list, char **reason);
void sync_documents_list_free (CsDocumentList *list);

/* ---- sync-documents-write.c ---- */

CsStatus sync_documents_check (CsDocuments *documents, CsSlice id, CsSlice body,
                               CsDocumentFault *fault);
CsStatus sync_documents_put (CsDocumentsDb *base, CsSlice id, CsSlice body,
                             const CsDocumentCondition *condition, CsDocumentResult *result);
CsStatus sync_documents_patch (CsDocumentsDb *base, CsSlice id, CsSlice patch,
                               const CsDocumentCondition *condition, CsDocumentResult *result);
CsStatus sync_documents_remove (CsDocumentsDb *base, CsSlice id,
                                const CsDocumentCondition *condition, CsDocumentResult *result);

/* ---- versions: a revision's text, which an ETag can hold as it is (sync-rev.c) ---- */

G_STATIC_ASSERT (SYNC_REV_TEXT_MAX < CS_DOCUMENT_VERSION_SIZE);

/* Writes a revision's text and a NUL. */
void sync_version_write (char *out, CsSlice rev);
/* The revision of a version; one that is none matches no revision (generation 0). */
void sync_version_read (CsSlice version, SyncRev *rev);

#endif
