/* sync-index-read.c: the definition of an index, as clients send it and design documents keep it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-index.h"

#include "sync-collate.h"

static CsSlice
keep (SyncIndex *index, CsSlice text)
{
  char *copy = sync_alloc (&index->scratch.arena, text.len + 1);

  if (text.len > 0)
    memcpy (copy, text.data, text.len);
  copy[text.len] = '\0';
  return cs_slice (copy, text.len);
}

SyncIndex *
sync_index_new (CsSlice ddoc, CsSlice name)
{
  SyncIndex *index = g_new0 (SyncIndex, 1);

  index->ref_count = 1;
  sync_scratch_init (&index->scratch);
  index->ddoc = keep (index, ddoc);
  index->name = keep (index, name);
  return index;
}

SyncIndex *
sync_index_ref (SyncIndex *index)
{
  index->ref_count++;
  return index;
}

void
sync_index_unref (SyncIndex *index)
{
  if (index == NULL || --index->ref_count > 0)
    return;
  sync_index_state_unref (index->state);
  sync_selector_clear (&index->filter);
  sync_scratch_clear (&index->scratch);
  g_free (index);
}

/* Everything that decides about entries and their order. */
static void
make_key (SyncIndex *index)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *version = sync_collate_version ();
  guint8 digest[32];
  gsize len = sizeof digest;

  g_checksum_update (sum, (const guchar *) version, strlen (version) + 1);
  for (guint i = 0; i < index->n_columns; i++)
    {
      CsSlice text = index->columns[i].text;

      g_checksum_update (sum, (const guchar *) text.data, (gssize) text.len);
      g_checksum_update (sum, (const guchar *) "", 1);
    }
  g_checksum_update (sum, (const guchar *) "", 1);
  g_checksum_update (sum, (const guchar *) index->filter_text.data,
                     (gssize) index->filter_text.len);
  g_checksum_get_digest (sum, digest, &len);
  memcpy (index->mark, digest, sizeof index->mark);
  g_snprintf (index->key, sizeof index->key, "mango/");
  for (guint i = 0; i < 16; i++)
    g_snprintf (index->key + 6 + 2 * i, 3, "%02x", digest[i]);
}

static gboolean
read_filter (Sync *self, SyncIndex *index, SyncJson selector, SyncError *error)
{
  const SyncArena *arena = &index->scratch.arena;
  g_autoptr (GString) form = NULL;

  if (selector.type == SYNC_JSON_NONE)
    return TRUE;
  if (!sync_selector_prepare (self, &index->filter, selector, arena, error))
    return FALSE;
  if (index->filter.root == NULL)
    return TRUE;
  form = g_string_new (NULL);
  sync_selector_append (&index->filter, form);
  index->filter_text = keep (index, cs_slice (form->str, form->len));
  return TRUE;
}

/* Older indexes call the filter `selector`. */
static SyncJson
filter_of (SyncJson definition)
{
  SyncJson filter = sync_json_member (definition, "partial_filter_selector");

  return filter.type != SYNC_JSON_NONE ? filter : sync_json_member (definition, "selector");
}

gboolean
sync_index_read (Sync *self, SyncIndex *index, SyncJson definition, SyncError *error)
{
  const SyncArena *arena = &index->scratch.arena;
  CsSlice text = keep (index, definition.text);
  SyncJson own = { definition.type, text };
  SyncJson fields = sync_json_member (own, "fields");

  if (fields.type == SYNC_JSON_NONE)
    {
      *error = (SyncError){ 400, "missing_required_key", "Missing required key: fields" };
      return FALSE;
    }
  if (!sync_collate_prepare (self, error)
      || !sync_sort_read (fields, arena, &index->columns, &index->n_columns, &index->descending,
                       error) ||
      !read_filter (self, index, filter_of (own), error))
    return FALSE;
  make_key (index);
  return TRUE;
}

/* ---- as JSON ---- */

void
sync_index_append_columns (const SyncIndex *index, GString *out)
{
  const char *direction = index->descending ? "\"desc\"" : "\"asc\"";

  g_string_append_c (out, '{');
  for (guint i = 0; i < index->n_columns; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      sync_json_append_string (out, index->columns[i].text);
      g_string_append_c (out, ':');
      g_string_append (out, direction);
    }
  g_string_append_c (out, '}');
}

static void
append_definition (const SyncIndex *index, GString *out)
{
  g_string_append (out, "{\"fields\":[");
  for (guint i = 0; i < index->n_columns; i++)
    {
      g_string_append (out, i > 0 ? ",{" : "{");
      sync_json_append_string (out, index->columns[i].text);
      g_string_append (out, index->descending ? ":\"desc\"}" : ":\"asc\"}");
    }
  g_string_append_c (out, ']');
  if (index->filter_text.len > 0)
    {
      g_string_append (out, ",\"partial_filter_selector\":");
      g_string_append_len (out, index->filter_text.data, (gssize) index->filter_text.len);
    }
  g_string_append_c (out, '}');
}

void
sync_index_append (const SyncIndex *index, GString *out)
{
  if (index->ddoc.len == 0)
    {
      g_string_append (out, "{\"ddoc\":null,\"name\":\"_all_docs\",\"type\":\"special\","
                            "\"def\":{\"fields\":[{\"_id\":\"asc\"}]}}");
      return;
    }
  g_string_append (out, "{\"ddoc\":");
  sync_json_append_string (out, index->ddoc);
  g_string_append (out, ",\"name\":");
  sync_json_append_string (out, index->name);
  g_string_append (out, ",\"type\":\"json\",\"partitioned\":false,\"def\":");
  append_definition (index, out);
  g_string_append_c (out, '}');
}
