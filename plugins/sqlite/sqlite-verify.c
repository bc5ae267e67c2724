/* sqlite-verify.c: opens a copy of a store file by itself, folds its WAL in, and proves that it is whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-check.h"

#define CACHE (8 * 1024 * 1024)
#define CHUNK (1024 * 1024)

static gboolean
fail_sql (SqliteConn *conn, const char *path, GError **error)
{
  g_set_error (error, CS_ERROR, sqlite_status (sqlite3_extended_errcode (conn->db)), "%s: %s", path,
               sqlite3_errmsg (conn->db));
  return FALSE;
}

/* SQLite's own VFS: with an exclusive lock the WAL needs no shared memory, which not every file system has. */
SqliteConn *
sqlite_verify_open (const char *path, GError **error)
{
  g_autoptr (SqliteConn) conn = sqlite_conn_open (path, NULL, SQLITE_CONN_WRITER, CACHE, error);

  if (conn == NULL
      || sqlite_conn_exec (conn,
                           "PRAGMA locking_mode = EXCLUSIVE; SELECT count (*) FROM sqlite_schema",
                           error)
           != CS_OK)
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
  return g_steal_pointer (&conn);
}

gboolean
sqlite_verify_close (SqliteConn *conn, const char *path, GError **error)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  gboolean ok = sqlite3_wal_checkpoint_v2 (conn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL)
                  == SQLITE_OK
                || fail_sql (conn, path, error);
  int fd;

  sqlite_conn_close (conn);
  if (!ok)
    return FALSE;
  unlink (wal); /* empty */
  fd = open (path, O_RDONLY | O_CLOEXEC);
  ok = (fd >= 0 && fsync (fd) == 0) || sqlite_io_error (error, path);
  if (fd >= 0)
    close (fd);
  return ok;
}

static gboolean
read_counts (SqliteConn *conn, const char *path, SqliteManifestFile *file, GError **error)
{
  sqlite3_stmt *st = NULL;
  CsStatus status;

  sqlite3_prepare_v2 (conn->db, "SELECT count (*), total (t.n_records), total (t.n_deleted)"
                                " FROM database d JOIN tally t ON t.db = d.db WHERE d.state <> 1", -1,
                      &st, NULL);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    {
      file->n_databases = sqlite3_column_int64 (st, 0);
      file->n_records = sqlite3_column_int64 (st, 1);
      file->n_deleted = sqlite3_column_int64 (st, 2);
    }
  sqlite3_finalize (st);
  return status == CS_OK || fail_sql (conn, path, error);
}

gboolean
sqlite_verify_records (gpointer self, SqliteConn *conn, const char *path,
                       SqliteManifestFile *file, GError **error)
{
  SqliteCheckFile target = { self, path, NULL, NULL };
  g_autoptr (GString) found = g_string_new (NULL);
  gboolean good = sqlite_check_file (&target, conn, found);

  if (cs_command_cancelled ())
    g_set_error_literal (error, CS_ERROR, CS_CANCELLED, "cancelled; what was begun is removed");
  else if (!good)
    g_set_error (error, CS_ERROR, CS_CORRUPT, "%s: what is there is not what was written: %s", path,
                 found->str);
  return good && !cs_command_cancelled () && read_counts (conn, path, file, error);
}

/* The database's last number, -1: it was dropped, -2: unreadable. */
static gint64
last_seq (SqliteConn *conn, sqlite3_stmt *st, gint64 number)
{
  CsStatus status;
  gint64 seq = -1;

  sqlite3_bind_int64 (st, 1, number);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    seq = sqlite3_column_int64 (st, 0);
  else if (status != CS_NOT_FOUND)
    seq = -2;
  sqlite3_reset (st);
  return seq;
}

gboolean
sqlite_verify_seqs (SqliteConn *conn, const char *path, GHashTable *seqs, GError **error)
{
  sqlite3_stmt *st = NULL;
  GHashTableIter iter;
  gpointer key, value;
  gboolean ok = TRUE;

  if (sqlite3_prepare_v2 (conn->db, "SELECT t.last_seq FROM database d JOIN tally t ON t.db = d.db"
                                    " WHERE d.db = ?1 AND d.state <> 1", -1, &st, NULL) != SQLITE_OK)
    return fail_sql (conn, path, error);
  g_hash_table_iter_init (&iter, seqs);
  while (ok && g_hash_table_iter_next (&iter, &key, &value))
    {
      gint64 expected = *(gint64 *) value, found = last_seq (conn, st, *(gint64 *) key);

      ok = found == -1 || found >= expected;
      if (!ok)
        g_set_error (error, CS_ERROR, CS_CORRUPT,
                     "%s: database %" G_GINT64_FORMAT " ends at %" G_GINT64_FORMAT
                     " and not at %" G_GINT64_FORMAT, path, *(gint64 *) key, found, expected);
    }
  sqlite3_finalize (st);
  return ok;
}

gboolean
sqlite_verify_digest (const char *path, SqlitePace *pace, SqliteManifestFile *file, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (CHUNK);
  g_autofree char *what = sqlite_stage ("digest of", path);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  struct stat st = { 0 };
  gboolean ok = (fd >= 0 && fstat (fd, &st) == 0) || sqlite_io_error (error, path);
  gssize n = 1;

  file->bytes = 0;
  while (ok && n > 0)
    {
      n = read (fd, buffer, CHUNK);
      ok = n >= 0 ? sqlite_pace (pace, (gsize) n, error) : sqlite_io_error (error, path);
      if (!ok)
        break;
      g_checksum_update (checksum, buffer, n);
      file->bytes += n;
      cs_command_progress (what, (guint64) MIN (file->bytes, st.st_size), (guint64) st.st_size);
    }
  if (fd >= 0)
    {
      posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
      close (fd);
    }
  g_strlcpy (file->sha256, g_checksum_get_string (checksum), sizeof file->sha256);
  return ok;
}
