/* files-format.h: what a file holds: the content, the hash of each of its pieces, a footer.
 *
 * Pure: any thread, no waiting.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_FORMAT_H
#define FILES_FORMAT_H

#include <cloudsync/services/blob.h>

#define FILES_HASH_BYTES 32 /* SHA-256 */
#define FILES_FOOTER_BYTES 96

/* The end of a file. */
typedef struct
{
  guint64 length; /* of the content */
  guint8 md5[16];
  CsBlobId id;
} FilesFooter;

void files_footer_write (const FilesFooter *footer, guint8 bytes[FILES_FOOTER_BYTES]);
/* FALSE: not what files_footer_write () wrote, or not of a file of this size. */
gboolean files_footer_read (const guint8 bytes[FILES_FOOTER_BYTES], guint64 file_size,
                            FilesFooter *footer);

/* How many pieces content of this length has. */
guint64 files_pieces (guint64 length);
/* The size of the file that holds it. */
guint64 files_size (guint64 length);

void files_hash (gconstpointer data, gsize len, guint8 hash[FILES_HASH_BYTES]);

/* The id of an object, from the hashes of its pieces as they come. */
typedef struct
{
  gpointer sha256;
} FilesNaming;

void files_naming_begin (FilesNaming *naming);
void files_naming_add (FilesNaming *naming, gconstpointer hashes, gsize len);
/* Ends it. */
void files_naming_end (FilesNaming *naming, guint64 length, CsBlobId *id);
/* Ends it, if it was begun, without a name. */
void files_naming_clear (FilesNaming *naming);

#endif
