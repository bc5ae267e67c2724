/* sync-documents-read.c: documents=1: one document, lists in the order of the feed, and waiting for more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-documents.h"

#define LIMIT_DEFAULT 100
#define PAGE_FIRST 16
#define PAGE_MAX 256
#define LIST_BYTES (4 * 1024 * 1024) /* of bodies; the document that passes it is the last */

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

static CsStatus
members_of (const CsStoreRecord *record, const SyncArena *arena, CsSlice *members)
{
  SyncBody body;

  if (record->body.data == NULL || !sync_body_decode (record->body, arena, &body))
    return CS_CORRUPT;
  *members = body.text;
  return CS_OK;
}

/* Fills a document; `at` has room for the id, the user and the body. */
static void
fill (CsDocument *document, const CsStoreRecord *record, const CsSlice *members, char *at)
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
  status = members_of (record, &scratch.arena, &members);
  sync_scratch_clear (&scratch);
  if (status != CS_OK)
    return status;
  kept = g_malloc (sizeof *kept + record->id.len + record->user.len + members.len + 3);
  fill (&kept->document, record, &members, kept->text);
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

/* ---- lists ---- */

typedef struct
{
  CsDocumentList base; /* first */
  GArray *documents;
  SyncScratch scratch;
  char cursor[48];
} List;

typedef struct
{
  SyncDocuments *self;
  const CsDocumentQuery *query;
  List *list;
  CsStoreRange range;
  guint64 epoch;
  guint limit;
  gsize bytes;
  gsize largest;
} Walk;

static CsStatus
append (Walk *walk, const CsStoreRecord *record)
{
  const SyncArena *arena = &walk->list->scratch.arena;
  gboolean with_body = !walk->query->without_bodies && !record->deleted;
  CsDocument document;
  CsSlice members = cs_slice (NULL, 0);
  char *version;
  CsStatus status = with_body ? members_of (record, arena, &members) : CS_OK;

  if (status != CS_OK)
    return status;
  fill (&document, record, with_body ? &members : NULL,
        sync_alloc (arena, record->id.len + record->user.len + members.len + 3));
  version = sync_alloc (arena, CS_DOCUMENT_VERSION_SIZE);
  sync_version_write (version, record->summary);
  document.version = version;
  g_array_append_val (walk->list->documents, document);
  walk->bytes += members.len;
  walk->largest = MAX (walk->largest, members.len);
  return CS_OK;
}

static gboolean
full (const Walk *walk)
{
  return walk->list->documents->len == walk->limit || walk->bytes >= LIST_BYTES;
}

/* Few at first, since nobody knows yet how large they are. */
static guint
page_rows (const Walk *walk)
{
  guint left = walk->limit - walk->list->documents->len;
  gsize fitting = (LIST_BYTES - walk->bytes) / (walk->largest + 1) + 1;

  if (walk->query->without_bodies)
    return left;
  if (walk->largest == 0)
    return MIN (left, PAGE_FIRST);
  return MIN (left, MIN (fitting, PAGE_MAX));
}

/* Documents of the server's own, such as design documents, are passed over. */
static CsStatus
walk_page (Walk *walk, gboolean *more)
{
  CsStoreDb *db = walk->self->db->db;
  CsStoreRows *rows = NULL;
  CsStatus status;

  walk->range.limit = page_rows (walk);
  status = cs_store_changes (db, &walk->range, &rows);
  if (status != CS_OK)
    return status;
  *more = rows->more;
  for (guint i = 0; status == CS_OK && i < rows->n && !full (walk); i++)
    {
      const CsStoreRecord *record = &rows->records[i];

      walk->range.since = record->seq;
      *more = rows->more || i + 1 < rows->n;
      if (record->id.len > 0 && record->id.data[0] != '_')
        status = append (walk, record);
    }
  if (!*more)
    walk->range.since = MAX (walk->range.since, rows->last_seq);
  cs_store_rows_free (db, rows);
  return status;
}

static CsStatus
parse_cursor (SyncDocuments *self, const char *cursor, CsStoreInfo *info, guint64 *since)
{
  CsStatus status = cs_store_info (self->db->db, info);

  *since = 0;
  if (status != CS_OK || cursor == NULL)
    return status;
  return sync_seq_parse (self->db->db, info, cs_slice_str (cursor), since) ? CS_OK : CS_INVALID;
}

static CsStatus
begin_walk (Walk *walk)
{
  const CsDocumentQuery *query = walk->query;
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = parse_cursor (walk->self, query->cursor, &info, &walk->range.since);

  walk->epoch = info.epoch;
  walk->limit = query->limit > 0 ? MIN (query->limit, CS_DOCUMENT_LIST_MAX) : LIMIT_DEFAULT;
  walk->range.size = sizeof walk->range;
  walk->range.what = query->without_bodies ? 0 : CS_STORE_BODY;
  walk->range.user = query->user.data != NULL ? &query->user : NULL;
  walk->range.live_only = !query->with_deleted;
  if (query->created_after != 0)
    walk->range.created_from = query->created_after + 1;
  if (query->updated_after != 0)
    walk->range.updated_from = query->updated_after + 1;
  return status;
}

static void
end_walk (Walk *walk, gboolean more, CsDocumentList **out)
{
  List *list = walk->list;
  g_autoptr (GString) cursor = g_string_new (NULL);

  sync_seq_append (cursor, walk->range.since, walk->epoch);
  g_strlcpy (list->cursor, cursor->str + 1, MIN (cursor->len - 1, sizeof list->cursor));
  list->base.documents = (const CsDocument *) list->documents->data;
  list->base.n = list->documents->len;
  list->base.more = more;
  list->base.cursor = list->cursor;
  *out = &list->base;
}

CsStatus
sync_documents_list (CsDocumentsDb *base, const CsDocumentQuery *query, CsDocumentList **out)
{
  Walk walk = { .self = sync_documents (base), .query = query };
  gboolean more = TRUE;
  CsStatus status;

  *out = NULL;
  status = begin_walk (&walk);
  if (status != CS_OK)
    return status;
  walk.list = g_new0 (List, 1);
  walk.list->documents = g_array_new (FALSE, FALSE, sizeof (CsDocument));
  sync_scratch_init (&walk.list->scratch);
  while (status == CS_OK && more && !full (&walk))
    status = walk_page (&walk, &more);
  if (status == CS_OK)
    end_walk (&walk, more, out);
  else
    sync_documents_list_free (&walk.list->base);
  return status;
}

void
sync_documents_list_free (CsDocumentList *base)
{
  List *list = (List *) base;

  g_array_unref (list->documents);
  sync_scratch_clear (&list->scratch);
  g_free (list);
}

/* ---- waiting ---- */

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
  CsStatus status = parse_cursor (self, cursor, &info, &since);

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
