/* sync-json-scan.h: through the plain bytes of JSON text, 16 at a time, for the validator and the reader.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_JSON_SCAN_H
#define SYNC_JSON_SCAN_H

#include "sync-json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* Each looks at SYNC_STEP bytes, which must be there. */
#ifdef __SSE2__

#define SYNC_STEP 16

static inline __m128i
sync_load_step (const char *at)
{
  return _mm_loadu_si128 ((const __m128i *) (gconstpointer) at);
}

static inline __m128i
sync_quotes_in (__m128i text)
{
  return _mm_or_si128 (_mm_cmpeq_epi8 (text, _mm_set1_epi8 ('"')),
                       _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\\')));
}

/* To a quote or a backslash: the offset, SYNC_STEP if there is none. */
static inline guint
sync_step_quoted (const char *at)
{
  guint found = (guint) _mm_movemask_epi8 (sync_quotes_in (sync_load_step (at)));

  return (guint) __builtin_ctz (found | 1u << SYNC_STEP);
}

/* To those, a control character or a byte beyond ASCII, which is negative. */
static inline guint
sync_step_plain (const char *at)
{
  __m128i text = sync_load_step (at);
  __m128i odd = _mm_cmplt_epi8 (text, _mm_set1_epi8 (0x20));
  guint found = (guint) _mm_movemask_epi8 (_mm_or_si128 (sync_quotes_in (text), odd));

  return (guint) __builtin_ctz (found | 1u << SYNC_STEP);
}

/* To a quote or a bracket; [ and { differ by 0x20 only, as ] and } do. */
static inline guint
sync_step_nested (const char *at)
{
  __m128i text = sync_load_step (at);
  __m128i folded = _mm_or_si128 (text, _mm_set1_epi8 (0x20));
  __m128i brackets = _mm_or_si128 (_mm_cmpeq_epi8 (folded, _mm_set1_epi8 ('{')),
                                   _mm_cmpeq_epi8 (folded, _mm_set1_epi8 ('}')));
  __m128i quotes = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('"'));
  guint found = (guint) _mm_movemask_epi8 (_mm_or_si128 (brackets, quotes));

  return (guint) __builtin_ctz (found | 1u << SYNC_STEP);
}

#else

#define SYNC_STEP 8

static inline guint
sync_first_byte (guint64 bits)
{
  return bits == 0 ? SYNC_STEP : (guint) __builtin_ctzll (bits) >> 3;
}

static inline guint
sync_step_quoted (const char *at)
{
  guint64 text = sync_load8 (at);

  return sync_first_byte (sync_bytes_equal (text, '"') | sync_bytes_equal (text, '\\'));
}

static inline guint
sync_step_plain (const char *at)
{
  guint64 text = sync_load8 (at);

  return sync_first_byte (sync_bytes_equal (text, '"') | sync_bytes_equal (text, '\\')
                          | sync_bytes_below (text, 0x20) | (text & SYNC_HIGHS));
}

static inline guint
sync_step_nested (const char *at)
{
  guint64 text = sync_load8 (at);
  guint64 folded = text | SYNC_ONES * 0x20;

  return sync_first_byte (sync_bytes_equal (text, '"') | sync_bytes_equal (folded, '{')
                          | sync_bytes_equal (folded, '}'));
}

#endif

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

/* ---- over values of a text that was validated; `end` is the bracket that closes what they are in ---- */

/* At the opening quote; behind the closing one. */
static inline const char *
sync_skip_string (const char *at, const char *end)
{
  for (at++;;)
    {
      if (end - at >= SYNC_STEP)
        {
          guint n = sync_step_quoted (at);

          at += n;
          if (n == SYNC_STEP)
            continue;
        }
      if (*at == '"')
        return at + 1;
      at += *at == '\\' ? 2 : 1;
    }
}

/* At the opening bracket; behind its match. */
const char *sync_skip_container (const char *at, const char *end);

static inline const char *
sync_skip_value (const char *at, const char *end)
{
  if (*at == '"')
    return sync_skip_string (at, end);
  if (*at == '{' || *at == '[')
    return sync_skip_container (at, end);
  while (at < end && *at != ',' && *at != '}' && *at != ']' && !sync_is_space (*at))
    at++;
  return at;
}

#endif
