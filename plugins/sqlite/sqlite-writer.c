/* sqlite-writer.c: group commit.
 *
 * Whoever commits puts a job on a list and waits. The writer takes all that is there, runs it in one
 * transaction, and answers when that is on disk; what arrives meanwhile is the next group. A job that
 * fails is rare: the transaction is undone, run again without it, and the job alone after that.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-writer.h"

#include <signal.h>

#include "sqlite-keeper.h"
#include "sqlite-queue.h"
#include "sqlite-sweep.h"

/* Jobs of one group that may fail before each is run on its own. */
#define MAX_REPEATS 3
#define SWEEP_PAUSE_MS 5
#define SWEEP_PAUSE_BUSY CS_MS (50)
#define PAGE 4096
/* How long a WAL may wait for readings to leave it. */
#define WAL_PATIENCE_MS 10

struct _SqliteWriter
{
  SqliteShard *shard;
  SqliteConn *conn;
  GThread *thread;
  SqliteQueue queue;
  GPtrArray *group;
  GPtrArray *alone;
  GPtrArray *touched;
  gint64 last_body;
  gint wal_pages; /* atomic */
  gint64 wal_bytes_told;
  guint wal_look_at; /* size at which it is time again */
  gint checkpointed; /* atomic: pages the keeper has copied, -1 none since the last look */
  SqliteSweep *sweep;
  gint64 swept_at;
};

static int
wal_hook (void *data, sqlite3 *db, const char *name, int pages)
{
  SqliteWriter *self = data;
  gint64 bytes = (gint64) pages * PAGE;

  g_atomic_int_set (&self->wal_pages, pages);
  cs_stat_add (self->shard->store->stats.wal_bytes, bytes - self->wal_bytes_told);
  self->wal_bytes_told = bytes;
  return SQLITE_OK;
}

SqliteConn *
sqlite_writer_conn (SqliteWriter *self)
{
  return self->conn;
}

SqliteShard *
sqlite_writer_shard (SqliteWriter *self)
{
  return self->shard;
}

void
sqlite_writer_touch (SqliteWriter *self, SqliteDb *db)
{
  if (db->touched)
    return;
  db->touched = TRUE;
  db->draft = db->tally;
  g_ptr_array_add (self->touched, sqlite_db_ref (db));
}

gint64
sqlite_writer_next_body (SqliteWriter *self)
{
  return ++self->last_body;
}

gint64
sqlite_writer_last_body (SqliteWriter *self)
{
  return self->last_body;
}

void
sqlite_writer_want_sweep (SqliteWriter *self)
{
  sqlite_sweep_want (self->sweep);
}

guint
sqlite_writer_wal_pages (SqliteWriter *self)
{
  return g_atomic_int_get (&self->wal_pages);
}

void
sqlite_writer_checkpointed (SqliteWriter *self, guint pages)
{
  g_atomic_int_set (&self->checkpointed, pages);
}

/* ---- one transaction ---- */

static CsStatus
simple (SqliteWriter *self, SqliteStatement which)
{
  return sqlite_conn_run (self->conn, sqlite_conn_statement (self->conn, which));
}

static void
forget_touched (SqliteWriter *self, gboolean committed)
{
  guint i;

  for (i = 0; i < self->touched->len; i++)
    {
      SqliteDb *db = self->touched->pdata[i];

      db->touched = FALSE;
      if (committed)
        {
          db->tally = db->draft;
          sqlite_db_publish (db);
        }
    }
  g_ptr_array_set_size (self->touched, 0);
}

static void
roll_back (SqliteWriter *self)
{
  forget_touched (self, FALSE);
  if (!sqlite3_get_autocommit (self->conn->db))
    simple (self, SQLITE_ST_ROLLBACK);
}

static CsStatus
write_tally (SqliteWriter *self, SqliteDb *db)
{
  sqlite3_stmt *st = sqlite_conn_statement (self->conn, SQLITE_ST_TALLY_UPDATE);
  const SqliteTally *tally = &db->draft;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, db->number);
  sqlite3_bind_int64 (st, 2, tally->last_seq);
  sqlite3_bind_int64 (st, 3, tally->last_time);
  sqlite3_bind_int64 (st, 4, tally->n_records);
  sqlite3_bind_int64 (st, 5, tally->n_deleted);
  sqlite3_bind_int64 (st, 6, tally->bytes);
  sqlite3_bind_int64 (st, 7, tally->last_body);
  return sqlite_conn_run (self->conn, st);
}

static CsStatus
finish (SqliteWriter *self)
{
  CsStatus status = CS_OK;
  guint i;

  for (i = 0; i < self->touched->len && status == CS_OK; i++)
    status = write_tally (self, self->touched->pdata[i]);
  return status == CS_OK ? simple (self, SQLITE_ST_COMMIT) : status;
}

/* CS_OK: each job has its own status and all is durable. Else nothing happened, and *culprit is the job
 * that failed, or NULL when the transaction as a whole did. */
static CsStatus
attempt (SqliteWriter *self, GPtrArray *jobs, SqliteJob **culprit)
{
  CsStatus status = simple (self, SQLITE_ST_BEGIN);
  guint i;

  *culprit = NULL;
  for (i = 0; i < jobs->len && status == CS_OK; i++)
    {
      SqliteJob *job = jobs->pdata[i];

      job->untouched = FALSE;
      job->status = job->run (self, job);
      if (job->status == CS_OK || job->untouched)
        continue;
      *culprit = job;
      status = job->status;
    }
  if (status == CS_OK)
    status = finish (self);
  if (status == CS_OK)
    forget_touched (self, TRUE);
  else
    roll_back (self);
  return status;
}

/* The database file or its disk is out of order as long as this answer is CS_AGAIN: callers know no
 * such status here. */
static CsStatus
outward (CsStatus status)
{
  return status == CS_AGAIN ? CS_IO : status;
}

static void
run_alone (SqliteWriter *self, SqliteJob *job)
{
  SqliteJob *culprit;
  CsStatus status;

  g_ptr_array_set_size (self->alone, 0);
  g_ptr_array_add (self->alone, job);
  status = attempt (self, self->alone, &culprit);
  if (status != CS_OK)
    job->status = outward (status);
}

static void
answer (SqliteWriter *self, SqliteJob *job)
{
  SqliteStats *stats = &self->shard->store->stats;

  if (job->status == CS_OK && job->done != NULL)
    job->done (self, job);
  cs_stat_add (stats->batches, 1);
  cs_stat_add (stats->rows, job->n_rows);
  if (job->status != CS_OK && !job->untouched)
    cs_stat_add (stats->failures, 1);
  cs_wake_from (&job->wait);
}

static void
run_group (SqliteWriter *self)
{
  GPtrArray *jobs = self->group;
  g_autoptr (GPtrArray) failed = g_ptr_array_new ();
  SqliteJob *culprit;
  guint i;

  while (jobs->len > 0 && attempt (self, jobs, &culprit) != CS_OK)
    {
      if (culprit != NULL && failed->len < MAX_REPEATS)
        g_ptr_array_remove (jobs, culprit);
      else
        culprit = NULL;
      if (culprit != NULL)
        g_ptr_array_add (failed, culprit);
      else
        while (jobs->len > 0)
          g_ptr_array_add (failed, g_ptr_array_steal_index (jobs, 0));
    }
  for (i = 0; i < failed->len; i++)
    run_alone (self, failed->pdata[i]);
  for (i = 0; i < failed->len; i++)
    answer (self, failed->pdata[i]);
  for (i = 0; i < jobs->len; i++)
    answer (self, jobs->pdata[i]);
}

/* ---- between transactions ---- */

/* Copies what the keeper left, waits for the readings that still use the WAL (those that begin now do
 * not), and has the next transaction begin it anew. */
static void
begin_wal_anew (SqliteWriter *self, guint pages, guint limit)
{
  g_atomic_int_set (&self->checkpointed, -1);
  cs_stat_add (self->shard->store->stats.checkpoints, 1);
  if (sqlite3_wal_checkpoint_v2 (self->conn->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL)
      == SQLITE_OK)
    {
      g_atomic_int_set (&self->wal_pages, 0);
      self->wal_look_at = limit;
    }
  else
    self->wal_look_at = pages + limit / 4; /* a long reading: not at every commit again */
}

/* The keeper copies most of a long WAL beside us, so that little is left to do here. */
static void
look_at_wal (SqliteWriter *self)
{
  guint limit = self->shard->store->settings->checkpoint / PAGE;
  guint pages = sqlite_writer_wal_pages (self);
  gint copied = g_atomic_int_get (&self->checkpointed);

  if (pages < MAX (limit, self->wal_look_at))
    return;
  if (copied >= 0 && (pages - MIN ((guint) copied, pages) <= limit / 2 || pages > limit * 4))
    begin_wal_anew (self, pages, limit);
  else
    sqlite_keeper_want_checkpoint (self->shard->keeper);
}

static void
sweep_some (SqliteWriter *self)
{
  gint64 now = g_get_monotonic_time ();

  if (!sqlite_sweep_wanted (self->sweep)
      || (self->group->len > 0 && now - self->swept_at < SWEEP_PAUSE_BUSY))
    return;
  self->swept_at = now;
  sqlite_sweep_slice (self->sweep);
}

static gpointer
writer_main (gpointer data)
{
  SqliteWriter *self = data;
  SqliteStats *stats = &self->shard->store->stats;

  for (;;)
    {
      gboolean stopping = sqlite_queue_stopping (&self->queue);
      guint rows = sqlite_queue_take (&self->queue, self->group);

      if (self->group->len > 0)
        {
          run_group (self);
          cs_stat_add (stats->commits, 1);
          cs_stat_observe (stats->group_rows, rows);
          look_at_wal (self);
        }
      else if (stopping)
        return NULL;
      sweep_some (self);
      sqlite_queue_wait (&self->queue, sqlite_sweep_wanted (self->sweep) ? SWEEP_PAUSE_MS : -1);
    }
}

static gboolean
read_last_body (SqliteWriter *self, GError **error)
{
  sqlite3_stmt *st = NULL;
  int rc = sqlite3_prepare_v2 (self->conn->db,
                               "SELECT max (coalesce ((SELECT max (key) FROM body), 0),"
                               " coalesce ((SELECT max (ref) FROM blob), 0))",
                               -1, &st, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (st);
  if (rc == SQLITE_ROW)
    self->last_body = sqlite3_column_int64 (st, 0);
  else
    g_set_error (error, CS_ERROR, sqlite_status (rc), "%s", sqlite3_errmsg (self->conn->db));
  sqlite3_finalize (st);
  return rc == SQLITE_ROW;
}

SqliteWriter *
sqlite_writer_new (SqliteShard *shard, SqliteConn *conn, GError **error)
{
  SqliteWriter *self = g_new0 (SqliteWriter, 1);
  g_autofree char *name = g_strdup_printf ("sqlite-write-%u", shard->index);
  sigset_t all, before;

  self->shard = shard;
  self->conn = conn;
  sqlite_queue_init (&self->queue, shard->store);
  self->group = g_ptr_array_new ();
  self->alone = g_ptr_array_new ();
  self->touched = g_ptr_array_new_with_free_func ((GDestroyNotify) sqlite_db_unref);
  self->checkpointed = -1;
  self->sweep = sqlite_sweep_new (conn);
  if (!read_last_body (self, error))
    {
      sqlite_writer_free (self);
      return NULL;
    }
  sqlite3_wal_hook (conn->db, wal_hook, self);
  sqlite3_busy_timeout (conn->db, WAL_PATIENCE_MS);
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  self->thread = g_thread_new (name, writer_main, self);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return self;
}

void
sqlite_writer_stop (SqliteWriter *self)
{
  sqlite_queue_stop (&self->queue);
  g_thread_join (self->thread);
}

void
sqlite_writer_free (SqliteWriter *self)
{
  sqlite_sweep_free (self->sweep);
  sqlite_conn_close (self->conn);
  g_ptr_array_unref (self->touched);
  g_ptr_array_unref (self->alone);
  g_ptr_array_unref (self->group);
  sqlite_queue_clear (&self->queue);
  g_free (self);
}

CsStatus
sqlite_writer_submit (SqliteWriter *self, SqliteJob *job)
{
  return sqlite_queue_submit (&self->queue, job);
}
