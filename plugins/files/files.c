/* files.c: the engine's life: its directory made, locked, and cleared of what a crash left.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

const CsBlobTable files_table = {
  .size = sizeof (CsBlobTable),
  .begin = files_begin,
  .room = files_room,
  .wrote = files_wrote,
  .finish = files_finish,
  .abort = files_abort,
  .open = files_open,
  .info = files_info,
  .read = files_read,
  .close = files_close,
  .list = files_list,
  .condemn = files_condemn,
  .pardon = files_pardon,
  .remove = files_remove,
};

static void
define_stats (Files *files)
{
  FilesStats *stats = &files->stats;
  gpointer self = files->self;

  stats->puts = cs_counter (self, "files_puts_total", "Objects that were put.", NULL);
  stats->put_bytes = cs_counter (self, "files_put_bytes_total", "Bytes of those objects.", NULL);
  stats->read_bytes
    = cs_counter (self, "files_read_bytes_total", "Bytes of objects read and verified.", NULL);
  stats->removed
    = cs_counter (self, "files_removed_total", "Objects removed because nobody needs them.", NULL);
  stats->damaged = cs_counter (self, "files_damaged_total",
                               "Objects found not to be what was written.", NULL);
  stats->sync_seconds
    = cs_histogram_us (self, "files_sync_seconds", "Time that the sync of an object took.", NULL);
  files->writing.waiting = cs_gauge (
    self, "files_jobs_waiting", "Pieces of work that wait for one of files.jobs to end.", NULL);
}

void
files_init (Files *files, gpointer self)
{
  files->base.table = &files_table;
  files->self = self;
  files->disk = files_disk_real ();
  files->lock_fd = -1;
  files_pins_init (&files->pins);
  files_queue_init (&files->writing, self);
  files_queue_init (&files->ahead, self);
  pthread_mutex_init (&files->buffers_lock, NULL);
  files->buffers = g_ptr_array_new_with_free_func (g_free);
  define_stats (files);
}

void
files_clear (Files *files)
{
  g_ptr_array_unref (files->buffers);
  pthread_mutex_destroy (&files->buffers_lock);
  files_queue_clear (&files->ahead);
  files_queue_clear (&files->writing);
  files_pins_clear (&files->pins);
  g_free (files->dir);
}

/* ---- names ---- */

char *
files_folder (const Files *files, const CsBlobId *id)
{
  return g_strdup_printf ("%s/%02x", files->dir, id->bytes[0]);
}

char *
files_path (const Files *files, const CsBlobId *id)
{
  char text[CS_BLOB_ID_TEXT];

  cs_blob_id_text (id, text);
  return g_strdup_printf ("%s/%.2s/%s", files->dir, text, text);
}

char *
files_temporary (Files *files)
{
  return g_strdup_printf ("%s/tmp/%d-%d", files->dir, (int) getpid (),
                          g_atomic_int_add (&files->serial, 1));
}

/* ---- failures ---- */

CsStatus
files_status (int error)
{
  switch (error)
    {
    case ENOENT:
      return CS_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return CS_NO_SPACE;
    case EROFS:
      return CS_READ_ONLY;
    case ENOMEM:
      return CS_NO_MEMORY;
    case EMFILE:
    case ENFILE:
      return CS_OVERLOADED;
    default:
      return CS_IO;
    }
}

CsStatus
files_failed (Files *files, const char *what, const char *path, int error)
{
  cs_error (files->self, what, CS_F_STR ("path", path), CS_F_STR ("reason", g_strerror (error)));
  return files_status (error);
}

/* ---- start and stop ---- */

static gboolean
fail (GError **error, const char *what, const char *path)
{
  int saved = errno;

  g_set_error (error, CS_ERROR, (gint) files_status (saved), "%s %s: %s", what, path,
               g_strerror (saved));
  return FALSE;
}

static gboolean
lock_dir (Files *files, GError **error)
{
  g_autofree char *path = g_build_filename (files->dir, "lock", NULL);

  files->lock_fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (files->lock_fd < 0)
    return fail (error, "cannot open", path);
  if (flock (files->lock_fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno != EWOULDBLOCK)
    return fail (error, "cannot lock", path);
  g_set_error (error, CS_ERROR, CS_EXISTS,
               "%s is in use by another node: give this one a directory of its own with "
               "files.directory",
               files->dir);
  return FALSE;
}

/* Every folder at once, so that none has to be made, and made durable, before an object. */
static gboolean
make_folders (Files *files, GError **error)
{
  g_autofree char *last = g_strdup_printf ("%s/ff", files->dir);
  g_autofree char *tmp = g_strdup_printf ("%s/tmp", files->dir);
  g_autofree char *above = g_path_get_dirname (files->dir);

  if (g_mkdir_with_parents (tmp, 0700) != 0)
    return fail (error, "cannot make", tmp);
  for (guint i = 0; i < 256 && (i == 0 || !g_file_test (last, G_FILE_TEST_IS_DIR)); i++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/%02x", files->dir, i);

      if (g_mkdir (folder, 0700) != 0 && errno != EEXIST)
        return fail (error, "cannot make", folder);
    }
  if (files->disk->sync_dir (files->disk, files->dir) != 0
      || files->disk->sync_dir (files->disk, above) != 0)
    return fail (error, "cannot sync", files->dir);
  return TRUE;
}

/* Nobody else writes here: what lies in tmp is of a put or a removal that a crash cut short. */
static gboolean
empty_tmp (Files *files, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/tmp", files->dir);
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  const char *name;
  guint n = 0;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (files->disk->unlink (files->disk, file) == 0)
        n++;
    }
  if (n > 0)
    cs_notice (files->self, "removed what a crash left unfinished", CS_F_STR ("directory", path),
               CS_F_INT ("files", n));
  return TRUE;
}

gboolean
files_start (Files *files, const char *dir, GError **error)
{
  files->dir = g_strdup (dir);
  files->writing.limit = files->ahead.limit = files->settings->jobs;
  if (make_folders (files, error) && lock_dir (files, error) && empty_tmp (files, error))
    return TRUE;
  files_stop (files);
  return FALSE;
}

void
files_stop (Files *files)
{
  files_queue_settle (&files->ahead);
  files_queue_settle (&files->writing);
  if (files->lock_fd >= 0)
    close (files->lock_fd);
  files->lock_fd = -1;
}
