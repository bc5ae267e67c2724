/* sync-documents-list.c: documents=1: lists, in the order of the feed or of a query.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-documents.h"
#include "sync-find.h"

#define LIMIT_DEFAULT 100
#define PAGE_FIRST 16
#define PAGE_MAX 256
#define LIST_BYTES (4 * 1024 * 1024) /* of bodies; the document that passes it is the last */

/* ---- a list that grows ---- */

typedef struct
{
  CsDocumentList base; /* first */
  GArray *documents;
  SyncScratch scratch;
  guint limit;
  gsize bytes;
  gsize largest;
} List;

static List *
list_new (guint limit)
{
  List *list = g_new0 (List, 1);

  list->documents = g_array_new (FALSE, FALSE, sizeof (CsDocument));
  list->limit = limit > 0 ? MIN (limit, CS_DOCUMENT_LIST_MAX) : LIMIT_DEFAULT;
  sync_scratch_init (&list->scratch);
  return list;
}

static CsStatus
append (List *list, const CsStoreRecord *record, gboolean with_body)
{
  const SyncArena *arena = &list->scratch.arena;
  CsDocument document;
  CsSlice members = cs_slice (NULL, 0);
  char *version;
  CsStatus status = with_body ? sync_document_members (record, arena, &members) : CS_OK;

  if (status != CS_OK)
    return status;
  sync_document_fill (&document, record, with_body ? &members : NULL,
                      sync_alloc (arena, record->id.len + record->user.len + members.len
                                           + SYNC_DOCUMENT_EXTRA));
  version = sync_alloc (arena, record->summary.len + 1);
  sync_version_write (version, record->summary);
  document.version = version;
  g_array_append_val (list->documents, document);
  list->bytes += members.len;
  list->largest = MAX (list->largest, members.len);
  return CS_OK;
}

static gboolean
full (const List *list)
{
  return list->documents->len == list->limit || list->bytes >= LIST_BYTES;
}

static CsDocumentList *
end_list (List *list, gboolean more, CsSlice cursor)
{
  char *text = sync_alloc (&list->scratch.arena, cursor.len + 1);

  memcpy (text, cursor.data, cursor.len);
  text[cursor.len] = '\0';
  list->base = (CsDocumentList){ .documents = (const CsDocument *) list->documents->data,
                                 .n = list->documents->len,
                                 .more = more,
                                 .cursor = text };
  return &list->base;
}

void
sync_documents_list_free (CsDocumentList *base)
{
  List *list = (List *) base;

  g_array_unref (list->documents);
  sync_scratch_clear (&list->scratch);
  g_free (list);
}

/* ---- in the order of the feed ---- */

typedef struct
{
  SyncDocuments *self;
  const CsDocumentQuery *query;
  List *list;
  CsStoreRange range;
  guint64 epoch;
} Walk;

/* Few at first, since nobody knows yet how large they are. */
static guint
page_rows (const Walk *walk)
{
  const List *list = walk->list;
  guint left = list->limit - list->documents->len;
  gsize fitting = (LIST_BYTES - list->bytes) / (list->largest + 1) + 1;

  if (walk->query->without_bodies)
    return left;
  if (list->largest == 0)
    return MIN (left, PAGE_FIRST);
  return MIN (left, MIN (fitting, PAGE_MAX));
}

static gboolean
is_own (CsSlice id)
{
  return id.len == 0 || id.data[0] == '_';
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
  for (guint i = 0; status == CS_OK && i < rows->n && !full (walk->list); i++)
    {
      const CsStoreRecord *record = &rows->records[i];

      walk->range.since = record->seq;
      *more = rows->more || i + 1 < rows->n;
      if (!is_own (record->id))
        status = append (walk->list, record, !walk->query->without_bodies && !record->deleted);
    }
  if (!*more)
    walk->range.since = MAX (walk->range.since, rows->last_seq);
  cs_store_rows_free (db, rows);
  return status;
}

static CsStatus
begin_walk (Walk *walk)
{
  const CsDocumentQuery *query = walk->query;
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = sync_documents_cursor (walk->self, query->cursor, &info, &walk->range.since);

  walk->epoch = info.epoch;
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

CsStatus
sync_documents_list (CsDocumentsDb *base, const CsDocumentQuery *query, CsDocumentList **out)
{
  Walk walk = { .self = sync_documents (base), .query = query };
  g_autoptr (GString) cursor = g_string_new (NULL);
  gboolean more = TRUE;
  CsStatus status;

  *out = NULL;
  status = begin_walk (&walk);
  if (status != CS_OK)
    return status;
  walk.list = list_new (query->limit);
  while (status == CS_OK && more && !full (walk.list))
    status = walk_page (&walk, &more);
  sync_seq_append (cursor, walk.range.since, walk.epoch);
  if (status == CS_OK)
    *out = end_list (walk.list, more, cs_slice (cursor->str + 1, cursor->len - 2));
  else
    sync_documents_list_free (&walk.list->base);
  return status;
}

/* ---- by selector ---- */

typedef struct
{
  List *list;
  CsStatus status;
} Taking;

static gboolean
take (const CsStoreRecord *record, gpointer data)
{
  Taking *taking = data;

  taking->status = append (taking->list, record, TRUE);
  return taking->status == CS_OK && !full (taking->list);
}

static gboolean
append_member (GString *json, const char *name, CsSlice text)
{
  if (text.len == 0)
    return TRUE;
  g_string_append_printf (json, ",\"%s\":", name);
  g_string_append_len (json, text.data, text.len);
  return sync_json_valid (text, SYNC_SELECTOR_DEPTH_MAX * 2);
}

/* The query as the API's `_find` takes it. FALSE: a part is no JSON. */
static gboolean
write_query (const CsDocumentFind *find, guint limit, GString *json)
{
  g_string_append_printf (json, "{\"limit\":%u", limit);
  if (find->cursor != NULL)
    {
      g_string_append (json, ",\"bookmark\":");
      sync_json_append_string (json, cs_slice_str (find->cursor));
    }
  if (!append_member (json, "selector", find->selector)
      || !append_member (json, "sort", find->sort)
      || !append_member (json, "use_index", find->index))
    return FALSE;
  g_string_append_c (json, '}');
  return TRUE;
}

static void
tell (char **reason, const char *text)
{
  if (reason != NULL)
    *reason = g_strdup (text);
}

static CsStatus
run_find (SyncDocuments *self, List *list, SyncJson query, GString *next, char **reason)
{
  g_auto (SyncFind) find = { 0 };
  Taking taking = { list, CS_OK };
  CsStatus status = CS_INVALID;

  if (sync_find_parse (&find, self->self, self->db, list->scratch.arena, query))
    {
      find.take = take;
      find.take_data = &taking;
      find.next = next;
      status = sync_find_run (&find);
    }
  if (status == CS_INVALID)
    tell (reason, find.error.reason);
  return status == CS_OK ? taking.status : status;
}

CsStatus
sync_documents_find (CsDocumentsDb *base, const CsDocumentFind *find, CsDocumentList **out,
                     char **reason)
{
  List *list = list_new (find->limit);
  g_autoptr (GString) json = g_string_new (NULL);
  g_autoptr (GString) next = g_string_new (NULL);
  CsStatus status = CS_INVALID;
  SyncJson query;

  *out = NULL;
  if (reason != NULL)
    *reason = NULL;
  if (write_query (find, list->limit, json)
      && sync_json_parse (cs_slice (json->str, json->len), SYNC_SELECTOR_DEPTH_MAX * 2 + 1, &query))
    status = run_find (sync_documents (base), list, query, next, reason);
  else
    tell (reason, "selector, sort or index is not JSON in UTF-8, or nested too deep");
  if (status == CS_OK)
    *out = end_list (list, full (list), cs_slice (next->str, next->len));
  else
    sync_documents_list_free (&list->base);
  return status;
}
