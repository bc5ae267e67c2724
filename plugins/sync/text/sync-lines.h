/* sync-lines.h: a stream of lines, and what the lines of an export are.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_LINES_H
#define SYNC_LINES_H

#include "sync-json.h"

#include <cloudsync/error.h>

#define SYNC_EXPORT_VERSION 1
#define SYNC_EXPORT_HEAD "cloudsync_export"
#define SYNC_EXPORT_END "cloudsync_export_end"

/* Up to len bytes: how many, 0 at the end, -1 and *status on failure. */
typedef gssize (*SyncReadFunc) (gpointer data, char *buffer, gsize len, CsStatus *status);

typedef struct
{
  SyncReadFunc read;
  gpointer data;
  gsize most;     /* bytes of one line */
  guint64 number; /* of the line that was given last; from 1 */
  guint64 bytes;  /* read so far */
  char *buffer;
  gsize at, len, room;
  gboolean ended;
} SyncLines;

void sync_lines_init (SyncLines *self, SyncReadFunc read, gpointer data, gsize most);
void sync_lines_clear (SyncLines *self);

/* The next line without its end (LF or CRLF); empty ones are passed over. Valid until the next call. CS_NOT_FOUND:
 * there is none; CS_TOO_LARGE; what reading failed with. */
CsStatus sync_lines_next (SyncLines *self, CsSlice *line);

typedef enum
{
  SYNC_LINE_DOCUMENT,
  SYNC_LINE_LOCAL,
  SYNC_LINE_HEAD,
  SYNC_LINE_END,
  SYNC_LINE_BAD /* no JSON object, or nested too deep */
} SyncLineKind;

/* What a line is, and the object in it: a document, or the members of head and end. */
SyncLineKind sync_line_kind (CsSlice line, guint max_depth, SyncJson *object);

/* Stored text may be of several lines: white space outside strings, the only place where they can be, becomes
 * blanks. */
void sync_line_join (char *text, gsize len);

#endif
