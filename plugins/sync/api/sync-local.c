/* sync-local.c: local documents: outside the feeds, with revisions `0-N`; clients keep checkpoints there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-view.h"
#include "sync-write.h"

static const SyncError invalid_rev = { 400, "bad_request", "Invalid rev format" };

/* `_local/` and the rest of the path. */
static CsSlice
path_id (CsHttpExchange *exchange)
{
  static const char prefix[] = "_local/";
  CsSlice rest = cs_http_param (exchange, 1);
  char *text = cs_http_alloc (exchange, sizeof prefix + rest.len);

  memcpy (text, prefix, sizeof prefix - 1);
  memcpy (text + sizeof prefix - 1, rest.data, rest.len);
  return cs_slice (text, sizeof prefix - 1 + rest.len);
}

static void
append_version (GString *out, guint64 version)
{
  g_string_append_printf (out, "\"0-%" G_GUINT64_FORMAT "\"", version);
}

/* The N of `0-N`. */
static gboolean
parse_version (CsSlice rev, guint64 *version)
{
  if (rev.len < 3 || rev.len > 20 || memcmp (rev.data, "0-", 2) != 0)
    return FALSE;
  *version = 0;
  for (gsize i = 2; i < rev.len; i++)
    {
      if (!g_ascii_isdigit (rev.data[i]))
        return FALSE;
      *version = *version * 10 + (rev.data[i] - '0');
    }
  return TRUE;
}

static void
set_version_etag (CsHttpExchange *exchange, guint64 version)
{
  char text[24];

  g_snprintf (text, sizeof text, "0-%" G_GUINT64_FORMAT, version);
  sync_set_etag (exchange, cs_slice_str (text));
}

static void
reply_version (CsHttpExchange *exchange, guint status, CsSlice id, guint64 version, gboolean tagged)
{
  g_autoptr (GString) json = g_string_new ("{\"ok\":true,\"id\":");

  sync_json_append_string (json, id);
  g_string_append (json, ",\"rev\":");
  append_version (json, version);
  g_string_append_c (json, '}');
  if (tagged)
    set_version_etag (exchange, version);
  sync_reply_json (exchange, status, json);
}

static void
reply_missing (CsHttpExchange *exchange)
{
  sync_reply_error (exchange, 404, "not_found", "missing");
}

void
sync_local_append (GString *json, CsSlice id, guint64 version, GBytes *stored)
{
  gsize size;
  const char *text = g_bytes_get_data (stored, &size);

  g_string_append (json, "{\"_id\":");
  sync_json_append_string (json, id);
  g_string_append (json, ",\"_rev\":");
  append_version (json, version);
  if (size > 0)
    {
      g_string_append_c (json, ',');
      g_string_append_len (json, text, size);
    }
}

void
sync_local_get (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_autoptr (GBytes) stored = NULL;
  g_autoptr (GString) json = NULL;
  guint64 version;
  CsSlice id;
  CsStatus status;

  if (db == NULL)
    return;
  id = path_id (exchange);
  status = cs_store_local_get (db->db, id, &version, &stored);
  if (status == CS_NOT_FOUND)
    {
      reply_missing (exchange);
      return;
    }
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  json = g_string_sized_new (256);
  sync_local_append (json, id, version, stored);
  if (sync_query_flag (exchange, "revs"))
    g_string_append_printf (json, ",\"_revisions\":{\"start\":0,\"ids\":[\"%" G_GUINT64_FORMAT "\"]}",
                            version);
  g_string_append_c (json, '}');
  set_version_etag (exchange, version);
  sync_reply_json (exchange, 200, json);
}

/* ---- writing ---- */

static GBytes *
join_parts (const SyncDoc *doc)
{
  char *text = g_malloc (doc->length + 1);
  gsize at = 0;

  for (guint i = 0; i < doc->n_parts; i++)
    {
      memcpy (text + at, doc->parts[i].data, doc->parts[i].len);
      at += doc->parts[i].len;
    }
  return g_bytes_new_take (text, at);
}

CsStatus
sync_local_store (SyncDb *db, const SyncDoc *doc, guint64 *version, SyncError *error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) stored = NULL;
  guint64 given = 0;
  guint64 current = 0;
  CsStatus status;

  error->status = 0;
  if (doc->rev.data != NULL && !parse_version (doc->rev, &given))
    {
      *error = invalid_rev;
      return CS_INVALID;
    }
  status = cs_store_local_get (db->db, doc->id, &current, &stored);
  if (status != CS_OK && status != CS_NOT_FOUND)
    return status;
  if (given != current)
    return CS_CONFLICT;
  *version = doc->deleted ? 0 : current + 1;
  bytes = doc->deleted ? NULL : join_parts (doc);
  return cs_store_local_put (db->db, doc->id, &current, *version, bytes);
}

void
sync_local_write (CsHttpExchange *exchange, Sync *self, SyncDb *db, const SyncDoc *doc,
                  gboolean tagged)
{
  SyncError error;
  guint64 version;
  CsStatus status = sync_local_store (db, doc, &version, &error);

  if (status == CS_INVALID)
    sync_reply_error (exchange, error.status, error.error, error.reason);
  else if (status != CS_OK)
    sync_reply_status (exchange, status);
  else
    {
      sync_set_location (exchange, self, doc->id, cs_slice (NULL, 0));
      reply_version (exchange, 201, doc->id, version, tagged);
    }
}

static gboolean
checked_id (CsHttpExchange *exchange, CsSlice *id)
{
  *id = path_id (exchange);
  if (id->len > strlen ("_local/"))
    return TRUE;
  sync_reply_error (exchange, 400, "bad_request", "Invalid _local document id.");
  return FALSE;
}

void
sync_local_put (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  SyncArena arena = sync_exchange_arena (exchange);
  SyncDoc doc;
  CsSlice id;
  CsSlice rev;

  if (db == NULL || !checked_id (exchange, &id)
      || !sync_read_document (exchange, self, &arena, &doc))
    return;
  doc.id = id;
  if (cs_http_query (exchange, "rev", &rev))
    doc.rev = rev;
  sync_local_write (exchange, self, db, &doc, TRUE);
}

void
sync_local_delete (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  SyncDoc doc = { .deleted = TRUE };
  g_autoptr (GBytes) stored = NULL;
  SyncError error;
  guint64 version;
  CsStatus status;

  if (db == NULL || !checked_id (exchange, &doc.id))
    return;
  cs_http_query (exchange, "rev", &doc.rev);
  status = cs_store_local_get (db->db, doc.id, &version, &stored);
  if (status == CS_NOT_FOUND)
    {
      reply_missing (exchange);
      return;
    }
  if (status == CS_OK)
    status = sync_local_store (db, &doc, &version, &error);
  if (status == CS_INVALID)
    sync_reply_error (exchange, error.status, error.error, error.reason);
  else if (status != CS_OK)
    sync_reply_status (exchange, status);
  else
    reply_version (exchange, 200, doc.id, 0, TRUE);
}
