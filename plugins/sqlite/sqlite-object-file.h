/* sqlite-object-file.h: whether a file holds the object of blob=1 that it is named after.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_OBJECT_FILE_H
#define SQLITE_OBJECT_FILE_H

#include "sqlite-copy.h"

/* Reads all of the file, paced. *good: it is there, readable, `length` bytes long, and its content has
 * that name. FALSE, with CS_CANCELLED: nobody waits for the command. Blocks. */
gboolean sqlite_object_file_check (const char *path, const CsBlobId *id, guint64 length,
                                   SqlitePace *pace, gboolean *good, GError **error);

#endif
