/* sqlite-shard.c: one file: opening it, its readers, closing it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-engine.h"
#include "sqlite-keeper.h"
#include "sqlite-schema.h"
#include "sqlite-writer.h"

#define IDLE_MAX 8

static gboolean
has_wal (const char *path)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  struct stat st;

  return g_stat (wal, &st) == 0 && st.st_size > 0;
}

/* SQLite's own message for a wrong header comes late and says little. */
static gboolean
check_header (const char *path, GError **error)
{
  char magic[16] = "";
  int fd = open (path, O_RDWR | O_CLOEXEC);
  gssize n;

  if (fd < 0 && errno == ENOENT)
    return TRUE;
  if (fd < 0)
    {
      g_set_error (error, CS_ERROR, CS_IO, "cannot be opened for writing: %s",
                   g_strerror (errno));
      return FALSE;
    }
  n = pread (fd, magic, sizeof magic, 0);
  close (fd);
  if (n == 0 || (n == sizeof magic && memcmp (magic, "SQLite format 3", 16) == 0))
    return TRUE;
  g_set_error (error, CS_ERROR, CS_CORRUPT, "its header is not that of a database");
  return FALSE;
}

static SqliteConn *
open_writer (SqliteShard *shard, GError **error)
{
  SqliteStore *store = shard->store;
  g_autoptr (SqliteConn) conn = NULL;

  if (!check_header (shard->path, error))
    return NULL;
  conn = sqlite_conn_open (shard->path, sqlite_vfs_name (store->vfs), SQLITE_CONN_WRITER,
                           store->settings->cache_size, error);
  if (conn == NULL || sqlite_conn_exec (conn, "PRAGMA journal_mode = WAL", error) != CS_OK
      || !sqlite_schema_migrate (conn, &sqlite_schema, error))
    return NULL;
  return g_steal_pointer (&conn);
}

static void
explain (GError **error, const char *path)
{
  if (g_error_matches (*error, CS_ERROR, CS_CORRUPT))
    g_prefix_error (error, "the store file %s is damaged (restore it from a backup, or move it"
                           " away to start empty): ", path);
  else if (g_error_matches (*error, CS_ERROR, CS_AGAIN))
    g_prefix_error (error, "the store file %s is in use by another process: ", path);
  else
    g_prefix_error (error, "the store file %s: ", path);
}

SqliteShard *
sqlite_shard_open (SqliteStore *store, guint index, const char *path, GError **error)
{
  SqliteShard *shard = g_new0 (SqliteShard, 1);
  g_autoptr (GError) reason = NULL;
  SqliteConn *conn;

  shard->store = store;
  shard->index = index;
  shard->path = g_strdup (path);
  shard->was_unclean = has_wal (path);
  pthread_mutex_init (&shard->mutex, NULL);
  shard->idle = g_ptr_array_new_with_free_func ((GDestroyNotify) sqlite_conn_close);
  conn = open_writer (shard, &reason);
  if (conn != NULL)
    shard->writer = sqlite_writer_new (shard, conn, &reason);
  if (shard->writer != NULL)
    shard->keeper = sqlite_keeper_new (
      shard, shard->was_unclean && store->settings->check_after_crash, &reason);
  if (shard->keeper != NULL)
    return shard;
  explain (&reason, path);
  g_propagate_error (error, g_steal_pointer (&reason));
  sqlite_shard_close (shard);
  return NULL;
}

void
sqlite_shard_close (SqliteShard *shard)
{
  /* The keeper submits to the writer, the writer wishes of the keeper: threads end before either goes. */
  if (shard->keeper != NULL)
    sqlite_keeper_stop (shard->keeper);
  if (shard->writer != NULL)
    sqlite_writer_stop (shard->writer);
  g_clear_pointer (&shard->keeper, sqlite_keeper_free);
  g_ptr_array_unref (shard->idle);
  /* The writer closes last: it folds the WAL into the file. */
  g_clear_pointer (&shard->writer, sqlite_writer_free);
  pthread_mutex_destroy (&shard->mutex);
  g_free (shard->path);
  g_free (shard);
}

/* ---- readers ---- */

static SqliteConn *
open_reader (SqliteShard *shard)
{
  SqliteStore *store = shard->store;
  g_autoptr (GError) error = NULL;
  SqliteConn *conn = sqlite_conn_open (shard->path, sqlite_vfs_name (store->vfs),
                                       SQLITE_CONN_READER, store->settings->reader_cache_size,
                                       &error);

  if (conn != NULL && sqlite_conn_settle (conn, &error))
    return conn;
  g_clear_pointer (&conn, sqlite_conn_close);
  cs_error (store->self, "cannot open a reader", CS_F_STR ("file", shard->path),
            CS_F_STR ("reason", error->message));
  return NULL;
}

static SqliteConn *
take_reader (SqliteShard *shard)
{
  SqliteConn *conn = NULL;

  pthread_mutex_lock (&shard->mutex);
  if (shard->idle->len > 0)
    conn = g_ptr_array_steal_index_fast (shard->idle, shard->idle->len - 1);
  pthread_mutex_unlock (&shard->mutex);
  return conn != NULL ? conn : open_reader (shard);
}

static void
give_reader (SqliteShard *shard, SqliteConn *conn)
{
  pthread_mutex_lock (&shard->mutex);
  if (shard->idle->len < IDLE_MAX)
    g_ptr_array_add (shard->idle, g_steal_pointer (&conn));
  pthread_mutex_unlock (&shard->mutex);
  g_clear_pointer (&conn, sqlite_conn_close);
}

/* A statement that stayed open would be open across the caller's next wait. */
static CsStatus
run_on (SqliteConn *conn, SqliteReadFunc func, gpointer data)
{
  CsStatus status = func (conn, data);

#ifndef NDEBUG
  g_assert (!sqlite_conn_busy (conn));
#endif
  return status;
}

typedef struct
{
  SqliteShard *shard;
  SqliteReadFunc func;
  gpointer data;
  CsStatus status;
} SqliteBlocking;

/* Moments in which a file is busy: the WAL begins anew, or is being read for the first time. */
#define BUSY_TRIES 1000
#define BUSY_PAUSE 500

static void
read_blocking (gpointer data)
{
  SqliteBlocking *blocking = data;
  SqliteConn *conn = take_reader (blocking->shard);
  guint tries = 0;

  blocking->status = CS_IO;
  if (conn == NULL)
    return;
  while ((blocking->status = run_on (conn, blocking->func, blocking->data)) == CS_AGAIN
         && ++tries < BUSY_TRIES)
    g_usleep (BUSY_PAUSE);
  if (blocking->status == CS_AGAIN)
    blocking->status = CS_IO;
  give_reader (blocking->shard, conn);
}

CsStatus
sqlite_shard_read_long (SqliteShard *shard, SqliteReadFunc func, gpointer data)
{
  SqliteBlocking blocking = { shard, func, data, CS_IO };
  CsStatus status = CS_OK;

  /* A worker off a fiber is one that has not begun to work: it may block, and could not wait. */
  if (cs_worker () >= 0 && cs_fiber_self () == NULL)
    read_blocking (&blocking);
  else
    status = cs_pool_run (shard->store->self, read_blocking, &blocking);
  return status == CS_OK ? blocking.status : status;
}

CsStatus
sqlite_shard_read (SqliteShard *shard, SqliteReadFunc func, gpointer data)
{
  SqliteLocal *local = cs_local (shard->store->self);
  CsStatus status = CS_AGAIN;

  if (local != NULL)
    {
      status = run_on (local->conns[shard->index], func, data);
      if (status != CS_AGAIN)
        return status;
      cs_stat_add (shard->store->stats.redone, 1);
    }
  return sqlite_shard_read_long (shard, func, data);
}
