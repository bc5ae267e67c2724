/* log.h: structured log lines: what happened, then key=value.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LOG_H
#define CS_LOG_H

#include <cloudsync/host.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

typedef enum
{
  CS_LOG_ERROR = 3, /* the numbers are syslog's (RFC 5424 §6.2.1) */
  CS_LOG_WARNING = 4,
  CS_LOG_NOTICE = 5,
  CS_LOG_INFO = 6,
  CS_LOG_DEBUG = 7
} CsLogLevel;

typedef struct
{
  const char *key;  /* lower-case, words joined by - */
  const char *text; /* NULL: the number counts */
  gint64 number;
  gsize len; /* of text; G_MAXSIZE: up to its NUL */
} CsField;

/* Values are copied before the call returns. Never a password, token, cookie or body. */
#define CS_F_STR(key_, text_)                                                                      \
  ((CsField){ .key = key_, .text = (text_) ? (text_) : "", .len = G_MAXSIZE })
#define CS_F_SLICE(key_, slice_)                                                                   \
  ((CsField){ .key = key_, .text = (slice_).data ? (slice_).data : "", .len = (slice_).len })
#define CS_F_INT(key_, number_) ((CsField){ .key = key_, .number = (number_) })

typedef struct _CsLogTable
{
  gsize size;
  gboolean (*enabled) (gpointer self, CsLogLevel level);
  void (*write) (gpointer self, CsLogLevel level, const char *message, const CsField *fields,
                 guint n);
} CsLogTable;

/* Any thread; never blocks: on a full ring the line is dropped and counted. The plugin's name, the
 * worker and the time are added. */
#define cs_log(self, level, message, ...)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (cs_host_->log->enabled (self, level))                                                      \
      {                                                                                            \
        const CsField cs_fields_[] = { { NULL, NULL, 0, 0 }, ##__VA_ARGS__ };                      \
        cs_host_->log->write (self, level, message, cs_fields_ + 1,                                \
                              G_N_ELEMENTS (cs_fields_) - 1);                                      \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

/* cs_info (self, "listening", CS_F_STR ("address", a), CS_F_INT ("workers", n)); */
#define cs_error(self, ...) cs_log (self, CS_LOG_ERROR, __VA_ARGS__)
#define cs_warning(self, ...) cs_log (self, CS_LOG_WARNING, __VA_ARGS__)
#define cs_notice(self, ...) cs_log (self, CS_LOG_NOTICE, __VA_ARGS__)
#define cs_info(self, ...) cs_log (self, CS_LOG_INFO, __VA_ARGS__)
#define cs_debug(self, ...) cs_log (self, CS_LOG_DEBUG, __VA_ARGS__)

G_END_DECLS

#endif
