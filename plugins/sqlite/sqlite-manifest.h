/* sqlite-manifest.h: manifest.json: what a backup consists of. It is written last: a directory without it is no
 * backup.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_MANIFEST_H
#define SQLITE_MANIFEST_H

#include <glib.h>

#define SQLITE_MANIFEST_NAME "manifest.json"
#define SQLITE_MANIFEST_VERSION 1
#define SQLITE_MANIFEST_BYTES_MAX (1024 * 1024)
#define SQLITE_MANIFEST_FILES_MAX 1024

/* A store file; its name is store-N.db, N being its place in the list. */
typedef struct
{
  gint64 bytes;
  char sha256[65]; /* of the whole file, FIPS 180-4 */
  gint64 n_databases;
  gint64 n_records;
  gint64 n_deleted;
} SqliteManifestFile;

typedef struct
{
  char *server;   /* the version that wrote it */
  char *node;     /* node.name */
  char *finished; /* ISO 8601, UTC */
  gint64 schema;  /* of the store files */
  GArray *files;  /* SqliteManifestFile */
  gint64 n_objects; /* of blob=1, below objects/ */
  gint64 object_bytes;
} SqliteManifest;

SqliteManifest *sqlite_manifest_new (void);
void sqlite_manifest_free (SqliteManifest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteManifest, sqlite_manifest_free)

/* To be freed. */
char *sqlite_manifest_text (const SqliteManifest *self);

/* NULL: not what sqlite_manifest_text () writes, or of a version that this one does not know. Any thread but a
 * fiber. */
SqliteManifest *sqlite_manifest_parse (const char *text, gsize len, GError **error);

/* Of DIR. */
gboolean sqlite_manifest_write (const SqliteManifest *self, const char *dir, GError **error);
SqliteManifest *sqlite_manifest_read (const char *dir, GError **error);

/* Sums over its files. */
SqliteManifestFile sqlite_manifest_total (const SqliteManifest *self);

#endif
