/* sync-numbers.c: numbers kept with a database: _revs_limit, _purged_infos_limit, how often was
 * purged.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

const SyncNumber sync_revs_limit = { "revs_limit", 1000, 1000000 };
const SyncNumber sync_purge_seq = { "purge_seq", 0, G_MAXINT64 };

/* In CouchDB, of the histories that its indexes and its other copies of a shard catch up with.
 * Here a purge is complete when it is answered; the number is kept for those who set it. */
static const SyncNumber purged_infos_limit = { "purged_infos_limit", 1000, G_MAXINT64 };

CsStatus
sync_number_get (Sync *self, CsStoreDb *db, const SyncNumber *number, guint64 *value)
{
  g_autoptr (GBytes) text = NULL;
  g_autofree char *digits = NULL;
  CsStatus status = cs_store_meta_get (self->store, db, number->key, &text);

  *value = number->initial;
  if (status == CS_NOT_FOUND)
    return CS_OK;
  if (status != CS_OK)
    return status;
  digits = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  return g_ascii_string_to_unsigned (digits, 10, 0, number->max, value, NULL) ? CS_OK : CS_CORRUPT;
}

CsStatus
sync_number_set (Sync *self, CsStoreDb *db, const SyncNumber *number, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return cs_store_meta_set (self->store, db, number->key, bytes);
}

static void
reply_number (CsHttpExchange *exchange, guint64 value)
{
  g_autoptr (GString) json = g_string_new (NULL);

  g_string_printf (json, "%" G_GUINT64_FORMAT, value);
  sync_reply_json (exchange, 200, json);
}

static gboolean
parse (CsSlice body, const SyncNumber *number, guint64 *value)
{
  g_autofree char *text = g_strndup (body.data, body.len);

  g_strstrip (text);
  return g_ascii_string_to_unsigned (text, 10, 1, number->max, value, NULL);
}

static void
put_number (CsHttpExchange *exchange, Sync *self, SyncDb *db, const SyncNumber *number)
{
  CsSlice body;
  guint64 value;
  CsStatus status;

  if (cs_http_read_body (exchange, &body) != CS_OK)
    return;
  if (body.len == 0)
    {
      sync_reply_not_json (exchange);
      return;
    }
  if (!parse (body, number, &value))
    {
      g_autofree char *reason = g_strdup_printf ("_%s must be a number, 1 or more", number->key);

      sync_reply_error (exchange, 400, "bad_request", reason);
      return;
    }
  status = sync_number_set (self, db->db, number, value);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  sync_databases_changed (self);
  sync_reply_ok (exchange, 200);
}

void
sync_revs_limit_get (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL)
    reply_number (exchange, db->revs_limit);
}

void
sync_revs_limit_put (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);

  if (db != NULL)
    put_number (exchange, self, db, &sync_revs_limit);
}

void
sync_purged_infos_limit_get (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  guint64 value;
  CsStatus status;

  if (db == NULL)
    return;
  status = sync_number_get (self, db->db, &purged_infos_limit, &value);
  if (status == CS_OK)
    reply_number (exchange, value);
  else
    sync_reply_status (exchange, status);
}

void
sync_purged_infos_limit_put (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);

  if (db != NULL)
    put_number (exchange, self, db, &purged_infos_limit);
}
