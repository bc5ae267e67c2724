/* sync-compact.c: compaction: bodies of old revisions are dropped, page by page, in the background.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-edit.h"
#include "sync.h"

#define PAGE_ROWS 200

typedef struct
{
  Sync *self;
  SyncDb *db;
} Compaction;

/* ---- which databases are being compacted ---- */

static gboolean
begin (Sync *self, const char *name)
{
  gboolean first;

  g_mutex_lock (&self->compacting_lock);
  first = g_hash_table_add (self->compacting, g_strdup (name));
  g_mutex_unlock (&self->compacting_lock);
  return first;
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

static gboolean
node_runs (void)
{
  CsNodeInfo info = { .size = sizeof info };

  cs_node_info (&info);
  return info.state == CS_NODE_RUNNING;
}

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
compact_all (SyncDb *db)
{
  CsStoreRange range = { .size = sizeof range, .limit = PAGE_ROWS };
  gboolean more = TRUE;
  CsStatus status = CS_OK;

  while (status == CS_OK && more && node_runs ())
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
      cs_store_rows_free (db->db, rows);
    }
  return status;
}

static void
compact (gpointer data)
{
  Compaction *compaction = data;
  SyncDb *db = compaction->db;
  CsStatus status = compact_all (db);

  if (status != CS_OK && status != CS_NOT_FOUND)
    cs_warning (compaction->self, "compaction ended early", CS_F_STR ("database", db->name),
                CS_F_STR ("reason", cs_status_text (status)));
  end (compaction->self, db->name);
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
  if (begin (self, db->name))
    {
      compaction = g_new (Compaction, 1);
      *compaction = (Compaction){ self, sync_db_ref (db) };
      if (cs_fiber_start (self, compact, compaction, CS_NEVER) != CS_OK)
        {
          end (self, db->name);
          sync_db_unref (compaction->db);
          g_free (compaction);
          sync_reply_status (exchange, CS_OVERLOADED);
          return;
        }
    }
  sync_reply_ok (exchange, 202);
}
