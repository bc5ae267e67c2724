/* log-ring.h: structured log: a lock-free ring a thread, and one thread that formats and writes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LOG_RING_H
#define CS_LOG_RING_H

#include <cloudsync/log.h>

#include "runtime/owner.h"

G_BEGIN_DECLS

extern const CsLogTable cs_log_table_;

typedef enum
{
  CS_LOG_FORMAT_AUTO, /* journal under systemd (JOURNAL_STREAM), text on a tty, else JSON */
  CS_LOG_FORMAT_TEXT,
  CS_LOG_FORMAT_JSON,
  CS_LOG_FORMAT_JOURNAL
} CsLogFormat;

/* Starts the writer thread. Before it, and after cs_log_stop (), lines are written by their
 * caller, so that nothing said during boot is lost. `fd` is borrowed; -1 is stderr. Main thread.
 * Journal falls back to JSON when journald cannot be reached. */
void cs_log_start (CsLogFormat format, int fd);

/* Changes the format while running; the lines already queued may take either. Main thread. */
void cs_log_set_format (CsLogFormat format);

/* Writes what is queued and ends the thread. */
void cs_log_stop (void);

/* Blocks until every line logged before the call is written, at most `length` microseconds. */
void cs_log_flush (gint64 length);

/* Sets the level of one owner, or of the core; any thread, at once. */
void cs_log_set_level (CsOwner *owner, CsLogLevel level);

/* "error", "warning", "notice", "info", "debug"; FALSE for any other word. */
gboolean cs_log_level_parse (const char *text, CsLogLevel *level);
const char *cs_log_level_name (CsLogLevel level);

/* "auto", "text", "json", "journal". */
gboolean cs_log_format_parse (const char *text, CsLogFormat *format);

/* Sends what GLib and its libraries log through here, with their domain as a field. */
void cs_log_take_glib (void);

/* Lines dropped because a ring was full, since the start. */
guint64 cs_log_dropped (void);

gboolean cs_log_ring_enabled (gpointer self, CsLogLevel level);
void cs_log_ring_write (gpointer self, CsLogLevel level, const char *message, const CsField *fields,
                        guint n);

/* For the core's own lines: cs_core_log (CS_LOG_INFO, "listening", CS_F_STR ("address", a)); */
#define cs_core_log(level, ...) cs_core_log_for (NULL, level, __VA_ARGS__)
#define cs_core_log_for(self, level, message, ...)                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (cs_log_ring_enabled (self, level))                                                         \
      {                                                                                            \
        const CsField cs_fields_[] = { { NULL, NULL, 0, 0 }, ##__VA_ARGS__ };                      \
        cs_log_ring_write (self, level, message, cs_fields_ + 1, G_N_ELEMENTS (cs_fields_) - 1);   \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

G_END_DECLS

#endif
