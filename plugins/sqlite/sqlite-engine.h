/* sqlite-engine.h: the objects of the engine and who may touch them.
 *
 * store -> shard (a file: writer thread, keeper thread, readers) -> db (a database: rows of that file).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_ENGINE_H
#define SQLITE_ENGINE_H

#include <cloudsync/sdk.h>
#include <pthread.h>
#include <sqlite3.h>

#include "sqlite-conn.h"
#include "sqlite-settings.h"
#include "sqlite-vfs.h"

typedef struct _SqliteStore SqliteStore;
typedef struct _SqliteShard SqliteShard;
typedef struct _SqliteDb SqliteDb;
typedef struct _SqliteWriter SqliteWriter;
typedef struct _SqliteKeeper SqliteKeeper;

/* A record's key: the database's number and the sequence number; rows are clustered by it. */
#define SQLITE_SEQ_BITS 40
#define SQLITE_KEY(number, seq) (((gint64) (number) << SQLITE_SEQ_BITS) | (gint64) (seq))
#define SQLITE_KEY_SEQ(key) ((guint64) (key) & (((guint64) 1 << SQLITE_SEQ_BITS) - 1))
#define SQLITE_NUMBER_MAX (((gint64) 1 << (62 - SQLITE_SEQ_BITS)) - 1)

/* database.state */
typedef enum
{
  SQLITE_DB_LIVE = 0,
  SQLITE_DB_DROPPED = 1,
  SQLITE_DB_READ_ONLY = 2
} SqliteDbState;

/* What is counted of a database, kept in its row of `tally`. */
typedef struct
{
  gint64 last_seq;
  gint64 last_time;
  gint64 n_records;
  gint64 n_deleted;
  gint64 bytes;
  gint64 last_body;
} SqliteTally;

/* An epoch and the sequence number up to which it shares the past of the one before it. */
typedef struct
{
  gint64 epoch;
  gint64 fork_seq;
} SqliteEpoch;

typedef enum
{
  SQLITE_NOT_RESTORING = 0,
  SQLITE_STAGING,
  SQLITE_STAGED
} SqliteRestoring;

typedef struct _SqliteFeed SqliteFeed;

struct _SqliteDb
{
  CsStoreDb base;
  gint refs;      /* atomic */
  gint state;     /* atomic, SqliteDbState */
  SqliteStore *store;
  SqliteShard *shard;
  gint64 number;
  GBytes *name;
  gint64 created;
  char uuid[37];

  /* The writer's. */
  SqliteTally tally; /* as committed */
  SqliteTally draft; /* inside the transaction */
  gboolean touched;

  /* As committed, for everyone; atomic. */
  gint64 last_seq, n_records, n_deleted, bytes;

  pthread_mutex_t mutex; /* of epochs */
  GArray *epochs; /* SqliteEpoch, oldest first */

  SqliteFeed **feeds; /* one a worker; atomic pointers */
};

struct _SqliteShard
{
  SqliteStore *store;
  guint index;
  char *path;
  SqliteWriter *writer;
  SqliteKeeper *keeper;
  gboolean was_unclean; /* the last stop left a WAL behind */

  pthread_mutex_t mutex; /* of idle */
  GPtrArray *idle; /* SqliteConn that may block, for the pool and threads that are no workers */
};

/* One worker's. */
typedef struct
{
  SqliteConn **conns; /* one a shard, in nowait mode */
  GHashTable *dbs;    /* name -> SqliteDb with a reference */
} SqliteLocal;

typedef struct
{
  CsStat commits, batches, rows, failures, redone, checkpoints;
  CsStat group_rows, sync_seconds;
  CsStat queue, wal_bytes;
  CsStat backups, backup_failures, backup_at;
} SqliteStats;

struct _SqliteStore
{
  CsStore base;
  gpointer self; /* the plugin's instance */
  const SqliteSettings *settings;
  SqliteDisk *disk;
  CsBroker *broker; /* NULL: none bound */
  CsBlobs *blobs;   /* NULL: none bound; for backups only */
  SqliteVfs *vfs;
  SqliteShard **shards;
  guint n_shards;
  SqliteStats stats;
  gboolean running;
  gint64 backup_at; /* wall clock, seconds: when the last backup ended; 0: none did. The backup's */
  gint backing_up; /* atomic: while a backup runs, and once a restore is staged, no object is to be removed */
  gint restoring;  /* atomic, SqliteRestoring */

  pthread_mutex_t mutex; /* of open and evictions */
  GHashTable *open; /* name -> SqliteDb, with a reference until evicted or dropped */
  guint evictions;
};

/* sqlite-store.c; main thread. */
void sqlite_store_init (SqliteStore *store, gpointer self);
gboolean sqlite_store_start (SqliteStore *store, const char *data_dir, GError **error);
void sqlite_store_stop (SqliteStore *store);
void sqlite_store_clear (SqliteStore *store);
gboolean sqlite_store_worker_start (SqliteStore *store, GError **error);
void sqlite_store_worker_stop (SqliteStore *store);
extern const CsStoreTable sqlite_store_table;

/* sqlite-shard.c; main thread. */
SqliteShard *sqlite_shard_open (SqliteStore *store, guint index, const char *path, GError **error);
void sqlite_shard_close (SqliteShard *shard);

/* Runs func on a connection that reads this shard: the worker's own, and again on one that may block
 * when that gave CS_AGAIN. `func` resets every statement that it used. May wait. */
typedef CsStatus (*SqliteReadFunc) (SqliteConn *conn, gpointer data);
CsStatus sqlite_shard_read (SqliteShard *shard, SqliteReadFunc func, gpointer data);
/* The same, for work that is too long for a worker's turn. */
CsStatus sqlite_shard_read_long (SqliteShard *shard, SqliteReadFunc func, gpointer data);

/* sqlite-database.c */
CsStatus sqlite_db_create (CsStore *store, CsSlice name, CsStoreDb **db);
CsStatus sqlite_db_open (CsStore *store, CsSlice name, CsStoreDb **db);
CsStatus sqlite_db_drop (CsStore *store, CsSlice name);
SqliteDb *sqlite_db_ref (SqliteDb *db);
void sqlite_db_unref (SqliteDb *db);
void sqlite_db_unref_base (CsStoreDb *db);
/* CS_NOT_FOUND when dropped. */
CsStatus sqlite_db_usable (SqliteDb *db);
/* Writer only: makes the committed tally everyone's. */
void sqlite_db_publish (SqliteDb *db);
void sqlite_registry_clear (SqliteStore *store);

/* sqlite-list.c */
CsStatus sqlite_db_list (CsStore *store, CsSlice prefix, CsStoreNameFunc func, gpointer data);

/* sqlite-state.c */
CsStatus sqlite_db_info (CsStoreDb *db, CsStoreInfo *info);
CsStatus sqlite_db_resolve (CsStoreDb *db, guint64 epoch, guint64 seq, guint64 *since);
gint64 sqlite_epoch_new (void);
CsStatus sqlite_epoch_insert (SqliteConn *conn, gint64 number, const SqliteEpoch *epoch);
/* Begins a new epoch after a restore; may wait. */
CsStatus sqlite_db_fork (SqliteDb *db);
/* Bars writing to a database whose check failed; may wait. */
CsStatus sqlite_db_set_read_only (SqliteShard *shard, gint64 number, const char *reason);

/* sqlite-commit.c */
CsStatus sqlite_commit (CsStoreDb *db, const CsSlice *ids, guint n, CsStoreMerge merge,
                        gpointer data);

/* sqlite-read.c */
CsStatus sqlite_read (CsStoreDb *db, const CsSlice *ids, guint n, guint what, CsStoreRows **rows);
CsStatus sqlite_bodies (CsStoreDb *db, const guint64 *refs, guint n, CsStoreBodies **bodies);
/* sqlite-range.c */
CsStatus sqlite_changes (CsStoreDb *db, const CsStoreRange *range, CsStoreRows **rows);
CsStatus sqlite_ids (CsStoreDb *db, const CsStoreRange *range, CsStoreRows **rows);

/* sqlite-count.c */
CsStatus sqlite_count (CsStoreDb *db, guint64 since, guint64 *n);

/* sqlite-blobs.c */
CsStatus sqlite_blobs_named (CsStore *store, const CsSlice *names, guint n, gboolean *named);
CsStatus sqlite_blobs_list (CsStore *store, CsSlice after, CsStoreNameFunc func, gpointer data);

/* sqlite-local.c */
CsStatus sqlite_local_get (CsStoreDb *db, CsSlice id, guint64 *version, GBytes **data);
CsStatus sqlite_local_put (CsStoreDb *db, CsSlice id, const guint64 *expect, guint64 version,
                           GBytes *data);
CsStatus sqlite_local_list (CsStoreDb *db, const CsStoreRange *range, CsStoreNameFunc func,
                            gpointer data);
/* sqlite-meta.c */
CsStatus sqlite_meta_get (CsStore *store, CsStoreDb *db, const char *key, GBytes **value);
CsStatus sqlite_meta_set (CsStore *store, CsStoreDb *db, const char *key, GBytes *value);

/* sqlite-index.c, sqlite-entries.c */
CsStatus sqlite_index_seq (CsStoreDb *db, CsSlice name, guint64 *seq);
CsStatus sqlite_index_update (CsStoreDb *db, CsSlice name, guint64 expect, guint64 seq,
                              const CsStoreIndexRow *rows, guint n);
CsStatus sqlite_index_drop (CsStoreDb *db, CsSlice name);
CsStatus sqlite_index_list (CsStoreDb *db, CsStoreNameFunc func, gpointer data);
/* The number of an index and up to where it is complete; CS_NOT_FOUND. */
CsStatus sqlite_index_find (SqliteConn *conn, SqliteDb *db, CsSlice name, gint64 *ix, guint64 *seq);
CsStatus sqlite_index_range (CsStoreDb *db, CsSlice name, const CsStoreIndexRange *range,
                             CsStoreEntries **entries);
void sqlite_entries_free (CsStoreEntries *entries);

/* sqlite-watch.c */
CsStatus sqlite_watch (CsStoreDb *db, CsStoreWatch *watch);
void sqlite_unwatch (CsStoreDb *db, CsStoreWatch *watch);
/* Any thread: tells this database's watchers on every worker, and the broker's subscribers. */
void sqlite_watch_wake (SqliteDb *db);
void sqlite_watch_free (SqliteDb *db);

#endif
