/* sqlite-read.c: records by id, and bodies by reference.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-rows.h"

/* More than this in one call is work for the pool rather than for a worker's turn. */
#define MANY 100

typedef struct
{
  SqliteDb *db;
  const CsSlice *ids;
  const guint64 *refs;
  guint n;
  guint what;
  SqliteRows *rows;
  SqliteBodies *bodies;
} SqliteReading;

static CsStatus
read_record (SqliteConn *conn, SqliteReading *reading, CsSlice id)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_READ + (reading->what & 3));
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, reading->db->number);
  sqlite_bind_slice (st, 2, id);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    sqlite_rows_add (reading->rows, st, reading->what);
  else if (status == CS_NOT_FOUND)
    sqlite_rows_add_missing (reading->rows, id);
  sqlite3_reset (st);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static CsStatus
read_records (SqliteConn *conn, gpointer data)
{
  SqliteReading *reading = data;
  CsStatus status = CS_OK;
  guint i;

  sqlite_rows_reset (reading->rows);
  for (i = 0; i < reading->n && status == CS_OK; i++)
    status = read_record (conn, reading, reading->ids[i]);
  return status;
}

static CsStatus
read_body (SqliteConn *conn, SqliteReading *reading, guint i)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_BODY);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, reading->refs[i]);
  sqlite3_bind_int64 (st, 2, reading->db->number);
  status = sqlite_conn_step (conn, st);
  reading->bodies->bodies[i] = cs_slice (NULL, 0);
  if (status == CS_OK)
    reading->bodies->bodies[i]
      = sqlite_arena_copy (&reading->bodies->arena, sqlite_column_slice (st, 0));
  sqlite3_reset (st);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static CsStatus
read_bodies (SqliteConn *conn, gpointer data)
{
  SqliteReading *reading = data;
  CsStatus status = CS_OK;
  guint i;

  sqlite_arena_clear (&reading->bodies->arena);
  for (i = 0; i < reading->n && status == CS_OK; i++)
    status = read_body (conn, reading, i);
  return status;
}

/* Several statements share one view, and pay once for it. */
static CsStatus
in_one_view (SqliteConn *conn, SqliteReading *reading, SqliteReadFunc func)
{
  CsStatus status;

  if (reading->n == 1)
    return func (conn, reading);
  status = sqlite_conn_run (conn, sqlite_conn_statement (conn, SQLITE_ST_BEGIN_READ));
  if (status != CS_OK)
    return status;
  status = func (conn, reading);
  sqlite_conn_run (conn, sqlite_conn_statement (conn, SQLITE_ST_END_READ));
  return status;
}

static CsStatus
view_records (SqliteConn *conn, gpointer data)
{
  return in_one_view (conn, data, read_records);
}

static CsStatus
view_bodies (SqliteConn *conn, gpointer data)
{
  return in_one_view (conn, data, read_bodies);
}

static CsStatus
run_reading (SqliteReading *reading, SqliteReadFunc func)
{
  CsStatus status = sqlite_db_usable (reading->db);

  if (status != CS_OK || reading->n == 0)
    return status;
  return reading->n > MANY ? sqlite_shard_read_long (reading->db->shard, func, reading)
                           : sqlite_shard_read (reading->db->shard, func, reading);
}

CsStatus
sqlite_read (CsStoreDb *base, const CsSlice *ids, guint n, guint what, CsStoreRows **rows)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteReading reading = { .db = db, .ids = ids, .n = n, .what = what };
  guint64 last_seq = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE);
  CsStatus status;

  reading.rows = sqlite_rows_new (n);
  status = run_reading (&reading, view_records);
  *rows = sqlite_rows_done (reading.rows, last_seq, FALSE);
  (*rows)->last_seq = last_seq;
  if (status != CS_OK)
    sqlite_rows_free (g_steal_pointer (rows));
  return status;
}

CsStatus
sqlite_bodies (CsStoreDb *base, const guint64 *refs, guint n, CsStoreBodies **bodies)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteReading reading = { .db = db, .refs = refs, .n = n };
  CsStatus status;

  reading.bodies = sqlite_bodies_new (n);
  status = run_reading (&reading, view_bodies);
  *bodies = &reading.bodies->base;
  if (status != CS_OK)
    sqlite_bodies_free (g_steal_pointer (bodies));
  return status;
}
