/* sqlite-backup.c: a verified copy of the whole store in a directory, taken while the store is used.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-backup.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sqlite-check.h"
#include "sqlite-copy.h"
#include "sqlite-objects.h"
#include "sqlite-schema.h"
#include "sqlite-verify.h"

#define LAST_KEY "last-backup" /* seconds, 8 bytes, least significant first */

/* ---- the directory ---- */

static int
remove_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  remove (path);
  return 0;
}

void
sqlite_remove_tree (const char *dir)
{
  nftw (dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static gboolean
is_empty (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  return dir != NULL && g_dir_read_name (dir) == NULL;
}

/* *made: it was not there. */
static gboolean
make_dir (const char *path, gboolean *made, GError **error)
{
  *made = g_mkdir (path, 0700) == 0;
  if (*made)
    return TRUE;
  if (errno != EEXIST)
    return sqlite_io_error (error, path);
  if (is_empty (path))
    return TRUE;
  g_set_error (error, CS_ERROR, CS_EXISTS,
               "%s is there and not an empty directory: name a new one; nothing is written over", path);
  return FALSE;
}

static gint64
file_bytes (const char *path)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  struct stat st;
  gint64 bytes = 0;

  if (stat (path, &st) == 0)
    bytes += st.st_size;
  if (stat (wal, &st) == 0)
    bytes += st.st_size;
  return bytes;
}

static gboolean
check_room (SqliteStore *store, const char *dir, GError **error)
{
  g_autofree char *needs = NULL, *has = NULL;
  struct statvfs fs;
  gint64 bytes = 0;
  guint i;

  for (i = 0; i < store->n_shards; i++)
    bytes += file_bytes (store->shards[i]->path);
  if (statvfs (dir, &fs) != 0 || (guint64) fs.f_bavail * fs.f_frsize >= (guint64) bytes)
    return TRUE;
  needs = g_format_size_full ((guint64) bytes, G_FORMAT_SIZE_IEC_UNITS);
  has = g_format_size_full ((guint64) fs.f_bavail * fs.f_frsize, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, CS_ERROR, CS_NO_SPACE, "%s: the backup needs up to %s and there are %s", dir,
               needs, has);
  return FALSE;
}

/* ---- one file ---- */

static gboolean
verify (SqliteStore *store, const char *path, GHashTable *seqs, const char *dir,
        const char *previous, SqlitePace *pace, SqliteManifest *manifest, GError **error)
{
  SqliteConn *conn = sqlite_verify_open (path, error);
  SqliteManifestFile file = { 0 };
  gboolean ok;

  if (conn == NULL)
    return FALSE;
  ok = sqlite_verify_seqs (conn, path, seqs, error)
       && sqlite_verify_records (store->self, conn, path, &file, error)
       && sqlite_objects_save (store, conn, dir, previous, pace, manifest, error);
  ok = sqlite_verify_close (conn, path, ok ? error : NULL) && ok
       && sqlite_verify_digest (path, pace, &file, error);
  g_array_append_val (manifest->files, file);
  return ok;
}

static gboolean
save_file (SqliteShard *shard, const char *dir, const char *previous, SqliteManifest *manifest,
           GError **error)
{
  const SqliteSettings *settings = cs_settings (shard->store->self);
  SqlitePace pace = { .rate = settings->backup_rate };
  g_autofree char *path = g_strdup_printf ("%s/store-%u.db", dir, shard->index);
  g_autoptr (GHashTable) seqs = NULL;

  return sqlite_copy_live (shard, path, &pace, &seqs, error)
         && verify (shard->store, path, seqs, dir, previous, &pace, manifest, error);
}

/* ---- the whole ---- */

static char *
now_text (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return g_date_time_format_iso8601 (now);
}

static SqliteManifest *
fill (SqliteStore *store, const char *dir, const char *previous, GError **error)
{
  g_autoptr (SqliteManifest) manifest = sqlite_manifest_new ();
  CsNodeInfo node = { .size = sizeof node };
  guint i;

  cs_node_info (&node);
  manifest->server = g_strdup (node.version);
  manifest->node = g_strdup (node.name);
  manifest->schema = sqlite_schema.n;
  if (!check_room (store, dir, error))
    return NULL;
  for (i = 0; i < store->n_shards; i++)
    if (!save_file (store->shards[i], dir, previous, manifest, error))
      return NULL;
  manifest->finished = now_text ();
  return sqlite_manifest_write (manifest, dir, error) ? g_steal_pointer (&manifest) : NULL;
}

/* One that did not end is no backup to go by. */
static gboolean
check_previous (const char *previous, GError **error)
{
  g_autoptr (SqliteManifest) manifest = NULL;

  if (previous == NULL)
    return TRUE;
  manifest = sqlite_manifest_read (previous, error);
  return manifest != NULL;
}

/* What a failed backup leaves is removed, and nothing else. */
static void
clear_up (SqliteStore *store, const char *dir, gboolean made)
{
  static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
  g_autofree char *objects = g_build_filename (dir, "objects", NULL);
  g_autofree char *manifest = g_build_filename (dir, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *draft = g_strconcat (manifest, ".new", NULL);
  guint i, j;

  unlink (manifest); /* first: without it the directory is no backup */
  for (i = 0; i < store->n_shards; i++)
    for (j = 0; j < G_N_ELEMENTS (ends); j++)
      {
        g_autofree char *path = g_strdup_printf ("%s/store-%u.db%s", dir, i, ends[j]);

        unlink (path);
      }
  sqlite_remove_tree (objects);
  unlink (draft);
  if (made)
    rmdir (dir);
}

/* ---- when ---- */

static void
show_time (SqliteStore *store, gint64 at)
{
  cs_stat_add (store->stats.backup_at, at - store->backup_at);
  store->backup_at = at;
}

void
sqlite_backup_recall (SqliteStore *store)
{
  g_autoptr (GBytes) value = NULL;
  gint64 at = 0;

  if (cs_store_meta_get (&store->base, NULL, LAST_KEY, &value) == CS_OK
      && g_bytes_get_size (value) == sizeof at)
    memcpy (&at, g_bytes_get_data (value, NULL), sizeof at);
  show_time (store, GINT64_FROM_LE (at));
}

/* A backup is none the worse when this cannot be kept. */
static void
note_outcome (SqliteStore *store, gboolean good)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC, kept = GINT64_TO_LE (now);
  g_autoptr (GBytes) value = g_bytes_new (&kept, sizeof kept);

  cs_stat_add (good ? store->stats.backups : store->stats.backup_failures, 1);
  if (!good)
    return;
  show_time (store, now);
  cs_store_meta_set (&store->base, NULL, LAST_KEY, value);
}

SqliteManifest *
sqlite_backup (SqliteStore *store, const char *dir, const char *previous, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (dir);
  SqliteManifest *manifest = NULL;
  gboolean made = FALSE;

  if (!g_atomic_int_compare_and_exchange (&store->backing_up, FALSE, TRUE))
    {
      g_set_error_literal (error, CS_ERROR, CS_EXISTS, "a backup of this node is under way");
      return NULL;
    }
  if (check_previous (previous, error) && make_dir (dir, &made, error))
    {
      manifest = fill (store, dir, previous, error);
      if (manifest != NULL && made && !sqlite_sync_dir (parent, error))
        g_clear_pointer (&manifest, sqlite_manifest_free);
      if (manifest == NULL)
        clear_up (store, dir, made);
    }
  note_outcome (store, manifest != NULL);
  g_atomic_int_set (&store->backing_up, FALSE);
  return manifest;
}

static gboolean
check_args (const char *const *args, GError **error)
{
  const char *wrong = NULL;
  guint i, n = g_strv_length ((char **) args);

  for (i = 0; i < n; i++)
    if (!g_path_is_absolute (args[i]))
      wrong = args[i];
  if (n >= 1 && n <= 2 && wrong == NULL)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_INVALID, wrong != NULL && n <= 2
               ? "'%s' is not an absolute path" : "usage: backup DIR [PREVIOUS]%s",
               wrong != NULL && n <= 2 ? wrong : "");
  return FALSE;
}

static void
describe (const SqliteManifest *manifest, const char *dir, gint64 took, GString *output)
{
  g_autofree char *text = sqlite_json_text (dir);
  SqliteManifestFile total = sqlite_manifest_total (manifest);

  g_string_append_printf (
    output,
    "{\"directory\":\"%s\",\"files\":%u,\"databases\":%" G_GINT64_FORMAT
    ",\"records\":%" G_GINT64_FORMAT ",\"deleted\":%" G_GINT64_FORMAT ",\"bytes\":%" G_GINT64_FORMAT
    ",\"objects\":%" G_GINT64_FORMAT ",\"object_bytes\":%" G_GINT64_FORMAT
    ",\"seconds\":%.1f,\"verified\":true}",
    text, manifest->files->len, total.n_databases, total.n_records, total.n_deleted, total.bytes,
    manifest->n_objects, manifest->object_bytes, (double) took / G_USEC_PER_SEC);
}

gboolean
sqlite_backup_command (gpointer self, const char *const *args, GString *output, GError **error)
{
  g_autoptr (SqliteManifest) manifest = NULL;
  gint64 began = g_get_monotonic_time ();

  if (!check_args (args, error))
    return FALSE;
  manifest = sqlite_backup (self, args[0], args[1], error);
  if (manifest == NULL)
    return FALSE;
  describe (manifest, args[0], g_get_monotonic_time () - began, output);
  cs_notice (self, "backup taken", CS_F_STR ("directory", args[0]),
             CS_F_INT ("files", manifest->files->len));
  return TRUE;
}
