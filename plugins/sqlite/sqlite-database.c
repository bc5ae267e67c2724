/* sqlite-database.c: databases by name: which are open, how one begins and ends, its epochs.
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

static gint64
new_epoch (void)
{
  return 1 + (((gint64) g_random_int () << 16 | g_random_int_range (0, 65536)) & 0xffffffffffff);
}

static CsStatus
insert_epoch (SqliteConn *conn, gint64 number, const SqliteEpoch *epoch)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_EPOCH_INSERT);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, number);
  sqlite3_bind_int64 (st, 2, epoch->epoch);
  sqlite3_bind_int64 (st, 3, epoch->fork_seq);
  return sqlite_conn_run (conn, st);
}

static CsStatus
insert_database (SqliteWriter *writer, SqliteDb *db, CsSlice name)
{
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_INSERT);
  SqliteEpoch epoch = { new_epoch (), 0 };
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
  return status == CS_OK ? insert_epoch (conn, db->number, &epoch) : status;
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

/* ---- state ---- */

typedef struct
{
  SqliteJob base;
  gint64 number;
  const char *reason;
} SqliteBar;

static CsStatus
bar_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteBar *bar = (SqliteBar *) job;
  SqliteConn *conn = sqlite_writer_conn (writer);
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_STATE);

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, bar->number);
  sqlite3_bind_int (st, 2, bar->reason != NULL ? SQLITE_DB_READ_ONLY : SQLITE_DB_LIVE);
  sqlite3_bind_text (st, 3, bar->reason, -1, SQLITE_STATIC);
  return sqlite_conn_run (conn, st);
}

static void
bar_open_one (SqliteShard *shard, gint64 number, SqliteDbState state)
{
  SqliteStore *store = shard->store;
  GHashTableIter iter;
  gpointer value;

  pthread_mutex_lock (&store->mutex);
  store->evictions++;
  g_hash_table_iter_init (&iter, store->open);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      SqliteDb *db = value;

      if (db->shard == shard && db->number == number)
        g_atomic_int_set (&db->state, state);
    }
  pthread_mutex_unlock (&store->mutex);
}

CsStatus
sqlite_db_set_read_only (SqliteShard *shard, gint64 number, const char *reason)
{
  SqliteBar bar = { .base = { .run = bar_run, .n_rows = 1 }, .number = number, .reason = reason };
  CsStatus status = sqlite_writer_submit (shard->writer, &bar.base);

  bar_open_one (shard, number, reason != NULL ? SQLITE_DB_READ_ONLY : SQLITE_DB_LIVE);
  return status;
}

typedef struct
{
  SqliteJob base;
  SqliteEpoch epoch;
} SqliteFork;

static CsStatus
fork_run (SqliteWriter *writer, SqliteJob *job)
{
  SqliteFork *fork = (SqliteFork *) job;

  sqlite_writer_touch (writer, job->db);
  fork->epoch.fork_seq = job->db->draft.last_seq;
  return insert_epoch (sqlite_writer_conn (writer), job->db->number, &fork->epoch);
}

static void
fork_done (SqliteWriter *writer, SqliteJob *job)
{
  SqliteFork *fork = (SqliteFork *) job;

  pthread_mutex_lock (&job->db->mutex);
  g_array_append_val (job->db->epochs, fork->epoch);
  pthread_mutex_unlock (&job->db->mutex);
}

CsStatus
sqlite_db_fork (SqliteDb *db)
{
  SqliteFork fork = { .base = { .run = fork_run, .done = fork_done, .db = db, .n_rows = 1 },
                      .epoch = { new_epoch (), 0 } };

  return sqlite_writer_submit (db->shard->writer, &fork.base);
}

CsStatus
sqlite_db_resolve (CsStoreDb *base, guint64 epoch, guint64 seq, guint64 *since)
{
  SqliteDb *db = (SqliteDb *) base;
  CsStatus status = CS_NOT_FOUND;
  guint i;

  if (sqlite_db_usable (db) != CS_OK)
    return CS_NOT_FOUND;
  pthread_mutex_lock (&db->mutex);
  for (i = 0; i < db->epochs->len; i++)
    {
      const SqliteEpoch *at = &g_array_index (db->epochs, SqliteEpoch, i);

      if (status == CS_OK)
        *since = MIN (*since, (guint64) at->fork_seq);
      else if ((guint64) at->epoch == epoch)
        {
          status = CS_OK;
          *since = seq;
        }
    }
  pthread_mutex_unlock (&db->mutex);
  return status;
}

CsStatus
sqlite_db_info (CsStoreDb *base, CsStoreInfo *info)
{
  SqliteDb *db = (SqliteDb *) base;
  gsize size = info->size;
  CsStatus status = sqlite_db_usable (db);

  if (status != CS_OK)
    return status;
  memset (info, 0, size);
  info->size = size;
  info->last_seq = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE);
  info->n_records = __atomic_load_n (&db->n_records, __ATOMIC_ACQUIRE);
  info->n_deleted = __atomic_load_n (&db->n_deleted, __ATOMIC_ACQUIRE);
  info->bytes_data = __atomic_load_n (&db->bytes, __ATOMIC_ACQUIRE);
  info->bytes_file = info->bytes_data; /* the file is many databases': its size says nothing of one */
  info->created = db->created;
  memcpy (info->uuid, db->uuid, sizeof info->uuid);
  pthread_mutex_lock (&db->mutex);
  info->epoch = g_array_index (db->epochs, SqliteEpoch, db->epochs->len - 1).epoch;
  pthread_mutex_unlock (&db->mutex);
  return CS_OK;
}

/* ---- listing ---- */

#define NAMES_STEP 1000

typedef struct
{
  CsSlice prefix;
  GByteArray *from; /* the first name that may come */
  GPtrArray *names; /* GBytes */
  gboolean more;
} SqliteNames;

static gboolean
has_prefix (CsSlice name, CsSlice prefix)
{
  return name.len >= prefix.len && memcmp (name.data, prefix.data, prefix.len) == 0;
}

static CsStatus
read_names (SqliteConn *conn, gpointer data)
{
  SqliteNames *names = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_NAMES);
  guint before = names->names->len;
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite_bind_slice (st, 1, cs_slice (names->from->data, names->from->len));
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      CsSlice name = sqlite_column_slice (st, 0);

      if (!has_prefix (name, names->prefix))
        break;
      g_ptr_array_add (names->names, name_bytes (name));
    }
  sqlite3_reset (st);
  if (status != CS_OK && status != CS_NOT_FOUND)
    g_ptr_array_set_size (names->names, before);
  names->more = names->names->len - before == NAMES_STEP;
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static CsStatus
read_all_names (SqliteShard *shard, SqliteNames *names)
{
  CsStatus status;

  g_byte_array_append (names->from, (const guint8 *) names->prefix.data, names->prefix.len);
  while ((status = sqlite_shard_read (shard, read_names, names)) == CS_OK && names->more)
    {
      gsize len;
      const guint8 *last
        = g_bytes_get_data (names->names->pdata[names->names->len - 1], &len);

      g_byte_array_set_size (names->from, 0);
      g_byte_array_append (names->from, last, len);
      g_byte_array_append (names->from, (const guint8 *) "", 1);
    }
  return status;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_bytes_compare (*(GBytes *const *) a, *(GBytes *const *) b);
}

CsStatus
sqlite_db_list (CsStore *base, CsSlice prefix, CsStoreNameFunc func, gpointer data)
{
  SqliteStore *store = (SqliteStore *) base;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  CsStatus status = CS_OK;
  guint i;

  for (i = 0; i < store->n_shards && status == CS_OK; i++)
    {
      g_autoptr (GByteArray) from = g_byte_array_new ();
      SqliteNames names = { .prefix = prefix, .from = from, .names = all };

      status = read_all_names (store->shards[i], &names);
    }
  if (store->n_shards > 1)
    g_ptr_array_sort (all, compare_names);
  for (i = 0; i < all->len && status == CS_OK; i++)
    {
      gsize len;
      const char *name = g_bytes_get_data (all->pdata[i], &len);

      if (!func (cs_slice (name, len), data))
        break;
    }
  return status;
}
