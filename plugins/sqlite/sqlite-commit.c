/* sqlite-commit.c: a batch of records inside the writer's transaction.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-writer.h"

typedef struct
{
  SqliteJob base;
  const CsSlice *ids;
  guint n;
  CsStoreMerge merge;
  gpointer data;
} SqliteCommit;

/* One record in the middle of its merge. */
typedef struct
{
  CsStoreEdit base;
  SqliteWriter *writer;
  SqliteDb *db;
  CsStoreRecord record;
  GByteArray *copy; /* the record's slices; the joined parts of a body */
  GPtrArray *bodies; /* read by the callee; GBytes */
  gint64 bytes;      /* of the record as it is */
  gboolean wrote;
  CsStatus status;
} SqliteEdit;

static void
note (SqliteEdit *edit, CsStatus status)
{
  if (edit->status == CS_OK)
    edit->status = status;
}

static sqlite3_stmt *
statement (SqliteEdit *edit, SqliteStatement which)
{
  sqlite3_stmt *st = sqlite_conn_statement (sqlite_writer_conn (edit->writer), which);

  if (st == NULL)
    note (edit, CS_FAILED);
  return st;
}

static void
run (SqliteEdit *edit, sqlite3_stmt *st)
{
  edit->wrote = TRUE;
  note (edit, sqlite_conn_run (sqlite_writer_conn (edit->writer), st));
}

static CsSlice
joined (const CsSlice *parts, guint n, GByteArray *buffer)
{
  guint i;

  if (n == 1)
    return parts[0];
  g_byte_array_set_size (buffer, 0);
  for (i = 0; i < n; i++)
    g_byte_array_append (buffer, (const guint8 *) parts[i].data, parts[i].len);
  return cs_slice (buffer->data, buffer->len);
}

static guint64
edit_add_body (CsStoreEdit *base, const CsSlice *parts, guint n)
{
  SqliteEdit *edit = (SqliteEdit *) base;
  sqlite3_stmt *st = statement (edit, SQLITE_ST_BODY_INSERT);
  gint64 ref = sqlite_writer_next_body (edit->writer);
  g_autoptr (GByteArray) buffer = n > 1 ? g_byte_array_new () : NULL;
  CsSlice data = joined (parts, n, buffer);

  if (st == NULL)
    return ref;
  sqlite3_bind_int64 (st, 1, ref);
  sqlite3_bind_int64 (st, 2, edit->db->number);
  sqlite_bind_slice (st, 3, data);
  run (edit, st);
  sqlite3_bind_null (st, 3);
  edit->db->draft.bytes += data.len;
  edit->db->draft.last_body = ref;
  return ref;
}

/* Counted as a body of that length would be. */
static guint64
edit_add_blob (CsStoreEdit *base, CsSlice name, guint64 length)
{
  SqliteEdit *edit = (SqliteEdit *) base;
  sqlite3_stmt *st = statement (edit, SQLITE_ST_BLOB_INSERT);
  gint64 ref = sqlite_writer_next_body (edit->writer);

  if (st == NULL)
    return ref;
  sqlite3_bind_int64 (st, 1, ref);
  sqlite3_bind_int64 (st, 2, edit->db->number);
  sqlite_bind_slice (st, 3, name);
  sqlite3_bind_int64 (st, 4, length);
  run (edit, st);
  sqlite3_bind_null (st, 3);
  edit->db->draft.bytes += length;
  edit->db->draft.last_body = ref;
  return ref;
}

static CsStatus
edit_read_body (CsStoreEdit *base, guint64 ref, CsSlice *body)
{
  SqliteEdit *edit = (SqliteEdit *) base;
  SqliteConn *conn = sqlite_writer_conn (edit->writer);
  sqlite3_stmt *st = statement (edit, SQLITE_ST_BODY);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, ref);
  sqlite3_bind_int64 (st, 2, edit->db->number);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    {
      CsSlice data = sqlite_column_slice (st, 0);
      GBytes *bytes = g_bytes_new (data.data, data.len);

      g_ptr_array_add (edit->bodies, bytes);
      *body = cs_slice (g_bytes_get_data (bytes, NULL), data.len);
    }
  sqlite3_reset (st);
  return status;
}

/* TRUE: the row was there, and is gone. */
static gboolean
remove_row (SqliteEdit *edit, guint64 ref, SqliteStatement length, SqliteStatement delete)
{
  SqliteConn *conn = sqlite_writer_conn (edit->writer);
  sqlite3_stmt *st = statement (edit, length);
  CsStatus status;

  if (st == NULL)
    return FALSE;
  sqlite3_bind_int64 (st, 1, ref);
  sqlite3_bind_int64 (st, 2, edit->db->number);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    edit->db->draft.bytes -= sqlite3_column_int64 (st, 0);
  sqlite3_reset (st);
  if (status != CS_OK)
    {
      note (edit, status == CS_NOT_FOUND ? CS_OK : status);
      return FALSE;
    }
  st = statement (edit, delete);
  if (st == NULL)
    return FALSE;
  sqlite3_bind_int64 (st, 1, ref);
  run (edit, st);
  return TRUE;
}

static void
edit_remove_body (CsStoreEdit *base, guint64 ref)
{
  SqliteEdit *edit = (SqliteEdit *) base;

  if (!remove_row (edit, ref, SQLITE_ST_BODY_LENGTH, SQLITE_ST_BODY_DELETE))
    remove_row (edit, ref, SQLITE_ST_BLOB_LENGTH, SQLITE_ST_BLOB_DELETE);
}

static gint64
record_bytes (CsSlice id, CsSlice summary, CsSlice tree, CsSlice user)
{
  return id.len + summary.len + tree.len + user.len;
}

static void
delete_record (SqliteEdit *edit)
{
  SqliteTally *draft = &edit->db->draft;
  sqlite3_stmt *st = statement (edit, SQLITE_ST_DOC_DELETE);

  if (st == NULL)
    return;
  sqlite3_bind_int64 (st, 1, SQLITE_KEY (edit->db->number, edit->record.seq));
  run (edit, st);
  draft->bytes -= edit->bytes;
  *(edit->record.deleted ? &draft->n_deleted : &draft->n_records) -= 1;
}

static void
bind_user (sqlite3_stmt *st, int at, CsSlice user)
{
  if (user.len > 0)
    sqlite_bind_slice (st, at, user);
  else
    sqlite3_bind_null (st, at);
}

static void
insert_record (SqliteEdit *edit, const CsStorePut *put)
{
  SqliteTally *draft = &edit->db->draft;
  sqlite3_stmt *st = statement (edit, SQLITE_ST_DOC_INSERT);

  if (st == NULL)
    return;
  sqlite3_bind_int64 (st, 1, SQLITE_KEY (edit->db->number, edit->base.seq));
  sqlite3_bind_int64 (st, 2, edit->db->number);
  sqlite_bind_slice (st, 3, edit->record.id);
  sqlite3_bind_int (st, 4, put->deleted);
  sqlite_bind_slice (st, 5, put->summary);
  sqlite3_bind_int64 (st, 6, put->body_ref);
  bind_user (st, 7, put->user);
  sqlite3_bind_int64 (st, 8, edit->record.seq > 0 ? edit->record.created : edit->base.now);
  sqlite3_bind_int64 (st, 9, edit->base.now);
  sqlite_bind_slice (st, 10, put->tree);
  run (edit, st);
  draft->last_seq = edit->base.seq;
  draft->last_time = edit->base.now;
}

static void
update_record (SqliteEdit *edit, const CsStorePut *put)
{
  sqlite3_stmt *st = statement (edit, SQLITE_ST_DOC_UPDATE);

  if (st == NULL)
    return;
  sqlite3_bind_int64 (st, 1, SQLITE_KEY (edit->db->number, edit->record.seq));
  sqlite3_bind_int (st, 2, put->deleted);
  sqlite_bind_slice (st, 3, put->summary);
  sqlite3_bind_int64 (st, 4, put->body_ref);
  bind_user (st, 5, put->user);
  sqlite_bind_slice (st, 6, put->tree);
  run (edit, st);
  edit->db->draft.bytes -= edit->bytes;
  *(edit->record.deleted ? &edit->db->draft.n_deleted : &edit->db->draft.n_records) -= 1;
}

static void
edit_put (CsStoreEdit *base, const CsStorePut *put)
{
  SqliteEdit *edit = (SqliteEdit *) base;
  SqliteTally *draft = &edit->db->draft;

  if (put->keep_seq && edit->record.seq > 0)
    update_record (edit, put);
  else
    {
      if (edit->record.seq > 0)
        delete_record (edit);
      insert_record (edit, put);
    }
  draft->bytes += record_bytes (edit->record.id, put->summary, put->tree, put->user);
  *(put->deleted ? &draft->n_deleted : &draft->n_records) += 1;
}

/* No feed tells of an erased record, so its entries go here. */
static void
erase_entries (SqliteEdit *edit)
{
  sqlite3_stmt *st = statement (edit, SQLITE_ST_ENTRY_ERASE);

  if (st == NULL)
    return;
  sqlite3_bind_int64 (st, 1, edit->db->number);
  sqlite_bind_slice (st, 2, edit->record.id);
  run (edit, st);
}

static void
edit_erase (CsStoreEdit *base)
{
  SqliteEdit *edit = (SqliteEdit *) base;

  if (edit->record.seq == 0)
    return;
  delete_record (edit);
  erase_entries (edit);
}

static const CsStoreEditTable edit_table = {
  .size = sizeof (CsStoreEditTable),
  .add_body = edit_add_body,
  .read_body = edit_read_body,
  .remove_body = edit_remove_body,
  .put = edit_put,
  .erase = edit_erase,
  .add_blob = edit_add_blob,
};

/* Copies what `st` stands on, so that the statement can end before the merge writes. */
static void
copy_record (SqliteEdit *edit, sqlite3_stmt *st)
{
  CsStoreRecord *record = &edit->record;
  CsSlice summary = sqlite_column_slice (st, 3), user = sqlite_column_slice (st, 5);
  CsSlice tree = sqlite_column_slice (st, 8);
  GByteArray *copy = edit->copy;

  g_byte_array_set_size (copy, 0);
  g_byte_array_append (copy, (const guint8 *) summary.data, summary.len);
  g_byte_array_append (copy, (const guint8 *) user.data, user.len);
  g_byte_array_append (copy, (const guint8 *) tree.data, tree.len);
  record->summary = cs_slice (copy->data, summary.len);
  record->user = cs_slice (copy->data + summary.len, user.len);
  record->tree = cs_slice (copy->data + summary.len + user.len, tree.len);
  record->seq = SQLITE_KEY_SEQ (sqlite3_column_int64 (st, 0));
  record->deleted = sqlite3_column_int (st, 2) != 0;
  record->body_ref = sqlite3_column_int64 (st, 4);
  record->created = sqlite3_column_int64 (st, 6);
  record->updated = sqlite3_column_int64 (st, 7);
  edit->bytes = record_bytes (record->id, summary, tree, user);
}

static CsStatus
find_record (SqliteEdit *edit, CsSlice id)
{
  SqliteConn *conn = sqlite_writer_conn (edit->writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_READ + CS_STORE_TREE);
  CsStatus status;

  memset (&edit->record, 0, sizeof edit->record);
  edit->record.id = id;
  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, edit->db->number);
  sqlite_bind_slice (st, 2, id);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    copy_record (edit, st);
  sqlite3_reset (st);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static CsStatus
merge_row (SqliteEdit *edit, SqliteCommit *commit, guint row)
{
  SqliteTally *draft = &edit->db->draft;
  CsStatus status = find_record (edit, commit->ids[row]);

  if (status != CS_OK)
    return status;
  edit->base.seq = draft->last_seq + 1;
  edit->base.now = MAX (g_get_real_time (), draft->last_time);
  status = commit->merge (&edit->base, row, commit->data);
  if (edit->bodies->len > 0)
    g_ptr_array_set_size (edit->bodies, 0);
  return edit->status != CS_OK ? edit->status : status;
}

static CsStatus
commit_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteCommit *commit = (SqliteCommit *) job;
  SqliteEdit edit = { .base = { .table = &edit_table }, .writer = writer, .db = job->db };
  g_autoptr (GByteArray) copy = NULL;
  g_autoptr (GPtrArray) bodies = NULL;
  CsStatus status = sqlite_db_usable (job->db);
  guint row;

  if (status == CS_OK && g_atomic_int_get (&job->db->state) == SQLITE_DB_READ_ONLY)
    status = CS_READ_ONLY;
  if (status != CS_OK)
    {
      job->untouched = TRUE;
      return status;
    }
  edit.base.record = &edit.record;
  edit.copy = copy = g_byte_array_new ();
  edit.bodies = bodies = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  sqlite_writer_touch (writer, job->db);
  for (row = 0; row < commit->n && status == CS_OK; row++)
    status = merge_row (&edit, commit, row);
  job->untouched = status != CS_OK && !edit.wrote && status < CS_NO_SPACE;
  return status;
}

CsStatus
sqlite_commit (CsStoreDb *base, const CsSlice *ids, guint n, CsStoreMerge merge, gpointer data)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteCommit commit = { .base = { .run = commit_run, .db = db, .n_rows = MAX (n, 1) },
                          .ids = ids,
                          .n = n,
                          .merge = merge,
                          .data = data };
  CsStatus status = sqlite_db_usable (db);

  if (status != CS_OK)
    return status;
  return sqlite_writer_submit (db->shard->writer, &commit.base);
}
