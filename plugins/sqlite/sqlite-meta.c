/* sqlite-meta.c: small values of a database, or of the whole store.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-writer.h"

typedef struct
{
  SqliteJob base;
  gint64 number; /* 0: the store's */
  const char *key;
  GBytes *value;
} SqliteMeta;

/* What belongs to the whole store is kept in the first file. */
static CsStatus
begin (SqliteStore *store, SqliteDb *db, SqliteMeta *meta, SqliteShard **shard)
{
  meta->number = db != NULL ? db->number : 0;
  meta->base.db = db;
  *shard = db != NULL ? db->shard : store->shards[0];
  return db != NULL ? sqlite_db_usable (db) : CS_OK;
}

static CsStatus
get (SqliteConn *conn, gpointer data)
{
  SqliteMeta *meta = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_META_GET);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, meta->number);
  sqlite3_bind_text (st, 2, meta->key, -1, SQLITE_STATIC);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    {
      CsSlice value = sqlite_column_slice (st, 0);

      meta->value = g_bytes_new (value.data, value.len);
    }
  sqlite3_reset (st);
  return status;
}

CsStatus
sqlite_meta_get (CsStore *store, CsStoreDb *db, const char *key, GBytes **value)
{
  SqliteMeta meta = { .key = key };
  SqliteShard *shard;
  CsStatus status = begin ((SqliteStore *) store, (SqliteDb *) db, &meta, &shard);

  if (status == CS_OK)
    status = sqlite_shard_read (shard, get, &meta);
  *value = meta.value;
  return status;
}

static CsStatus
set_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteMeta *meta = (SqliteMeta *) job;
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, meta->value != NULL ? SQLITE_ST_META_PUT
                                                                       : SQLITE_ST_META_DELETE);
  CsSlice value;

  if (st == NULL)
    return CS_FAILED;
  if (job->db != NULL && sqlite_db_usable (job->db) != CS_OK)
    {
      job->untouched = TRUE;
      return CS_NOT_FOUND;
    }
  sqlite3_bind_int64 (st, 1, meta->number);
  sqlite3_bind_text (st, 2, meta->key, -1, SQLITE_STATIC);
  if (meta->value != NULL)
    {
      value.data = g_bytes_get_data (meta->value, &value.len);
      sqlite_bind_slice (st, 3, value);
    }
  return sqlite_conn_run (conn, st);
}

CsStatus
sqlite_meta_set (CsStore *store, CsStoreDb *db, const char *key, GBytes *value)
{
  SqliteMeta meta = { .base = { .run = set_run, .n_rows = 1 }, .key = key, .value = value };
  SqliteShard *shard;
  CsStatus status = begin ((SqliteStore *) store, (SqliteDb *) db, &meta, &shard);

  return status == CS_OK ? sqlite_writer_submit (shard->writer, &meta.base) : status;
}
