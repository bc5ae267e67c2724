/* sync-json.c: validates JSON text in one pass: RFC 8259's grammar, UTF-8, depth.
 *
 * A lone surrogate escape is refused as CouchDB does: no UTF-8 stands for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-json-scan.h"

typedef struct
{
  const char *at;
  const char *end;
  guint depth;
  guint max_depth;
  guint64 objects[SYNC_JSON_DEPTH_MAX / 64]; /* a bit a level: object or array */
} Parser;

/* 0 at the end, which no rule accepts. */
static inline char
peek (const Parser *parser)
{
  return parser->at < parser->end ? *parser->at : '\0';
}

static inline void
skip_space (Parser *parser)
{
  parser->at = sync_skip_space (parser->at, parser->end);
}

static inline gboolean
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

/* Bytes of one character beyond ASCII; 0 when it is not valid (RFC 3629 §4). */
static guint
utf8_length (const guint8 *at, gsize room)
{
  guint8 low = 0x80;
  guint8 high = 0xbf;
  guint n = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

  if (at[0] < 0xc2 || at[0] > 0xf4 || room < n)
    return 0;
  if (at[0] == 0xe0)
    low = 0xa0;
  else if (at[0] == 0xed)
    high = 0x9f;
  else if (at[0] == 0xf0)
    low = 0x90;
  else if (at[0] == 0xf4)
    high = 0x8f;
  if (at[1] < low || at[1] > high)
    return 0;
  for (guint i = 2; i < n; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return n;
}

gboolean
sync_json_utf8 (CsSlice text)
{
  const char *at = text.data;
  const char *end = text.data + text.len;

  while (at < end)
    {
      guint n = 1;

      if (end - at >= 8 && (sync_load8 (at) & SYNC_HIGHS) == 0)
        n = 8;
      else if ((guint8) *at >= 0x80)
        n = utf8_length ((const guint8 *) at, end - at);
      if (n == 0)
        return FALSE;
      at += n;
    }
  return TRUE;
}

static gboolean
hex4 (const char *at, guint *unit)
{
  *unit = 0;
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (at[i]);

      if (digit < 0)
        return FALSE;
      *unit = *unit << 4 | (guint) digit;
    }
  return TRUE;
}

/* `at` is behind `\u`; gives the bytes taken, 0 when refused. */
static guint
unicode_escape (const char *at, const char *end)
{
  guint unit;

  if (end - at < 4 || !hex4 (at, &unit))
    return 0;
  if (unit < 0xd800 || unit > 0xdfff)
    return 4;
  if (unit > 0xdbff || end - at < 10 || at[4] != '\\' || at[5] != 'u' || !hex4 (at + 6, &unit))
    return 0;
  return unit >= 0xdc00 && unit <= 0xdfff ? 10 : 0;
}

/* `at` is behind the backslash; gives the bytes taken, 0 when refused. */
static guint
escape_length (const char *at, const char *end)
{
  guint n;

  if (at == end)
    return 0;
  switch (*at)
    {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return 1;
    case 'u':
      n = unicode_escape (at + 1, end);
      return n == 0 ? 0 : n + 1;
    default:
      return 0;
    }
}

/* To the next byte that is not plain: a quote, a backslash, a control, a byte beyond ASCII. */
static inline const char *
skip_plain (const char *at, const char *end)
{
  while (end - at >= 8)
    {
      guint64 word = sync_load8 (at);
      guint64 found = sync_bytes_equal (word, '"') | sync_bytes_equal (word, '\\')
                      | sync_bytes_below (word, 0x20) | (word & SYNC_HIGHS);

      if (found != 0)
        return at + sync_first_byte (found);
      at += 8;
    }
  while (at < end && *at != '"' && *at != '\\' && (guint8) (*at - 0x20) < 0x60)
    at++;
  return at;
}

/* At the opening quote. */
static gboolean
string (Parser *parser)
{
  const char *end = parser->end;
  const char *at = parser->at + 1;

  for (;;)
    {
      guint n;

      at = skip_plain (at, end);
      if (at == end)
        return FALSE;
      if (*at == '"')
        break;
      if (*at == '\\')
        n = escape_length (++at, end);
      else
        n = utf8_length ((const guint8 *) at, end - at);
      if (n == 0)
        return FALSE;
      at += n;
    }
  parser->at = at + 1;
  return TRUE;
}

static inline gboolean
digits (Parser *parser)
{
  const char *start = parser->at;

  while (parser->at < parser->end && is_digit (*parser->at))
    parser->at++;
  return parser->at > start;
}

static gboolean
number (Parser *parser)
{
  if (peek (parser) == '-')
    parser->at++;
  if (peek (parser) == '0')
    parser->at++;
  else if (!digits (parser))
    return FALSE;
  if (peek (parser) == '.')
    {
      parser->at++;
      if (!digits (parser))
        return FALSE;
    }
  if ((peek (parser) | 0x20) == 'e')
    {
      parser->at++;
      if (peek (parser) == '+' || peek (parser) == '-')
        parser->at++;
      return digits (parser);
    }
  return TRUE;
}

static gboolean
word (Parser *parser, const char *text, gsize len)
{
  if ((gsize) (parser->end - parser->at) < len || memcmp (parser->at, text, len) != 0)
    return FALSE;
  parser->at += len;
  return TRUE;
}

static gboolean
scalar (Parser *parser)
{
  switch (peek (parser))
    {
    case '"':
      return string (parser);
    case 't':
      return word (parser, "true", 4);
    case 'f':
      return word (parser, "false", 5);
    case 'n':
      return word (parser, "null", 4);
    default:
      return number (parser);
    }
}

static inline gboolean
in_object (const Parser *parser)
{
  guint level = parser->depth - 1;

  return parser->objects[level / 64] >> level % 64 & 1;
}

static inline gboolean
push (Parser *parser, gboolean object)
{
  guint level = parser->depth;
  guint64 bit = G_GUINT64_CONSTANT (1) << level % 64;

  if (level >= parser->max_depth)
    return FALSE;
  if (object)
    parser->objects[level / 64] |= bit;
  else
    parser->objects[level / 64] &= ~bit;
  parser->depth++;
  return TRUE;
}

/* A member's name and colon, up to its value. */
static inline gboolean
name (Parser *parser)
{
  skip_space (parser);
  if (peek (parser) != '"' || !string (parser))
    return FALSE;
  skip_space (parser);
  if (peek (parser) != ':')
    return FALSE;
  parser->at++;
  return TRUE;
}

/* Opens a container at its bracket; *empty when it was closed at once. */
static inline gboolean
open_container (Parser *parser, gboolean *empty)
{
  gboolean object = *parser->at == '{';

  if (!push (parser, object))
    return FALSE;
  parser->at++;
  skip_space (parser);
  *empty = peek (parser) == (object ? '}' : ']');
  return *empty || !object || name (parser);
}

/* Behind a value: closes what ends here, and goes to the next value if there is one. */
static inline gboolean
next_value (Parser *parser)
{
  while (parser->depth > 0)
    {
      gboolean object = in_object (parser);
      char c;

      skip_space (parser);
      c = peek (parser);
      if (c == ',')
        {
          parser->at++;
          return !object || name (parser);
        }
      if (c != (object ? '}' : ']'))
        return FALSE;
      parser->at++;
      parser->depth--;
    }
  return TRUE;
}

static gboolean
run (Parser *parser)
{
  do
    {
      gboolean empty = TRUE;

      skip_space (parser);
      if (peek (parser) == '{' || peek (parser) == '[')
        {
          if (!open_container (parser, &empty))
            return FALSE;
        }
      else if (!scalar (parser))
        return FALSE;
      if (empty && !next_value (parser))
        return FALSE;
    }
  while (parser->depth > 0);
  return TRUE;
}

gboolean
sync_json_parse (CsSlice text, guint max_depth, SyncJson *value)
{
  Parser parser;
  const char *start;

  parser.end = text.data + text.len;
  parser.at = start = sync_skip_space (text.data, parser.end);
  parser.depth = 0;
  parser.max_depth = MIN (max_depth, SYNC_JSON_DEPTH_MAX);
  if (start == parser.end || !run (&parser))
    return FALSE;
  *value = sync_json_value (start, parser.at);
  skip_space (&parser);
  return parser.at == parser.end;
}
