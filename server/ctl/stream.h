/* stream.h: the file, or standard input or output, that goes along with a command.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_STREAM_H
#define CTL_STREAM_H

#include <glib.h>

typedef enum
{
  CTL_NO_STREAM,
  CTL_READS,
  CTL_WRITES
} CtlStreamKind;

typedef struct
{
  int fd;     /* -1: none */
  char *made; /* the new file */
  gboolean standard;
} CtlStream;

/* `path` NULL or `-` is standard input or output. A file to write must not exist; it is for its owner alone. */
gboolean ctl_stream_open (CtlStream *self, CtlStreamKind kind, const char *path, GError **error);

/* Makes a new file durable, or removes it when the command failed. FALSE: that could not be done. */
gboolean ctl_stream_close (CtlStream *self, gboolean done, GError **error);

#endif
