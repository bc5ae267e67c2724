/* sqlite-plugin.c: the descriptor of sqlite: the embedded engine of store=1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

#include "sqlite-backup.h"
#include "sqlite-check.h"
#include "sqlite-engine.h"
#include "sqlite-restore.h"

static gboolean
check_command (gpointer self, const char *const *args, GString *output, GError **error)
{
  gsize begin = output->len;
  gboolean good = sqlite_check_all (self, output);

  if (cs_command_cancelled ())
    {
      g_set_error_literal (error, CS_ERROR, CS_CANCELLED, "ended before all was checked");
      return FALSE;
    }
  if (!good)
    g_set_error (error, CS_ERROR, CS_CORRUPT, "what is stored is not what was written: %s",
                 output->str + begin);
  return good;
}

typedef struct
{
  SqliteStore *store;
  guint n;
  CsStatus status;
} ForkAll;

static gboolean
fork_one (CsSlice name, gpointer data)
{
  ForkAll *all = data;
  CsStoreDb *db = NULL;

  all->status = cs_store_open (&all->store->base, name, &db);
  if (all->status == CS_OK)
    all->status = sqlite_db_fork ((SqliteDb *) db);
  cs_store_db_unref (db);
  all->n++;
  return all->status == CS_OK || all->status == CS_NOT_FOUND;
}

static gboolean
fork_command (gpointer self, const char *const *args, GString *output, GError **error)
{
  ForkAll all = { .store = self };
  CsStatus status = cs_store_list (&all.store->base, cs_slice ("", 0), fork_one, &all);

  if (status == CS_OK)
    status = all.status == CS_NOT_FOUND ? CS_OK : all.status;
  if (status != CS_OK)
    {
      g_set_error (error, CS_ERROR, status, "new epochs: %s", cs_status_text (status));
      return FALSE;
    }
  g_string_append_printf (output, "{\"databases\":%u}", all.n);
  return TRUE;
}

static const CsNodeCommand commands[] = {
  { "check", "Reads and checks everything that is stored", check_command },
  { "backup", "DIR [PREVIOUS]: copies the whole store while it is used, and verifies the copy",
    sqlite_backup_command },
  { "restore", "DIR [--replace]: stages a backup, which the next start puts in the store's place",
    sqlite_restore_command },
  { "new-epoch", "Begins a new epoch of every database, after files were put back by hand",
    fork_command },
};

static gboolean
sqlite_create (gpointer self, GError **error)
{
  SqliteStore *store = self;
  guint i;

  sqlite_store_init (store, self);
  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    cs_add_command (self, &commands[i]);
  return cs_provide (self, CS_STORE, &store->base, error);
}

static gboolean
sqlite_start (gpointer self, GError **error)
{
  SqliteStore *store = self;
  CsNodeInfo node = { .size = sizeof node };

  store->settings = cs_settings (self);
  store->broker = cs_require (self, CS_BROKER);
  store->blobs = cs_require (self, CS_BLOB);
  cs_node_info (&node);
  return sqlite_store_start (store, node.data_dir, error);
}

static gboolean
sqlite_worker_start (gpointer self, guint worker, GError **error)
{
  return sqlite_store_worker_start (self, error);
}

static void
sqlite_worker_stop (gpointer self, guint worker)
{
  sqlite_store_worker_stop (self);
}

static void
sqlite_stop (gpointer self)
{
  sqlite_store_stop (self);
}

static void
sqlite_destroy (gpointer self)
{
  sqlite_store_clear (self);
}

CS_PLUGIN_DEFINE ("sqlite", "1.0.0", "Keeps databases in SQLite files of this node",
                  CS_PROVIDES ("store=1") CS_WANTS ("broker>=1 blob>=1"),
                  CS_SETTINGS (SqliteSettings, sqlite_settings), CS_STATE (SqliteStore),
                  .create = sqlite_create, .start = sqlite_start,
                  .worker_start = sqlite_worker_start, .worker_stop = sqlite_worker_stop,
                  .stop = sqlite_stop, .destroy = sqlite_destroy);
