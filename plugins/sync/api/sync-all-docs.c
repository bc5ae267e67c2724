/* sync-all-docs.c: documents by id: ranges streamed in pages, or the given keys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-listing.h"

#define PAGE_ROWS 1000

/* ---- rows ---- */

static CsStatus
append_row (SyncListing *self, const CsStoreRecord *record, GString *out)
{
  SyncView view = { .db = self->db, .arena = &self->arena, .record = record,
                    .flags = self->flags, .pass = sync_pass_on, .pass_data = self->exchange };
  CsStatus status = CS_OK;

  g_string_append (out, self->n_rows++ == 0 ? "\n{\"id\":" : ",\n{\"id\":");
  sync_json_append_string (out, record->id);
  g_string_append (out, ",\"key\":");
  sync_json_append_string (out, record->id);
  g_string_append (out, ",\"value\":{\"rev\":\"");
  g_string_append_len (out, record->summary.data, record->summary.len);
  g_string_append (out, record->deleted ? "\",\"deleted\":true}" : "\"}");
  if (self->include_docs)
    {
      g_string_append (out, ",\"doc\":");
      if (record->deleted)
        g_string_append (out, "null");
      else
        status = sync_view_append (&view, SYNC_WINNER, out);
    }
  g_string_append_c (out, '}');
  return status;
}

void
sync_listing_append_missing (SyncListing *self, SyncJson key, GString *out)
{
  g_string_append (out, self->n_rows++ == 0 ? "\n{\"key\":" : ",\n{\"key\":");
  g_string_append_len (out, key.text.data, key.text.len);
  g_string_append (out, ",\"error\":\"not_found\"}");
}

static CsStatus
append_rows (SyncListing *self, const CsStoreRows *rows, GString *out)
{
  CsStatus status = CS_OK;

  for (guint i = 0; status == CS_OK && i < rows->n; i++)
    status = append_row (self, &rows->records[i], out);
  return status;
}

/* Pages of rows; nothing of the store is held while the client is slow. */
static CsStatus
stream_range (SyncListing *self, GString *out)
{
  g_autoptr (GString) last = g_string_new (NULL);
  CsSlice next;
  gint64 left = self->limit;
  gboolean more = !self->empty && left > 0;
  CsStatus status = CS_OK;

  self->range.skip = MIN (self->skip, G_MAXUINT);
  while (status == CS_OK && more)
    {
      CsStoreRows *rows = NULL;

      self->range.limit = MIN (left, PAGE_ROWS);
      status = cs_store_ids (self->db->db, &self->range, &rows);
      if (status != CS_OK)
        break;
      status = append_rows (self, rows, out);
      left -= rows->n;
      more = rows->more && rows->n > 0 && left > 0;
      if (more)
        {
          g_string_truncate (last, 0);
          g_string_append_len (last, rows->records[rows->n - 1].id.data,
                               rows->records[rows->n - 1].id.len);
          next = cs_slice (last->str, last->len);
          self->range.from = &next;
          self->range.from_exclusive = TRUE;
          self->range.skip = 0;
        }
      cs_store_rows_free (self->db->db, rows);
      if (status == CS_OK)
        status = sync_flush (self->exchange, out);
    }
  return status;
}

static CsStatus
answer_key (SyncListing *self, SyncJson key, GString *out)
{
  CsStoreRows *rows = NULL;
  CsSlice id;
  CsStatus status;

  if (self->kind == SYNC_LISTING_LOCAL)
    return sync_local_docs_key (self, key, out);
  if (key.type != SYNC_JSON_STRING)
    {
      sync_listing_append_missing (self, key, out);
      return CS_OK;
    }
  id = sync_json_text (key, &self->arena);
  status = cs_store_read (self->db->db, &id, 1, self->range.what, &rows);
  if (status != CS_OK)
    return status;
  if (rows->records[0].seq == 0)
    sync_listing_append_missing (self, key, out);
  else
    status = append_row (self, &rows->records[0], out);
  cs_store_rows_free (self->db->db, rows);
  return status;
}

static CsStatus
stream_keys (SyncListing *self, GString *out)
{
  SyncJsonCursor cursor;
  SyncJson key;
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (SyncJson));
  gint64 n;
  CsStatus status = CS_OK;

  sync_json_elements (&cursor, self->keys);
  while (sync_json_next_element (&cursor, &key))
    g_array_append_val (keys, key);
  n = keys->len;
  for (gint64 i = self->skip; status == CS_OK && i < n && i - self->skip < self->limit; i++)
    {
      key = g_array_index (keys, SyncJson, self->range.descending ? n - 1 - i : i);
      status = answer_key (self, key, out);
      if (status == CS_OK && out->len > 65536)
        status = sync_flush (self->exchange, out);
    }
  return status;
}

/* ---- the answer ---- */

static CsStatus
append_head (SyncListing *self, GString *out)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (self->db->db, &info);

  g_string_append_c (out, '{');
  if (self->kind == SYNC_LISTING_ALL)
    g_string_append_printf (out, "\"total_rows\":%" G_GUINT64_FORMAT ",\"offset\":null,",
                            info.n_records);
  if (self->kind == SYNC_LISTING_LOCAL)
    g_string_append (out, "\"total_rows\":null,\"offset\":null,");
  if (self->update_seq)
    {
      g_string_append (out, "\"update_seq\":");
      sync_seq_append (out, info.last_seq, info.epoch);
      g_string_append_c (out, ',');
    }
  g_string_append (out, "\"rows\":[");
  return status;
}

static void
append_tail (SyncListing *self, GString *out)
{
  g_string_append (out, "\n]");
  if (self->kind == SYNC_LISTING_DESIGN)
    g_string_append_printf (out, ",\"total_rows\":%" G_GUINT64_FORMAT ",\"offset\":null",
                            self->n_rows);
  g_string_append_c (out, '}');
}

/* One listing, from brace to brace. */
static CsStatus
stream_listing (SyncListing *self, GString *out)
{
  CsStatus status = append_head (self, out);

  if (status == CS_OK && self->keys.type == SYNC_JSON_ARRAY)
    status = stream_keys (self, out);
  else if (status == CS_OK && self->kind == SYNC_LISTING_LOCAL)
    status = sync_local_docs_range (self, out);
  else if (status == CS_OK)
    status = stream_range (self, out);
  append_tail (self, out);
  return status;
}

static void
end (CsHttpExchange *exchange, CsStatus status, GString *out)
{
  if (status == CS_OK)
    status = sync_flush (exchange, out);
  if (status == CS_OK)
    cs_http_end (exchange);
  else
    cs_http_abort (exchange);
}

static void
stream (SyncListing *self)
{
  g_autoptr (GString) out = g_string_sized_new (8192);
  CsStatus status;

  sync_begin (self->exchange, "application/json");
  status = stream_listing (self, out);
  g_string_append_c (out, '\n');
  end (self->exchange, status, out);
}

/* FALSE: answered. */
static gboolean
begin (SyncListing *self, CsHttpExchange *exchange, Sync *sync, SyncDb *db, SyncListingKind kind)
{
  *self = (SyncListing){ .exchange = exchange, .self = sync, .db = db, .kind = kind };
  if (db == NULL)
    return FALSE;
  self->arena = sync_exchange_arena (exchange);
  return sync_listing_read_body (self);
}

static void
answer (CsHttpExchange *exchange, Sync *self, SyncListingKind kind)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  SyncListing listing;

  if (begin (&listing, exchange, self, db, kind) && sync_listing_read (&listing))
    stream (&listing);
}

/* Several listings in one answer. */
static void
answer_queries (CsHttpExchange *exchange, Sync *self, SyncListingKind kind)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_autoptr (GString) out = NULL;
  SyncListing all;
  SyncListing *listings;
  guint n;
  CsStatus status = CS_OK;

  if (!begin (&all, exchange, self, db, kind)
      || (listings = sync_listing_read_queries (&all, &n)) == NULL)
    return;
  out = g_string_new ("{\"results\":[");
  sync_begin (exchange, "application/json");
  for (guint i = 0; status == CS_OK && i < n; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      status = stream_listing (&listings[i], out);
    }
  g_string_append (out, "]}\n");
  end (exchange, status, out);
}

void
sync_all_docs (CsHttpExchange *exchange, gpointer self)
{
  answer (exchange, self, SYNC_LISTING_ALL);
}

void
sync_all_docs_queries (CsHttpExchange *exchange, gpointer self)
{
  answer_queries (exchange, self, SYNC_LISTING_ALL);
}

void
sync_design_docs (CsHttpExchange *exchange, gpointer self)
{
  answer (exchange, self, SYNC_LISTING_DESIGN);
}

void
sync_design_docs_queries (CsHttpExchange *exchange, gpointer self)
{
  answer_queries (exchange, self, SYNC_LISTING_DESIGN);
}

void
sync_local_docs (CsHttpExchange *exchange, gpointer self)
{
  answer (exchange, self, SYNC_LISTING_LOCAL);
}

void
sync_local_docs_queries (CsHttpExchange *exchange, gpointer self)
{
  answer_queries (exchange, self, SYNC_LISTING_LOCAL);
}
