/* sync-compact.c: compaction: bodies of old revisions are dropped, page by page, in the background; how far it is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-edit.h"
#include "sync-index.h"
#include "sync-json.h"
#include "sync.h"

#define PAGE_ROWS 200

/* Under `compacting_lock`, which others read it with. */
typedef struct
{
  gint64 started; /* seconds since 1970 */
  gint64 updated;
  guint64 done; /* documents */
  guint64 total;
} Progress;

typedef struct
{
  Sync *self;
  SyncDb *db;
} Compaction;

/* ---- which databases are being compacted ---- */

static gboolean
begin (Sync *self, const char *name)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gboolean first;

  g_mutex_lock (&self->compacting_lock);
  first = !g_hash_table_contains (self->compacting, name);
  if (first)
    {
      Progress *progress = g_new (Progress, 1);

      *progress = (Progress){ .started = now, .updated = now };
      g_hash_table_insert (self->compacting, g_strdup (name), progress);
    }
  g_mutex_unlock (&self->compacting_lock);
  return first;
}

static void
tell_progress (Sync *self, const char *name, guint64 done, guint64 total)
{
  Progress *progress;

  g_mutex_lock (&self->compacting_lock);
  progress = g_hash_table_lookup (self->compacting, name);
  progress->updated = g_get_real_time () / G_USEC_PER_SEC;
  progress->done = done;
  progress->total = MAX (total, done);
  g_mutex_unlock (&self->compacting_lock);
}

static void
end (Sync *self, const char *name)
{
  g_mutex_lock (&self->compacting_lock);
  g_hash_table_remove (self->compacting, name);
  g_mutex_unlock (&self->compacting_lock);
}

gboolean
sync_compacting (Sync *self, const char *name)
{
  gboolean running;

  g_mutex_lock (&self->compacting_lock);
  running = g_hash_table_contains (self->compacting, name);
  g_mutex_unlock (&self->compacting_lock);
  return running;
}

/* ---- the work ---- */

static CsStatus
compact_rows (SyncDb *db, const CsStoreRows *rows)
{
  SyncBatch batch = { .revs_limit = db->revs_limit };
  CsSlice ids[PAGE_ROWS];
  CsStatus status;

  for (guint i = 0; i < rows->n; i++)
    ids[i] = rows->records[i].id;
  sync_scratch_init (&batch.scratch);
  status = cs_store_commit (db->db, ids, rows->n, sync_compact_merge, &batch);
  sync_scratch_clear (&batch.scratch);
  return status;
}

static CsStatus
compact_all (Sync *self, SyncDb *db)
{
  CsStoreRange range = { .size = sizeof range, .limit = PAGE_ROWS };
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (db->db, &info);
  gboolean more = TRUE;
  guint64 done = 0;

  while (status == CS_OK && more && sync_node_runs ())
    {
      CsStoreRows *rows = NULL;

      status = cs_store_changes (db->db, &range, &rows);
      if (status != CS_OK)
        break;
      more = rows->more && rows->n > 0;
      if (rows->n > 0)
        {
          range.since = rows->records[rows->n - 1].seq;
          status = compact_rows (db, rows);
        }
      done += rows->n;
      cs_store_rows_free (db->db, rows);
      tell_progress (self, db->key, done, info.n_records + info.n_deleted);
    }
  return status;
}

static void
compact (gpointer data)
{
  Compaction *compaction = data;
  SyncDb *db = compaction->db;
  CsStatus status = compact_all (compaction->self, db);

  if (status == CS_OK)
    status = sync_indexes_clean (compaction->self, db);
  if (status != CS_OK && status != CS_NOT_FOUND)
    cs_warning (compaction->self, "compaction ended early", CS_F_STR ("database", db->key),
                CS_F_STR ("reason", cs_status_text (status)));
  end (compaction->self, db->key);
  sync_db_unref (db);
  g_free (compaction);
}

void
sync_compact (CsHttpExchange *exchange, gpointer data)
{
  Sync *self = data;
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);
  Compaction *compaction;
  CsSlice body;

  if (db == NULL || !sync_body_is_json (exchange) || cs_http_read_body (exchange, &body) != CS_OK)
    return;
  if (begin (self, db->key))
    {
      compaction = g_new (Compaction, 1);
      *compaction = (Compaction){ self, sync_db_ref (db) };
      if (cs_fiber_start (self, compact, compaction, CS_NEVER) != CS_OK)
        {
          end (self, db->key);
          sync_db_unref (compaction->db);
          g_free (compaction);
          sync_reply_status (exchange, CS_OVERLOADED);
          return;
        }
    }
  sync_reply_ok (exchange, 202);
}

/* ---- _active_tasks ---- */

static void
append_task (GString *json, const char *node, const char *database, const Progress *progress)
{
  g_string_append (json, json->len > 1 ? ",{\"node\":" : "{\"node\":");
  sync_json_append_string (json, cs_slice_str (node));
  g_string_append (json, ",\"type\":\"database_compaction\",\"database\":");
  sync_json_append_string (json, cs_slice_str (database));
  g_string_append_printf (json,
                          ",\"changes_done\":%" G_GUINT64_FORMAT ",\"total_changes\":%" G_GUINT64_FORMAT
                          ",\"progress\":%" G_GUINT64_FORMAT ",\"started_on\":%" G_GINT64_FORMAT
                          ",\"updated_on\":%" G_GINT64_FORMAT "}",
                          progress->done, progress->total,
                          progress->total > 0 ? progress->done * 100 / progress->total : 0,
                          progress->started, progress->updated);
}

void
sync_active_tasks (CsHttpExchange *exchange, gpointer data)
{
  Sync *self = data;
  CsNodeInfo node = { .size = sizeof node };
  g_autoptr (GString) json = g_string_new ("[");
  GHashTableIter iter;
  gpointer name;
  gpointer progress;

  if (!sync_node_admin (exchange))
    return;
  cs_node_info (&node);
  g_mutex_lock (&self->compacting_lock);
  g_hash_table_iter_init (&iter, self->compacting);
  while (g_hash_table_iter_next (&iter, &name, &progress))
    append_task (json, node.name, name, progress);
  g_mutex_unlock (&self->compacting_lock);
  sync_index_append_tasks (self, node.name, json);
  g_string_append_c (json, ']');
  sync_reply_json (exchange, 200, json);
}
