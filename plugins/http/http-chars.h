/* http-chars.h: the character classes of HTTP and the scanners that run over them.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bit flags of http_chars[]. */
enum
{
  HTTP_CHAR_TOKEN = 1 << 0, /* tchar, RFC 9110 §5.6.2 */
  HTTP_CHAR_HOST = 1 << 1,  /* reg-name of RFC 3986 §3.2.2, without the percent checks */
  HTTP_CHAR_DIGIT = 1 << 2,
  HTTP_CHAR_HEX = 1 << 3,
};

extern const guint8 http_chars[256];

static inline gboolean
http_is (guint8 byte, guint8 flags)
{
  return (http_chars[byte] & flags) != 0;
}

static inline gboolean
http_is_blank (guint8 byte)
{
  return byte == ' ' || byte == '\t';
}

static inline int
http_hex_value (guint8 byte)
{
  if (byte >= '0' && byte <= '9')
    return byte - '0';
  byte |= 0x20;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Equal without regard to ASCII case; `lower` must be lower-case already. */
static inline gboolean
http_equals (const guint8 *text, gsize length, const char *lower, gsize lower_length)
{
  if (length != lower_length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = text[i];

      if (byte >= 'A' && byte <= 'Z')
        byte |= 0x20;
      if (byte != (guint8) lower[i])
        return FALSE;
    }
  return TRUE;
}

#define HTTP_EQUALS(text, length, literal) \
  http_equals ((text), (length), "" literal, sizeof (literal) - 1)

/* The first byte that cannot stand in a token. */
static inline const guint8 *
http_skip_token (const guint8 *at, const guint8 *end)
{
  while (at < end && http_is (*at, HTTP_CHAR_TOKEN))
    at++;
  return at;
}

/* The first byte that cannot stand in a field value: a control other than HTAB, or DEL. */
static inline const guint8 *
http_skip_text (const guint8 *at, const guint8 *end)
{
#ifdef __SSE2__
  const __m128i highest = _mm_set1_epi8 (0x1f);
  const __m128i del = _mm_set1_epi8 (0x7f);
  const __m128i tab = _mm_set1_epi8 ('\t');

  while (end - at >= 16)
    {
      __m128i bytes = _mm_loadu_si128 ((const __m128i *) at);
      __m128i control = _mm_cmpeq_epi8 (_mm_min_epu8 (bytes, highest), bytes);
      __m128i bad = _mm_or_si128 (_mm_andnot_si128 (_mm_cmpeq_epi8 (bytes, tab), control),
                                  _mm_cmpeq_epi8 (bytes, del));
      int mask = _mm_movemask_epi8 (bad);

      if (mask != 0)
        return at + __builtin_ctz ((unsigned) mask);
      at += 16;
    }
#endif
  while (at < end && ((*at >= 0x20 && *at != 0x7f) || *at == '\t'))
    at++;
  return at;
}

/* The first byte that cannot stand in a request target: a control, SP, DEL or non-ASCII. */
static inline const guint8 *
http_skip_target (const guint8 *at, const guint8 *end)
{
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8 (0x20);
  const __m128i del = _mm_set1_epi8 (0x7f);

  while (end - at >= 16)
    {
      __m128i bytes = _mm_loadu_si128 ((const __m128i *) at);
      __m128i good = _mm_andnot_si128 (_mm_cmpeq_epi8 (bytes, del), _mm_cmpgt_epi8 (bytes, space));
      int mask = _mm_movemask_epi8 (good);

      if (mask != 0xffff)
        return at + __builtin_ctz (~(unsigned) mask);
      at += 16;
    }
#endif
  while (at < end && *at > 0x20 && *at < 0x7f)
    at++;
  return at;
}
