/* files.h: the engine: its directory, and what a writer, a reader and the rest share.
 *
 * <directory>/ab/<id>   an object, in the folder of its id's first two digits; immutable
 * <directory>/tmp/      what is being put or removed; emptied at the start
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_H
#define FILES_H

#include <cloudsync/sdk.h>
#include <pthread.h>

#include "files-disk.h"
#include "files-format.h"
#include "files-pins.h"
#include "files-queue.h"
#include "files-settings.h"

typedef struct
{
  CsStat puts, put_bytes, read_bytes, removed, damaged;
  CsStat sync_seconds;
} FilesStats;

typedef struct
{
  CsBlobs base;
  gpointer self; /* the plugin's instance */
  const FilesSettings *settings;
  FilesDisk *disk;
  char *dir;
  int lock_fd;
  gint serial; /* atomic: of names in tmp */
  FilesPins pins;
  FilesQueue writing; /* hashing, writing, syncing, removing */
  FilesQueue ahead;   /* reading ahead */
  FilesStats stats;
  pthread_mutex_t buffers_lock;
  GPtrArray *buffers; /* spare ones, of CS_BLOB_PIECE bytes */
} Files;

extern const CsBlobTable files_table;

/* files.c; main thread */
void files_init (Files *files, gpointer self);
gboolean files_start (Files *files, const char *dir, GError **error);
void files_stop (Files *files);
void files_clear (Files *files);

/* What errno stands for. */
CsStatus files_status (int error);
/* Logs a failure of the disk; the status to answer. */
CsStatus files_failed (Files *files, const char *what, const char *path, int error);
char *files_path (const Files *files, const CsBlobId *id);
char *files_folder (const Files *files, const CsBlobId *id);
/* A fresh name in tmp. */
char *files_temporary (Files *files);

/* files-buffer.c: memory for a piece; any thread */
guint8 *files_buffer_take (Files *files);
void files_buffer_give (Files *files, guint8 *buffer);

/* files-writer.c */
CsStatus files_begin (CsBlobs *blobs, gint64 length, CsBlobWriter **writer);
CsStatus files_room (CsBlobWriter *writer, gpointer *buffer, gsize *len);
void files_wrote (CsBlobWriter *writer, gsize len);
CsStatus files_finish (CsBlobWriter *writer, CsBlob **blob);
void files_abort (CsBlobWriter *writer);

/* files-reader.c */
CsStatus files_open (CsBlobs *blobs, const CsBlobId *id, CsBlob **blob);
void files_info (CsBlob *blob, CsBlobInfo *info);
CsStatus files_read (CsBlob *blob, guint64 offset, CsSlice *bytes);
void files_close (CsBlob *blob);
/* An object that has just been put and pinned; takes over the descriptor. */
CsBlob *files_opened (Files *files, const FilesFooter *footer, int fd, gint64 stored);

/* files-list.c */
CsStatus files_list (CsBlobs *blobs, const CsBlobId *after, CsBlobListFunc func, gpointer data);
CsStatus files_condemn (CsBlobs *blobs, const CsBlobId *id);
void files_pardon (CsBlobs *blobs, const CsBlobId *id);
CsStatus files_remove (CsBlobs *blobs, const CsBlobId *id);

/* files-check.c: for cs_add_command () */
gboolean files_check_command (gpointer self, const char *const *args, GString *output,
                              GError **error);

#endif
