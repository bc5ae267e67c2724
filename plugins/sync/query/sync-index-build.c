/* sync-index-build.c: brings an index up to date from the change feed, page by page; a page is one
 * transaction.
 *
 * A crash between pages leaves the older index, whole: the next builder goes on from there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-index.h"

#include "sync-collate.h"

#define PAGE_ROWS 500
#define FIRST_ROWS 50 /* until it is known how large documents are */
#define PAGE_BYTES (4 * 1024 * 1024)
/* So little is done at once rather than in the pool. */
#define FEW_ROWS 16
#define FEW_BYTES 32768
#define CONFLICTS_MAX 5

/* ---- a page's entries ---- */

typedef struct
{
  SyncIndex *index;
  const CsStoreRows *records;
  guint64 fresh_until; /* records up to here have no entry yet */
  CsStoreIndexRow *rows;
  CsSlice *keys;     /* one for each row at most */
  GByteArray *bytes; /* of the keys, one behind the other */
  CsStatus status;
} Extraction;

/* FALSE: the document lacks a field, and has no entry. */
static gboolean
append_key (const SyncIndex *index, SyncJson doc, GByteArray *bytes)
{
  g_autoptr (GByteArray) key = g_byte_array_new ();
  gboolean room = TRUE;

  for (guint i = 0; i < index->n_columns; i++)
    {
      SyncJson value;

      if (sync_field_find (&index->columns[i], doc, &value) != SYNC_FIELD_FOUND)
        return FALSE;
      room = room && sync_key_append (key, value);
    }
  g_byte_array_append (bytes, key->data, key->len);
  return TRUE;
}

static gboolean
is_indexed (const CsStoreRecord *record)
{
  return !record->deleted && record->body.data != NULL &&
         !(record->id.len >= 8 && memcmp (record->id.data, "_design/", 8) == 0);
}

/* The key's length is kept in place of its bytes, which may still move. */
static CsStatus
extract_one (Extraction *self, guint i, GString *text, const SyncArena *arena)
{
  const CsStoreRecord *record = &self->records->records[i];
  SyncView view = { .arena = arena, .record = record };
  guint start = self->bytes->len;
  SyncJson doc;
  CsStatus status;

  self->rows[i] = (CsStoreIndexRow){ .id = record->id,
                                     .keys = &self->keys[i],
                                     .fresh = record->seq <= self->fresh_until };
  if (!is_indexed (record))
    return CS_OK;
  g_string_truncate (text, 0);
  status = sync_view_append (&view, SYNC_WINNER, text);
  if (status != CS_OK)
    return status;
  doc = sync_json_value (text->str, text->str + text->len);
  if (!sync_selector_match (&self->index->filter, doc) ||
      !append_key (self->index, doc, self->bytes))
    return CS_OK;
  self->rows[i].n_keys = 1;
  self->keys[i].len = self->bytes->len - start;
  return CS_OK;
}

static void
place_keys (Extraction *self)
{
  const guint8 *at = self->bytes->data;

  for (guint i = 0; i < self->records->n; i++)
    if (self->rows[i].n_keys > 0)
      {
        self->keys[i].data = (const char *) at;
        at += self->keys[i].len;
      }
}

static void
extract (gpointer data)
{
  Extraction *self = data;
  g_autoptr (GString) text = g_string_sized_new (4096);
  SyncScratch scratch;

  sync_scratch_init (&scratch);
  for (guint i = 0; i < self->records->n && self->status == CS_OK; i++)
    {
      self->status = extract_one (self, i, text, &scratch.arena);
      sync_scratch_reset (&scratch);
    }
  sync_scratch_clear (&scratch);
  place_keys (self);
}

static gboolean
is_little (const Extraction *self)
{
  gsize bytes = 0;

  if (self->records->n > FEW_ROWS || self->index->filter.regexes != NULL)
    return FALSE;
  for (guint i = 0; i < self->records->n; i++)
    bytes += self->records->records[i].body.len;
  return bytes * (1 + (gsize) self->index->filter.n_values) <= FEW_BYTES;
}

/* ---- pages ---- */

typedef struct
{
  Sync *self;
  SyncDb *db;
  SyncIndex *index;
  CsSlice key;
  guint64 seq;
  guint64 target;
  guint64 fresh_until;
  SyncIndexProgress progress;
  guint64 bytes; /* of the bodies that were read */
  guint conflicts;
  gboolean was_there;
} Builder;

static CsStatus
store_page (Builder *builder, const CsStoreRows *records, guint64 seq)
{
  g_autofree CsStoreIndexRow *rows = g_new0 (CsStoreIndexRow, records->n + 1);
  g_autofree CsSlice *keys = g_new0 (CsSlice, records->n + 1);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Extraction extraction = {
    builder->index, records, builder->fresh_until, rows, keys, bytes, CS_OK
  };
  CsStatus status = CS_OK;

  if (is_little (&extraction))
    extract (&extraction);
  else
    status = cs_pool_run (builder->self, extract, &extraction);
  if (status == CS_OK)
    status = extraction.status;
  if (status == CS_OK)
    status =
      cs_store_index_update (builder->db->db, builder->key, builder->seq, seq, rows, records->n);
  return status;
}

/* Where the index is. One that is not there begins at 0, and has no entry of anything that is there
 * now. */
static CsStatus
find_place (Builder *builder)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (builder->db->db, &info);

  if (status != CS_OK)
    return status;
  builder->target = info.last_seq;
  builder->fresh_until = 0;
  status = cs_store_index_seq (builder->db->db, builder->key, &builder->seq);
  if (status == CS_NOT_FOUND && builder->was_there)
    return CS_NOT_FOUND;
  /* Ahead of its database it is of another past. */
  if (status == CS_OK && builder->seq > info.last_seq)
    status = cs_store_index_drop (builder->db->db, builder->key);
  else if (status == CS_OK)
    return CS_OK;
  if (status != CS_OK && status != CS_NOT_FOUND)
    return status;
  builder->seq = 0;
  builder->fresh_until = info.last_seq;
  return CS_OK;
}

static guint
page_rows (const Builder *builder)
{
  if (builder->progress.done == 0)
    return FIRST_ROWS;
  return (guint) CLAMP (PAGE_BYTES * builder->progress.done / MAX (builder->bytes, 1), 1,
                        PAGE_ROWS);
}

static CsStatus
one_page (Builder *builder, gboolean *more)
{
  CsStoreRange range = {
    .size = sizeof range, .since = builder->seq, .limit = page_rows (builder), .what = CS_STORE_BODY
  };
  CsStoreRows *records = NULL;
  CsStatus status = cs_store_changes (builder->db->db, &range, &records);
  guint64 seq;
  guint n;

  if (status != CS_OK)
    return status;
  n = records->n;
  *more = records->more;
  seq = records->n > 0 ? records->records[records->n - 1].seq : builder->seq;
  if (!records->more)
    seq = MAX (seq, records->last_seq);
  status = store_page (builder, records, seq);
  builder->progress.done += records->n;
  for (guint i = 0; i < records->n; i++)
    builder->bytes += records->records[i].body.len;
  cs_store_rows_free (builder->db->db, records);
  if (status != CS_OK)
    return status;
  builder->seq = seq;
  builder->was_there = TRUE;
  cs_stat_add (builder->self->indexed_documents, n);
  sync_index_state_reached (builder->index->state, seq, builder->progress);
  return CS_OK;
}

/* Another node's builder, or a drop, came between: where is it now? */
static CsStatus
look_again (Builder *builder)
{
  return ++builder->conflicts > CONFLICTS_MAX ? CS_CONFLICT : find_place (builder);
}

CsStatus
sync_index_build (Sync *self, SyncDb *db, SyncIndex *index)
{
  Builder builder = { .self = self, .db = db, .index = index, .key = cs_slice_str (index->key) };
  CsStatus status = find_place (&builder);
  gboolean more = TRUE;

  if (status == CS_OK)
    cs_store_count (db->db, builder.seq, &builder.progress.total);
  if (status == CS_OK)
    sync_index_state_reached (index->state, builder.seq, builder.progress);
  while (status == CS_OK && (more || builder.seq < builder.target) && sync_node_runs ())
    {
      status = one_page (&builder, &more);
      if (status == CS_CONFLICT)
        {
          more = TRUE;
          status = look_again (&builder);
        }
    }
  if (status == CS_OK && builder.seq < builder.target)
    status = CS_CLOSED; /* the node stops */
  return status;
}
