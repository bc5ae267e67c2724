/* sqlite-keeper.c: copies the WAL into the database file beside the writer, and checks the file's
 * records in slices after an unclean stop, leaving most of the time to others.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-keeper.h"

#include <signal.h>

#include "sqlite-check.h"
#include "sqlite-writer.h"

/* A slice is followed by a pause of this many times its length. */
#define PACE 4
#define PAUSE_MIN CS_MS (2)

struct _SqliteKeeper
{
  SqliteShard *shard;
  SqliteConn *conn;
  GThread *thread;
  pthread_mutex_t mutex;
  pthread_cond_t cond;
  gboolean stopping;
  gint wanted; /* atomic: a checkpoint */
  SqliteCheck *check; /* NULL: none or done */
};

static void
checkpoint (SqliteKeeper *self)
{
  int pages = 0, copied = 0;
  int rc = sqlite3_wal_checkpoint_v2 (self->conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages,
                                      &copied);

  cs_stat_add (self->shard->store->stats.checkpoints, 1);
  if (rc == SQLITE_OK)
    sqlite_writer_checkpointed (self->shard->writer, MAX (copied, 0));
  else if (rc != SQLITE_BUSY)
    cs_error (self->shard->store->self, "checkpoint failed", CS_F_STR ("file", self->shard->path),
              CS_F_STR ("reason", sqlite3_errmsg (self->conn->db)));
}

/* How long to rest after a slice of the check. */
static gint64
check_some (SqliteKeeper *self)
{
  gint64 began = g_get_monotonic_time ();

  if (!sqlite_check_slice (self->check))
    g_clear_pointer (&self->check, sqlite_check_free);
  return MAX (PAUSE_MIN, PACE * (g_get_monotonic_time () - began));
}

static void
rest (SqliteKeeper *self, gint64 until)
{
  const struct timespec at = { until / G_USEC_PER_SEC, until % G_USEC_PER_SEC * 1000 };

  pthread_cond_timedwait (&self->cond, &self->mutex, &at);
}

static gpointer
keeper_main (gpointer data)
{
  SqliteKeeper *self = data;
  gint64 rest_until = 0;

  pthread_mutex_lock (&self->mutex);
  while (!self->stopping)
    {
      if (g_atomic_int_get (&self->wanted))
        {
          pthread_mutex_unlock (&self->mutex);
          checkpoint (self);
          /* Only now: wishes that came meanwhile are this one. */
          g_atomic_int_set (&self->wanted, FALSE);
          pthread_mutex_lock (&self->mutex);
        }
      else if (self->check != NULL && g_get_monotonic_time () >= rest_until)
        {
          pthread_mutex_unlock (&self->mutex);
          rest_until = check_some (self);
          rest_until += g_get_monotonic_time ();
          pthread_mutex_lock (&self->mutex);
        }
      else if (self->check != NULL)
        rest (self, rest_until);
      else
        pthread_cond_wait (&self->cond, &self->mutex);
    }
  pthread_mutex_unlock (&self->mutex);
  return NULL;
}

SqliteKeeper *
sqlite_keeper_new (SqliteShard *shard, gboolean check, GError **error)
{
  SqliteConn *conn = sqlite_conn_open (shard->path, sqlite_vfs_name (shard->store->vfs),
                                       SQLITE_CONN_READER, 1024 * 1024, error);
  g_autofree char *name = g_strdup_printf ("sqlite-keep-%u", shard->index);
  pthread_condattr_t monotonic;
  SqliteKeeper *self;
  SqliteCheckFile file = sqlite_check_shard (shard);
  sigset_t all, before;

  if (conn == NULL)
    return NULL;
  self = g_new0 (SqliteKeeper, 1);
  self->shard = shard;
  self->conn = conn;
  self->check = check ? sqlite_check_new (&file, conn) : NULL;
  pthread_mutex_init (&self->mutex, NULL);
  pthread_condattr_init (&monotonic);
  pthread_condattr_setclock (&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init (&self->cond, &monotonic);
  pthread_condattr_destroy (&monotonic);
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  self->thread = g_thread_new (name, keeper_main, self);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return self;
}

void
sqlite_keeper_stop (SqliteKeeper *self)
{
  pthread_mutex_lock (&self->mutex);
  self->stopping = TRUE;
  pthread_cond_signal (&self->cond);
  pthread_mutex_unlock (&self->mutex);
  g_thread_join (self->thread);
}

void
sqlite_keeper_free (SqliteKeeper *self)
{
  g_clear_pointer (&self->check, sqlite_check_free);
  sqlite_conn_close (self->conn);
  pthread_cond_destroy (&self->cond);
  pthread_mutex_destroy (&self->mutex);
  g_free (self);
}

void
sqlite_keeper_want_checkpoint (SqliteKeeper *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->wanted, FALSE, TRUE))
    return;
  pthread_mutex_lock (&self->mutex);
  pthread_cond_signal (&self->cond);
  pthread_mutex_unlock (&self->mutex);
}
