/* sqlite-count.c: how many records lie after a sequence number.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"

/* Rows that one step passes over. */
#define STEP_ROWS 4000

typedef struct
{
  SqliteDb *db;
  guint64 low, high; /* the next step's range: low < seq <= high */
  guint64 n;
} SqliteCounting;

static CsStatus
count_step (SqliteConn *conn, gpointer data)
{
  SqliteCounting *counting = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_COUNT);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, SQLITE_KEY (counting->db->number, counting->low));
  sqlite3_bind_int64 (st, 2, SQLITE_KEY (counting->db->number, counting->high));
  sqlite3_bind_int64 (st, 3, STEP_ROWS);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    {
      guint64 n = sqlite3_column_int64 (st, 0);

      counting->n += n;
      counting->low = n < STEP_ROWS ? counting->high
                                    : (guint64) SQLITE_KEY_SEQ (sqlite3_column_int64 (st, 1));
    }
  sqlite3_reset (st);
  return status;
}

static CsStatus
count_between (SqliteDb *db, guint64 low, guint64 high, guint64 *n)
{
  SqliteCounting counting = { db, low, high, 0 };
  CsStatus status = CS_OK;

  while (status == CS_OK && counting.low < counting.high)
    {
      status = sqlite_shard_read (db->shard, count_step, &counting);
      if (status == CS_OK && counting.low < counting.high && cs_fiber_self () != NULL)
        status = cs_sleep (0);
    }
  *n = counting.n;
  return status;
}

/* Without holes in the sequence the answer is a subtraction; else the shorter side is counted. */
CsStatus
sqlite_count (CsStoreDb *base, guint64 since, guint64 *n)
{
  SqliteDb *db = (SqliteDb *) base;
  CsStoreInfo info = { .size = sizeof info };
  guint64 total;
  CsStatus status = sqlite_db_info (base, &info);

  *n = 0;
  if (status != CS_OK || since >= info.last_seq)
    return status;
  total = info.n_records + info.n_deleted;
  if (total == info.last_seq)
    *n = info.last_seq - since;
  else if (since > info.last_seq / 2)
    status = count_between (db, since, info.last_seq, n);
  else
    {
      status = count_between (db, 0, since, n);
      *n = total > *n ? total - *n : 0;
    }
  return status;
}
