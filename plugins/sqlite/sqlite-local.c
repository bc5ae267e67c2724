/* sqlite-local.c: local documents: one version each, compare-and-set, outside the sequence.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-writer.h"

typedef struct
{
  SqliteDb *db;
  CsSlice id;
  guint64 version;
  GBytes *data;
} SqliteLocalGet;

static CsStatus
get (SqliteConn *conn, gpointer data)
{
  SqliteLocalGet *local = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_LOCAL_GET);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, local->db->number);
  sqlite_bind_slice (st, 2, local->id);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    {
      CsSlice bytes = sqlite_column_slice (st, 1);

      local->version = sqlite3_column_int64 (st, 0);
      local->data = g_bytes_new (bytes.data, bytes.len);
    }
  sqlite3_reset (st);
  return status;
}

CsStatus
sqlite_local_get (CsStoreDb *base, CsSlice id, guint64 *version, GBytes **data)
{
  SqliteLocalGet local = { .db = (SqliteDb *) base, .id = id };
  CsStatus status = sqlite_db_usable (local.db);

  if (status == CS_OK)
    status = sqlite_shard_read (local.db->shard, get, &local);
  *version = local.version;
  *data = local.data;
  return status;
}

typedef struct
{
  SqliteJob base;
  CsSlice id;
  const guint64 *expect;
  guint64 version;
  GBytes *data;
} SqliteLocalPut;

static CsStatus
compare (SqliteConn *conn, SqliteLocalPut *put)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_LOCAL_GET);
  guint64 have = 0;
  CsStatus status;

  if (put->expect == NULL)
    return CS_OK;
  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, put->base.db->number);
  sqlite_bind_slice (st, 2, put->id);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    have = sqlite3_column_int64 (st, 0);
  sqlite3_reset (st);
  if (status != CS_OK && status != CS_NOT_FOUND)
    return status;
  return have == *put->expect ? CS_OK : CS_CONFLICT;
}

static CsStatus
write_local (SqliteConn *conn, SqliteLocalPut *put)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, put->data != NULL ? SQLITE_ST_LOCAL_PUT
                                                                     : SQLITE_ST_LOCAL_DELETE);
  CsSlice bytes;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, put->base.db->number);
  sqlite_bind_slice (st, 2, put->id);
  if (put->data != NULL)
    {
      bytes.data = g_bytes_get_data (put->data, &bytes.len);
      sqlite3_bind_int64 (st, 3, put->version);
      sqlite_bind_slice (st, 4, bytes);
    }
  return sqlite_conn_run (conn, st);
}

static CsStatus
put_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteLocalPut *put = (SqliteLocalPut *) job;
  SqliteConn *conn = sqlite_writer_conn (writer);
  CsStatus status = sqlite_db_usable (job->db);

  if (status == CS_OK)
    status = g_atomic_int_get (&job->db->state) == SQLITE_DB_READ_ONLY ? CS_READ_ONLY : CS_OK;
  if (status == CS_OK)
    status = compare (conn, put);
  job->untouched = status == CS_NOT_FOUND || status == CS_CONFLICT || status == CS_READ_ONLY;
  return status == CS_OK ? write_local (conn, put) : status;
}

CsStatus
sqlite_local_put (CsStoreDb *base, CsSlice id, const guint64 *expect, guint64 version,
                  GBytes *data)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteLocalPut put = { .base = { .run = put_run, .db = db, .n_rows = 1 },
                         .id = id,
                         .expect = expect,
                         .version = version,
                         .data = data };
  CsStatus status = sqlite_db_usable (db);

  return status == CS_OK ? sqlite_writer_submit (db->shard->writer, &put.base) : status;
}

typedef struct
{
  SqliteDb *db;
  const CsStoreRange *range;
  GPtrArray *ids; /* GBytes */
} SqliteLocalIds;

static gboolean
in_range (const CsStoreRange *range, CsSlice id)
{
  int order;

  if (range->from_exclusive && range->from != NULL && cs_slice_equal (id, *range->from))
    return FALSE;
  if (range->to == NULL)
    return TRUE;
  order = cs_slice_compare (id, *range->to);
  if (range->descending)
    order = -order;
  return range->to_exclusive ? order < 0 : order <= 0;
}

static void
bind_first (sqlite3_stmt *st, const CsStoreRange *range)
{
  if (range->from != NULL)
    sqlite_bind_slice (st, 2, *range->from);
  else if (range->descending)
    sqlite3_bind_null (st, 2);
  else
    sqlite_bind_slice (st, 2, cs_slice ("", 0));
}

static CsStatus
list (SqliteConn *conn, gpointer data)
{
  SqliteLocalIds *local = data;
  const CsStoreRange *range = local->range;
  guint limit = range->limit > 0 ? MIN (range->limit, 1000) : 1000, skip = range->skip;
  sqlite3_stmt *st = sqlite_conn_statement (
    conn, range->descending ? SQLITE_ST_LOCAL_IDS_DOWN : SQLITE_ST_LOCAL_IDS);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  g_ptr_array_set_size (local->ids, 0);
  sqlite3_bind_int64 (st, 1, local->db->number);
  bind_first (st, range);
  sqlite3_bind_int64 (st, 3, (gint64) limit + skip + 2);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK && local->ids->len < limit)
    {
      CsSlice id = sqlite_column_slice (st, 0);

      if (in_range (range, id) && (skip == 0 || skip-- == 0))
        g_ptr_array_add (local->ids, g_bytes_new (id.data, id.len));
    }
  sqlite3_reset (st);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

CsStatus
sqlite_local_list (CsStoreDb *base, const CsStoreRange *range, CsStoreNameFunc func, gpointer data)
{
  SqliteLocalIds local = { .db = (SqliteDb *) base, .range = range };
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  CsStatus status = sqlite_db_usable (local.db);
  guint i;

  local.ids = ids;
  if (status == CS_OK)
    status = sqlite_shard_read (local.db->shard, list, &local);
  for (i = 0; i < ids->len && status == CS_OK; i++)
    {
      CsSlice id;

      id.data = g_bytes_get_data (ids->pdata[i], &id.len);
      if (!func (id, data))
        break;
    }
  return status;
}
