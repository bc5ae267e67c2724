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

static inline SyncDocuments *
sync_documents (CsDocumentsDb *base)
{
  return (SyncDocuments *) base;
}

/* ---- sync-documents-read.c ---- */

CsStatus sync_documents_get (CsDocumentsDb *base, CsSlice id, CsDocument **document);
void sync_documents_free (CsDocument *document);
CsStatus sync_documents_list (CsDocumentsDb *base, const CsDocumentQuery *query,
                              CsDocumentList **list);
void sync_documents_list_free (CsDocumentList *list);
CsStatus sync_documents_wait (CsDocumentsDb *base, const char *cursor, gint64 deadline);
CsStatus sync_documents_watch (CsDocumentsDb *base, CsDocumentsWatch *watch);
void sync_documents_unwatch (CsDocumentsWatch *watch);

/* ---- sync-documents-write.c ---- */

CsStatus sync_documents_put (CsDocumentsDb *base, CsSlice id, CsSlice body,
                             const CsDocumentCondition *condition, CsDocumentResult *result);
CsStatus sync_documents_patch (CsDocumentsDb *base, CsSlice id, CsSlice patch,
                               const CsDocumentCondition *condition, CsDocumentResult *result);
CsStatus sync_documents_remove (CsDocumentsDb *base, CsSlice id,
                                const CsDocumentCondition *condition, CsDocumentResult *result);

/* ---- versions: a revision's text, which an ETag can hold as it is (sync-rev.c) ---- */

G_STATIC_ASSERT (SYNC_REV_TEXT_MAX < CS_DOCUMENT_VERSION_SIZE);

/* Writes into `out`, of CS_DOCUMENT_VERSION_SIZE bytes, with a NUL. `rev` is a revision's text. */
void sync_version_write (char *out, CsSlice rev);
/* The revision of a version; one that is none matches no revision (generation 0). */
void sync_version_read (CsSlice version, SyncRev *rev);

#endif
