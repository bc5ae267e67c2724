/* sync-local-docs.c: rows of a listing of local documents.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-listing.h"
#include "sync-write.h"

#define PAGE_ROWS 1000

static void
append_row (SyncListing *self, CsSlice id, guint64 version, GBytes *stored, GString *out)
{
  g_string_append (out, self->n_rows++ == 0 ? "\n{\"id\":" : ",\n{\"id\":");
  sync_json_append_string (out, id);
  g_string_append (out, ",\"key\":");
  sync_json_append_string (out, id);
  g_string_append_printf (out, ",\"value\":{\"rev\":\"0-%" G_GUINT64_FORMAT "\"}", version);
  if (self->include_docs)
    {
      g_string_append (out, ",\"doc\":");
      sync_local_append (out, id, version, stored);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, '}');
}

CsStatus
sync_local_docs_key (SyncListing *self, SyncJson key, GString *out)
{
  g_autoptr (GBytes) stored = NULL;
  CsStatus status = CS_NOT_FOUND;
  guint64 version;
  CsSlice id;

  if (key.type == SYNC_JSON_STRING)
    {
      id = sync_json_text (key, &self->arena);
      status = cs_store_local_get (self->db->db, id, &version, &stored);
    }
  if (status == CS_OK)
    append_row (self, id, version, stored, out);
  else if (status == CS_NOT_FOUND)
    sync_listing_append_missing (self, key, out);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static gboolean
collect (CsSlice id, gpointer data)
{
  g_ptr_array_add (data, g_bytes_new (id.data, id.len));
  return TRUE;
}

/* One that was deleted since the page was read is left out. */
static CsStatus
append_page (SyncListing *self, const GPtrArray *ids, GString *out)
{
  CsStatus status = CS_OK;

  for (guint i = 0; status == CS_OK && i < ids->len; i++)
    {
      GBytes *bytes = g_ptr_array_index (ids, i);
      CsSlice id = cs_slice (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_autoptr (GBytes) stored = NULL;
      guint64 version;

      status = cs_store_local_get (self->db->db, id, &version, &stored);
      if (status == CS_OK)
        append_row (self, id, version, stored, out);
      else if (status == CS_NOT_FOUND)
        status = CS_OK;
    }
  return status;
}

CsStatus
sync_local_docs_range (SyncListing *self, GString *out)
{
  gint64 left = self->empty ? 0 : self->limit;
  CsStatus status = CS_OK;
  g_autoptr (GBytes) last = NULL;
  CsSlice from;

  self->range.skip = MIN (self->skip, G_MAXUINT);
  while (status == CS_OK && left > 0)
    {
      g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

      self->range.limit = MIN (left, PAGE_ROWS);
      status = cs_store_local_list (self->db->db, &self->range, collect, ids);
      if (status == CS_OK)
        status = append_page (self, ids, out);
      if (status == CS_OK)
        status = sync_flush (self->exchange, out);
      if (ids->len < self->range.limit)
        break;
      left -= ids->len;
      g_clear_pointer (&last, g_bytes_unref);
      last = g_bytes_ref (g_ptr_array_index (ids, ids->len - 1));
      from = cs_slice (g_bytes_get_data (last, NULL), g_bytes_get_size (last));
      self->range.from = &from;
      self->range.from_exclusive = TRUE;
      self->range.skip = 0;
    }
  return status;
}
