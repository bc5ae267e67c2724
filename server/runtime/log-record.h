/* log-record.h: a log line between the thread that said it and the thread that writes it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LOG_RECORD_H
#define CS_LOG_RECORD_H

#include <cloudsync/log.h>

#include "runtime/log-ring.h"

G_BEGIN_DECLS

#define CS_LOG_RING_SIZE (64 * 1024)
#define CS_LOG_RECORD_MAX 8192
#define CS_LOG_FIELDS_MAX 32

/* In a ring, followed by the text: owner's name, message, then each field's key and value, every
 * one a 16-bit length and its bytes. Aligned to 8. */
typedef struct
{
  guint32 size; /* of all; 0: the rest of the ring is unused, go on at its beginning */
  guint8 level;
  guint8 n_fields;
  gint16 worker; /* -1: no worker */
  gint64 time;   /* wall clock, microseconds since 1970 */
} CsLogRecord;

typedef struct
{
  CsSlice key;
  CsSlice value;
  gboolean number;
} CsLogPair;

/* A record taken apart; points into it. */
typedef struct
{
  CsLogLevel level;
  gint worker;
  gint64 time;
  CsSlice owner;
  CsSlice message;
  CsLogPair fields[CS_LOG_FIELDS_MAX];
  guint n_fields;
} CsLogLine;

/* Bytes that the record takes, cut to CS_LOG_RECORD_MAX. */
gsize cs_log_record_size (const char *owner, const char *message, const CsField *fields, guint n);
void cs_log_record_fill (CsLogRecord *record, gsize size, const char *owner, CsLogLevel level,
                         const char *message, const CsField *fields, guint n);
void cs_log_record_read (const CsLogRecord *record, CsLogLine *line);

/* Append one line, or one datagram of journald's native protocol. */
void cs_log_format_text (GString *out, const CsLogLine *line);
void cs_log_format_json (GString *out, const CsLogLine *line);
void cs_log_format_journal (GString *out, const CsLogLine *line);

/* Where journald listens; a test has its own. */
extern const char *cs_log_journal_path;

G_END_DECLS

#endif
