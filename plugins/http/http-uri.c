/* http-uri.c: decodes path segments and query parameters (RFC 3986, and `+` of HTML forms).
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-uri.h"
#include "http-chars.h"

#include <string.h>

gssize
http_uri_decode (const char *text, gsize length, HttpUriFlags flags, char *out)
{
  char *to = out;

  for (gsize i = 0; i < length; i++)
    {
      char byte = text[i];

      if (byte == '%')
        {
          int high = i + 2 < length ? http_hex_value (text[i + 1]) : -1;
          int low = i + 2 < length ? http_hex_value (text[i + 2]) : -1;

          if (high < 0 || low < 0 || (high == 0 && low == 0))
            return -1;
          byte = (char) (high << 4 | low);
          i += 2;
        }
      else if (byte == '+' && (flags & HTTP_URI_FORM) != 0)
        byte = ' ';
      *to++ = byte;
    }
  *to = '\0';
  return to - out;
}

gboolean
http_query_next (HttpQuery *self, const char **name, gsize *name_length, const char **value,
                 gsize *value_length)
{
  while (self->at < self->end)
    {
      const char *pair = self->at;
      const char *mark = memchr (pair, '&', self->end - pair);
      const char *last = mark != NULL ? mark : self->end;
      const char *equals = memchr (pair, '=', last - pair);

      self->at = mark != NULL ? mark + 1 : self->end;
      if (last == pair)
        continue;
      *name = pair;
      *name_length = (equals != NULL ? equals : last) - pair;
      *value = equals != NULL ? equals + 1 : NULL;
      *value_length = equals != NULL ? last - equals - 1 : 0;
      return TRUE;
    }
  return FALSE;
}

/* Compares while decoding, so that no buffer is needed. */
static gboolean
decodes_to (const char *text, gsize length, const char *name)
{
  for (gsize i = 0; i < length; i++, name++)
    {
      char byte = text[i] == '+' ? ' ' : text[i];

      if (byte == '%' && i + 2 < length && http_hex_value (text[i + 1]) >= 0
          && http_hex_value (text[i + 2]) >= 0)
        {
          byte = (char) (http_hex_value (text[i + 1]) << 4 | http_hex_value (text[i + 2]));
          i += 2;
        }
      if (*name == '\0' || byte != *name)
        return FALSE;
    }
  return *name == '\0';
}

gboolean
http_query_find (const char *query, gsize length, const char *name, const char **value,
                 gsize *value_length)
{
  HttpQuery pairs;
  const char *key;
  gsize key_length;

  http_query_init (&pairs, query, length);
  while (http_query_next (&pairs, &key, &key_length, value, value_length))
    if (decodes_to (key, key_length, name))
      {
        if (*value == NULL)
          *value = "";
        return TRUE;
      }
  return FALSE;
}
