/* types.h: the small types that every other header uses.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_TYPES_H
#define CS_TYPES_H

#include <glib.h>
#include <string.h>

#include <cloudsync/version.h>

G_BEGIN_DECLS

/* Bytes that somebody else owns; the call that gives one says how long it is valid. */
typedef struct
{
  const char *data;
  gsize len;
} CsSlice;

/* A point in time is a gint64 of microseconds on the monotonic clock (g_get_monotonic_time ());
 * a length of time is a gint64 of microseconds. */
#define CS_NEVER G_MAXINT64
#define CS_MS(n) ((gint64) (n) * 1000)
#define CS_SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

/* An array that crosses the line: its rows, their number, and the size of one when built. */
#define CS_ROWS(rows) (rows), G_N_ELEMENTS (rows), sizeof ((rows)[0])

/* Is MEMBER inside a struct whose first member `size` was filled by its builder? */
#define CS_HAS(object, Type, member)                                                               \
  ((object)->size >= G_STRUCT_OFFSET (Type, member) + sizeof (((Type *) 0)->member))

static inline CsSlice
cs_slice (const void *data, gsize len)
{
  CsSlice slice;

  slice.data = (const char *) data;
  slice.len = len;
  return slice;
}

static inline CsSlice
cs_slice_str (const char *text)
{
  return cs_slice (text, text != NULL ? strlen (text) : 0);
}

static inline gboolean
cs_slice_equal (CsSlice a, CsSlice b)
{
  return a.len == b.len && (a.len == 0 || memcmp (a.data, b.data, a.len) == 0);
}

static inline gboolean
cs_slice_is (CsSlice slice, const char *text)
{
  return cs_slice_equal (slice, cs_slice_str (text));
}

/* Byte order, a shorter one before those that begin with it: negative, 0 or positive. */
static inline int
cs_slice_compare (CsSlice a, CsSlice b)
{
  gsize n = a.len < b.len ? a.len : b.len;
  int order = n > 0 ? memcmp (a.data, b.data, n) : 0;

  return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

G_END_DECLS

#endif
