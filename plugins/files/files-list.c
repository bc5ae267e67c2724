/* files-list.c: what is there, folder by folder, and removing it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

typedef struct
{
  Files *files;
  guint folder;
  const CsBlobId *after;
  GArray *entries; /* CsBlobEntry */
  CsStatus status;
} Reading;

static void
add_entry (Reading *reading, int dir, const char *name)
{
  CsBlobEntry entry = { .size = sizeof entry };
  struct stat info;

  if (!cs_blob_id_parse (cs_slice_str (name), &entry.id) || entry.id.bytes[0] != reading->folder)
    return;
  if (reading->after != NULL
      && memcmp (entry.id.bytes, reading->after->bytes, CS_BLOB_ID_BYTES) <= 0)
    return;
  if (fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG (info.st_mode))
    return;
  entry.stored = (gint64) info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
  entry.bytes = (guint64) info.st_blocks * 512;
  g_array_append_val (reading->entries, entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return memcmp (((const CsBlobEntry *) a)->id.bytes, ((const CsBlobEntry *) b)->id.bytes,
                 CS_BLOB_ID_BYTES);
}

static void
read_folder (gpointer data)
{
  Reading *reading = data;
  g_autofree char *path
    = g_strdup_printf ("%s/%02x", reading->files->dir, reading->folder);
  DIR *dir = opendir (path);
  struct dirent *item;

  if (dir == NULL)
    {
      reading->status = files_failed (reading->files, "a folder cannot be read", path, errno);
      return;
    }
  while ((item = readdir (dir)) != NULL)
    add_entry (reading, dirfd (dir), item->d_name);
  closedir (dir);
  g_array_sort (reading->entries, compare_entries);
}

CsStatus
files_list (CsBlobs *blobs, const CsBlobId *after, CsBlobListFunc func, gpointer data)
{
  Files *files = (Files *) blobs;
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (CsBlobEntry));
  Reading reading = { .files = files, .after = after, .entries = entries, .status = CS_OK };
  CsStatus status;

  for (reading.folder = after != NULL ? after->bytes[0] : 0; reading.folder < 256;
       reading.folder++)
    {
      g_array_set_size (entries, 0);
      status = cs_pool_run (files->self, read_folder, &reading);
      if (status == CS_OK)
        status = reading.status;
      if (status != CS_OK)
        return status;
      for (guint i = 0; i < entries->len; i++)
        if (!func (&g_array_index (entries, CsBlobEntry, i), data))
          return CS_OK;
    }
  return CS_OK;
}

/* ---- removing ---- */

CsStatus
files_condemn (CsBlobs *blobs, const CsBlobId *id)
{
  return files_pins_condemn (&((Files *) blobs)->pins, id);
}

void
files_pardon (CsBlobs *blobs, const CsBlobId *id)
{
  files_pins_pardon (&((Files *) blobs)->pins, id);
}

typedef struct
{
  Files *files;
  const CsBlobId *id;
  CsStatus status;
} Removing;

/* The name goes first, which is quick; giving a large file's space back may take long, and by then a new
 * one may have the name. A crash in between leaves it in tmp. */
static void
remove_file (gpointer data)
{
  Removing *removing = data;
  Files *files = removing->files;
  g_autofree char *path = files_path (files, removing->id);
  g_autofree char *away = files_temporary (files);

  removing->status = files_pins_begin_remove (&files->pins, removing->id);
  if (removing->status != CS_OK)
    return;
  if (files->disk->rename (files->disk, path, away) != 0)
    removing->status = errno == ENOENT ? CS_NOT_FOUND
                                       : files_failed (files, "an object cannot be removed", path,
                                                       errno);
  files_pins_end_remove (&files->pins, removing->id);
  if (removing->status != CS_OK)
    return;
  cs_stat_add (files->stats.removed, 1);
  if (files->disk->unlink (files->disk, away) != 0)
    files_failed (files, "a removed object cannot be deleted", away, errno);
}

CsStatus
files_remove (CsBlobs *blobs, const CsBlobId *id)
{
  Files *files = (Files *) blobs;
  Removing removing = { .files = files, .id = id };

  files_queue_run (&files->writing, remove_file, &removing);
  return removing.status;
}
