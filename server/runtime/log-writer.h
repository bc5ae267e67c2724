/* log-writer.h: formats log lines and writes them, many in one call.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LOG_WRITER_H
#define CS_LOG_WRITER_H

#include "runtime/log-record.h"

G_BEGIN_DECLS

/* One thread at a time. */
typedef struct
{
  CsLogFormat format;
  int fd;         /* borrowed; -1: stderr */
  int journal_fd; /* -1: not connected */
  gboolean opened;
  GString *out;
} CsLogWriter;

#define CS_LOG_WRITER_INIT { .fd = -1, .journal_fd = -1 }

void cs_log_writer_open (CsLogWriter *writer, CsLogFormat format, int fd);
void cs_log_writer_add (CsLogWriter *writer, const CsLogLine *line);
gboolean cs_log_writer_is_full (CsLogWriter *writer);
void cs_log_writer_flush (CsLogWriter *writer);

G_END_DECLS

#endif
