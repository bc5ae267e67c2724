/* sync-collate.c: the order of JSON values: compared token by token, or written as bytes.
 *
 * Both walk the text and meet the same tokens in the same order, without recursion: the end of an
 * array or object counts as a token below all others, which makes the shorter one the lesser.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-collate.h"

#include "sync-icu.h"
#include "sync-json-scan.h"
#include "sync-scratch.h"


/* Also the tags of keys. */
typedef enum
{
  TOKEN_END,
  TOKEN_NULL,
  TOKEN_FALSE,
  TOKEN_TRUE,
  TOKEN_NUMBER,
  TOKEN_STRING,
  TOKEN_ARRAY,
  TOKEN_OBJECT
} Token;

/* ---- strings ---- */

/* A collator may be used by one thread at a time; a worker's fibers take turns. */
static void
close_collator (gpointer collator)
{
  sync_icu ()->close (collator);
}

static UCollator *
collator (void)
{
  static GPrivate own = G_PRIVATE_INIT (close_collator);
  UCollator *self = g_private_get (&own);
  UErrorCode status = U_ZERO_ERROR;

  if (self != NULL)
    return self;
  self = sync_icu ()->open ("", &status);
  if (U_FAILURE (status))
    g_error ("ICU's root collation: error %d", status); /* it opened when ICU was loaded */
  g_private_set (&own, self);
  return self;
}

const char *
sync_collate_version (void)
{
  static gsize once;
  static char text[32];

  if (g_once_init_enter (&once))
    {
      UVersionInfo version;

      sync_icu ()->version (collator (), version);
      g_snprintf (text, sizeof text, "1-%u.%u.%u.%u", version[0], version[1], version[2],
                  version[3]);
      g_once_init_leave (&once, 1);
    }
  return text;
}

int
sync_collate_text (CsSlice a, CsSlice b)
{
  UErrorCode status = U_ZERO_ERROR;

  if (cs_slice_equal (a, b))
    return 0;
  return sync_icu ()->compare (collator (), a.data, (gint32) MIN (a.len, G_MAXINT32), b.data,
                           (gint32) MIN (b.len, G_MAXINT32), &status);
}

static int
compare_strings (SyncJson a, SyncJson b, gboolean raw)
{
  SyncScratch scratch;
  CsSlice x;
  CsSlice y;
  int order;

  if (cs_slice_equal (a.text, b.text))
    return 0;
  sync_scratch_init (&scratch);
  x = sync_json_text (a, &scratch.arena);
  y = sync_json_text (b, &scratch.arena);
  order = raw ? cs_slice_compare (x, y) : sync_collate_text (x, y);
  sync_scratch_clear (&scratch);
  return (order > 0) - (order < 0);
}

/* Nothing that ICU passes over, nothing that has two spellings. */
static gboolean
is_plain (CsSlice text)
{
  for (gsize i = 0; i < text.len; i++)
    if ((guint8) text.data[i] < 0x20 || (guint8) text.data[i] > 0x7e || text.data[i] == '\\')
      return FALSE;
  return TRUE;
}

/* ---- numbers ---- */

/* The nearest double, and what is missing to a whole number of 64 bits. */
typedef struct
{
  double near;
  gint16 rest;
} Number;

gboolean
sync_json_integer (SyncJson number, gint64 *out)
{
  gboolean negative = number.type == SYNC_JSON_NUMBER && number.text.data[0] == '-';
  guint64 sum = 0;

  if (number.type != SYNC_JSON_NUMBER || number.text.len > 19u + (guint) negative)
    return FALSE;
  for (gsize i = (gsize) negative; i < number.text.len; i++)
    {
      guint8 digit = (guint8) (number.text.data[i] - '0');

      if (digit > 9)
        return FALSE;
      sum = sum * 10 + digit;
    }
  if (sum > G_MAXINT64)
    return FALSE;
  *out = negative ? -(gint64) sum : (gint64) sum;
  return TRUE;
}

static double
read_double (CsSlice text)
{
  char digits[128];
  g_autofree char *longer = NULL;

  if (text.len >= sizeof digits)
    return g_ascii_strtod (longer = g_strndup (text.data, text.len), NULL);
  memcpy (digits, text.data, text.len);
  digits[text.len] = '\0';
  return g_ascii_strtod (digits, NULL);
}

static Number
read_number (CsSlice text)
{
  Number number = { 0, 0 };
  gint64 whole;

  if (sync_json_integer ((SyncJson){ SYNC_JSON_NUMBER, text }, &whole))
    {
      number.near = (double) whole;
      number.rest = (gint16) ((__int128) whole - (__int128) number.near);
    }
  else
    number.near = read_double (text);
  if (number.near == 0)
    number.near = 0; /* not -0 */
  return number;
}

static int
compare_numbers (CsSlice a, CsSlice b)
{
  Number x = read_number (a);
  Number y = read_number (b);

  if (x.near != y.near)
    return x.near < y.near ? -1 : 1;
  return (x.rest > y.rest) - (x.rest < y.rest);
}

/* ---- tokens ---- */

typedef struct
{
  const char *at;
  const char *end;
} Reader;

static Token
token_of (char first)
{
  switch (first)
    {
    case 'n':
      return TOKEN_NULL;
    case 'f':
      return TOKEN_FALSE;
    case 't':
      return TOKEN_TRUE;
    case '"':
      return TOKEN_STRING;
    case '[':
      return TOKEN_ARRAY;
    case '{':
      return TOKEN_OBJECT;
    case ']':
    case '}':
      return TOKEN_END;
    default:
      return TOKEN_NUMBER;
    }
}

/* The next token; *text is its bytes, of a container its bracket. */
static Token
next_token (Reader *reader, CsSlice *text)
{
  const char *start = reader->at;
  Token token;

  while (sync_is_space (*start) || *start == ',' || *start == ':')
    start++;
  token = token_of (*start);
  if (token == TOKEN_END || token == TOKEN_ARRAY || token == TOKEN_OBJECT)
    reader->at = start + 1;
  else
    reader->at = sync_skip_value (start, reader->end);
  *text = cs_slice (start, (gsize) (reader->at - start));
  return token;
}

static int
compare_tokens (Token token, CsSlice a, CsSlice b, gboolean raw)
{
  if (token == TOKEN_NUMBER)
    return compare_numbers (a, b);
  if (token == TOKEN_STRING)
    return compare_strings ((SyncJson){ SYNC_JSON_STRING, a }, (SyncJson){ SYNC_JSON_STRING, b },
                            raw);
  return 0;
}

static int
compare (SyncJson a, SyncJson b)
{
  Reader x = { a.text.data, a.text.data + a.text.len };
  Reader y = { b.text.data, b.text.data + b.text.len };
  guint depth = 0;
  int order = 0;

  do
    {
      CsSlice of_x;
      CsSlice of_y;
      Token token = next_token (&x, &of_x);
      Token other = next_token (&y, &of_y);

      if (token != other)
        return token < other ? -1 : 1;
      order = compare_tokens (token, of_x, of_y, FALSE);
      depth += token == TOKEN_ARRAY || token == TOKEN_OBJECT;
      depth -= token == TOKEN_END;
    }
  while (order == 0 && depth > 0);
  return order;
}

int
sync_collate (SyncJson a, SyncJson b)
{
  return compare (a, b);
}

gboolean
sync_collate_equal (SyncJson a, SyncJson b)
{
  if (a.type != b.type)
    return FALSE;
  if (cs_slice_equal (a.text, b.text))
    return TRUE;
  if (a.type == SYNC_JSON_STRING && is_plain (a.text) && is_plain (b.text))
    return FALSE;
  return compare (a, b) == 0;
}

int
sync_collate_raw (SyncJson a, SyncJson b)
{
  gboolean string = a.type == SYNC_JSON_STRING;

  if (string != (b.type == SYNC_JSON_STRING))
    return string ? 1 : -1;
  return string ? compare_strings (a, b, TRUE) : compare (a, b);
}

/* ---- keys ---- */

static void
append_number (GByteArray *key, CsSlice text)
{
  Number number = read_number (text);
  guint16 rest = GUINT16_TO_BE ((guint16) (number.rest + 0x8000));
  guint64 bits;

  memcpy (&bits, &number.near, sizeof bits);
  /* Of a negative number more means less. */
  bits = bits >> 63 ? ~bits : bits | G_GUINT64_CONSTANT (1) << 63;
  bits = GUINT64_TO_BE (bits);
  g_byte_array_append (key, (const guint8 *) &bits, sizeof bits);
  g_byte_array_append (key, (const guint8 *) &rest, sizeof rest);
}

/* ICU's sort key, which ends with its only zero byte. */
static void
append_sort_key (GByteArray *key, const UChar *text, gint32 len)
{
  guint8 bytes[SYNC_INDEX_KEY_MAX];
  gint32 n = sync_icu ()->sort_key (collator (), text, len, bytes, sizeof bytes);

  g_byte_array_append (key, bytes, (guint) MIN (n, (gint32) sizeof bytes));
}

static void
append_string (GByteArray *key, CsSlice string)
{
  SyncScratch scratch;
  UErrorCode status = U_ZERO_ERROR;
  UChar short_text[256];
  g_autofree UChar *long_text = NULL;
  UChar *wide = short_text;
  gint32 len = 0;
  CsSlice text;

  sync_scratch_init (&scratch);
  text = sync_json_text ((SyncJson){ SYNC_JSON_STRING, string }, &scratch.arena);
  if (text.len > G_N_ELEMENTS (short_text))
    wide = long_text = g_new (UChar, text.len); /* never more units than bytes */
  sync_icu ()->from_utf8 (wide, (gint32) MAX (text.len, G_N_ELEMENTS (short_text)), &len, text.data,
                 (gint32) text.len, &status);
  append_sort_key (key, wide, U_SUCCESS (status) ? len : 0);
  sync_scratch_clear (&scratch);
}

gboolean
sync_key_append (GByteArray *key, SyncJson value)
{
  Reader reader = { value.text.data, value.text.data + value.text.len };
  guint depth = 0;

  do
    {
      CsSlice text;
      Token token = next_token (&reader, &text);
      guint8 tag = (guint8) token;

      g_byte_array_append (key, &tag, 1);
      if (token == TOKEN_NUMBER)
        append_number (key, text);
      else if (token == TOKEN_STRING)
        append_string (key, text);
      depth += token == TOKEN_ARRAY || token == TOKEN_OBJECT;
      depth -= token == TOKEN_END;
    }
  while (depth > 0 && key->len < SYNC_INDEX_KEY_MAX);
  if (key->len < SYNC_INDEX_KEY_MAX)
    return TRUE;
  g_byte_array_set_size (key, SYNC_INDEX_KEY_MAX);
  return FALSE;
}
