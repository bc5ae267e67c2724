/* sqlite-copy.c: a copy of a store file that is being written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (512 * 1024)
/* What is written and not yet synced stays below this: the WAL's next sync must not wait for more. */
#define SYNC_EVERY (8 * 1024 * 1024)
/* The last pass is one of no more pages, or the ninth. */
#define FEW_PAGES 1024
#define MOST_PASSES 8
#define WAL_HEAD 32
#define WAL_FRAME_HEAD 24
#define BUSY_TRIES 200
#define BUSY_PAUSE 1000

typedef struct
{
  SqliteDisk *disk;
  const char *path;
  int fd;
} Source;

typedef struct
{
  const char *path;
  int fd;
  gint64 unsynced;
  gint64 synced_to;
} Target;

typedef struct
{
  Source from;
  Target to;
  guint8 *buffer;
  SqlitePace *pace;
  char *what; /* for progress */
  gint64 done, total;
} Copy;

gboolean
sqlite_io_error (GError **error, const char *path)
{
  int code = errno;

  g_set_error (error, CS_ERROR, code == ENOSPC || code == EDQUOT ? CS_NO_SPACE : CS_IO, "%s: %s",
               path, g_strerror (code));
  return FALSE;
}

char *
sqlite_stage (const char *verb, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return g_strdup_printf ("%s %s", verb, name);
}

gboolean
sqlite_sync_dir (const char *dir, GError **error)
{
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    sqlite_io_error (error, dir);
  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
sqlite_pace (SqlitePace *pace, gsize bytes, GError **error)
{
  gint64 now = g_get_monotonic_time (), due;

  if (pace->began == 0)
    pace->began = now;
  pace->bytes += bytes;
  due = pace->rate > 0 ? pace->began + (gint64) ((double) pace->bytes * G_USEC_PER_SEC / pace->rate)
                       : now;
  for (; now < due && !cs_command_cancelled (); now = g_get_monotonic_time ())
    g_usleep ((gulong) MIN (due - now, CS_MS (100)));
  if (!cs_command_cancelled ())
    return TRUE;
  g_set_error_literal (error, CS_ERROR, CS_CANCELLED, "cancelled; what was begun is removed");
  return FALSE;
}

/* ---- reading and writing ---- */

/* Reads up to len bytes. What was not in memory before is not kept there: a copy must not push out what
 * requests use. -1 on failure. */
static gssize
read_some (Source *from, guint8 *data, gsize len, gint64 at)
{
  SqliteDisk *disk = from->disk;
  gsize got = 0;
  gssize n = disk->read (disk, from->fd, data, len, at, TRUE);

  if (n == (gssize) len)
    return n;
  while (got < len)
    {
      n = disk->read (disk, from->fd, data + got, len - got, at + (gint64) got, FALSE);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      got += (gsize) n;
    }
  posix_fadvise (from->fd, at, (off_t) len, POSIX_FADV_DONTNEED);
  return (gssize) got;
}

static gboolean
write_all (Target *to, const guint8 *data, gsize len, gint64 at, GError **error)
{
  gint64 end = at + (gint64) len;

  to->unsynced += (gint64) len;
  while (len > 0)
    {
      gssize n = pwrite (to->fd, data, len, at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return sqlite_io_error (error, to->path);
      data += n;
      at += n;
      len -= (gsize) n;
    }
  if (to->unsynced < SYNC_EVERY)
    return TRUE;
  if (fdatasync (to->fd) != 0)
    return sqlite_io_error (error, to->path);
  posix_fadvise (to->fd, to->synced_to, end - to->synced_to, POSIX_FADV_DONTNEED);
  to->unsynced = 0;
  to->synced_to = end;
  return TRUE;
}

static gboolean
open_source (Source *from, SqliteDisk *disk, const char *path, GError **error)
{
  from->disk = disk;
  from->path = path;
  from->fd = disk->open (disk, path, O_RDONLY);
  return from->fd >= 0 || sqlite_io_error (error, path);
}

static gboolean
open_target (Target *to, const char *path, GError **error)
{
  to->path = path;
  to->fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  return to->fd >= 0 || sqlite_io_error (error, path);
}

static gboolean
finish_target (Target *to, GError **error)
{
  if (fsync (to->fd) != 0)
    return sqlite_io_error (error, to->path);
  posix_fadvise (to->fd, 0, 0, POSIX_FADV_DONTNEED);
  return TRUE;
}

static void
copy_close (Copy *self)
{
  if (self->from.fd >= 0)
    self->from.disk->close (self->from.disk, self->from.fd);
  if (self->to.fd >= 0)
    close (self->to.fd);
  self->from.fd = self->to.fd = -1;
}

static gboolean
copy_chunk (Copy *self, gint64 at, gsize len, gssize *n, GError **error)
{
  *n = read_some (&self->from, self->buffer, len, at);
  if (*n < 0)
    return sqlite_io_error (error, self->from.path);
  if (!write_all (&self->to, self->buffer, (gsize) *n, at, error)
      || !sqlite_pace (self->pace, (gsize) *n, error))
    return FALSE;
  self->done += *n;
  if (self->what != NULL)
    cs_command_progress (self->what, (guint64) MIN (self->done, self->total),
                         (guint64) self->total);
  return TRUE;
}

/* All of a file as long as it was when this began. */
static gboolean
copy_whole (Copy *self, GError **error)
{
  struct stat st;
  gint64 at = 0;
  gssize n = 0;

  if (fstat (self->from.fd, &st) != 0)
    return sqlite_io_error (error, self->from.path);
  self->total = st.st_size;
  for (; at < st.st_size; at += n)
    if (!copy_chunk (self, at, (gsize) MIN (CHUNK, st.st_size - at), &n, error))
      return FALSE;
    else if (n == 0)
      break;
  return TRUE;
}

/* ---- a live file ---- */

/* Pages that lie side by side are one reading. */
static gboolean
copy_pages (Copy *self, const GArray *pages, GError **error)
{
  guint i = 0;

  while (i < pages->len)
    {
      gint64 first = g_array_index (pages, gint64, i);
      guint n = 1;
      gssize got;

      while (i + n < pages->len && n < CHUNK / SQLITE_DIRTY_PAGE
             && g_array_index (pages, gint64, i + n) == first + n)
        n++;
      if (!copy_chunk (self, first * SQLITE_DIRTY_PAGE, (gsize) n * SQLITE_DIRTY_PAGE, &got, error))
        return FALSE;
      i += n;
    }
  return TRUE;
}

/* Until what is left to copy is little. */
static gboolean
catch_up (Copy *self, SqliteDirty *dirty, GError **error)
{
  g_autoptr (GArray) pages = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean ok = TRUE;
  guint pass;

  for (pass = 0; ok && pass < MOST_PASSES; pass++)
    {
      g_array_set_size (pages, 0);
      sqlite_dirty_take (dirty, pages);
      ok = copy_pages (self, pages, error);
      if (pages->len <= FEW_PAGES)
        break;
    }
  return ok;
}

static guint32
big_endian (const guint8 *at)
{
  return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

/* How many of these frames are of the WAL's present run: an older one's salts differ. */
static gsize
frames_of_run (const guint8 *frames, gsize n, gsize frame, const guint8 *salts)
{
  gsize i;

  for (i = 0; i < n; i++)
    if (memcmp (frames + i * frame + 8, salts, 8) != 0)
      break;
  return i;
}

static gboolean
copy_frames (Copy *self, const guint8 *head, GError **error)
{
  gsize frame = WAL_FRAME_HEAD + big_endian (head + 8);
  gsize most = CHUNK / frame, n = most;
  gint64 at = WAL_HEAD;

  while (n == most)
    {
      gssize got = read_some (&self->from, self->buffer, most * frame, at);

      if (got < 0)
        return sqlite_io_error (error, self->from.path);
      n = frames_of_run (self->buffer, (gsize) got / frame, frame, head + 16);
      if (!write_all (&self->to, self->buffer, n * frame, at, error))
        return FALSE;
      at += (gint64) (n * frame);
    }
  return TRUE;
}

/* Not paced: the WAL cannot begin anew while this runs. */
static gboolean
copy_wal (Copy *self, SqliteDisk *disk, const char *from, const char *to, GError **error)
{
  guint8 head[WAL_HEAD];
  gssize n;
  gboolean ok;

  if (access (from, F_OK) != 0)
    return TRUE;
  if (!open_source (&self->from, disk, from, error))
    return FALSE;
  n = read_some (&self->from, head, sizeof head, 0);
  if (n != sizeof head || big_endian (head + 8) < 512 || big_endian (head + 8) > 65536)
    return n >= 0 || sqlite_io_error (error, from);
  ok = open_target (&self->to, to, error) && write_all (&self->to, head, sizeof head, 0, error)
       && copy_frames (self, head, error) && finish_target (&self->to, error);
  return ok;
}

static gboolean
fail_sql (SqliteConn *conn, const char *path, GError **error)
{
  g_set_error (error, CS_ERROR, sqlite_status (sqlite3_extended_errcode (conn->db)), "%s: %s", path,
               sqlite3_errmsg (conn->db));
  return FALSE;
}

static gint64 *
number (gint64 value)
{
  return g_memdup2 (&value, sizeof value);
}

static CsStatus
read_seqs (SqliteConn *conn, GHashTable *seqs)
{
  sqlite3_stmt *st = NULL;
  CsStatus status;

  sqlite3_prepare_v2 (conn->db, "SELECT t.db, t.last_seq FROM tally t JOIN database d ON d.db = t.db"
                                " WHERE d.state <> 1", -1, &st, NULL);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    g_hash_table_insert (seqs, number (sqlite3_column_int64 (st, 0)),
                         number (sqlite3_column_int64 (st, 1)));
  sqlite3_finalize (st);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

/* Begins the read transaction; its first reading may find the file busy for a moment. */
static gboolean
freeze (SqliteConn *conn, const char *path, GHashTable *seqs, GError **error)
{
  CsStatus status = CS_AGAIN;
  guint tries;

  for (tries = 0; status == CS_AGAIN && tries < BUSY_TRIES; tries++)
    {
      if (tries > 0)
        g_usleep (BUSY_PAUSE);
      g_hash_table_remove_all (seqs);
      status = sqlite_conn_exec (conn, "BEGIN", NULL);
      if (status == CS_OK)
        status = read_seqs (conn, seqs);
      if (status != CS_OK && !sqlite3_get_autocommit (conn->db))
        sqlite_conn_exec (conn, "ROLLBACK", NULL);
    }
  return status == CS_OK || fail_sql (conn, path, error);
}

/* The moment that the copy is of. */
static gboolean
copy_rest (Copy *self, SqliteShard *shard, SqliteConn *conn, GHashTable *seqs, GError **error)
{
  g_autoptr (GArray) pages = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *wal = g_strconcat (shard->path, "-wal", NULL);
  g_autofree char *to_wal = g_strconcat (self->to.path, "-wal", NULL);
  SqlitePace unpaced = { 0 };
  SqlitePace *pace = self->pace;
  gboolean ok = freeze (conn, shard->path, seqs, error);

  if (!ok)
    return FALSE;
  self->pace = &unpaced;
  sqlite_dirty_take (sqlite_vfs_dirty (conn->db), pages);
  ok = copy_pages (self, pages, error) && finish_target (&self->to, error);
  copy_close (self);
  self->to.unsynced = self->to.synced_to = 0;
  if (ok && !sqlite_vfs_reads_file_alone (conn->db))
    ok = copy_wal (self, self->from.disk, wal, to_wal, error);
  sqlite_conn_exec (conn, "ROLLBACK", NULL);
  self->pace = pace;
  return ok;
}

gboolean
sqlite_copy_live (SqliteShard *shard, const char *to, SqlitePace *pace, GHashTable **seqs,
                  GError **error)
{
  SqliteStore *store = shard->store;
  Copy copy = { .from = { .fd = -1 }, .to = { .fd = -1 }, .pace = pace };
  g_autoptr (SqliteConn) conn
    = sqlite_conn_open (shard->path, sqlite_vfs_name (store->vfs), SQLITE_CONN_READER,
                        store->settings->reader_cache_size, error);
  gboolean ok;

  if (conn == NULL)
    return FALSE;
  copy.buffer = g_malloc (CHUNK);
  copy.what = sqlite_stage ("copying", shard->path);
  *seqs = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  sqlite_dirty_track (sqlite_vfs_dirty (conn->db), TRUE);
  ok = open_source (&copy.from, store->disk, shard->path, error)
       && open_target (&copy.to, to, error) && copy_whole (&copy, error)
       && catch_up (&copy, sqlite_vfs_dirty (conn->db), error)
       && copy_rest (&copy, shard, conn, *seqs, error);
  sqlite_dirty_track (sqlite_vfs_dirty (conn->db), FALSE);
  copy_close (&copy);
  g_free (copy.buffer);
  g_free (copy.what);
  if (!ok)
    g_clear_pointer (seqs, g_hash_table_unref);
  return ok;
}

gboolean
sqlite_copy_file (const char *from, const char *to, const char *what, SqlitePace *pace,
                  GError **error)
{
  Copy copy = { .from = { .fd = -1 }, .to = { .fd = -1 }, .pace = pace };
  gboolean ok;

  copy.buffer = g_malloc (CHUNK);
  copy.what = (char *) what;
  ok = open_source (&copy.from, sqlite_disk_real (), from, error)
       && open_target (&copy.to, to, error) && copy_whole (&copy, error)
       && finish_target (&copy.to, error);
  copy_close (&copy);
  g_free (copy.buffer);
  return ok;
}
