/* sync-json.c: validates JSON text in one pass: RFC 8259's grammar, UTF-8, depth.
 *
 * A lone surrogate escape is refused as CouchDB does: no UTF-8 stands for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-json-scan.h"

/* The point in the text is passed on by value, so that it stays in a register; NULL: refused. */
typedef struct
{
  const char *end;
  guint depth;
  guint max_depth;
  guint64 objects[SYNC_JSON_DEPTH_MAX / 64]; /* a bit a level: object or array */
} Parser;

/* 0 at the end, which no rule accepts. */
static inline char
peek (const char *at, const char *end)
{
  return at < end ? *at : '\0';
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
  while (end - at >= SYNC_STEP)
    {
      guint n = sync_step_plain (at);

      at += n;
      if (n < SYNC_STEP)
        return at;
    }
  while (at < end && *at != '"' && *at != '\\' && (guint8) (*at - 0x20) < 0x60)
    at++;
  return at;
}

/* Behind what skip_plain () stopped at, for text with more than plain bytes. */
static const char *
string_rest (const char *at, const char *end)
{
  while (at < end && *at != '"')
    {
      guint n = *at == '\\' ? escape_length (++at, end)
                            : utf8_length ((const guint8 *) at, (gsize) (end - at));

      if (n == 0)
        return NULL;
      at = skip_plain (at + n, end);
    }
  return at < end ? at + 1 : NULL;
}

/* At the opening quote. */
static inline const char *
string (const char *at, const char *end)
{
  at = skip_plain (at + 1, end);
  return G_LIKELY (at < end && *at == '"') ? at + 1 : string_rest (at, end);
}

/* One digit at least. */
static inline const char *
digits (const char *at, const char *end)
{
  const char *start = at;

  while (at < end && g_ascii_isdigit (*at))
    at++;
  return at > start ? at : NULL;
}

static const char *
fraction (const char *at, const char *end)
{
  if (peek (at, end) == '.')
    at = digits (at + 1, end);
  if (at == NULL || (peek (at, end) | 0x20) != 'e')
    return at;
  at++;
  if (peek (at, end) == '+' || peek (at, end) == '-')
    at++;
  return digits (at, end);
}

static const char *
number (const char *at, const char *end)
{
  at += *at == '-';
  at = peek (at, end) == '0' ? at + 1 : digits (at, end);
  return at != NULL ? fraction (at, end) : NULL;
}

static const char *
word (const char *at, const char *end, const char *text, gsize len)
{
  return (gsize) (end - at) >= len && memcmp (at, text, len) == 0 ? at + len : NULL;
}

/* `at` is before the end. */
static inline const char *
scalar (const char *at, const char *end)
{
  switch (*at)
    {
    case '"':
      return string (at, end);
    case 't':
      return word (at, end, "true", 4);
    case 'f':
      return word (at, end, "false", 5);
    case 'n':
      return word (at, end, "null", 4);
    default:
      return number (at, end);
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
static inline const char *
name (const char *at, const char *end)
{
  at = sync_skip_space (at, end);
  if (peek (at, end) != '"' || (at = string (at, end)) == NULL)
    return NULL;
  at = sync_skip_space (at, end);
  return peek (at, end) == ':' ? at + 1 : NULL;
}

/* Opens a container at its bracket; *empty when it was closed at once. */
static inline const char *
open_container (Parser *parser, const char *at, gboolean *empty)
{
  gboolean object = *at == '{';

  if (!push (parser, object))
    return NULL;
  at = sync_skip_space (at + 1, parser->end);
  *empty = peek (at, parser->end) == (object ? '}' : ']');
  return *empty || !object ? at : name (at, parser->end);
}

/* Behind a value: closes what ends here, and goes to the next value if there is one. */
static inline const char *
next_value (Parser *parser, const char *at)
{
  while (parser->depth > 0)
    {
      gboolean object = in_object (parser);
      char c;

      at = sync_skip_space (at, parser->end);
      c = peek (at, parser->end);
      if (c == ',')
        return object ? name (at + 1, parser->end) : at + 1;
      if (c != (object ? '}' : ']'))
        return NULL;
      at++;
      parser->depth--;
    }
  return at;
}

static const char *
run (Parser *parser, const char *at)
{
  do
    {
      gboolean empty = TRUE;

      at = sync_skip_space (at, parser->end);
      if (at == parser->end)
        return NULL;
      if (*at == '{' || *at == '[')
        at = open_container (parser, at, &empty);
      else
        at = scalar (at, parser->end);
      if (at != NULL && empty)
        at = next_value (parser, at);
    }
  while (at != NULL && parser->depth > 0);
  return at;
}

gboolean
sync_json_parse (CsSlice text, guint max_depth, SyncJson *value)
{
  Parser parser;
  const char *start;
  const char *end;

  if (text.len == 0)
    return FALSE;
  parser.end = text.data + text.len;
  parser.depth = 0;
  parser.max_depth = MIN (max_depth, SYNC_JSON_DEPTH_MAX);
  start = sync_skip_space (text.data, parser.end);
  end = run (&parser, start);
  if (end == NULL || sync_skip_space (end, parser.end) != parser.end)
    return FALSE;
  *value = sync_json_value (start, end);
  return TRUE;
}
