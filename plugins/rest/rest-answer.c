/* rest-answer.c: what answers have in common: problems, validators, metadata as JSON, encoded paths.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

void
rest_reply_status (CsHttpExchange *exchange, CsStatus status)
{
  switch (status)
    {
    case CS_TOO_LARGE:
      cs_http_reply_error (exchange, 413, "the document is larger than sync.max-document");
      return;
    case CS_OVERLOADED:
      cs_http_set_header (exchange, "Retry-After", "1");
      cs_http_reply_error (exchange, 503, "too many writes are waiting; nothing was stored");
      return;
    case CS_TIMED_OUT:
    case CS_CANCELLED:
      cs_http_reply_error (exchange, 503, "the request took too long; nothing was stored");
      return;
    case CS_READ_ONLY:
      cs_http_reply_error (exchange, 503,
                           "a check found damage; the collection is read-only until it is restored");
      return;
    case CS_NO_SPACE:
      cs_http_reply_error (exchange, 507, "the disk is full; nothing was stored");
      return;
    default:
      cs_http_reply_error (exchange, 500, cs_status_text (status));
    }
}

void
rest_set_etag (CsHttpExchange *exchange, const char *version)
{
  char text[CS_DOCUMENT_VERSION_SIZE + 2];
  gsize n = strlen (version);

  text[0] = '"';
  memcpy (text + 1, version, n);
  text[n + 1] = '"';
  text[n + 2] = '\0';
  cs_http_set_header (exchange, "ETag", text);
}

void
rest_set_validators (CsHttpExchange *exchange, Rest *self, const char *version, gint64 updated)
{
  char date[CS_HTTP_DATE_SIZE];

  rest_set_etag (exchange, version);
  cs_http_format_date (self->http, updated, date);
  cs_http_set_header (exchange, "Last-Modified", date);
}

/* Ids and names are UTF-8 already. */
void
rest_append_string (GString *json, CsSlice text)
{
  static const char hex[] = "0123456789abcdef";

  g_string_append_c (json, '"');
  for (gsize i = 0; i < text.len; i++)
    {
      guint8 byte = text.data[i];

      if (byte == '"' || byte == '\\')
        g_string_append_c (json, '\\');
      if (byte >= 0x20)
        {
          g_string_append_c (json, byte);
          continue;
        }
      g_string_append (json, "\\u00");
      g_string_append_c (json, hex[byte >> 4]);
      g_string_append_c (json, hex[byte & 15]);
    }
  g_string_append_c (json, '"');
}

void
rest_append_meta (GString *json, CsSlice id, const char *version, gint64 created, gint64 updated)
{
  g_string_append (json, "\"id\":");
  rest_append_string (json, id);
  g_string_append (json, ",\"version\":\"");
  g_string_append (json, version);
  g_string_append (json, "\",\"created_at\":\"");
  rest_time_append (json, created);
  g_string_append (json, "\",\"updated_at\":\"");
  rest_time_append (json, updated);
  g_string_append_c (json, '"');
}

void
rest_append_encoded (GString *out, CsSlice text)
{
  static const char hex[] = "0123456789ABCDEF";

  for (gsize i = 0; i < text.len; i++)
    {
      guint8 byte = text.data[i];

      if (g_ascii_isalnum (byte) || (byte != '\0' && strchr ("-._~", byte) != NULL))
        g_string_append_c (out, byte);
      else
        {
          g_string_append_c (out, '%');
          g_string_append_c (out, hex[byte >> 4]);
          g_string_append_c (out, hex[byte & 15]);
        }
    }
}

gboolean
rest_type_is (CsHttpExchange *exchange, const char *type)
{
  CsSlice value = cs_http_header (exchange, "Content-Type");
  gsize n = strlen (type);

  return value.len >= n && g_ascii_strncasecmp (value.data, type, n) == 0
         && (value.len == n || strchr ("; \t", value.data[n]) != NULL);
}
