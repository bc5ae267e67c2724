/* sqlite-index.c: indexes by name: up to where they are complete, how they are brought up to date,
 * their end. SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-writer.h"

#define NAMES_PAGE 1000

CsStatus
sqlite_index_find (SqliteConn *conn, SqliteDb *db, CsSlice name, gint64 *ix, guint64 *seq)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_INDEX_BY_NAME);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, db->number);
  sqlite_bind_slice (st, 2, name);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    {
      *ix = sqlite3_column_int64 (st, 0);
      *seq = sqlite3_column_int64 (st, 1);
    }
  sqlite3_reset (st);
  return status;
}

/* ---- up to where it is complete ---- */

typedef struct
{
  SqliteDb *db;
  CsSlice name;
  guint64 seq;
} SqliteIndexQuestion;

static CsStatus
read_seq (SqliteConn *conn, gpointer data)
{
  SqliteIndexQuestion *question = data;
  gint64 ix;

  return sqlite_index_find (conn, question->db, question->name, &ix, &question->seq);
}

CsStatus
sqlite_index_seq (CsStoreDb *base, CsSlice name, guint64 *seq)
{
  SqliteIndexQuestion question = { (SqliteDb *) base, name, 0 };
  CsStatus status = sqlite_db_usable (question.db);

  if (status == CS_OK)
    status = sqlite_shard_read (question.db->shard, read_seq, &question);
  *seq = question.seq;
  return status;
}

/* ---- bringing it up to date ---- */

typedef struct
{
  SqliteJob base;
  CsSlice name;
  guint64 expect;
  guint64 seq;
  const CsStoreIndexRow *rows;
  guint n;
} SqliteIndexUpdate;

static CsStatus
delete_entries (SqliteConn *conn, gint64 ix, CsSlice id)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_ENTRY_DELETE);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, ix);
  sqlite_bind_slice (st, 2, id);
  return sqlite_conn_run (conn, st);
}

static CsStatus
insert_entry (SqliteConn *conn, SqliteDb *db, gint64 ix, CsSlice key, CsSlice id)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_ENTRY_INSERT);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, ix);
  sqlite_bind_slice (st, 2, key);
  sqlite_bind_slice (st, 3, id);
  sqlite3_bind_int64 (st, 4, db->number);
  return sqlite_conn_run (conn, st);
}

static CsStatus
replace_entries (SqliteConn *conn, SqliteDb *db, gint64 ix, const CsStoreIndexRow *row)
{
  CsStatus status = row->fresh ? CS_OK : delete_entries (conn, ix, row->id);

  for (guint i = 0; i < row->n_keys && status == CS_OK; i++)
    status = insert_entry (conn, db, ix, row->keys[i], row->id);
  return status;
}

static CsStatus
make_index (SqliteConn *conn, SqliteDb *db, CsSlice name, gint64 *ix)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_INDEX_INSERT);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, db->number);
  sqlite_bind_slice (st, 2, name);
  status = sqlite_conn_run (conn, st);
  *ix = sqlite3_last_insert_rowid (conn->db);
  return status;
}

static CsStatus
set_seq (SqliteConn *conn, gint64 ix, guint64 seq)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_INDEX_SEQ);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, ix);
  sqlite3_bind_int64 (st, 2, seq);
  return sqlite_conn_run (conn, st);
}

/* The index of an update, made when it is the first; CS_CONFLICT: somebody else was here. */
static CsStatus
find_or_make (SqliteConn *conn, SqliteIndexUpdate *update, gint64 *ix)
{
  guint64 seq = 0;
  CsStatus status = sqlite_index_find (conn, update->base.db, update->name, ix, &seq);

  if (status == CS_NOT_FOUND && update->expect == 0)
    return make_index (conn, update->base.db, update->name, ix);
  if (status == CS_NOT_FOUND || (status == CS_OK && seq != update->expect))
    {
      update->base.untouched = TRUE;
      return CS_CONFLICT;
    }
  return status;
}

static CsStatus
may_write (SqliteJob *job)
{
  CsStatus status = sqlite_db_usable (job->db);

  if (status == CS_OK && g_atomic_int_get (&job->db->state) == SQLITE_DB_READ_ONLY)
    status = CS_READ_ONLY;
  job->untouched = status != CS_OK;
  return status;
}

static CsStatus
update_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteIndexUpdate *update = (SqliteIndexUpdate *) job;
  SqliteConn *conn = sqlite_writer_conn (writer);
  CsStatus status = may_write (job);
  gint64 ix = 0;

  if (status == CS_OK)
    status = find_or_make (conn, update, &ix);
  for (guint i = 0; i < update->n && status == CS_OK; i++)
    status = replace_entries (conn, job->db, ix, &update->rows[i]);
  return status == CS_OK ? set_seq (conn, ix, update->seq) : status;
}

CsStatus
sqlite_index_update (CsStoreDb *base, CsSlice name, guint64 expect, guint64 seq,
                     const CsStoreIndexRow *rows, guint n)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteIndexUpdate update = { .base = { .run = update_run, .db = db, .n_rows = MAX (n, 1) },
                               .name = name,
                               .expect = expect,
                               .seq = seq,
                               .rows = rows,
                               .n = n };
  CsStatus status = sqlite_db_usable (db);

  return status == CS_OK ? sqlite_writer_submit (db->shard->writer, &update.base) : status;
}

/* ---- its end ---- */

static CsStatus
drop_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteIndexUpdate *drop = (SqliteIndexUpdate *) job;
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_INDEX_DROP);
  CsStatus status = may_write (job);
  gint64 ix;
  guint64 seq;

  if (st == NULL)
    return CS_FAILED;
  if (status == CS_OK)
    status = sqlite_index_find (conn, job->db, drop->name, &ix, &seq);
  job->untouched = job->untouched || status == CS_NOT_FOUND;
  if (status != CS_OK)
    return status;
  sqlite3_bind_int64 (st, 1, job->db->number);
  sqlite_bind_slice (st, 2, drop->name);
  return sqlite_conn_run (conn, st);
}

static void
drop_done (SqliteWriter *writer, SqliteJob *job)
{
  sqlite_writer_want_sweep (writer);
}

CsStatus
sqlite_index_drop (CsStoreDb *base, CsSlice name)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteIndexUpdate drop = { .base = { .run = drop_run, .done = drop_done, .db = db, .n_rows = 1 },
                             .name = name };
  CsStatus status = sqlite_db_usable (db);

  return status == CS_OK ? sqlite_writer_submit (db->shard->writer, &drop.base) : status;
}

/* ---- names ---- */

typedef struct
{
  SqliteDb *db;
  GBytes *after;
  GPtrArray *names; /* GBytes */
} SqliteIndexNames;

static CsStatus
read_names (SqliteConn *conn, gpointer data)
{
  SqliteIndexNames *page = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_INDEX_NAMES);
  CsSlice after;
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  g_ptr_array_set_size (page->names, 0);
  after.data = g_bytes_get_data (page->after, &after.len);
  sqlite3_bind_int64 (st, 1, page->db->number);
  sqlite_bind_slice (st, 2, after);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      CsSlice name = sqlite_column_slice (st, 0);

      g_ptr_array_add (page->names, g_bytes_new (name.data, name.len));
    }
  sqlite3_reset (st);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static gboolean
tell_names (const SqliteIndexNames *page, CsStoreNameFunc func, gpointer data)
{
  for (guint i = 0; i < page->names->len; i++)
    {
      CsSlice name;

      name.data = g_bytes_get_data (page->names->pdata[i], &name.len);
      if (!func (name, data))
        return FALSE;
    }
  return page->names->len == NAMES_PAGE;
}

CsStatus
sqlite_index_list (CsStoreDb *base, CsStoreNameFunc func, gpointer data)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  SqliteIndexNames page = { (SqliteDb *) base, g_bytes_new_static ("", 0), names };
  CsStatus status = sqlite_db_usable (page.db);
  gboolean more = TRUE;

  while (status == CS_OK && more)
    {
      status = sqlite_shard_read (page.db->shard, read_names, &page);
      if (status != CS_OK)
        break;
      more = tell_names (&page, func, data);
      if (names->len > 0)
        {
          g_bytes_unref (page.after);
          page.after = g_bytes_ref (names->pdata[names->len - 1]);
        }
    }
  g_bytes_unref (page.after);
  return status;
}
