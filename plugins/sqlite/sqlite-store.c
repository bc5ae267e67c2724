/* sqlite-store.c: the engine as a whole: its files, its workers' parts, and the table of store=1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "sqlite-backup.h"
#include "sqlite-engine.h"
#include "sqlite-restore.h"
#include "sqlite-rows.h"

const CsStoreTable sqlite_store_table = {
  .size = sizeof (CsStoreTable),
  .create = sqlite_db_create,
  .open = sqlite_db_open,
  .drop = sqlite_db_drop,
  .list = sqlite_db_list,
  .unref = sqlite_db_unref_base,
  .info = sqlite_db_info,
  .read = sqlite_read,
  .bodies = sqlite_bodies,
  .changes = sqlite_changes,
  .ids = sqlite_ids,
  .rows_free = sqlite_rows_free,
  .bodies_free = sqlite_bodies_free,
  .commit = sqlite_commit,
  .local_get = sqlite_local_get,
  .local_put = sqlite_local_put,
  .local_list = sqlite_local_list,
  .meta_get = sqlite_meta_get,
  .meta_set = sqlite_meta_set,
  .resolve = sqlite_db_resolve,
  .watch = sqlite_watch,
  .unwatch = sqlite_unwatch,
  .count = sqlite_count,
  .blobs_named = sqlite_blobs_named,
  .blobs_list = sqlite_blobs_list,
  .index_seq = sqlite_index_seq,
  .index_update = sqlite_index_update,
  .index_drop = sqlite_index_drop,
  .index_list = sqlite_index_list,
  .index_range = sqlite_index_range,
  .entries_free = sqlite_entries_free,
};

static void
define_stats (SqliteStore *store)
{
  static const gint64 bounds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096 };
  const CsStatSpec group = { .size = sizeof group,
                             .type = CS_STAT_HISTOGRAM,
                             .name = "sqlite_group_rows",
                             .help = "Records that one durable transaction took.",
                             .scale = 1,
                             .bounds = bounds,
                             .n_bounds = G_N_ELEMENTS (bounds) };
  SqliteStats *stats = &store->stats;
  gpointer self = store->self;

  stats->commits = cs_counter (self, "sqlite_commits_total", "Durable transactions.", NULL);
  stats->batches = cs_counter (self, "sqlite_batches_total", "Batches answered.", NULL);
  stats->rows = cs_counter (self, "sqlite_rows_total", "Records of those batches.", NULL);
  stats->failures = cs_counter (self, "sqlite_failures_total", "Batches that were undone.", NULL);
  stats->redone = cs_counter (self, "sqlite_reads_redone_total",
                              "Readings done in the pool because a page was not in memory.", NULL);
  stats->checkpoints
    = cs_counter (self, "sqlite_checkpoints_total", "Copies of the WAL into the file.", NULL);
  stats->group_rows = cs_stat_define (self, &group);
  stats->sync_seconds
    = cs_histogram_us (self, "sqlite_sync_seconds", "Time that a sync of a file took.", NULL);
  stats->queue = cs_gauge (self, "sqlite_queue", "Batches waiting for a writer.", NULL);
  stats->backups = cs_counter (self, "sqlite_backups_total", "Backups taken and verified.", NULL);
  stats->backup_failures
    = cs_counter (self, "sqlite_backup_failures_total", "Backups that failed.", NULL);
  stats->backup_at = cs_gauge (self, "sqlite_backup_last_timestamp_seconds",
                               "When the last backup ended, since 1970; 0: none was taken.", NULL);
  stats->wal_bytes = cs_gauge (self, "sqlite_wal_bytes", "Size of the write-ahead logs.", NULL);
}

void
sqlite_store_init (SqliteStore *store, gpointer self)
{
  store->base.table = &sqlite_store_table;
  store->self = self;
  store->disk = sqlite_disk_real ();
  pthread_mutex_init (&store->mutex, NULL);
  store->open = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, NULL,
                                       (GDestroyNotify) sqlite_db_unref);
  define_stats (store);
}

void
sqlite_store_clear (SqliteStore *store)
{
  g_hash_table_unref (store->open);
  pthread_mutex_destroy (&store->mutex);
}

static void
synced (gpointer data, gint64 us)
{
  SqliteStore *store = data;

  cs_stat_observe (store->stats.sync_seconds, us);
}

/* Files that are there are opened whatever `shards` says: lowering it must not hide databases. */
static guint
count_files (const char *dir, guint wanted)
{
  guint n = 0;

  for (;;)
    {
      g_autofree char *path = g_strdup_printf ("%s/store-%u.db", dir, n);

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        return MAX (n, wanted);
      n++;
    }
}

static gboolean
prepare_dir (SqliteStore *store, const char *dir, GError **error)
{
  g_autofree char *kept = NULL;

  if (g_mkdir_with_parents (dir, 0700) != 0 || g_access (dir, W_OK) != 0)
    {
      g_set_error (error, CS_ERROR, CS_IO, "the data directory %s cannot be written: %s", dir,
                   g_strerror (errno));
      return FALSE;
    }
  if (!sqlite_restore_finish (dir, &kept, error))
    return FALSE;
  if (kept != NULL)
    cs_notice (store->self, "restored; the former files are kept", CS_F_STR ("directory", kept));
  return TRUE;
}

gboolean
sqlite_store_start (SqliteStore *store, const char *data_dir, GError **error)
{
  SqliteVfsOptions options = { store->disk, store->settings->synchronous == SQLITE_DURABLE,
                               synced, store };
  guint wanted;

  if (!prepare_dir (store, data_dir, error))
    return FALSE;
  if (!options.synchronous)
    cs_warning (store->self, "nothing is synced: a power cut will lose acknowledged writes",
                CS_F_STR ("setting", "sqlite.synchronous=off"));
  store->vfs = sqlite_vfs_new (&options);
  wanted = count_files (data_dir, store->settings->shards);
  store->shards = g_new0 (SqliteShard *, wanted);
  store->running = TRUE;
  while (store->n_shards < wanted)
    {
      g_autofree char *path = g_strdup_printf ("%s/store-%u.db", data_dir, store->n_shards);
      SqliteShard *shard = sqlite_shard_open (store, store->n_shards, path, error);

      if (shard == NULL)
        {
          sqlite_store_stop (store);
          return FALSE;
        }
      store->shards[store->n_shards++] = shard;
    }
  sqlite_backup_recall (store);
  return TRUE;
}

void
sqlite_store_stop (SqliteStore *store)
{
  guint i;

  if (!store->running)
    return;
  store->running = FALSE;
  for (i = 0; i < store->n_shards; i++)
    sqlite_shard_close (store->shards[i]);
  sqlite_registry_clear (store);
  g_clear_pointer (&store->shards, g_free);
  store->n_shards = 0;
  g_clear_pointer (&store->vfs, sqlite_vfs_free);
}

static void
local_free (SqliteStore *store, SqliteLocal *local)
{
  guint i;

  for (i = 0; i < store->n_shards; i++)
    g_clear_pointer (&local->conns[i], sqlite_conn_close);
  g_hash_table_unref (local->dbs);
  g_free (local->conns);
  g_free (local);
}

gboolean
sqlite_store_worker_start (SqliteStore *store, GError **error)
{
  SqliteLocal *local = g_new0 (SqliteLocal, 1);
  guint i;

  local->conns = g_new0 (SqliteConn *, store->n_shards);
  local->dbs = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, NULL,
                                      (GDestroyNotify) sqlite_db_unref);
  for (i = 0; i < store->n_shards; i++)
    {
      SqliteConn *conn
        = sqlite_conn_open (store->shards[i]->path, sqlite_vfs_name (store->vfs),
                            SQLITE_CONN_NOWAIT, store->settings->reader_cache_size, error);

      local->conns[i] = conn;
      if (conn == NULL || !sqlite_conn_settle (conn, error))
        {
          local_free (store, local);
          return FALSE;
        }
    }
  cs_set_local (store->self, local);
  return TRUE;
}

void
sqlite_store_worker_stop (SqliteStore *store)
{
  SqliteLocal *local = cs_local (store->self);

  if (local == NULL)
    return;
  cs_set_local (store->self, NULL);
  local_free (store, local);
}
