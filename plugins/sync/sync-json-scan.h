/* sync-json-scan.h: eight bytes at a time through JSON text, shared by the validator and the reader.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_JSON_SCAN_H
#define SYNC_JSON_SCAN_H

#include "sync-json.h"

#define SYNC_ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define SYNC_HIGHS G_GUINT64_CONSTANT (0x8080808080808080)

static inline guint64
sync_load8 (const char *at)
{
  guint64 word;

  memcpy (&word, at, sizeof word);
  return GUINT64_FROM_LE (word);
}

/* The high bit of each byte that is `byte`; bits above the lowest may be false. */
static inline guint64
sync_bytes_equal (guint64 word, guint8 byte)
{
  guint64 x = word ^ SYNC_ONES * byte;

  return (x - SYNC_ONES) & ~x & SYNC_HIGHS;
}

/* The same for bytes below `limit` (at most 0x80). */
static inline guint64
sync_bytes_below (guint64 word, guint8 limit)
{
  return (word - SYNC_ONES * limit) & ~word & SYNC_HIGHS;
}

static inline guint
sync_first_byte (guint64 bits)
{
  return (guint) __builtin_ctzll (bits) >> 3;
}

static inline gboolean
sync_is_space (char c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *
sync_skip_space (const char *at, const char *end)
{
  while (at < end && sync_is_space (*at))
    at++;
  return at;
}

#endif
