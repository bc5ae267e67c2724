/* json-text.c: pieces of JSON text, for the few documents the core writes itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/json-text.h"

#include <string.h>

static void
append_char (GString *out, char c)
{
  switch (c)
    {
    case '"':
    case '\\':
      g_string_append_c (out, '\\');
      g_string_append_c (out, c);
      break;
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    default:
      if ((guchar) c < 0x20)
        g_string_append_printf (out, "\\u%04x", (guint) (guchar) c);
      else
        g_string_append_c (out, c);
    }
}

void
cs_json_string (GString *out, const char *text)
{
  g_autofree char *valid = NULL;
  const char *at;

  if (text == NULL)
    {
      g_string_append (out, "null");
      return;
    }
  valid = g_utf8_make_valid (text, -1);
  g_string_append_c (out, '"');
  for (at = valid; *at != '\0'; at++)
    append_char (out, *at);
  g_string_append_c (out, '"');
}

void
cs_json_next (GString *out)
{
  if (out->len > 0 && strchr ("[{,:", out->str[out->len - 1]) == NULL)
    g_string_append_c (out, ',');
}

void
cs_json_name (GString *out, const char *name)
{
  cs_json_next (out);
  cs_json_string (out, name);
  g_string_append_c (out, ':');
}

void
cs_json_member (GString *out, const char *name, const char *text)
{
  cs_json_name (out, name);
  cs_json_string (out, text);
}

void
cs_json_member_int (GString *out, const char *name, gint64 number)
{
  cs_json_name (out, name);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, number);
}

void
cs_json_member_bool (GString *out, const char *name, gboolean value)
{
  cs_json_name (out, name);
  g_string_append (out, value ? "true" : "false");
}

void
cs_json_member_strv (GString *out, const char *name, const char *const *list)
{
  cs_json_name (out, name);
  g_string_append_c (out, '[');
  for (; list != NULL && *list != NULL; list++)
    {
      cs_json_next (out);
      cs_json_string (out, *list);
    }
  g_string_append_c (out, ']');
}
