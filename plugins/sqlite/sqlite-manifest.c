/* sqlite-manifest.c: manifest.json: what a backup consists of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-manifest.h"

#include <cloudsync/error.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-copy.h"

#define DEPTH_MAX 16

SqliteManifest *
sqlite_manifest_new (void)
{
  SqliteManifest *self = g_new0 (SqliteManifest, 1);

  self->files = g_array_new (FALSE, TRUE, sizeof (SqliteManifestFile));
  return self;
}

void
sqlite_manifest_free (SqliteManifest *self)
{
  g_free (self->server);
  g_free (self->node);
  g_free (self->finished);
  g_array_unref (self->files);
  g_free (self);
}

SqliteManifestFile
sqlite_manifest_total (const SqliteManifest *self)
{
  SqliteManifestFile total = { 0 };
  guint i;

  for (i = 0; i < self->files->len; i++)
    {
      const SqliteManifestFile *file = &g_array_index (self->files, SqliteManifestFile, i);

      total.bytes += file->bytes;
      total.n_databases += file->n_databases;
      total.n_records += file->n_records;
      total.n_deleted += file->n_deleted;
    }
  return total;
}

/* ---- writing ---- */

static void
add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_text (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_file (JsonBuilder *builder, const SqliteManifestFile *file, guint index)
{
  g_autofree char *name = g_strdup_printf ("store-%u.db", index);

  json_builder_begin_object (builder);
  add_text (builder, "name", name);
  add_int (builder, "bytes", file->bytes);
  add_text (builder, "sha256", file->sha256);
  add_int (builder, "databases", file->n_databases);
  add_int (builder, "records", file->n_records);
  add_int (builder, "deleted", file->n_deleted);
  json_builder_end_object (builder);
}

char *
sqlite_manifest_text (const SqliteManifest *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  guint i;

  json_builder_begin_object (builder);
  add_int (builder, "cloudsync_backup", SQLITE_MANIFEST_VERSION);
  add_text (builder, "server", self->server);
  add_text (builder, "node", self->node);
  add_text (builder, "finished", self->finished);
  add_int (builder, "schema", self->schema);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (i = 0; i < self->files->len; i++)
    add_file (builder, &g_array_index (self->files, SqliteManifestFile, i), i);
  json_builder_end_array (builder);
  add_int (builder, "objects", self->n_objects);
  add_int (builder, "object_bytes", self->object_bytes);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}

static gboolean
write_and_sync (const char *path, const char *text, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gsize len = strlen (text);
  gboolean ok;

  errno = 0;
  ok = fd >= 0 && write (fd, text, len) == (gssize) len && fsync (fd) == 0;
  if (!ok)
    {
      errno = errno != 0 ? errno : ENOSPC;
      sqlite_io_error (error, path);
    }
  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
sqlite_manifest_write (const SqliteManifest *self, const char *dir, GError **error)
{
  g_autofree char *text = sqlite_manifest_text (self);
  g_autofree char *path = g_build_filename (dir, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *draft = g_strconcat (path, ".new", NULL);

  if (!write_and_sync (draft, text, error))
    return FALSE;
  if (g_rename (draft, path) != 0)
    return sqlite_io_error (error, path);
  return sqlite_sync_dir (dir, error);
}

/* ---- reading ---- */

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, CS_ERROR, CS_INVALID, SQLITE_MANIFEST_NAME ": %s", what);
  return FALSE;
}

static gboolean
take_int (JsonObject *object, const char *name, gint64 *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  *value = -1;
  if (node != NULL && json_node_get_value_type (node) == G_TYPE_INT64)
    *value = json_node_get_int (node);
  if (*value >= 0)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_INVALID, SQLITE_MANIFEST_NAME ": \"%s\" is not a number", name);
  return FALSE;
}

static const char *
text_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node)
           : "";
}

static gboolean
is_sha256 (const char *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

static gboolean
take_file (SqliteManifest *self, JsonNode *node, GError **error)
{
  g_autofree char *name = g_strdup_printf ("store-%u.db", self->files->len);
  SqliteManifestFile file = { 0 };
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (error, "an element of \"files\" is not an object");
  object = json_node_get_object (node);
  if (strcmp (text_of (object, "name"), name) != 0)
    return refuse (error, "the files are not store-0.db, store-1.db and so on, in order");
  if (!is_sha256 (text_of (object, "sha256")))
    return refuse (error, "a \"sha256\" is not 64 hexadecimal digits");
  g_strlcpy (file.sha256, text_of (object, "sha256"), sizeof file.sha256);
  if (!take_int (object, "bytes", &file.bytes, error)
      || !take_int (object, "databases", &file.n_databases, error)
      || !take_int (object, "records", &file.n_records, error)
      || !take_int (object, "deleted", &file.n_deleted, error))
    return FALSE;
  g_array_append_val (self->files, file);
  return TRUE;
}

static gboolean
take_files (SqliteManifest *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "files");
  JsonArray *files = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                                                 : NULL;
  guint i;

  if (files == NULL || json_array_get_length (files) == 0
      || json_array_get_length (files) > SQLITE_MANIFEST_FILES_MAX)
    return refuse (error, "\"files\" is not a list of store files");
  for (i = 0; i < json_array_get_length (files); i++)
    if (!take_file (self, json_array_get_element (files, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
check_version (JsonObject *object, GError **error)
{
  gint64 version;

  if (!take_int (object, "cloudsync_backup", &version, error))
    return FALSE;
  if (version == SQLITE_MANIFEST_VERSION)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_UNSUPPORTED,
               SQLITE_MANIFEST_NAME ": the backup's format is %" G_GINT64_FORMAT
               " and this server knows %d: restore it with the server that wrote it (%s)", version,
               SQLITE_MANIFEST_VERSION, text_of (object, "server"));
  return FALSE;
}

/* The library's parser recurses without a bound. */
static gboolean
is_deep (const char *text, gsize len)
{
  gboolean quoted = FALSE;
  guint depth = 0;
  gsize i;

  for (i = 0; i < len && depth <= DEPTH_MAX; i++)
    if (text[i] == '"')
      quoted = !quoted;
    else if (quoted)
      i += text[i] == '\\';
    else if (text[i] == '[' || text[i] == '{')
      depth++;
    else if ((text[i] == ']' || text[i] == '}') && depth > 0)
      depth--;
  return depth > DEPTH_MAX;
}

SqliteManifest *
sqlite_manifest_parse (const char *text, gsize len, GError **error)
{
  g_autoptr (SqliteManifest) self = sqlite_manifest_new ();
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  JsonNode *root;
  JsonObject *object;

  if (len > SQLITE_MANIFEST_BYTES_MAX || memchr (text, '\0', len) != NULL || is_deep (text, len)
      || !json_parser_load_from_data (parser, text, (gssize) len, &cause))
    {
      refuse (error, cause != NULL ? cause->message : "it is not JSON");
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      refuse (error, "it is not a JSON object");
      return NULL;
    }
  object = json_node_get_object (root);
  if (!check_version (object, error) || !take_int (object, "schema", &self->schema, error)
      || !take_files (self, object, error)
      || !take_int (object, "objects", &self->n_objects, error)
      || !take_int (object, "object_bytes", &self->object_bytes, error))
    return NULL;
  self->server = g_strdup (text_of (object, "server"));
  self->node = g_strdup (text_of (object, "node"));
  self->finished = g_strdup (text_of (object, "finished"));
  return g_steal_pointer (&self);
}

SqliteManifest *
sqlite_manifest_read (const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, SQLITE_MANIFEST_NAME, NULL);
  g_autofree char *text = NULL;
  struct stat st;
  gsize len = 0;

  if (stat (path, &st) != 0)
    {
      if (errno == ENOENT)
        g_set_error (error, CS_ERROR, CS_NOT_FOUND,
                     "%s has no " SQLITE_MANIFEST_NAME ": it is not a backup, or one that did not end; "
                     "take another", dir);
      else
        sqlite_io_error (error, path);
      return NULL;
    }
  if (st.st_size > SQLITE_MANIFEST_BYTES_MAX)
    {
      refuse (error, "it is too large");
      return NULL;
    }
  return g_file_get_contents (path, &text, &len, error) ? sqlite_manifest_parse (text, len, error)
                                                       : NULL;
}
