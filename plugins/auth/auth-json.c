/* auth-json.c: JSON by slices: a checking walk with a stack of its own, then reading.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-json.h"

#include <math.h>

typedef struct
{
  const char *at;
  const char *end;
} Scan;

static void
skip_space (Scan *scan)
{
  while (scan->at < scan->end && *scan->at != '\0' && strchr (" \t\n\r", *scan->at) != NULL)
    scan->at++;
}

static gboolean
take (Scan *scan, char c)
{
  if (scan->at == scan->end || *scan->at != c)
    return FALSE;
  scan->at++;
  return TRUE;
}

/* ---- scalars ---- */

static gboolean
take_hex4 (Scan *scan)
{
  guint i;

  for (i = 0; i < 4; i++)
    if (scan->at == scan->end || !g_ascii_isxdigit (*scan->at++))
      return FALSE;
  return TRUE;
}

static gboolean
take_string (Scan *scan)
{
  if (!take (scan, '"'))
    return FALSE;
  while (scan->at < scan->end)
    {
      char c = *scan->at++;

      if (c == '"')
        return TRUE;
      if ((guchar) c < 0x20)
        return FALSE;
      if (c != '\\')
        continue;
      if (scan->at == scan->end)
        return FALSE;
      c = *scan->at++;
      if (c == 'u' ? !take_hex4 (scan) : (c == '\0' || strchr ("\"\\/bfnrt", c) == NULL))
        return FALSE;
    }
  return FALSE;
}

static gboolean
take_digits (Scan *scan)
{
  const char *start = scan->at;

  while (scan->at < scan->end && g_ascii_isdigit (*scan->at))
    scan->at++;
  return scan->at > start;
}

static gboolean
take_number (Scan *scan)
{
  take (scan, '-');
  if (!take (scan, '0') && !take_digits (scan))
    return FALSE;
  if (take (scan, '.') && !take_digits (scan))
    return FALSE;
  if (scan->at == scan->end || (*scan->at != 'e' && *scan->at != 'E'))
    return TRUE;
  scan->at++;
  if (!take (scan, '+'))
    take (scan, '-');
  return take_digits (scan);
}

static gboolean
take_word (Scan *scan, const char *word)
{
  gsize n = strlen (word);

  if ((gsize) (scan->end - scan->at) < n || memcmp (scan->at, word, n) != 0)
    return FALSE;
  scan->at += n;
  return TRUE;
}

static gboolean
take_scalar (Scan *scan, AuthJsonType *type)
{
  char c = scan->at < scan->end ? *scan->at : '\0';

  *type = c == '"' ? AUTH_JSON_STRING : c == 'n' ? AUTH_JSON_NULL : AUTH_JSON_BOOLEAN;
  if (c == '"')
    return take_string (scan);
  if (c == 'n')
    return take_word (scan, "null");
  if (c == 't' || c == 'f')
    return take_word (scan, c == 't' ? "true" : "false");
  *type = AUTH_JSON_NUMBER;
  return take_number (scan);
}

/* ---- the walk ---- */

static gboolean
take_name (Scan *scan)
{
  skip_space (scan);
  if (!take_string (scan))
    return FALSE;
  skip_space (scan);
  return take (scan, ':');
}

/* Behind a value: closes what ends here, or passes the comma. *open tells whether a value must follow. */
static gboolean
take_ends (Scan *scan, const char *closers, guint *depth, gboolean *open)
{
  for (*open = FALSE; *depth > 0; --*depth)
    {
      char closer = closers[*depth - 1];

      skip_space (scan);
      if (take (scan, closer))
        continue;
      *open = TRUE;
      return take (scan, ',') && (closer == ']' || take_name (scan));
    }
  return TRUE;
}

/* One value of any kind. */
static gboolean
take_value (Scan *scan, AuthJson *value)
{
  char closers[AUTH_JSON_DEPTH];
  const char *start;
  AuthJsonType type;
  guint depth = 0;
  gboolean open = TRUE;

  skip_space (scan);
  start = scan->at;
  value->type = AUTH_JSON_NONE;
  while (open)
    {
      gboolean object;

      skip_space (scan);
      object = scan->at < scan->end && *scan->at == '{';
      type = object ? AUTH_JSON_OBJECT : AUTH_JSON_ARRAY;
      if (object || (scan->at < scan->end && *scan->at == '['))
        {
          if (depth == AUTH_JSON_DEPTH)
            return FALSE;
          closers[depth++] = object ? '}' : ']';
          scan->at++;
          skip_space (scan);
          if (value->type == AUTH_JSON_NONE)
            value->type = type;
          if (scan->at < scan->end && *scan->at != closers[depth - 1])
            {
              if (object && !take_name (scan))
                return FALSE;
              continue;
            }
        }
      else if (!take_scalar (scan, &type))
        return FALSE;
      if (value->type == AUTH_JSON_NONE)
        value->type = type;
      if (!take_ends (scan, closers, &depth, &open))
        return FALSE;
    }
  value->text = cs_slice (start, (gsize) (scan->at - start));
  return TRUE;
}

/* Of an object that was checked: FALSE at its end. */
static gboolean
next_member (Scan *scan, AuthJson *name, AuthJson *value)
{
  const char *start;

  skip_space (scan);
  take (scan, ',');
  skip_space (scan);
  start = scan->at;
  if (!take_string (scan))
    return FALSE;
  *name = (AuthJson){ AUTH_JSON_STRING, cs_slice (start, (gsize) (scan->at - start)) };
  skip_space (scan);
  take (scan, ':');
  return take_value (scan, value);
}

static Scan
inside (AuthJson value)
{
  return (Scan){ value.text.data + 1, value.text.data + value.text.len - 1 };
}

static gboolean
names_are_unique (AuthJson object)
{
  Scan scan = inside (object);
  char name[AUTH_JSON_NAME_MAX];
  AuthJson key;
  AuthJson value;
  guint n = 0;

  while (next_member (&scan, &key, &value))
    if (n++ == AUTH_JSON_MEMBERS || !auth_json_string (key, name, sizeof name)
        || auth_json_member (object, name).text.data != value.text.data)
      return FALSE;
  return TRUE;
}

gboolean
auth_json_object (CsSlice text, AuthJson *object)
{
  Scan scan = { text.data, text.data + text.len };

  if (!g_utf8_validate (text.data, (gssize) text.len, NULL) || !take_value (&scan, object)
      || object->type != AUTH_JSON_OBJECT)
    return FALSE;
  skip_space (&scan);
  return scan.at == scan.end && names_are_unique (*object);
}

/* The first of that name. */
AuthJson
auth_json_member (AuthJson object, const char *name)
{
  Scan scan = inside (object);
  char text[AUTH_JSON_NAME_MAX];
  AuthJson key;
  AuthJson value;

  while (next_member (&scan, &key, &value))
    if (auth_json_string (key, text, sizeof text) && strcmp (text, name) == 0)
      return value;
  return (AuthJson){ AUTH_JSON_NONE, { NULL, 0 } };
}

gboolean
auth_json_element (AuthJson array, const char **cursor, AuthJson *element)
{
  Scan scan;

  if (array.type != AUTH_JSON_ARRAY)
    return FALSE;
  scan = inside (array);
  if (*cursor != NULL)
    scan.at = *cursor;
  skip_space (&scan);
  take (&scan, ',');
  skip_space (&scan);
  if (scan.at == scan.end || !take_value (&scan, element))
    return FALSE;
  *cursor = scan.at;
  return TRUE;
}

/* ---- values ---- */

static gunichar
read_hex4 (const char *at)
{
  gunichar code = 0;
  guint i;

  for (i = 0; i < 4; i++)
    code = code << 4 | (gunichar) g_ascii_xdigit_value (at[i]);
  return code;
}

/* Behind `\u`; half a surrogate pair is no character. */
static gboolean
read_escaped (const char **at, const char *end, gunichar *code)
{
  gunichar low;

  *code = read_hex4 (*at);
  *at += 4;
  if (*code < 0xd800 || *code > 0xdfff)
    return *code != 0;
  if (*code > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
    return FALSE;
  low = read_hex4 (*at + 2);
  *at += 6;
  *code = 0x10000 + ((*code & 0x3ff) << 10) + (low & 0x3ff);
  return low >= 0xdc00 && low <= 0xdfff;
}

static char
plain_escape (char c)
{
  static const char from[] = "bfnrt";
  static const char to[] = "\b\f\n\r\t";
  const char *found = strchr (from, c);

  return found != NULL ? to[found - from] : c;
}

gboolean
auth_json_string (AuthJson value, char *buffer, gsize size)
{
  const char *at;
  const char *end;
  gsize n = 0;

  if (value.type != AUTH_JSON_STRING)
    return FALSE;
  at = value.text.data + 1;
  end = value.text.data + value.text.len - 1;
  while (at < end)
    {
      gunichar code = 0;

      if (n + 6 >= size)
        return FALSE;
      if (*at != '\\')
        buffer[n++] = *at++;
      else if (at[1] != 'u')
        {
          buffer[n++] = plain_escape (at[1]);
          at += 2;
        }
      else
        {
          at += 2;
          if (!read_escaped (&at, end, &code))
            return FALSE;
          n += (gsize) g_unichar_to_utf8 (code, buffer + n);
        }
    }
  buffer[n] = '\0';
  return TRUE;
}

gboolean
auth_json_number (AuthJson value, double min, double max, double *number)
{
  char text[64];

  if (value.type != AUTH_JSON_NUMBER || value.text.len >= sizeof text)
    return FALSE;
  memcpy (text, value.text.data, value.text.len);
  text[value.text.len] = '\0';
  *number = g_ascii_strtod (text, NULL);
  return isfinite (*number) && *number >= min && *number <= max;
}
