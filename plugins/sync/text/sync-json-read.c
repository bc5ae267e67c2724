/* sync-json-read.c: steps through text that was validated, and reads and writes its strings.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-json-scan.h"

static SyncJsonType
type_of (char first)
{
  switch (first)
    {
    case '{':
      return SYNC_JSON_OBJECT;
    case '[':
      return SYNC_JSON_ARRAY;
    case '"':
      return SYNC_JSON_STRING;
    case 't':
      return SYNC_JSON_TRUE;
    case 'f':
      return SYNC_JSON_FALSE;
    case 'n':
      return SYNC_JSON_NULL;
    default:
      return SYNC_JSON_NUMBER;
    }
}

SyncJson
sync_json_value (const char *start, const char *end)
{
  SyncJson value = { type_of (*start), cs_slice (start, end - start) };

  return value;
}

static inline const char *
skip_unnested (const char *at, const char *end)
{
  while (end - at >= SYNC_STEP)
    {
      guint n = sync_step_nested (at);

      at += n;
      if (n < SYNC_STEP)
        break;
    }
  return at;
}

const char *
sync_skip_container (const char *at, const char *end)
{
  guint depth = 0;

  do
    {
      at = skip_unnested (at, end);
      if (*at == '"')
        {
          at = sync_skip_string (at, end);
          continue;
        }
      depth += (*at | 0x20) == '{';
      depth -= (*at | 0x20) == '}';
      at++;
    }
  while (depth > 0);
  return at;
}

static gboolean
step_into (SyncJsonCursor *cursor, SyncJson value, SyncJsonType type)
{
  if (value.type != type)
    return FALSE;
  cursor->at = value.text.data + 1;
  cursor->end = value.text.data + value.text.len - 1;
  return TRUE;
}

gboolean
sync_json_members (SyncJsonCursor *cursor, SyncJson object)
{
  return step_into (cursor, object, SYNC_JSON_OBJECT);
}

gboolean
sync_json_elements (SyncJsonCursor *cursor, SyncJson array)
{
  return step_into (cursor, array, SYNC_JSON_ARRAY);
}

/* `end` is the closing bracket, which a value at the very end needs to see. */
static SyncJson
take (SyncJsonCursor *cursor)
{
  const char *start = sync_skip_space (cursor->at, cursor->end);

  cursor->at = sync_skip_value (start, cursor->end);
  return sync_json_value (start, cursor->at);
}

/* To the next key or element. */
static gboolean
advance (SyncJsonCursor *cursor)
{
  cursor->at = sync_skip_space (cursor->at, cursor->end);
  if (cursor->at < cursor->end && *cursor->at == ',')
    cursor->at = sync_skip_space (cursor->at + 1, cursor->end);
  return cursor->at < cursor->end;
}

gboolean
sync_json_next_member (SyncJsonCursor *cursor, SyncJson *key, SyncJson *value)
{
  if (!advance (cursor))
    return FALSE;
  *key = take (cursor);
  cursor->at = sync_skip_space (cursor->at, cursor->end) + 1;
  *value = take (cursor);
  return TRUE;
}

gboolean
sync_json_next_element (SyncJsonCursor *cursor, SyncJson *value)
{
  if (!advance (cursor))
    return FALSE;
  *value = take (cursor);
  return TRUE;
}

guint
sync_json_count (SyncJson array)
{
  SyncJsonCursor cursor;
  SyncJson item;
  guint n = 0;

  if (!sync_json_elements (&cursor, array))
    return 0;
  while (sync_json_next_element (&cursor, &item))
    n++;
  return n;
}

SyncJson
sync_json_member (SyncJson object, const char *name)
{
  SyncJson found = { SYNC_JSON_NONE, { NULL, 0 } };
  SyncJson key;
  SyncJson value;
  SyncJsonCursor cursor;

  if (!sync_json_members (&cursor, object))
    return found;
  while (sync_json_next_member (&cursor, &key, &value))
    if (sync_json_is (key, name))
      found = value;
  return found;
}

static gunichar
code_unit (const char *at)
{
  gunichar unit = 0;

  for (guint i = 0; i < 4; i++)
    unit = unit << 4 | (gunichar) g_ascii_xdigit_value (at[i]);
  return unit;
}

/* At a valid escape's backslash; moves behind it and gives what it stands for. */
static gunichar
read_escape (const char **at)
{
  static const char letters[] = "bfnrt";
  static const char controls[] = "\b\f\n\r\t";
  const char *text = *at + 1;
  const char *letter = strchr (letters, *text);
  gunichar c;

  *at = text + 1;
  if (letter != NULL)
    return (guint8) controls[letter - letters];
  if (*text != 'u')
    return (guint8) *text;
  c = code_unit (text + 1);
  *at = text + 5;
  if (c < 0xd800 || c > 0xdfff)
    return c;
  *at = text + 11;
  return 0x10000 + ((c - 0xd800) << 10) + (code_unit (text + 7) - 0xdc00);
}

CsSlice
sync_json_text (SyncJson string, const SyncArena *arena)
{
  const char *at = string.text.data + 1;
  const char *end = string.text.data + string.text.len - 1;
  char *text;
  char *out;

  if (memchr (at, '\\', end - at) == NULL)
    return cs_slice (at, end - at);
  text = out = sync_alloc (arena, end - at);
  while (at < end)
    if (*at == '\\')
      out += g_unichar_to_utf8 (read_escape (&at), out);
    else
      *out++ = *at++;
  return cs_slice (text, out - text);
}

gboolean
sync_json_is (SyncJson string, const char *name)
{
  const char *at;
  const char *end;

  if (string.type != SYNC_JSON_STRING)
    return FALSE;
  at = string.text.data + 1;
  end = string.text.data + string.text.len - 1;
  while (at < end && *name != '\0')
    {
      gunichar c = *at == '\\' ? read_escape (&at) : (guint8) *at++;

      if (c != (guint8) *name++)
        return FALSE;
    }
  return at == end && *name == '\0';
}

gboolean
sync_json_unsigned (SyncJson number, guint64 *out)
{
  guint64 sum = 0;

  if (number.type != SYNC_JSON_NUMBER || number.text.len > 19)
    return FALSE;
  for (gsize i = 0; i < number.text.len; i++)
    {
      guint8 digit = (guint8) (number.text.data[i] - '0');

      if (digit > 9)
        return FALSE;
      sum = sum * 10 + digit;
    }
  *out = sum;
  return sum <= G_MAXINT64;
}

static void
append_escape (GString *out, guint8 c)
{
  static const char hex[] = "0123456789abcdef";
  static const char letters[] = "btn\0fr"; /* of 8, 9, 10, 12, 13 */
  char escape[] = "\\u00xx";

  if (c == '"' || c == '\\')
    escape[1] = (char) c;
  else if (c >= 8 && c <= 13 && c != 11)
    escape[1] = letters[c - 8];
  else
    {
      escape[4] = hex[c >> 4];
      escape[5] = hex[c & 15];
      g_string_append_len (out, escape, 6);
      return;
    }
  g_string_append_len (out, escape, 2);
}

void
sync_json_append_string (GString *out, CsSlice text)
{
  const char *at = text.data;
  const char *end = text.data + text.len;

  g_string_append_c (out, '"');
  while (at < end)
    {
      const char *start = at;

      while (at < end && (guint8) *at >= 0x20 && *at != '"' && *at != '\\')
        at++;
      g_string_append_len (out, start, at - start);
      if (at < end)
        append_escape (out, (guint8) *at++);
    }
  g_string_append_c (out, '"');
}
