/* sqlite-state.c: what is known of an open database: its epochs, its figures, whether it may be written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-writer.h"

/* ---- epochs ---- */

gint64
sqlite_epoch_new (void)
{
  return 1 + (((gint64) g_random_int () << 16 | g_random_int_range (0, 65536)) & 0xffffffffffff);
}

CsStatus
sqlite_epoch_insert (SqliteConn *conn, gint64 number, const SqliteEpoch *epoch)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_EPOCH_INSERT);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, number);
  sqlite3_bind_int64 (st, 2, epoch->epoch);
  sqlite3_bind_int64 (st, 3, epoch->fork_seq);
  return sqlite_conn_run (conn, st);
}

/* ---- read-only after a failed check ---- */

typedef struct
{
  SqliteJob base;
  gint64 number;
  const char *reason;
} SqliteBar;

static CsStatus
bar_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteBar *bar = (SqliteBar *) job;
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_STATE);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, bar->number);
  sqlite3_bind_int (st, 2, bar->reason != NULL ? SQLITE_DB_READ_ONLY : SQLITE_DB_LIVE);
  sqlite3_bind_text (st, 3, bar->reason, -1, SQLITE_STATIC);
  return sqlite_conn_run (conn, st);
}

static void
bar_open_one (SqliteShard *shard, gint64 number, SqliteDbState state)
{
  SqliteStore *store = shard->store;
  GHashTableIter iter;
  gpointer value;

  pthread_mutex_lock (&store->mutex);
  store->evictions++;
  g_hash_table_iter_init (&iter, store->open);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      SqliteDb *db = value;

      if (db->shard == shard && db->number == number)
        g_atomic_int_set (&db->state, state);
    }
  pthread_mutex_unlock (&store->mutex);
}

CsStatus
sqlite_db_set_read_only (SqliteShard *shard, gint64 number, const char *reason)
{
  SqliteBar bar = { .base = { .run = bar_run, .n_rows = 1 }, .number = number, .reason = reason };
  CsStatus status = sqlite_writer_submit (shard->writer, &bar.base);

  bar_open_one (shard, number, reason != NULL ? SQLITE_DB_READ_ONLY : SQLITE_DB_LIVE);
  return status;
}

typedef struct
{
  SqliteJob base;
  SqliteEpoch epoch;
} SqliteFork;

static CsStatus
fork_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteFork *fork = (SqliteFork *) job;

  sqlite_writer_touch (writer, job->db);
  fork->epoch.fork_seq = job->db->draft.last_seq;
  return sqlite_epoch_insert (sqlite_writer_conn (writer), job->db->number, &fork->epoch);
}

static void
fork_done (SqliteWriter *writer, SqliteJob *job)
{
  SqliteFork *fork = (SqliteFork *) job;

  pthread_mutex_lock (&job->db->mutex);
  g_array_append_val (job->db->epochs, fork->epoch);
  pthread_mutex_unlock (&job->db->mutex);
}

CsStatus
sqlite_db_fork (SqliteDb *db)
{
  SqliteFork fork = { .base = { .run = fork_run, .done = fork_done, .db = db, .n_rows = 1 },
                      .epoch = { sqlite_epoch_new (), 0 } };

  return sqlite_writer_submit (db->shard->writer, &fork.base);
}

CsStatus
sqlite_db_resolve (CsStoreDb *base, guint64 epoch, guint64 seq, guint64 *since)
{
  SqliteDb *db = (SqliteDb *) base;
  CsStatus status = CS_NOT_FOUND;
  guint i;

  if (sqlite_db_usable (db) != CS_OK)
    return CS_NOT_FOUND;
  pthread_mutex_lock (&db->mutex);
  for (i = 0; i < db->epochs->len; i++)
    {
      const SqliteEpoch *at = &g_array_index (db->epochs, SqliteEpoch, i);

      if (status == CS_OK)
        *since = MIN (*since, (guint64) at->fork_seq);
      else if ((guint64) at->epoch == epoch)
        {
          status = CS_OK;
          *since = seq;
        }
    }
  pthread_mutex_unlock (&db->mutex);
  return status;
}

CsStatus
sqlite_db_info (CsStoreDb *base, CsStoreInfo *info)
{
  SqliteDb *db = (SqliteDb *) base;
  gsize size = info->size;
  CsStatus status = sqlite_db_usable (db);

  if (status != CS_OK)
    return status;
  memset (info, 0, size);
  info->size = size;
  info->last_seq = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE);
  info->n_records = __atomic_load_n (&db->n_records, __ATOMIC_ACQUIRE);
  info->n_deleted = __atomic_load_n (&db->n_deleted, __ATOMIC_ACQUIRE);
  info->bytes_data = __atomic_load_n (&db->bytes, __ATOMIC_ACQUIRE);
  info->bytes_file = info->bytes_data; /* the file is many databases': its size says nothing of one */
  info->created = db->created;
  memcpy (info->uuid, db->uuid, sizeof info->uuid);
  pthread_mutex_lock (&db->mutex);
  info->epoch = g_array_index (db->epochs, SqliteEpoch, db->epochs->len - 1).epoch;
  pthread_mutex_unlock (&db->mutex);
  return CS_OK;
}
