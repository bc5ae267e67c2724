/* sqlite-objects.c: the objects of blob=1 that a copy of the store names, in a backup's directory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-objects.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-object-file.h"

#define CHUNK (512 * 1024)

typedef struct
{
  SqliteStore *store;
  const char *dir, *previous;
  SqlitePace *pace;
  SqliteManifest *manifest; /* saving */
  guint64 n_put;            /* loading */
} Objects;

typedef gboolean (*ObjectFunc) (Objects *self, const CsBlobId *id, GError **error);

static char *
object_path (const char *dir, const CsBlobId *id)
{
  char text[CS_BLOB_ID_TEXT], folder[3] = "";

  cs_blob_id_text (id, text);
  memcpy (folder, text, 2);
  return g_build_filename (dir, "objects", folder, text, NULL);
}

static gboolean
fail_object (const CsBlobId *id, CsStatus status, const char *what, GError **error)
{
  char text[CS_BLOB_ID_TEXT];

  cs_blob_id_text (id, text);
  g_set_error (error, CS_ERROR, status, "object %s: %s: %s", text, what, cs_status_text (status));
  return FALSE;
}

/* ---- each name of a file, once ---- */

static gint64
count_names (SqliteConn *conn)
{
  sqlite3_stmt *st = NULL;
  gint64 n = 0;

  sqlite3_prepare_v2 (conn->db, "SELECT count (DISTINCT name) FROM blob", -1, &st, NULL);
  if (st != NULL && sqlite3_step (st) == SQLITE_ROW)
    n = sqlite3_column_int64 (st, 0);
  sqlite3_finalize (st);
  return n;
}

static gboolean
one_name (Objects *self, sqlite3_stmt *st, ObjectFunc func, GError **error)
{
  CsSlice name = sqlite_column_slice (st, 0);
  CsBlobId id;

  if (name.len != sizeof id.bytes)
    {
      g_set_error_literal (error, CS_ERROR, CS_CORRUPT, "a record names no object of blob=1");
      return FALSE;
    }
  memcpy (id.bytes, name.data, name.len);
  return func (self, &id, error);
}

static gboolean
each_name (Objects *self, SqliteConn *conn, const char *what, ObjectFunc func, GError **error)
{
  sqlite3_stmt *st = NULL;
  gint64 total = count_names (conn), done = 0;
  CsStatus status = CS_NOT_FOUND;
  gboolean ok = TRUE;

  if (total == 0)
    return TRUE;
  if (self->store->blobs == NULL)
    {
      g_set_error (error, CS_ERROR, CS_UNSUPPORTED,
                   "records name %" G_GINT64_FORMAT " objects and this node runs no plugin that "
                   "provides blob=1: run `files` beside `sqlite`", total);
      return FALSE;
    }
  sqlite3_prepare_v2 (conn->db, "SELECT DISTINCT name FROM blob ORDER BY name", -1, &st, NULL);
  while (ok && (status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      ok = one_name (self, st, func, error) && sqlite_pace (self->pace, 0, error);
      cs_command_progress (what, (guint64) ++done, (guint64) total);
    }
  sqlite3_finalize (st);
  if (ok && status != CS_NOT_FOUND)
    g_set_error (error, CS_ERROR, status, "names of objects: %s", sqlite3_errmsg (conn->db));
  return ok && status == CS_NOT_FOUND;
}

/* ---- saving ---- */

static gboolean
write_pieces (Objects *self, CsBlob *blob, const CsBlobId *id, int fd, const char *path,
              GError **error)
{
  guint64 at = 0;
  CsSlice bytes;

  for (;;)
    {
      CsStatus status = cs_blob_read (blob, at, &bytes);

      if (status != CS_OK)
        return fail_object (id, status, "cannot be read", error);
      if (bytes.len == 0)
        return fsync (fd) == 0 || sqlite_io_error (error, path);
      errno = ENOSPC;
      if (write (fd, bytes.data, bytes.len) != (gssize) bytes.len)
        return sqlite_io_error (error, path);
      posix_fadvise (fd, 0, (off_t) at, POSIX_FADV_DONTNEED);
      at += bytes.len;
      if (!sqlite_pace (self->pace, bytes.len, error))
        return FALSE;
    }
}

static gboolean
save_blob (Objects *self, CsBlob *blob, const CsBlobId *id, const char *path, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gboolean ok = fd >= 0 ? write_pieces (self, blob, id, fd, path, error)
                        : sqlite_io_error (error, path);

  if (fd >= 0)
    close (fd);
  return ok;
}

/* An object never changes: what PREVIOUS has of that name is linked, when it still is so. */
static gboolean
link_previous (Objects *self, const CsBlobId *id, const char *path, guint64 length,
               gboolean *linked, GError **error)
{
  g_autofree char *there = self->previous != NULL ? object_path (self->previous, id) : NULL;

  *linked = FALSE;
  if (there == NULL || access (there, F_OK) != 0)
    return TRUE;
  if (!sqlite_object_file_check (there, id, length, self->pace, linked, error))
    return FALSE;
  if (!*linked)
    cs_warning (self->store->self, "an object of an earlier backup is damaged and is copied anew",
                CS_F_STR ("path", there));
  *linked = *linked && link (there, path) == 0;
  return TRUE;
}

static gboolean
save (Objects *self, const CsBlobId *id, GError **error)
{
  g_autofree char *path = object_path (self->dir, id);
  g_autofree char *folder = g_path_get_dirname (path);
  CsBlobInfo info = { .size = sizeof info };
  CsBlob *blob = NULL;
  CsStatus status;
  gboolean linked, ok;

  if (access (path, F_OK) == 0)
    return TRUE; /* another file's records name it too */
  if (g_mkdir_with_parents (folder, 0700) != 0)
    return sqlite_io_error (error, folder);
  status = cs_blob_open (self->store->blobs, id, &blob);
  if (status != CS_OK)
    return fail_object (id, status, "cannot be opened", error);
  cs_blob_info (blob, &info);
  ok = link_previous (self, id, path, info.length, &linked, error)
       && (linked || save_blob (self, blob, id, path, error));
  cs_blob_close (blob);
  self->manifest->n_objects++;
  self->manifest->object_bytes += (gint64) info.length;
  return ok;
}

static gboolean
sync_folders (const char *dir, GError **error)
{
  g_autofree char *objects = g_build_filename (dir, "objects", NULL);
  g_autoptr (GDir) folders = g_dir_open (objects, 0, NULL);
  const char *name;

  if (folders == NULL)
    return TRUE;
  while ((name = g_dir_read_name (folders)) != NULL)
    {
      g_autofree char *folder = g_build_filename (objects, name, NULL);

      if (!sqlite_sync_dir (folder, error))
        return FALSE;
    }
  return sqlite_sync_dir (objects, error);
}

gboolean
sqlite_objects_save (SqliteStore *store, SqliteConn *conn, const char *dir, const char *previous,
                     SqlitePace *pace, SqliteManifest *manifest, GError **error)
{
  Objects self = { store, dir, previous, pace, manifest, 0 };

  return each_name (&self, conn, "copying objects", save, error) && sync_folders (dir, error);
}

/* ---- loading ---- */

static gboolean
read_into (Objects *self, CsBlobWriter *writer, int fd, const char *path, GError **error)
{
  g_autofree char *buffer = g_malloc (CHUNK);
  gssize n;

  while ((n = read (fd, buffer, CHUNK)) > 0)
    {
      CsStatus status = cs_blob_write (writer, cs_slice (buffer, (gsize) n));

      if (status != CS_OK)
        {
          g_set_error (error, CS_ERROR, status, "%s cannot be stored: %s", path,
                       cs_status_text (status));
          return FALSE;
        }
      if (!sqlite_pace (self->pace, (gsize) n, error))
        return FALSE;
    }
  return n == 0 || sqlite_io_error (error, path);
}

/* What was put tells its name: it must be the one that was asked for. */
static gboolean
finish_put (CsBlobWriter *writer, const CsBlobId *id, const char *path, GError **error)
{
  CsBlobInfo info = { .size = sizeof info };
  CsBlob *blob = NULL;
  CsStatus status = cs_blob_finish (writer, &blob);

  if (status != CS_OK)
    return fail_object (id, status, "cannot be stored", error);
  cs_blob_info (blob, &info);
  cs_blob_close (blob);
  if (cs_blob_id_equal (&info.id, id))
    return TRUE;
  g_set_error (error, CS_ERROR, CS_CORRUPT, "%s is damaged: its content is not that of its name",
               path);
  return FALSE;
}

static gboolean
put (Objects *self, const CsBlobId *id, int fd, const char *path, GError **error)
{
  CsBlobWriter *writer = NULL;
  struct stat st;
  CsStatus status;

  if (fstat (fd, &st) != 0)
    return sqlite_io_error (error, path);
  status = cs_blob_begin (self->store->blobs, st.st_size, &writer);
  if (status != CS_OK)
    return fail_object (id, status, "cannot be stored", error);
  if (read_into (self, writer, fd, path, error))
    return finish_put (writer, id, path, error);
  cs_blob_abort (writer);
  return FALSE;
}

/* Reads it all; FALSE: cancelled. */
static gboolean
read_through (Objects *self, CsBlob *blob, CsStatus *status, GError **error)
{
  guint64 at = 0;
  CsSlice bytes = { NULL, 1 };

  while (*status == CS_OK && bytes.len > 0)
    {
      *status = cs_blob_read (blob, at, &bytes);
      if (*status != CS_OK)
        return TRUE;
      at += bytes.len;
      if (!sqlite_pace (self->pace, bytes.len, error))
        return FALSE;
    }
  return TRUE;
}

/* *whole: the provider has it, undamaged. */
static gboolean
look (Objects *self, const CsBlobId *id, gboolean *whole, GError **error)
{
  CsBlob *blob = NULL;
  CsStatus status = cs_blob_open (self->store->blobs, id, &blob);
  gboolean ok = status != CS_OK || read_through (self, blob, &status, error);

  cs_blob_close (blob);
  *whole = status == CS_OK;
  if (!ok || status == CS_OK || status == CS_NOT_FOUND || status == CS_CORRUPT)
    return ok;
  return fail_object (id, status, "cannot be read", error);
}

static gboolean
load (Objects *self, const CsBlobId *id, GError **error)
{
  g_autofree char *path = object_path (self->dir, id);
  gboolean whole, ok;
  int fd;

  if (!look (self, id, &whole, error))
    return FALSE;
  if (whole)
    return TRUE;
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return sqlite_io_error (error, path);
  ok = put (self, id, fd, path, error);
  close (fd);
  self->n_put++;
  return ok;
}

gboolean
sqlite_objects_load (SqliteStore *store, SqliteConn *conn, const char *dir, SqlitePace *pace,
                     guint64 *n_put, GError **error)
{
  Objects self = { store, dir, NULL, pace, NULL, 0 };
  gboolean ok = each_name (&self, conn, "storing objects", load, error);

  *n_put += self.n_put;
  return ok;
}
