/* error.h: how calls fail: CsStatus on the hot path, GError at control operations.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_ERROR_H
#define CS_ERROR_H

#include <cloudsync/host.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

/* The outcome of a call that may wait or do I/O. The same numbers are the codes of CS_ERROR. */
typedef enum
{
  CS_OK = 0,
  CS_CANCELLED = 1,    /* the fiber was cancelled: its client is gone, or the drain is over */
  CS_TIMED_OUT = 2,    /* the call's or the fiber's deadline passed */
  CS_AGAIN = 3,        /* nothing to read or no room to write now */
  CS_CLOSED = 4,       /* the other side ended, or the object is being torn down */
  CS_NOT_FOUND = 5,
  CS_EXISTS = 6,
  CS_CONFLICT = 7,     /* a compare-and-set found another value */
  CS_INVALID = 8,      /* the argument or the outside bytes are malformed */
  CS_TOO_LARGE = 9,    /* over a configured limit */
  CS_DENIED = 10,      /* credentials missing, wrong, or without the right */
  CS_OVERLOADED = 11,  /* a queue or pool is full: try again later */
  CS_UNSUPPORTED = 12, /* the provider does not have this part of its contract */
  CS_READ_ONLY = 13,   /* the database was set read-only after a failed check */
  CS_NO_SPACE = 14,    /* the disk or quota is full; nothing was stored */
  CS_IO = 15,          /* the disk or network failed; nothing was stored */
  CS_CORRUPT = 16,     /* what was read is not what was written */
  CS_NO_MEMORY = 17,
  CS_FAILED = 18       /* anything else; the log tells */
} CsStatus;

/* The GError domain of the host and of every service. Any thread. */
#define CS_ERROR (cs_error_quark ())

static inline GQuark
cs_error_quark (void)
{
  return g_quark_from_static_string ("cloudsync-error");
}

/* A few words for people, static. */
static inline const char *
cs_status_text (CsStatus status)
{
  static const char *const text[] = {
    "done",           "cancelled",     "timed out",        "try again",  "closed",
    "not found",      "exists already", "conflict",        "malformed",  "too large",
    "not allowed",    "overloaded",    "not supported",    "read-only",  "no space left",
    "input/output error", "corrupt",   "out of memory",    "failed",
  };

  return (guint) status < G_N_ELEMENTS (text) ? text[status] : "failed";
}

G_END_DECLS

#endif
