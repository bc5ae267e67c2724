/* test-host.c: a host small enough for engine tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

const CsHost *cs_host_;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static GQueue posted = G_QUEUE_INIT;
static GPtrArray *stats;   /* names */
static gint64 values[256]; /* atomic */
static GString *log_text;
static __thread gboolean on_worker;
static __thread gpointer local_state;
static __thread gint64 cancel_after;

/* ---- instance ---- */

static const void *
host_settings (gpointer self)
{
  return &((TestStore *) self)->settings;
}

static void
host_set_local (gpointer self, gpointer state)
{
  local_state = state;
}

static gpointer
host_local (gpointer self)
{
  return on_worker ? local_state : NULL;
}

static const CsInstanceTable instance_table = {
  .size = sizeof (CsInstanceTable),
  .settings = host_settings,
  .set_local = host_set_local,
  .local = host_local,
};

/* ---- loop ---- */

static guint
host_n_workers (void)
{
  return 2;
}

static gint
host_worker (void)
{
  return on_worker ? 0 : -1;
}

static void
host_post (guint worker, CsTask *task)
{
  pthread_mutex_lock (&lock);
  g_queue_push_tail (&posted, task);
  pthread_cond_broadcast (&cond);
  pthread_mutex_unlock (&lock);
}

static CsFiber *
host_fiber_self (void)
{
  static char fiber;

  return on_worker ? (CsFiber *) &fiber : NULL;
}

static CsStatus
host_sleep (gint64 length)
{
  return CS_OK;
}

static void
host_wait_init (CsWait *wait)
{
  wait->body_[0] = 0;
}

static void
host_wait_through (CsWait *wait)
{
  pthread_mutex_lock (&lock);
  while (wait->body_[0] == 0)
    pthread_cond_wait (&cond, &lock);
  pthread_mutex_unlock (&lock);
}

static CsStatus
host_wait (CsWait *wait, gint64 deadline)
{
  gboolean woken;

  if (cancel_after == 0)
    {
      host_wait_through (wait);
      return CS_OK;
    }
  g_usleep (cancel_after);
  pthread_mutex_lock (&lock);
  woken = wait->body_[0] != 0;
  pthread_mutex_unlock (&lock);
  return woken ? CS_OK : CS_CANCELLED;
}

void
test_cancel_waits_after (gint64 us)
{
  cancel_after = us;
}

static void
host_wake_from (CsWait *wait)
{
  pthread_mutex_lock (&lock);
  wait->body_[0] = 1;
  pthread_cond_broadcast (&cond);
  pthread_mutex_unlock (&lock);
}

typedef struct
{
  CsPoolFunc func;
  gpointer data;
} PoolCall;

static gpointer
pool_main (gpointer data)
{
  PoolCall *call = data;

  call->func (call->data);
  return NULL;
}

static CsStatus
host_pool_run (gpointer self, CsPoolFunc func, gpointer data)
{
  PoolCall call = { func, data };

  if (on_worker)
    g_thread_join (g_thread_new ("pool", pool_main, &call));
  else
    func (data);
  return CS_OK;
}

static const CsLoopTable loop_table = {
  .size = sizeof (CsLoopTable),
  .n_workers = host_n_workers,
  .worker = host_worker,
  .post = host_post,
  .fiber_self = host_fiber_self,
  .sleep = host_sleep,
  .wait_init = host_wait_init,
  .wait = host_wait,
  .wait_through = host_wait_through,
  .wake_from = host_wake_from,
  .pool_run = host_pool_run,
};

/* ---- log and stats ---- */

static gboolean
host_log_enabled (gpointer self, CsLogLevel level)
{
  return TRUE;
}

static void
host_log_write (gpointer self, CsLogLevel level, const char *message, const CsField *fields,
                guint n)
{
  guint i;

  pthread_mutex_lock (&lock);
  g_string_append (log_text, message);
  for (i = 0; i < n; i++)
    if (fields[i].text != NULL)
      g_string_append_printf (log_text, " %s=%s", fields[i].key, fields[i].text);
    else
      g_string_append_printf (log_text, " %s=%" G_GINT64_FORMAT, fields[i].key, fields[i].number);
  g_string_append_c (log_text, '\n');
  pthread_mutex_unlock (&lock);
}

static const CsLogTable log_table = {
  .size = sizeof (CsLogTable),
  .enabled = host_log_enabled,
  .write = host_log_write,
};

static gint
find_stat (const char *name)
{
  guint i;

  for (i = 0; i < stats->len; i++)
    if (g_str_equal (stats->pdata[i], name))
      return i;
  return -1;
}

static CsStat
host_define (gpointer self, const CsStatSpec *spec)
{
  gint at = find_stat (spec->name);

  if (at < 0)
    {
      g_ptr_array_add (stats, g_strdup (spec->name));
      at = stats->len - 1;
    }
  return at;
}

static void
host_add (CsStat stat, gint64 delta)
{
  __atomic_add_fetch (&values[stat], delta, __ATOMIC_RELAXED);
}

static const CsStatsTable stats_table = {
  .size = sizeof (CsStatsTable),
  .define = host_define,
  .add = host_add,
  .observe = host_add,
};

/* ---- node and commands ---- */

static gboolean cancelled;

static void
host_command_progress (const char *what, guint64 done, guint64 total)
{
}

static gboolean
host_command_cancelled (void)
{
  return g_atomic_int_get (&cancelled);
}

void
test_cancel_commands (gboolean now)
{
  g_atomic_int_set (&cancelled, now);
}

static void
host_info (CsNodeInfo *info)
{
  info->version = "0.0.0";
  info->name = "node1";
}

static const CsNodeTable node_table = {
  .size = sizeof (CsNodeTable),
  .info = host_info,
  .command_progress = host_command_progress,
  .command_cancelled = host_command_cancelled,
};

void
test_host_init (void)
{
  static CsHost host = {
    .size = sizeof host,
    .instance = &instance_table,
    .loop = &loop_table,
    .log = &log_table,
    .stats = &stats_table,
    .node = &node_table,
  };

  if (cs_host_ != NULL)
    return;
  stats = g_ptr_array_new_with_free_func (g_free);
  log_text = g_string_new (NULL);
  cs_host_ = &host;
}

gint64
test_stat (const char *name)
{
  return __atomic_load_n (&values[find_stat (name)], __ATOMIC_RELAXED);
}

guint
test_logged (const char *text)
{
  const char *at;
  guint n = 0;

  pthread_mutex_lock (&lock);
  for (at = strstr (log_text->str, text); at != NULL; at = strstr (at + 1, text))
    n++;
  pthread_mutex_unlock (&lock);
  return n;
}

void
test_log_clear (void)
{
  pthread_mutex_lock (&lock);
  g_string_truncate (log_text, 0);
  pthread_mutex_unlock (&lock);
}

/* ---- directories ---- */

char *
test_dir_new (void)
{
  const char *base = g_getenv ("SQLITE_TEST_DIR");
  char *dir = g_build_filename (base != NULL ? base : g_get_tmp_dir (), "sqlite-test-XXXXXX",
                                NULL);

  g_assert_nonnull (g_mkdtemp (dir));
  return dir;
}

static int
remove_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  return remove (path);
}

void
test_dir_remove (char *dir)
{
  nftw (dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  g_free (dir);
}

/* ---- the engine ---- */

TestStore *
test_store_new (const char *dir)
{
  TestStore *test = g_new0 (TestStore, 1);

  test_host_init ();
  test->dir = g_strdup (dir);
  test->settings = (SqliteSettings){ .shards = 1,
                                     .synchronous = SQLITE_DURABLE,
                                     .cache_size = 8 << 20,
                                     .reader_cache_size = 1 << 20,
                                     .checkpoint = 1 << 20,
                                     .group_rows = 4096,
                                     .queue_limit = 10000,
                                     .check_after_crash = FALSE };
  sqlite_store_init (&test->store, test);
  test->store.settings = &test->settings;
  return test;
}

gboolean
test_store_start (TestStore *test, GError **error)
{
  return sqlite_store_start (&test->store, test->dir, error);
}

void
test_store_free (TestStore *test)
{
  sqlite_store_stop (&test->store);
  sqlite_store_clear (&test->store);
  g_free (test->dir);
  g_free (test);
}

void
test_worker_begin (TestStore *test)
{
  g_autoptr (GError) error = NULL;

  on_worker = TRUE;
  sqlite_store_worker_start (&test->store, &error);
  g_assert_no_error (error);
}

void
test_worker_end (TestStore *test)
{
  sqlite_store_worker_stop (&test->store);
  on_worker = FALSE;
}

guint
test_run_posted (void)
{
  CsTask *task;
  guint n = 0;

  for (;;)
    {
      pthread_mutex_lock (&lock);
      task = g_queue_pop_head (&posted);
      pthread_mutex_unlock (&lock);
      if (task == NULL)
        return n;
      task->run (task);
      n++;
    }
}

/* ---- records ---- */

typedef struct
{
  const char *body;
  gboolean deleted;
} PutData;

static CsStatus
merge_put (CsStoreEdit *edit, guint row, gpointer data)
{
  PutData *put = data;
  CsSlice body = cs_slice_str (put->body);
  CsStorePut record = { .size = sizeof record, .deleted = put->deleted };

  record.summary = cs_slice ("s", 1);
  record.tree = cs_slice ("tree", 4);
  if (edit->record->body_ref != 0)
    cs_store_edit_remove_body (edit, edit->record->body_ref);
  if (put->body != NULL)
    record.body_ref = cs_store_edit_add_body (edit, &body, 1);
  cs_store_edit_put (edit, &record);
  return CS_OK;
}

CsStatus
test_put (CsStoreDb *db, const char *id, const char *body)
{
  PutData put = { body, FALSE };
  CsSlice slice = cs_slice_str (id);

  return cs_store_commit (db, &slice, 1, merge_put, &put);
}

CsStatus
test_put_deleted (CsStoreDb *db, const char *id)
{
  PutData put = { NULL, TRUE };
  CsSlice slice = cs_slice_str (id);

  return cs_store_commit (db, &slice, 1, merge_put, &put);
}

CsStatus
test_put_many (CsStoreDb *db, const char *prefix, guint first, guint n, const char *body)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree CsSlice *ids = g_new (CsSlice, n);
  PutData put = { body, FALSE };
  guint i;

  for (i = 0; i < n; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("%s-%08u", prefix, first + i));
      ids[i] = cs_slice_str (names->pdata[i]);
    }
  return cs_store_commit (db, ids, n, merge_put, &put);
}

CsStoreDb *
test_create (TestStore *test, const char *name)
{
  CsStoreDb *db = NULL;

  g_assert_cmpint (cs_store_create (&test->store.base, cs_slice_str (name), &db), ==, CS_OK);
  return db;
}

CsStoreDb *
test_open (TestStore *test, const char *name)
{
  CsStoreDb *db = NULL;

  g_assert_cmpint (cs_store_open (&test->store.base, cs_slice_str (name), &db), ==, CS_OK);
  return db;
}

char *
test_get (CsStoreDb *db, const char *id)
{
  CsSlice slice = cs_slice_str (id);
  CsStoreRows *rows = NULL;
  char *body = NULL;

  g_assert_cmpint (cs_store_read (db, &slice, 1, CS_STORE_BODY | CS_STORE_TREE, &rows), ==, CS_OK);
  g_assert_cmpuint (rows->n, ==, 1);
  if (rows->records[0].seq > 0 && rows->records[0].body.data != NULL)
    body = g_strndup (rows->records[0].body.data, rows->records[0].body.len);
  cs_store_rows_free (db, rows);
  return body;
}

guint64
test_last_seq (CsStoreDb *db)
{
  CsStoreInfo info = { .size = sizeof info };

  g_assert_cmpint (cs_store_info (db, &info), ==, CS_OK);
  return info.last_seq;
}

/* ---- a store with a database ---- */

static void
start_store (TestDb *self)
{
  g_autoptr (GError) error = NULL;

  self->test = test_store_new (self->dir);
  test_store_start (self->test, &error);
  g_assert_no_error (error);
}

static void
stop_store (TestDb *self)
{
  cs_store_db_unref (self->db);
  test_store_free (self->test);
}

void
test_db_begin (TestDb *self, gconstpointer data)
{
  self->dir = test_dir_new ();
  start_store (self);
  self->db = test_create (self->test, "one");
}

void
test_db_end (TestDb *self, gconstpointer data)
{
  stop_store (self);
  test_dir_remove (self->dir);
}

void
test_db_again (TestDb *self)
{
  stop_store (self);
  start_store (self);
  self->db = test_open (self->test, "one");
}
