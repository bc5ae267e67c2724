/* sqlite-database.c: databases by name: which are open, how one begins and ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-writer.h"

#define NAME_MAX_BYTES 512
/* Open databases kept although nobody uses them; in each worker's cache as well. */
#define OPEN_MAX 10000

static GBytes *
name_bytes (CsSlice name)
{
  return g_bytes_new (name.data, name.len);
}

SqliteDb *
sqlite_db_ref (SqliteDb *db)
{
  g_atomic_int_inc (&db->refs);
  return db;
}

void
sqlite_db_unref (SqliteDb *db)
{
  if (!g_atomic_int_dec_and_test (&db->refs))
    return;
  sqlite_watch_free (db);
  g_array_unref (db->epochs);
  pthread_mutex_destroy (&db->mutex);
  g_bytes_unref (db->name);
  g_free (db);
}

void
sqlite_db_unref_base (CsStoreDb *db)
{
  sqlite_db_unref ((SqliteDb *) db);
}

CsStatus
sqlite_db_usable (SqliteDb *db)
{
  return g_atomic_int_get (&db->state) == SQLITE_DB_DROPPED ? CS_NOT_FOUND : CS_OK;
}

static void
publish (gint64 *to, gint64 value)
{
  __atomic_store_n (to, value, __ATOMIC_RELEASE);
}

static void
publish_tally (SqliteDb *db)
{
  publish (&db->n_records, db->tally.n_records);
  publish (&db->n_deleted, db->tally.n_deleted);
  publish (&db->bytes, db->tally.bytes);
  publish (&db->last_seq, db->tally.last_seq);
}

void
sqlite_db_publish (SqliteDb *db)
{
  gboolean moved = db->last_seq != db->tally.last_seq;

  publish_tally (db);
  if (moved)
    sqlite_watch_wake (db);
}

static SqliteDb *
db_new (SqliteShard *shard, CsSlice name)
{
  SqliteDb *db = g_new0 (SqliteDb, 1);

  db->base.table = &sqlite_store_table;
  db->refs = 1;
  db->store = shard->store;
  db->shard = shard;
  db->name = name_bytes (name);
  pthread_mutex_init (&db->mutex, NULL);
  db->epochs = g_array_new (FALSE, FALSE, sizeof (SqliteEpoch));
  return db;
}

/* ---- finding ---- */

typedef struct
{
  SqliteShard *shard;
  CsSlice name;
  SqliteDb *db;
} SqliteLookup;

static CsStatus
load_epochs (SqliteConn *conn, SqliteDb *db)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_EPOCHS);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, db->number);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      SqliteEpoch epoch = { sqlite3_column_int64 (st, 0), sqlite3_column_int64 (st, 1) };

      g_array_append_val (db->epochs, epoch);
    }
  sqlite3_reset (st);
  return status == CS_NOT_FOUND ? (db->epochs->len > 0 ? CS_OK : CS_CORRUPT) : status;
}

static SqliteDb *
db_from_row (SqliteShard *shard, CsSlice name, sqlite3_stmt *st)
{
  SqliteDb *db = db_new (shard, name);

  db->number = sqlite3_column_int64 (st, 0);
  g_strlcpy (db->uuid, (const char *) sqlite3_column_text (st, 1), sizeof db->uuid);
  db->created = sqlite3_column_int64 (st, 2);
  db->state = sqlite3_column_int (st, 3);
  db->tally.last_seq = sqlite3_column_int64 (st, 4);
  db->tally.last_time = sqlite3_column_int64 (st, 5);
  db->tally.n_records = sqlite3_column_int64 (st, 6);
  db->tally.n_deleted = sqlite3_column_int64 (st, 7);
  db->tally.bytes = sqlite3_column_int64 (st, 8);
  db->tally.last_body = sqlite3_column_int64 (st, 9);
  publish_tally (db);
  return db;
}

static CsStatus
look_up (SqliteConn *conn, gpointer data)
{
  SqliteLookup *lookup = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_BY_NAME);
  CsStatus status;

  g_clear_pointer (&lookup->db, sqlite_db_unref);
  if (st == NULL)
    return CS_FAILED;
  sqlite_bind_slice (st, 1, lookup->name);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK)
    lookup->db = db_from_row (lookup->shard, lookup->name, st);
  sqlite3_reset (st);
  return status == CS_OK ? load_epochs (conn, lookup->db) : status;
}

static guint
home_shard (SqliteStore *store, CsSlice name)
{
  guint32 hash = 2166136261u; /* FNV-1a: the same on every machine and in every version */
  gsize i;

  for (i = 0; i < name.len; i++)
    hash = (hash ^ (guint8) name.data[i]) * 16777619u;
  return hash % store->n_shards;
}

/* In its home first; elsewhere when `shards` was raised since it was made. */
static CsStatus
look_everywhere (SqliteStore *store, CsSlice name, SqliteDb **db)
{
  guint home = home_shard (store, name), i;
  CsStatus status = CS_NOT_FOUND;

  for (i = 0; i < store->n_shards && status == CS_NOT_FOUND; i++)
    {
      SqliteLookup lookup = { store->shards[(home + i) % store->n_shards], name, NULL };

      status = sqlite_shard_read (lookup.shard, look_up, &lookup);
      if (status == CS_OK)
        *db = lookup.db;
      else
        g_clear_pointer (&lookup.db, sqlite_db_unref);
    }
  return status;
}

static gboolean
is_unused (gpointer key, gpointer value, gpointer data)
{
  return g_atomic_int_get (&((SqliteDb *) value)->refs) == 1;
}

/* Called with the store's mutex. */
static void
evict_unused (SqliteStore *store)
{
  if (g_hash_table_size (store->open) < OPEN_MAX)
    return;
  store->evictions++;
  g_hash_table_foreach_remove (store->open, is_unused, NULL);
}

static SqliteDb *
find_open (SqliteStore *store, GBytes *name, guint *evictions)
{
  SqliteDb *db;

  pthread_mutex_lock (&store->mutex);
  db = g_hash_table_lookup (store->open, name);
  if (db != NULL)
    sqlite_db_ref (db);
  *evictions = store->evictions;
  pthread_mutex_unlock (&store->mutex);
  return db;
}

/* Makes what was just read from disk the database's one object, unless another is there already.
 * NULL: something was closed since the reading began, which may so be out of date. */
static SqliteDb *
adopt (SqliteStore *store, SqliteDb *read, guint evictions)
{
  SqliteDb *db;

  pthread_mutex_lock (&store->mutex);
  db = g_hash_table_lookup (store->open, read->name);
  if (db == NULL && evictions == store->evictions)
    {
      evict_unused (store);
      db = read;
      g_hash_table_insert (store->open, db->name, sqlite_db_ref (db));
    }
  if (db != NULL)
    sqlite_db_ref (db);
  pthread_mutex_unlock (&store->mutex);
  sqlite_db_unref (read);
  return db;
}

static CsStatus
open_shared (SqliteStore *store, CsSlice name, SqliteDb **db)
{
  g_autoptr (GBytes) key = name_bytes (name);
  guint evictions;
  CsStatus status = CS_OK;

  *db = NULL;
  while (*db == NULL && status == CS_OK)
    {
      *db = find_open (store, key, &evictions);
      if (*db != NULL)
        break;
      status = look_everywhere (store, name, db);
      if (status == CS_OK)
        *db = adopt (store, *db, evictions);
    }
  return status;
}

/* The worker's own cache: no lock, no reading. */
static SqliteDb *
find_local (SqliteLocal *local, CsSlice name)
{
  g_autoptr (GBytes) key = g_bytes_new_static (name.data, name.len);
  SqliteDb *db = g_hash_table_lookup (local->dbs, key);

  if (db == NULL)
    return NULL;
  if (sqlite_db_usable (db) == CS_OK)
    return sqlite_db_ref (db);
  g_hash_table_remove (local->dbs, key);
  return NULL;
}

CsStatus
sqlite_db_open (CsStore *base, CsSlice name, CsStoreDb **result)
{
  SqliteStore *store = (SqliteStore *) base;
  SqliteLocal *local = cs_local (store->self);
  SqliteDb *db = local != NULL ? find_local (local, name) : NULL;
  CsStatus status = CS_OK;

  if (db == NULL)
    {
      status = open_shared (store, name, &db);
      if (status == CS_OK && local != NULL)
        {
          if (g_hash_table_size (local->dbs) >= OPEN_MAX)
            g_hash_table_remove_all (local->dbs);
          g_hash_table_replace (local->dbs, db->name, sqlite_db_ref (db));
        }
    }
  *result = status == CS_OK ? &db->base : NULL;
  return status;
}

void
sqlite_registry_clear (SqliteStore *store)
{
  g_hash_table_remove_all (store->open);
}

/* ---- beginning and ending ---- */

typedef struct
{
  SqliteJob base;
  CsSlice name;
  SqliteDb *db;
} SqliteCreate;

static CsStatus
insert_database (SqliteWriter *writer, SqliteDb *db, CsSlice name)
{
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_INSERT);
  SqliteEpoch epoch = { sqlite_epoch_new (), 0 };
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite_bind_slice (st, 1, name);
  sqlite3_bind_text (st, 2, db->uuid, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (st, 3, db->created);
  sqlite3_bind_int64 (st, 4, sqlite_writer_last_body (writer) + 1);
  status = sqlite_conn_run (conn, st);
  db->number = sqlite3_last_insert_rowid (conn->db);
  if (status != CS_OK || db->number > SQLITE_NUMBER_MAX)
    return status != CS_OK ? status : CS_NO_SPACE;
  st = sqlite_conn_statement (conn, SQLITE_ST_TALLY_INSERT);
  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, db->number);
  status = sqlite_conn_run (conn, st);
  g_array_set_size (db->epochs, 0);
  g_array_append_val (db->epochs, epoch);
  return status == CS_OK ? sqlite_epoch_insert (conn, db->number, &epoch) : status;
}

static CsStatus
create_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteCreate *create = (SqliteCreate *) job;
  SqliteLookup lookup = { sqlite_writer_shard (writer), create->name, NULL };
  CsStatus status = look_up (sqlite_writer_conn (writer), &lookup);

  g_clear_pointer (&lookup.db, sqlite_db_unref);
  if (status == CS_NOT_FOUND)
    return insert_database (writer, create->db, create->name);
  job->untouched = status == CS_OK;
  return status == CS_OK ? CS_EXISTS : status;
}

static void
create_done (SqliteWriter *writer, SqliteJob *job)
{
  SqliteCreate *create = (SqliteCreate *) job;
  SqliteStore *store = create->db->store;

  pthread_mutex_lock (&store->mutex);
  if (!g_hash_table_contains (store->open, create->db->name))
    g_hash_table_insert (store->open, create->db->name, sqlite_db_ref (create->db));
  pthread_mutex_unlock (&store->mutex);
}

CsStatus
sqlite_db_create (CsStore *base, CsSlice name, CsStoreDb **result)
{
  SqliteStore *store = (SqliteStore *) base;
  SqliteCreate create = { .base = { .run = create_run, .done = create_done, .n_rows = 1 },
                          .name = name };
  g_autofree char *uuid = NULL;
  SqliteDb *there = NULL;
  CsStatus status;

  *result = NULL;
  if (name.len == 0 || name.len > NAME_MAX_BYTES)
    return CS_INVALID;
  status = open_shared (store, name, &there);
  if (status != CS_NOT_FOUND)
    {
      g_clear_pointer (&there, sqlite_db_unref);
      return status == CS_OK ? CS_EXISTS : status;
    }
  create.db = db_new (store->shards[home_shard (store, name)], name);
  uuid = g_uuid_string_random ();
  g_strlcpy (create.db->uuid, uuid, sizeof create.db->uuid);
  create.db->created = g_get_real_time ();
  status = sqlite_writer_submit (create.db->shard->writer, &create.base);
  sqlite_db_unref (create.db);
  /* Through the registry: a reader may have been first to make the object. */
  return status == CS_OK ? sqlite_db_open (base, name, result) : status;
}

static CsStatus
drop_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_DROP);

  if (st == NULL)
    return CS_FAILED;
  if (sqlite_db_usable (job->db) != CS_OK)
    {
      job->untouched = TRUE;
      return CS_NOT_FOUND;
    }
  sqlite3_bind_int64 (st, 1, job->db->number);
  return sqlite_conn_run (conn, st);
}

static void
drop_done (SqliteWriter *writer, SqliteJob *job)
{
  SqliteDb *db = job->db;
  SqliteStore *store = db->store;

  g_atomic_int_set (&db->state, SQLITE_DB_DROPPED);
  pthread_mutex_lock (&store->mutex);
  store->evictions++;
  if (g_hash_table_lookup (store->open, db->name) == db)
    g_hash_table_remove (store->open, db->name);
  pthread_mutex_unlock (&store->mutex);
  sqlite_watch_wake (db);
  sqlite_writer_want_sweep (writer);
}

CsStatus
sqlite_db_drop (CsStore *base, CsSlice name)
{
  SqliteStore *store = (SqliteStore *) base;
  SqliteJob job = { .run = drop_run, .done = drop_done, .n_rows = 1 };
  CsStatus status = open_shared (store, name, &job.db);

  if (status != CS_OK)
    return status;
  status = sqlite_writer_submit (job.db->shard->writer, &job);
  sqlite_db_unref (job.db);
  return status;
}
