/* sqlite-check.c: every record against its index entry, its body and its database's tally.
 *
 * A slice reads a few hundred records inside one short view, so that a check beside a busy writer never
 * holds back its WAL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-check.h"

#include "sqlite-writer.h"

#define SLICE_ROWS 500

struct _SqliteCheck
{
  SqliteCheckFile file;
  SqliteConn *conn;
  sqlite3_stmt *next_db, *rows, *by_id, *body;
  gint64 number; /* the database in hand; 0: none */
  gint64 last_key, last_updated, last_seq;
  guint64 n_records;
  guint n_bad;
  char *reason; /* what is wrong in this slice */
};

static sqlite3_stmt *
prepare (SqliteConn *conn, const char *sql)
{
  sqlite3_stmt *st = NULL;

  sqlite3_prepare_v2 (conn->db, sql, -1, &st, NULL);
  return st;
}

SqliteCheck *
sqlite_check_new (const SqliteCheckFile *file, SqliteConn *conn)
{
  SqliteCheck *self = g_new0 (SqliteCheck, 1);

  self->file = *file;
  self->conn = conn;
  self->next_db
    = prepare (conn, "SELECT d.db, t.last_seq FROM database d LEFT JOIN tally t ON t.db = d.db"
                     " WHERE d.db >= ?1 AND d.state <> 1 ORDER BY d.db LIMIT 1");
  self->rows = prepare (conn, "SELECT key, db, id, body, updated, length (tree), length (summary)"
                              " FROM doc WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT 500");
  self->by_id
    = prepare (conn, "SELECT key FROM doc INDEXED BY doc_id WHERE db = ?1 AND id = ?2");
  self->body = prepare (conn, "SELECT length (data) FROM body WHERE key = ?1 AND db = ?2");
  return self;
}

void
sqlite_check_free (SqliteCheck *self)
{
  sqlite3_finalize (self->next_db);
  sqlite3_finalize (self->rows);
  sqlite3_finalize (self->by_id);
  sqlite3_finalize (self->body);
  g_free (self->reason);
  g_free (self);
}

static void G_GNUC_PRINTF (2, 3)
bad (SqliteCheck *self, const char *format, ...)
{
  va_list args;

  if (self->reason != NULL)
    return;
  va_start (args, format);
  self->reason = g_strdup_vprintf (format, args);
  va_end (args);
}

/* A failing read of the file itself: only damage counts, not a moment's business. */
static void
bad_if_corrupt (SqliteCheck *self, CsStatus status)
{
  if (status == CS_CORRUPT || status == CS_IO)
    bad (self, "reading near key %" G_GINT64_FORMAT ": %s", self->last_key,
         sqlite3_errmsg (self->conn->db));
}

/* What a statement with a number and a slice gives first; -1 when it has no row. */
static gint64
ask (SqliteCheck *self, sqlite3_stmt *st, gint64 a, gint64 b, const CsSlice *slice)
{
  gint64 value = -1;
  CsStatus status;

  sqlite3_bind_int64 (st, 1, a);
  if (slice != NULL)
    sqlite_bind_slice (st, 2, *slice);
  else
    sqlite3_bind_int64 (st, 2, b);
  status = sqlite_conn_step (self->conn, st);
  if (status == CS_OK)
    value = sqlite3_column_int64 (st, 0);
  else
    bad_if_corrupt (self, status);
  sqlite3_reset (st);
  return value;
}

static void
check_row (SqliteCheck *self)
{
  sqlite3_stmt *st = self->rows;
  gint64 key = sqlite3_column_int64 (st, 0), updated = sqlite3_column_int64 (st, 4);
  gint64 body = sqlite3_column_int64 (st, 3);
  CsSlice id = sqlite_column_slice (st, 2);

  if (sqlite3_column_int64 (st, 1) != self->number)
    bad (self, "record %" G_GINT64_FORMAT " names another database", key);
  if (ask (self, self->by_id, self->number, 0, &id) != key)
    bad (self, "record %" G_GINT64_FORMAT " is not found by its id", key);
  if (body != 0 && ask (self, self->body, body, self->number, NULL) < 0)
    bad (self, "the body of record %" G_GINT64_FORMAT " is missing", key);
  if ((gint64) SQLITE_KEY_SEQ (key) > self->last_seq)
    bad (self, "record %" G_GINT64_FORMAT " is beyond the last sequence number", key);
  if (updated < self->last_updated)
    bad (self, "record %" G_GINT64_FORMAT " is older than the one before it", key);
  self->last_updated = updated;
  self->last_key = key;
  self->n_records++;
}

static gboolean
next_database (SqliteCheck *self)
{
  CsStatus status;

  sqlite3_bind_int64 (self->next_db, 1, self->number + 1);
  status = sqlite_conn_step (self->conn, self->next_db);
  bad_if_corrupt (self, status);
  if (status == CS_OK)
    {
      self->number = sqlite3_column_int64 (self->next_db, 0);
      self->last_seq = sqlite3_column_int64 (self->next_db, 1);
      self->last_key = SQLITE_KEY (self->number, 0);
      self->last_updated = 0;
    }
  sqlite3_reset (self->next_db);
  return status == CS_OK || status == CS_AGAIN;
}

/* The last number may have moved since the database was begun: it is read in the same view. */
static void
refresh_last_seq (SqliteCheck *self)
{
  sqlite3_bind_int64 (self->next_db, 1, self->number);
  if (sqlite_conn_step (self->conn, self->next_db) == CS_OK
      && sqlite3_column_int64 (self->next_db, 0) == self->number)
    self->last_seq = sqlite3_column_int64 (self->next_db, 1);
  sqlite3_reset (self->next_db);
}

/* TRUE: the database has more rows. */
static gboolean
check_rows (SqliteCheck *self)
{
  CsStatus status;
  guint n = 0;

  sqlite3_bind_int64 (self->rows, 1, self->last_key);
  sqlite3_bind_int64 (self->rows, 2, SQLITE_KEY (self->number + 1, 0));
  while ((status = sqlite_conn_step (self->conn, self->rows)) == CS_OK)
    {
      check_row (self);
      n++;
    }
  sqlite3_reset (self->rows);
  bad_if_corrupt (self, status);
  return (n == SLICE_ROWS || status == CS_AGAIN) && self->reason == NULL;
}

static void
report (SqliteCheck *self)
{
  self->n_bad++;
  if (self->file.failed != NULL)
    self->file.failed (self->file.data, self->number, self->reason);
  g_clear_pointer (&self->reason, g_free);
}

gboolean
sqlite_check_slice (SqliteCheck *self)
{
  gboolean more = TRUE;

  if (self->next_db == NULL || self->rows == NULL || self->by_id == NULL || self->body == NULL)
    {
      cs_error (self->file.self, "the check cannot read the file",
                CS_F_STR ("file", self->file.path),
                CS_F_STR ("reason", sqlite3_errmsg (self->conn->db)));
      return FALSE;
    }
  sqlite_conn_exec (self->conn, "BEGIN", NULL);
  if (self->number != 0)
    refresh_last_seq (self);
  if (self->number == 0 || !check_rows (self))
    more = self->reason != NULL || next_database (self);
  sqlite_conn_exec (self->conn, "COMMIT", NULL);
  if (self->reason != NULL)
    {
      report (self);
      more = next_database (self);
    }
  if (!more)
    cs_info (self->file.self, "the file is checked",
             CS_F_STR ("file", self->file.path), CS_F_INT ("records", self->n_records),
             CS_F_INT ("failed", self->n_bad));
  return more;
}

/* ---- the full check ---- */

static gboolean
integrity (SqliteConn *conn, GString *output)
{
  sqlite3_stmt *st = prepare (conn, "PRAGMA integrity_check (10)");
  gboolean good = FALSE;
  g_autofree char *text = NULL;

  if (st != NULL && sqlite_conn_step (conn, st) == CS_OK)
    text = g_strdup ((const char *) sqlite3_column_text (st, 0));
  else
    text = g_strdup (sqlite3_errmsg (conn->db));
  sqlite3_finalize (st);
  good = g_strcmp0 (text, "ok") == 0;
  g_strdelimit (text, "\"\\\n\t", ' ');
  g_string_append_printf (output, "\"integrity\":\"%s\"", text);
  return good;
}

/* The tallies against the rows, in one view. */
static gint64
wrong_tallies (SqliteConn *conn)
{
  sqlite3_stmt *st = prepare (
    conn, "SELECT count (*) FROM database d JOIN tally t ON t.db = d.db WHERE d.state <> 1 AND"
          " (t.n_records, t.n_deleted) IS NOT"
          " (SELECT count (*) - total (deleted), total (deleted) FROM doc"
          " WHERE key > d.db << 40 AND key < (d.db + 1) << 40)");
  gint64 n = -1;

  if (st != NULL && sqlite_conn_step (conn, st) == CS_OK)
    n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

/* Indexes that are ahead of their database, and entries of an index that never was. A file of an earlier version
 * has neither table. */
static gint64
wrong_indexes (SqliteConn *conn)
{
  sqlite3_stmt *st = prepare (
    conn, "SELECT (SELECT count (*) FROM ordering o LEFT JOIN tally t ON t.db = o.db"
          " WHERE o.state = 0 AND (t.db IS NULL OR o.seq > t.last_seq))"
          " + (SELECT count (*) FROM (SELECT DISTINCT ix FROM entry)"
          " WHERE ix NOT IN (SELECT ix FROM ordering))");
  gint64 n = st != NULL ? -1 : 0;

  if (st != NULL && sqlite_conn_step (conn, st) == CS_OK)
    n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

static gint64
count_records (SqliteConn *conn)
{
  sqlite3_stmt *st = prepare (conn, "SELECT total (t.n_records + t.n_deleted) FROM database d"
                                    " JOIN tally t ON t.db = d.db WHERE d.state <> 1");
  gint64 n = 0;

  if (st != NULL && sqlite_conn_step (conn, st) == CS_OK)
    n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

/* Ends SQLite's own check early when nobody waits for it. */
static int
give_up (void *data)
{
  return cs_command_cancelled ();
}

gboolean
sqlite_check_file (const SqliteCheckFile *file, SqliteConn *conn, GString *output)
{
  SqliteCheck *check = sqlite_check_new (file, conn);
  g_autofree char *name = g_path_get_basename (file->path);
  g_autofree char *pages = g_strconcat ("pages of ", name, NULL);
  g_autofree char *records = g_strconcat ("records of ", name, NULL);
  gint64 tallies, indexes, total = count_records (conn);
  gboolean good;

  sqlite3_progress_handler (conn->db, 100000, give_up, NULL);
  cs_command_progress (pages, 0, 0);
  good = integrity (conn, output);
  tallies = wrong_tallies (conn);
  indexes = wrong_indexes (conn);
  while (!cs_command_cancelled () && sqlite_check_slice (check))
    cs_command_progress (records, check->n_records, total);
  g_string_append_printf (output,
                          ",\"records\":%" G_GUINT64_FORMAT ",\"failed\":%u"
                          ",\"wrong_tallies\":%" G_GINT64_FORMAT
                          ",\"wrong_indexes\":%" G_GINT64_FORMAT,
                          check->n_records, check->n_bad, tallies, indexes);
  good = good && check->n_bad == 0 && tallies == 0 && indexes == 0;
  sqlite_check_free (check);
  return good;
}

char *
sqlite_json_text (const char *path)
{
  GString *text = g_string_new (NULL);

  for (; *path != '\0'; path++)
    if (*path == '"' || *path == '\\' || (guchar) *path < 0x20)
      g_string_append_printf (text, "\\u%04x", (guchar) *path);
    else
      g_string_append_c (text, *path);
  return g_string_free (text, FALSE);
}

/* ---- the store's own files ---- */

static void
bar_database (gpointer data, gint64 number, const char *reason)
{
  SqliteShard *shard = data;

  cs_error (shard->store->self, "a database failed its check and is now read-only",
            CS_F_STR ("file", shard->path), CS_F_INT ("number", number),
            CS_F_STR ("reason", reason));
  sqlite_db_set_read_only (shard, number, reason);
}

SqliteCheckFile
sqlite_check_shard (SqliteShard *shard)
{
  return (SqliteCheckFile){ shard->store->self, shard->path, bar_database, shard };
}

gboolean
sqlite_check_all (SqliteStore *store, GString *output)
{
  gboolean good = TRUE;
  guint i;

  g_string_append_c (output, '[');
  for (i = 0; i < store->n_shards && !cs_command_cancelled (); i++)
    {
      SqliteShard *shard = store->shards[i];
      SqliteCheckFile target = sqlite_check_shard (shard);
      g_autofree char *file = sqlite_json_text (shard->path);
      gboolean ok;
      g_autoptr (GError) error = NULL;
      g_autoptr (SqliteConn) conn
        = sqlite_conn_open (shard->path, sqlite_vfs_name (store->vfs), SQLITE_CONN_READER,
                            store->settings->reader_cache_size, &error);

      g_string_append_printf (output, "%s{\"file\":\"%s\",", i > 0 ? "," : "", file);
      ok = conn != NULL && sqlite_check_file (&target, conn, output);
      good = good && ok;
      if (conn == NULL)
        g_string_append (output, "\"integrity\":\"cannot be opened\"");
      g_string_append_printf (output, ",\"ok\":%s}", ok ? "true" : "false");
    }
  g_string_append_c (output, ']');
  return good;
}
