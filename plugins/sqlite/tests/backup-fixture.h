/* backup-fixture.h: a store, a backup of it, and what tests of both do with them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKUP_FIXTURE_H
#define BACKUP_FIXTURE_H

#include "sqlite-backup.h"
#include "sqlite-restore.h"
#include "test-host.h"

typedef struct
{
  char *dir;    /* of everything */
  char *data;   /* the store's */
  char *backup;
  TestStore *test;
} Fixture;

#define ADD(name, func) g_test_add (name, Fixture, NULL, backup_set_up, func, backup_tear_down)

void backup_set_up (Fixture *fixture, gconstpointer data);
void backup_tear_down (Fixture *fixture, gconstpointer data);

/* An engine on a directory, with small checkpoints. */
TestStore *backup_start (const char *dir, guint shards);
void backup_restart (Fixture *fixture);

void backup_take (Fixture *fixture);
void backup_stage (Fixture *fixture);
/* Nothing was staged, and the reason has this text. */
void backup_assert_refused (Fixture *fixture, CsStatus status, const char *text);

/* One document; the database is made when it is not there. */
gboolean backup_has (TestStore *test, const char *name, const char *id, const char *body);
void backup_put (TestStore *test, const char *name, const char *id, const char *body);
CsStoreInfo backup_info (TestStore *test, const char *name);

/* Changes one bit; `name` may be empty. */
void backup_flip_bit (const char *dir, const char *name, long at);

#endif
