/* sync-documents-read.c: documents=1: one document, and waiting for more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-documents.h"

/* ---- one document ---- */

/* Everything of one document in a single block. */
typedef struct
{
  CsDocument document;
  char version[CS_DOCUMENT_VERSION_SIZE];
  char text[]; /* id, user, body */
} Kept;

static char *
keep (char *at, CsSlice from, CsSlice *to)
{
  if (from.len > 0)
    memcpy (at, from.data, from.len);
  *to = cs_slice (at, from.len);
  return at + from.len;
}

static void
keep_object (char *at, CsSlice members, CsSlice *body)
{
  *body = cs_slice (at, members.len + 2);
  *at++ = '{';
  if (members.len > 0)
    memcpy (at, members.data, members.len);
  at[members.len] = '}';
  at[members.len + 1] = '\0';
}

CsStatus
sync_document_members (const CsStoreRecord *record, const SyncArena *arena, CsSlice *members)
{
  SyncBody body;

  if (record->body.data == NULL || !sync_body_decode (record->body, arena, &body))
    return CS_CORRUPT;
  *members = body.text;
  return CS_OK;
}

void
sync_document_fill (CsDocument *document, const CsStoreRecord *record, const CsSlice *members,
                    char *at)
{
  *document = (CsDocument){ .deleted = record->deleted,
                            .created = record->created,
                            .updated = record->updated };
  at = keep (at, record->id, &document->id);
  at = keep (at, record->user, &document->user);
  if (members != NULL)
    keep_object (at, *members, &document->body);
}

static CsStatus
keep_document (const CsStoreRecord *record, CsDocument **document)
{
  SyncScratch scratch;
  CsSlice members;
  Kept *kept;
  CsStatus status;

  sync_scratch_init (&scratch);
  status = sync_document_members (record, &scratch.arena, &members);
  sync_scratch_clear (&scratch);
  if (status != CS_OK)
    return status;
  kept = g_malloc (sizeof *kept + record->id.len + record->user.len + members.len
                   + SYNC_DOCUMENT_EXTRA);
  sync_document_fill (&kept->document, record, &members, kept->text);
  sync_version_write (kept->version, record->summary);
  kept->document.version = kept->version;
  *document = &kept->document;
  return CS_OK;
}

CsStatus
sync_documents_get (CsDocumentsDb *base, CsSlice id, CsDocument **document)
{
  SyncDocuments *self = sync_documents (base);
  CsStoreRows *rows = NULL;
  CsStatus status;

  *document = NULL;
  if (id.len == 0 || id.data[0] == '_')
    return CS_NOT_FOUND;
  status = cs_store_read (self->db->db, &id, 1, CS_STORE_BODY, &rows);
  if (status == CS_OK && (rows->records[0].seq == 0 || rows->records[0].deleted))
    status = CS_NOT_FOUND;
  if (status == CS_OK)
    status = keep_document (&rows->records[0], document);
  cs_store_rows_free (self->db->db, rows);
  return status;
}

void
sync_documents_free (CsDocument *document)
{
  g_free (document);
}

/* ---- waiting ---- */

CsStatus
sync_documents_cursor (SyncDocuments *self, const char *cursor, CsStoreInfo *info,
                       guint64 *since)
{
  CsStatus status = cs_store_info (self->db->db, info);

  *since = 0;
  if (status != CS_OK || cursor == NULL)
    return status;
  return sync_seq_parse (self->db->db, info, cs_slice_str (cursor), since) ? CS_OK : CS_INVALID;
}

typedef struct
{
  CsStoreWatch watch; /* first */
  CsWait wait;
  gboolean woken;
} Waiter;

static void
wake_waiter (CsStoreWatch *watch, guint64 last_seq, gboolean dropped)
{
  Waiter *waiter = (Waiter *) watch;

  if (!waiter->woken)
    cs_wake (&waiter->wait);
  waiter->woken = TRUE;
}

static CsStatus
has_more (CsStoreDb *db, guint64 since, gboolean *more)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (db, &info);

  *more = info.last_seq > since;
  return status;
}

CsStatus
sync_documents_wait (CsDocumentsDb *base, const char *cursor, gint64 deadline)
{
  SyncDocuments *self = sync_documents (base);
  CsStoreInfo info = { .size = sizeof info };
  gboolean more = FALSE;
  guint64 since;
  CsStatus status = sync_documents_cursor (self, cursor, &info, &since);

  while (status == CS_OK && !more)
    {
      Waiter waiter = { .watch = { .changed = wake_waiter } };

      cs_wait_init (&waiter.wait);
      status = cs_store_watch (self->db->db, &waiter.watch);
      if (status != CS_OK)
        break;
      status = has_more (self->db->db, since, &more);
      if (status == CS_OK && !more)
        status = cs_wait (&waiter.wait, deadline);
      cs_store_unwatch (self->db->db, &waiter.watch);
    }
  return status;
}

/* What the private words of a CsDocumentsWatch are. */
typedef struct
{
  CsStoreWatch store;
  SyncDb *db;
} Watching;

G_STATIC_ASSERT (sizeof (Watching) <= sizeof (((CsDocumentsWatch *) NULL)->private_));

static void
tell_watch (CsStoreWatch *store, guint64 last_seq, gboolean dropped)
{
  CsDocumentsWatch *watch
    = (CsDocumentsWatch *) ((char *) store - G_STRUCT_OFFSET (CsDocumentsWatch, private_));

  watch->changed (watch, dropped);
}

CsStatus
sync_documents_watch (CsDocumentsDb *base, CsDocumentsWatch *watch)
{
  SyncDocuments *self = sync_documents (base);
  Watching *watching = (Watching *) watch->private_;
  CsStatus status;

  watching->store.changed = tell_watch;
  status = cs_store_watch (self->db->db, &watching->store);
  watching->db = status == CS_OK ? sync_db_ref (self->db) : NULL;
  return status;
}

void
sync_documents_unwatch (CsDocumentsWatch *watch)
{
  Watching *watching = (Watching *) watch->private_;

  if (watching->db == NULL)
    return;
  cs_store_unwatch (watching->db->db, &watching->store);
  sync_db_unref (g_steal_pointer (&watching->db));
}
