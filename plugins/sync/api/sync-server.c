/* sync-server.c: what is asked of the server and not of a database.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"
#include "sync-view.h"
#include "sync-write.h"

#define UUIDS_MAX 1000

void
sync_welcome (CsHttpExchange *exchange, gpointer self)
{
  Sync *sync = self;
  CsNodeInfo node = { .size = sizeof node };
  g_autoptr (GString) json = g_string_new ("{\"couchdb\":\"Welcome\",\"version\":\"3.4.3\",\"uuid\":");

  cs_node_info (&node);
  sync_json_append_string (json, cs_slice_str (sync->uuid));
  g_string_append (json, ",\"features\":[],\"vendor\":{\"name\":\"CloudSync\",\"version\":");
  sync_json_append_string (json, cs_slice_str (node.version));
  g_string_append (json, "}}");
  sync_reply_json (exchange, 200, json);
}

void
sync_up (CsHttpExchange *exchange, gpointer self)
{
  const char *reason = NULL;
  g_autoptr (GString) json = NULL;

  if (cs_node_ready (&reason))
    {
      json = g_string_new ("{\"status\":\"ok\",\"seeds\":{}}");
      sync_reply_json (exchange, 200, json);
      return;
    }
  json = g_string_new ("{\"status\":\"not_ready\",\"reason\":");
  sync_json_append_string (json, cs_slice_str (reason));
  g_string_append_c (json, '}');
  sync_reply_json (exchange, 404, json);
}

/* ---- _all_dbs, _dbs_info ---- */

typedef struct
{
  CsSlice from;
  CsSlice to;
  gboolean descending;
  gint64 skip;
  gint64 limit;
  GPtrArray *names;
} Listing;

static gboolean
collect (CsSlice name, gpointer data)
{
  Listing *listing = data;

  if ((listing->from.data == NULL || cs_slice_compare (name, listing->from) >= 0)
      && (listing->to.data == NULL || cs_slice_compare (name, listing->to) <= 0))
    g_ptr_array_add (listing->names, g_strndup (name.data, name.len));
  return TRUE;
}

/* A key is a JSON string; anything else stands for no bound. */
static CsSlice
key_parameter (CsHttpExchange *exchange, const char *name, const char *alias)
{
  CsSlice text;

  if ((cs_http_query (exchange, name, &text) || cs_http_query (exchange, alias, &text))
      && text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
    return cs_slice (text.data + 1, text.len - 2);
  return cs_slice (NULL, 0);
}

static gboolean
read_listing (CsHttpExchange *exchange, Listing *listing)
{
  CsSlice key = key_parameter (exchange, "key", "key");

  listing->from = key_parameter (exchange, "startkey", "start_key");
  listing->to = key_parameter (exchange, "endkey", "end_key");
  if (key.data != NULL)
    listing->from = listing->to = key;
  listing->descending = sync_query_flag (exchange, "descending");
  listing->limit = G_MAXINT64;
  if (listing->descending && key.data == NULL)
    {
      CsSlice from = listing->from;

      listing->from = listing->to;
      listing->to = from;
    }
  return sync_query_number (exchange, "limit", &listing->limit)
         && sync_query_number (exchange, "skip", &listing->skip);
}

static const char *
name_at (const Listing *listing, gint64 i)
{
  gint64 n = listing->names->len;

  return g_ptr_array_index (listing->names, listing->descending ? n - 1 - i : i);
}

static void
append_names (GString *json, const Listing *listing)
{
  gint64 n = listing->names->len;
  gint64 written = 0;

  for (gint64 i = listing->skip; i < n && written < listing->limit; i++, written++)
    {
      if (written > 0)
        g_string_append_c (json, ',');
      sync_json_append_string (json, cs_slice_str (name_at (listing, i)));
    }
}

static void
set_digest_etag (CsHttpExchange *exchange, const GString *json)
{
  g_autofree char *digest
    = g_compute_checksum_for_data (G_CHECKSUM_MD5, (const guchar *) json->str, json->len);

  sync_set_etag (exchange, cs_slice_str (digest));
}

void
sync_all_dbs (CsHttpExchange *exchange, gpointer self)
{
  Sync *sync = self;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) json = g_string_new ("[");
  Listing listing = { .names = names };
  CsStatus status;

  if (!sync_server_admin (exchange) || !read_listing (exchange, &listing))
    return;
  status = sync_database_names (sync, cs_http_identity (exchange), collect, &listing);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  append_names (json, &listing);
  g_string_append_c (json, ']');
  set_digest_etag (exchange, json);
  sync_reply_json (exchange, 200, json);
}

static void
append_info (GString *json, Sync *self, const CsIdentity *identity, CsSlice name)
{
  SyncDb *db = NULL;
  CsStoreInfo info = { .size = sizeof info };

  g_string_append (json, json->len > 1 ? ",{\"key\":" : "{\"key\":");
  sync_json_append_string (json, name);
  if (sync_open_for (self, identity, name, SYNC_ADMIN, &db) == CS_OK
      && cs_store_info (db->db, &info) == CS_OK)
    {
      GString *of_db = sync_database_info (self, db->key, name, &info, db->purge_seq);

      g_string_append (json, ",\"info\":");
      g_string_append_len (json, of_db->str, of_db->len);
      g_string_free (of_db, TRUE);
    }
  else
    g_string_append (json, ",\"error\":\"not_found\"");
  g_string_append_c (json, '}');
  sync_db_unref (db);
}

/* Those that are named, in their order. FALSE: answered. */
static gboolean
append_named (CsHttpExchange *exchange, Sync *self, GString *json)
{
  SyncArena arena = sync_exchange_arena (exchange);
  SyncJsonCursor cursor;
  SyncJson object;
  SyncJson name;

  if (!sync_read_object (exchange, self, &object))
    return FALSE;
  if (!sync_json_elements (&cursor, sync_json_member (object, "keys")))
    {
      sync_reply_error (exchange, 400, "bad_request", "`keys` member must exist.");
      return FALSE;
    }
  while (sync_json_next_element (&cursor, &name))
    if (name.type == SYNC_JSON_STRING)
      append_info (json, self, cs_http_identity (exchange), sync_json_text (name, &arena));
  return TRUE;
}

/* Those that _all_dbs lists for the same parameters. FALSE: answered. */
static gboolean
append_listed (CsHttpExchange *exchange, Sync *self, GString *json)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  Listing listing = { .names = names };
  CsStatus status;

  if (!read_listing (exchange, &listing))
    return FALSE;
  status = sync_database_names (self, cs_http_identity (exchange), collect, &listing);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return FALSE;
    }
  for (gint64 i = listing.skip; i < names->len && i - listing.skip < listing.limit; i++)
    append_info (json, self, cs_http_identity (exchange), cs_slice_str (name_at (&listing, i)));
  return TRUE;
}

void
sync_dbs_info (CsHttpExchange *exchange, gpointer self)
{
  gboolean named = cs_slice_is (cs_http_request (exchange)->method, "POST");
  g_autoptr (GString) json = g_string_new ("[");

  if (!sync_server_admin (exchange)
      || !(named ? append_named (exchange, self, json) : append_listed (exchange, self, json)))
    return;
  g_string_append_c (json, ']');
  sync_reply_json (exchange, 200, json);
}

/* ---- _uuids ---- */

static void
append_uuid (GString *json)
{
  guint32 words[4];

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    words[i] = g_random_int ();
  g_string_append_printf (json, "\"%08x%08x%08x%08x\"", words[0], words[1], words[2], words[3]);
}

void
sync_uuids (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (GString) json = g_string_new ("{\"uuids\":[");
  CsSlice text;
  CsSlice parts[2];
  guint64 count = 1;

  if (cs_http_query (exchange, "count", &text))
    {
      g_autofree char *digits = g_strndup (text.data, text.len);

      if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT32, &count, NULL))
        {
          sync_reply_error (exchange, 400, "bad_request", "count must be a positive integer");
          return;
        }
    }
  if (count > UUIDS_MAX)
    {
      sync_reply_error (exchange, 400, "bad_request", "count parameter too large");
      return;
    }
  for (guint64 i = 0; i < count; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      append_uuid (json);
    }
  g_string_append (json, "]}");
  set_digest_etag (exchange, json);
  cs_http_set_header (exchange, "Cache-Control", "no-cache");
  parts[0] = cs_slice (json->str, json->len);
  parts[1] = cs_slice ("\n", 1);
  cs_http_reply (exchange, 200, "application/json", parts, G_N_ELEMENTS (parts));
}
