/* sqlite-swap.c: the start's part of a restore: the staged files take the place of the present ones.
 *
 * DATA/restore.ready   staged; the present files go to restore.ready/replaced, each before its like is placed
 * DATA/restore.swap    all present files are there; what is still in restore.swap/new is to be placed
 * DATA/replaced-TIME   done; the former files, for the operator to keep or remove
 * Each step is a rename, and each state is left only when the directories are synced.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-restore.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "sqlite-backup.h"
#include "sqlite-copy.h"

static gboolean
move (const char *from, const char *to, GError **error)
{
  return g_rename (from, to) == 0 || sqlite_io_error (error, from);
}

static gboolean
is_store_file (const char *name)
{
  return g_str_has_prefix (name, "store-") && strstr (name, ".db") != NULL;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return -strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Moves every store file of one directory into another, WALs before their files: a WAL is never met without
 * the file it belongs to. */
static gboolean
move_store (const char *from, const char *to, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (from, 0, error);
  const char *name;
  guint i;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (is_store_file (name))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (i = 0; i < names->len; i++)
    {
      g_autofree char *old = g_build_filename (from, names->pdata[i], NULL);
      g_autofree char *new_path = g_build_filename (to, names->pdata[i], NULL);

      if (!move (old, new_path, error))
        return FALSE;
    }
  return sqlite_sync_dir (to, error) && sqlite_sync_dir (from, error);
}

static gboolean
put_away (const char *data_dir, const char *ready, const char *swap, GError **error)
{
  g_autofree char *replaced = g_build_filename (ready, "replaced", NULL);

  if (g_mkdir_with_parents (replaced, 0700) != 0)
    return sqlite_io_error (error, replaced);
  return sqlite_sync_dir (ready, error) && move_store (data_dir, replaced, error)
         && move (ready, swap, error) && sqlite_sync_dir (data_dir, error);
}

static char *
free_name (const char *data_dir)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *base = g_date_time_format (now, "replaced-%Y%m%dT%H%M%SZ");
  char *path = g_build_filename (data_dir, base, NULL);
  guint n;

  for (n = 2; g_file_test (path, G_FILE_TEST_EXISTS); n++)
    {
      g_free (path);
      path = g_strdup_printf ("%s/%s-%u", data_dir, base, n);
    }
  return path;
}

static gboolean
place_new (const char *data_dir, const char *swap, GError **error)
{
  g_autofree char *staged = g_build_filename (swap, "new", NULL);

  if (!g_file_test (staged, G_FILE_TEST_IS_DIR))
    return TRUE;
  return move_store (staged, data_dir, error)
         && (rmdir (staged) == 0 || sqlite_io_error (error, staged));
}

/* The former files end up in DATA/replaced-TIME itself. */
static gboolean
place (const char *data_dir, const char *swap, char **kept, GError **error)
{
  g_autofree char *replaced = g_build_filename (swap, "replaced", NULL);
  g_autofree char *name = free_name (data_dir);
  gboolean there = g_file_test (replaced, G_FILE_TEST_IS_DIR);

  if (!place_new (data_dir, swap, error) || (there && !move (replaced, name, error))
      || !sqlite_sync_dir (data_dir, error))
    return FALSE;
  sqlite_remove_tree (swap);
  *kept = there ? g_steal_pointer (&name) : NULL;
  return TRUE;
}

gboolean
sqlite_restore_waits (const char *data_dir)
{
  g_autofree char *ready = g_build_filename (data_dir, "restore.ready", NULL);

  return g_file_test (ready, G_FILE_TEST_EXISTS);
}

gboolean
sqlite_restore_finish (const char *data_dir, char **kept, GError **error)
{
  g_autofree char *begun = g_build_filename (data_dir, "restore.new", NULL);
  g_autofree char *ready = g_build_filename (data_dir, "restore.ready", NULL);
  g_autofree char *swap = g_build_filename (data_dir, "restore.swap", NULL);
  gboolean ok = TRUE;

  *kept = NULL;
  sqlite_remove_tree (begun);
  if (g_file_test (ready, G_FILE_TEST_IS_DIR))
    ok = put_away (data_dir, ready, swap, error);
  if (ok && g_file_test (swap, G_FILE_TEST_IS_DIR))
    ok = place (data_dir, swap, kept, error);
  if (!ok)
    g_prefix_error (error, "a staged restore could not be put in place (start again when the cause is "
                           "gone; nothing is lost): ");
  return ok;
}
