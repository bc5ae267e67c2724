/* sync-documents.c: the contract documents=1: databases opened for an identity, and versions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-documents.h"

/* ---- databases ---- */

static CsStatus
documents_open (CsDocuments *documents, CsIdentity *identity, CsSlice name,
                CsDocumentsAccess access, CsDocumentsDb **out)
{
  Sync *self = sync_of_documents (documents);
  SyncDocuments *handle;
  SyncDb *db;
  CsStatus status;

  *out = NULL;
  if (name.len == 0 || name.data[0] == '_')
    return CS_NOT_FOUND;
  status = sync_open_for (self, identity, name,
                          access == CS_DOCUMENTS_WRITE ? SYNC_WRITE : SYNC_READ, &db);
  if (status != CS_OK)
    return status;
  handle = g_new (SyncDocuments, 1);
  *handle = (SyncDocuments){ { documents->table }, self, db, cs_identity_ref (identity),
                             access == CS_DOCUMENTS_WRITE };
  *out = &handle->base;
  return CS_OK;
}

static CsStatus
documents_create (CsDocuments *documents, CsIdentity *identity, CsSlice name)
{
  if (name.len == 0 || name.data[0] == '_')
    return CS_INVALID;
  return sync_create_for (sync_of_documents (documents), identity, name);
}

static void
documents_close (CsDocumentsDb *base)
{
  SyncDocuments *handle = sync_documents (base);

  sync_db_unref (handle->db);
  cs_identity_unref (handle->identity);
  g_free (handle);
}

/* ---- versions ---- */

void
sync_version_write (char *out, CsSlice rev)
{
  memcpy (out, rev.data, rev.len);
  out[rev.len] = '\0';
}

void
sync_version_read (CsSlice version, SyncRev *rev)
{
  if (!sync_rev_parse (version, rev))
    *rev = (SyncRev){ .generation = 0 };
}

const CsDocumentsTable sync_documents_table = {
  .size = sizeof (CsDocumentsTable),
  .open = documents_open,
  .create = documents_create,
  .close = documents_close,
  .get = sync_documents_get,
  .document_free = sync_documents_free,
  .put = sync_documents_put,
  .patch = sync_documents_patch,
  .remove = sync_documents_remove,
  .list = sync_documents_list,
  .find = sync_documents_find,
  .list_free = sync_documents_list_free,
  .wait = sync_documents_wait,
  .watch = sync_documents_watch,
  .unwatch = sync_documents_unwatch,
  .check = sync_documents_check,
};
