/* sqlite-restore.c: stages a backup, so that the next start puts it in the store's place.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-restore.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sqlite-backup.h"
#include "sqlite-check.h"
#include "sqlite-copy.h"
#include "sqlite-objects.h"
#include "sqlite-schema.h"
#include "sqlite-verify.h"

typedef struct
{
  SqliteStore *store;
  const char *dir;         /* the backup */
  const char *data_dir;
  SqliteManifest *manifest;
  SqlitePace pace;
  char *begun, *staged;    /* DATA/restore.new, DATA/restore.new/new */
  guint64 n_put;
} Restore;

/* ---- may it be? ---- */

typedef struct
{
  SqliteStore *store;
  gboolean any;
} Looking;

/* A database that was never written to, such as one that a plugin makes at the start, is nothing to lose. */
static gboolean
look_at (CsSlice name, gpointer data)
{
  Looking *looking = data;
  CsStoreInfo info = { .size = sizeof info };
  CsStoreDb *db = NULL;

  looking->any = cs_store_open (&looking->store->base, name, &db) == CS_OK
                 && cs_store_info (db, &info) == CS_OK && info.last_seq > 0;
  cs_store_db_unref (db);
  return !looking->any;
}

static gboolean
check_target (SqliteStore *store, gboolean replace, GError **error)
{
  Looking looking = { store, FALSE };
  CsStatus status = cs_store_list (&store->base, cs_slice ("", 0), look_at, &looking);

  if (status != CS_OK)
    g_set_error (error, CS_ERROR, status, "this node's databases: %s", cs_status_text (status));
  else if (looking.any && !replace)
    g_set_error_literal (error, CS_ERROR, CS_EXISTS,
                         "this node has databases with documents: with --replace the backup takes the place of "
                         "all of them, and their files are kept beside");
  return status == CS_OK && (!looking.any || replace);
}

static gboolean
check_file (const Restore *self, guint index, GError **error)
{
  const SqliteManifestFile *file = &g_array_index (self->manifest->files, SqliteManifestFile, index);
  g_autofree char *path = g_strdup_printf ("%s/store-%u.db", self->dir, index);
  struct stat st;

  if (stat (path, &st) != 0)
    return sqlite_io_error (error, path);
  if (st.st_size == file->bytes)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_CORRUPT, "%s has %" G_GINT64_FORMAT " bytes and not %"
               G_GINT64_FORMAT ": the backup is damaged", path, (gint64) st.st_size, file->bytes);
  return FALSE;
}

static gboolean
check_backup (const Restore *self, GError **error)
{
  SqliteManifestFile total = sqlite_manifest_total (self->manifest);
  struct statvfs fs;
  guint i;

  if (self->manifest->schema > (gint64) sqlite_schema.n)
    {
      g_set_error (error, CS_ERROR, CS_UNSUPPORTED,
                   "the backup is of server %s, whose schema (%" G_GINT64_FORMAT
                   ") is newer than this one's (%u): restore it with that server or a later one",
                   self->manifest->server, self->manifest->schema, sqlite_schema.n);
      return FALSE;
    }
  for (i = 0; i < self->manifest->files->len; i++)
    if (!check_file (self, i, error))
      return FALSE;
  if (statvfs (self->data_dir, &fs) == 0
      && (guint64) fs.f_bavail * fs.f_frsize < (guint64) total.bytes)
    {
      g_autofree char *needs = g_format_size_full ((guint64) total.bytes, G_FORMAT_SIZE_IEC_UNITS);

      g_set_error (error, CS_ERROR, CS_NO_SPACE, "%s: the restore needs %s more than there is free",
                   self->data_dir, needs);
      return FALSE;
    }
  return TRUE;
}

/* ---- one file ---- */

static gboolean
fork_all (SqliteConn *conn, GArray *forks, GError **error)
{
  CsStatus status = sqlite_conn_exec (conn, "BEGIN IMMEDIATE", error);
  guint i;

  for (i = 0; status == CS_OK && i < forks->len; i += 2)
    {
      SqliteEpoch epoch = { sqlite_epoch_new (), g_array_index (forks, gint64, i + 1) };

      status = sqlite_epoch_insert (conn, g_array_index (forks, gint64, i), &epoch);
      if (status != CS_OK)
        g_set_error (error, CS_ERROR, status, "new epochs: %s", sqlite3_errmsg (conn->db));
    }
  return status == CS_OK && sqlite_conn_exec (conn, "COMMIT", error) == CS_OK;
}

/* Clients' tokens of before lead back to here: what was written after the backup is gone. */
static gboolean
begin_epochs (SqliteConn *conn, GError **error)
{
  g_autoptr (GArray) forks = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *st = NULL;
  CsStatus status;

  sqlite3_prepare_v2 (conn->db, "SELECT d.db, t.last_seq FROM database d JOIN tally t ON t.db = d.db"
                                " WHERE d.state <> 1", -1, &st, NULL);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      gint64 pair[] = { sqlite3_column_int64 (st, 0), sqlite3_column_int64 (st, 1) };

      g_array_append_vals (forks, pair, 2);
    }
  sqlite3_finalize (st);
  if (status == CS_NOT_FOUND)
    return fork_all (conn, forks, error);
  g_set_error (error, CS_ERROR, status, "new epochs: %s", sqlite3_errmsg (conn->db));
  return FALSE;
}

static gboolean
make_ready (Restore *self, SqliteConn *conn, const char *path, GError **error)
{
  SqliteManifestFile found = { 0 };

  return sqlite_conn_exec (conn, "PRAGMA journal_mode = WAL", error) == CS_OK
         && sqlite_schema_migrate (conn, &sqlite_schema, error)
         && sqlite_verify_records (self->store->self, conn, path, &found, error)
         && begin_epochs (conn, error)
         && sqlite_objects_load (self->store, conn, self->dir, &self->pace, &self->n_put, error);
}

static gboolean
stage_file (Restore *self, guint index, GError **error)
{
  const SqliteManifestFile *file = &g_array_index (self->manifest->files, SqliteManifestFile, index);
  g_autofree char *from = g_strdup_printf ("%s/store-%u.db", self->dir, index);
  g_autofree char *to = g_strdup_printf ("%s/store-%u.db", self->staged, index);
  g_autofree char *what = sqlite_stage ("copying", from);
  SqliteManifestFile copied = { 0 };
  SqliteConn *conn;
  gboolean ok;

  if (!sqlite_copy_file (from, to, what, &self->pace, error)
      || !sqlite_verify_digest (to, &self->pace, &copied, error))
    return FALSE;
  if (strcmp (copied.sha256, file->sha256) != 0)
    {
      g_set_error (error, CS_ERROR, CS_CORRUPT,
                   "%s is damaged: its digest is not the manifest's; restore another backup", from);
      return FALSE;
    }
  conn = sqlite_verify_open (to, error);
  if (conn == NULL)
    return FALSE;
  ok = make_ready (self, conn, to, error);
  return sqlite_verify_close (conn, to, ok ? error : NULL) && ok;
}

/* ---- the whole ---- */

static gboolean
make_dirs (Restore *self, GError **error)
{
  self->begun = g_build_filename (self->data_dir, "restore.new", NULL);
  self->staged = g_build_filename (self->begun, "new", NULL);
  sqlite_remove_tree (self->begun);
  return g_mkdir_with_parents (self->staged, 0700) == 0 || sqlite_io_error (error, self->staged);
}

static gboolean
stage (Restore *self, GError **error)
{
  g_autofree char *ready = g_build_filename (self->data_dir, "restore.ready", NULL);
  guint i;

  for (i = 0; i < self->manifest->files->len; i++)
    if (!stage_file (self, i, error))
      return FALSE;
  if (!sqlite_sync_dir (self->staged, error) || !sqlite_sync_dir (self->begun, error))
    return FALSE;
  return g_rename (self->begun, ready) == 0 ? sqlite_sync_dir (self->data_dir, error)
                                            : sqlite_io_error (error, ready);
}

static gboolean
run (Restore *self, gboolean replace, GError **error)
{
  gboolean ok;

  self->manifest = sqlite_manifest_read (self->dir, error);
  if (self->manifest == NULL || !check_target (self->store, replace, error)
      || !check_backup (self, error))
    return FALSE;
  ok = make_dirs (self, error) && stage (self, error);
  if (!ok)
    sqlite_remove_tree (self->begun);
  return ok;
}

/* One at a time; a staged one that was removed by hand counts no more. */
static gboolean
begin (SqliteStore *store, const char *data_dir, GError **error)
{
  if (!sqlite_restore_waits (data_dir))
    g_atomic_int_compare_and_exchange (&store->restoring, SQLITE_STAGED, SQLITE_NOT_RESTORING);
  if (g_atomic_int_compare_and_exchange (&store->restoring, SQLITE_NOT_RESTORING, SQLITE_STAGING))
    return TRUE;
  if (g_atomic_int_get (&store->restoring) == SQLITE_STAGING)
    g_set_error_literal (error, CS_ERROR, CS_EXISTS, "a restore of this node is under way");
  else
    g_set_error (error, CS_ERROR, CS_EXISTS,
                 "a restore is staged already: restart the node, or remove %s/restore.ready to give "
                 "it up", data_dir);
  return FALSE;
}

SqliteManifest *
sqlite_restore_stage (SqliteStore *store, const char *dir, gboolean replace, GError **error)
{
  g_autofree char *data_dir = g_path_get_dirname (store->shards[0]->path);
  const SqliteSettings *settings = cs_settings (store->self);
  Restore restore = { .store = store, .dir = dir, .data_dir = data_dir };
  gboolean ok;

  restore.pace.rate = settings->backup_rate;
  if (!begin (store, data_dir, error))
    return NULL;
  ok = run (&restore, replace, error);
  if (!ok)
    g_clear_pointer (&restore.manifest, sqlite_manifest_free);
  g_atomic_int_set (&store->restoring, ok ? SQLITE_STAGED : SQLITE_NOT_RESTORING);
  g_free (restore.begun);
  g_free (restore.staged);
  return restore.manifest;
}

static gboolean
parse_args (const char *const *args, const char **dir, gboolean *replace, GError **error)
{
  guint i;

  *dir = NULL;
  *replace = FALSE;
  for (i = 0; args[i] != NULL; i++)
    if (strcmp (args[i], "--replace") == 0)
      *replace = TRUE;
    else if (*dir == NULL && g_path_is_absolute (args[i]))
      *dir = args[i];
    else
      {
        g_set_error (error, CS_ERROR, CS_INVALID, "'%s': expected one absolute path", args[i]);
        return FALSE;
      }
  if (*dir != NULL)
    return TRUE;
  g_set_error_literal (error, CS_ERROR, CS_INVALID, "usage: restore DIR [--replace]");
  return FALSE;
}

gboolean
sqlite_restore_command (gpointer self, const char *const *args, GString *output, GError **error)
{
  g_autoptr (SqliteManifest) manifest = NULL;
  SqliteManifestFile total;
  const char *dir;
  gboolean replace;

  if (!parse_args (args, &dir, &replace, error))
    return FALSE;
  manifest = sqlite_restore_stage (self, dir, replace, error);
  if (manifest == NULL)
    return FALSE;
  total = sqlite_manifest_total (manifest);
  cs_notice (self, "a restore is staged; the next start puts it in place",
             CS_F_STR ("directory", dir), CS_F_STR ("taken", manifest->finished));
  g_string_append_printf (output,
                          "{\"staged\":true,\"databases\":%" G_GINT64_FORMAT
                          ",\"records\":%" G_GINT64_FORMAT ",\"deleted\":%" G_GINT64_FORMAT
                          ",\"bytes\":%" G_GINT64_FORMAT ",\"objects\":%" G_GINT64_FORMAT "}",
                          total.n_databases, total.n_records, total.n_deleted, total.bytes,
                          manifest->n_objects);
  return TRUE;
}
