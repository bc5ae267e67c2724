/* sync-purge.c: _purge: revisions that are forgotten as if they had never been, without a
 * tombstone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"
#include "sync-view.h"

/* CouchDB's own. */
#define DOCUMENTS_MAX 100
#define REVISIONS_MAX 1000

typedef struct
{
  CsHttpExchange *exchange;
  SyncArena arena;
  SyncPurge *purges;
  guint n;
} Request;

static gboolean
refuse (Request *request, const char *reason)
{
  sync_reply_error (request->exchange, 400, "bad_request", reason);
  return FALSE;
}

static gboolean
read_revs (Request *request, SyncPurge *purge, SyncJson list)
{
  SyncJsonCursor cursor;
  SyncJson item;

  if (!sync_json_elements (&cursor, list))
    return refuse (request, "Invalid list of revisions");
  purge->n = 0;
  purge->revs = sync_alloc (&request->arena, (sync_json_count (list) + 1) * sizeof (SyncRev));
  while (sync_json_next_element (&cursor, &item))
    if (item.type != SYNC_JSON_STRING
        || !sync_rev_parse (sync_json_text (item, &request->arena), &purge->revs[purge->n++]))
      return refuse (request, "Invalid rev format");
  purge->purged = sync_alloc (&request->arena, (purge->n + 1) * sizeof (gboolean));
  return TRUE;
}

/* `{id: [revision]}`. FALSE: answered. */
static gboolean
read_purges (Request *request, SyncJson object)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson list;
  guint revisions = 0;

  request->purges = sync_alloc (&request->arena, DOCUMENTS_MAX * sizeof (SyncPurge));
  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &list))
    {
      SyncPurge *purge = &request->purges[request->n];

      if (request->n == DOCUMENTS_MAX)
        return refuse (request, "Exceeded maximum number of documents.");
      purge->id = sync_json_text (key, &request->arena);
      if (!read_revs (request, purge, list))
        return FALSE;
      revisions += purge->n;
      request->n++;
    }
  return revisions <= REVISIONS_MAX || refuse (request, "Exceeded maximum number of revisions.");
}

static CsStatus
commit (Request *request, Sync *self, SyncDb *db)
{
  SyncBatch batch = { .purges = request->purges, .n = request->n, .revs_limit = db->revs_limit };
  CsSlice ids[DOCUMENTS_MAX];
  CsStatus status;

  for (guint i = 0; i < request->n; i++)
    ids[i] = request->purges[i].id;
  sync_scratch_init (&batch.scratch);
  status = cs_store_commit (db->db, ids, request->n, sync_purge_merge, &batch);
  sync_scratch_clear (&batch.scratch);
  if (status == CS_OK && db->users)
    sync_users_changed (self, db, ids, request->n);
  return status;
}

static guint
count_purged (const Request *request)
{
  guint n = 0;

  for (guint i = 0; i < request->n; i++)
    for (guint j = 0; j < request->purges[i].n; j++)
      if (request->purges[i].purged[j])
        {
          n++;
          break;
        }
  return n;
}

static CsStatus
add_to_purge_seq (Sync *self, SyncDb *db, guint n)
{
  guint64 purge_seq;
  CsStatus status = sync_number_get (self, db->db, &sync_purge_seq, &purge_seq);

  if (status == CS_OK)
    status = sync_number_set (self, db->db, &sync_purge_seq, purge_seq + n);
  sync_databases_changed (self);
  return status;
}

static void
append_purged (GString *json, const SyncPurge *purge)
{
  gboolean any = FALSE;

  sync_json_append_string (json, purge->id);
  g_string_append (json, ":[");
  for (guint i = 0; i < purge->n; i++)
    {
      if (!purge->purged[i])
        continue;
      g_string_append (json, any ? ",\"" : "\"");
      sync_rev_append (json, &purge->revs[i]);
      g_string_append_c (json, '"');
      any = TRUE;
    }
  g_string_append_c (json, ']');
}

static void
reply (const Request *request)
{
  g_autoptr (GString) json = g_string_new ("{\"purge_seq\":null,\"purged\":{");

  for (guint i = 0; i < request->n; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      append_purged (json, &request->purges[i]);
    }
  g_string_append (json, "}}");
  sync_reply_json (request->exchange, 201, json);
}

/* ---- one purge of a database at a time, so that purge_seq counts each ---- */

static gboolean
begin (Sync *self, const char *name)
{
  gboolean first;

  g_mutex_lock (&self->compacting_lock);
  first = g_hash_table_add (self->purging, g_strdup (name));
  g_mutex_unlock (&self->compacting_lock);
  return first;
}

static void
end (Sync *self, const char *name)
{
  g_mutex_lock (&self->compacting_lock);
  g_hash_table_remove (self->purging, name);
  g_mutex_unlock (&self->compacting_lock);
}

static void
purge (Request *request, Sync *self, SyncDb *db)
{
  CsStatus status;
  guint n;

  if (!begin (self, db->key))
    {
      sync_reply_status (request->exchange, CS_OVERLOADED);
      return;
    }
  status = request->n > 0 ? commit (request, self, db) : CS_OK;
  n = status == CS_OK ? count_purged (request) : 0;
  if (n > 0)
    status = add_to_purge_seq (self, db, n);
  end (self, db->key);
  if (status == CS_OK)
    reply (request);
  else
    sync_reply_status (request->exchange, status);
}

void
sync_purge (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  Request request = { .exchange = exchange };
  SyncJson object;

  if (db == NULL || !sync_server_admin (exchange) || !sync_read_object (exchange, self, &object))
    return;
  request.arena = sync_exchange_arena (exchange);
  if (read_purges (&request, object))
    purge (&request, self, db);
}
