/* test-host.h: a host small enough for engine tests: waits block the thread, tasks run when told to.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include "sqlite-engine.h"

/* An engine on a directory. Each is one plugin instance. */
typedef struct
{
  SqliteStore store; /* first: it is the instance's state */
  SqliteSettings settings;
  char *dir;
} TestStore;

void test_host_init (void);

/* A new directory below the temporary one (or $SQLITE_TEST_DIR), and its removal. */
char *test_dir_new (void);
void test_dir_remove (char *dir);

/* Defaults for tests; change settings or store.disk before the start. */
TestStore *test_store_new (const char *dir);
gboolean test_store_start (TestStore *test, GError **error);
void test_store_free (TestStore *test);

/* A store that was started in a directory of its own, with the database "one" in it: a fixture, or the head of one. */
typedef struct
{
  char *dir;
  TestStore *test;
  CsStoreDb *db;
} TestDb;

void test_db_begin (TestDb *self, gconstpointer data);
void test_db_end (TestDb *self, gconstpointer data);
/* Stops the store and starts it on the same files. */
void test_db_again (TestDb *self);

/* The calling thread plays worker 0 from now on: its readings do not wait for the disk. */
void test_worker_begin (TestStore *test);
void test_worker_end (TestStore *test);
/* Runs what was posted to worker 0; how many tasks that were. */
guint test_run_posted (void);

/* This thread's waits end with CS_CANCELLED after so many microseconds; 0: never. */
void test_cancel_waits_after (gint64 us);

/* Commands find from now on that nobody waits for them. */
void test_cancel_commands (gboolean now);

gint64 test_stat (const char *name);
/* How often a line with this text was logged. */
guint test_logged (const char *text);
void test_log_clear (void);

/* One record with a body, as a feature plugin would write it; the row's own CsStatus. */
CsStatus test_put (CsStoreDb *db, const char *id, const char *body);
CsStatus test_put_deleted (CsStoreDb *db, const char *id);
/* n new records in one batch, ids prefix-first.. */
CsStatus test_put_many (CsStoreDb *db, const char *prefix, guint first, guint n,
                        const char *body);
CsStoreDb *test_create (TestStore *test, const char *name);
CsStoreDb *test_open (TestStore *test, const char *name);
/* The body of a record, or NULL. */
char *test_get (CsStoreDb *db, const char *id);
guint64 test_last_seq (CsStoreDb *db);

#endif
