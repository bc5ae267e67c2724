/* sync-answer.c: answers in CouchDB's form: JSON with a newline, its errors, tags and locations.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"
#include "sync-json.h"

static const char json_type[] = "application/json";

void
sync_reply_slices (CsHttpExchange *exchange, guint status, const CsSlice *parts, guint n)
{
  cs_http_set_header (exchange, "Cache-Control", "must-revalidate");
  cs_http_reply (exchange, status, json_type, parts, n);
}

void
sync_reply_json (CsHttpExchange *exchange, guint status, GString *json)
{
  CsSlice parts[] = { cs_slice (json->str, json->len), cs_slice ("\n", 1) };

  sync_reply_slices (exchange, status, parts, G_N_ELEMENTS (parts));
}

void
sync_reply_ok (CsHttpExchange *exchange, guint status)
{
  CsSlice part = cs_slice_str ("{\"ok\":true}\n");

  sync_reply_slices (exchange, status, &part, 1);
}

void
sync_reply_error (CsHttpExchange *exchange, guint status, const char *error, const char *reason)
{
  g_autoptr (GString) json = g_string_new ("{\"error\":");

  sync_json_append_string (json, cs_slice_str (error));
  g_string_append (json, ",\"reason\":");
  sync_json_append_string (json, cs_slice_str (reason));
  g_string_append_c (json, '}');
  sync_reply_json (exchange, status, json);
}

void
sync_reply_not_json (CsHttpExchange *exchange)
{
  sync_reply_error (exchange, 400, "bad_request", "invalid UTF-8 JSON");
}

void
sync_reply_status (CsHttpExchange *exchange, CsStatus status)
{
  switch (status)
    {
    case CS_NOT_FOUND:
      sync_reply_error (exchange, 404, "not_found", "Database does not exist.");
      return;
    case CS_CONFLICT:
      sync_reply_error (exchange, 409, "conflict", "Document update conflict.");
      return;
    case CS_TOO_LARGE:
      sync_reply_error (exchange, 413, "too_large", "the request is over a limit of the server");
      return;
    case CS_OVERLOADED:
      cs_http_set_header (exchange, "Retry-After", "1");
      sync_reply_error (exchange, 503, "service_unavailable", "too many requests are waiting");
      return;
    case CS_TIMED_OUT:
    case CS_CANCELLED:
      sync_reply_error (exchange, 503, "timeout", "The request could not be processed in time.");
      return;
    case CS_READ_ONLY:
      sync_reply_error (exchange, 503, "read_only",
                        "a check found damage; the database is read-only until it is restored");
      return;
    case CS_UNSUPPORTED:
      sync_reply_error (exchange, 500, "not_bound",
                        "it is an object of blob=1, which nothing provides here: bind it as in "
                        "[bind] blob = files");
      return;
    case CS_CORRUPT:
      sync_reply_error (exchange, 500, "damaged",
                        "what is stored is not what was written; the log tells more");
      return;
    case CS_NO_SPACE:
      sync_reply_error (exchange, 507, "insufficient_storage",
                        "the disk is full; nothing was stored");
      return;
    default:
      sync_reply_error (exchange, 500, "internal_server_error", cs_status_text (status));
    }
}

void
sync_begin (CsHttpExchange *exchange, const char *type)
{
  cs_http_set_header (exchange, "Cache-Control",
                      strcmp (type, json_type) == 0 ? "must-revalidate" : "no-cache");
  cs_http_begin (exchange, 200, type, -1);
}

CsStatus
sync_flush (CsHttpExchange *exchange, GString *out)
{
  CsSlice part = cs_slice (out->str, out->len);
  CsStatus status = out->len > 0 ? cs_http_write (exchange, &part, 1) : CS_OK;

  g_string_truncate (out, 0);
  return status;
}

CsStatus
sync_pass_on (gpointer exchange, GString *out)
{
  return sync_flush (exchange, out);
}

static const char *
error_name (guint status)
{
  switch (status)
    {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "request_timeout";
    case 413:
      return "too_large";
    case 416:
      return "requested_range_not_satisfiable";
    case 503:
      return "service_unavailable";
    default:
      return status >= 500 ? "internal_server_error" : "bad_request";
    }
}

void
sync_error_page (CsHttpExchange *exchange, gpointer self, guint status, const char *reason)
{
  sync_reply_error (exchange, status, error_name (status), reason);
}

void
sync_set_etag (CsHttpExchange *exchange, CsSlice tag)
{
  char *value = cs_http_alloc (exchange, tag.len + 3);

  value[0] = '"';
  memcpy (value + 1, tag.data, tag.len);
  value[tag.len + 1] = '"';
  value[tag.len + 2] = '\0';
  cs_http_set_header (exchange, "ETag", value);
}

/* RFC 9110 §13.1.2: a list of tags, weak or strong, or `*`. */
static gboolean
list_has_tag (CsSlice list, CsSlice tag)
{
  const char *at = list.data;
  const char *end = list.data + list.len;

  while (at < end)
    {
      const char *open = memchr (at, '"', end - at);
      const char *close = open != NULL ? memchr (open + 1, '"', end - open - 1) : NULL;

      if (close == NULL)
        return FALSE;
      if (cs_slice_equal (cs_slice (open + 1, close - open - 1), tag))
        return TRUE;
      at = close + 1;
    }
  return FALSE;
}

gboolean
sync_not_modified (CsHttpExchange *exchange, CsSlice tag)
{
  CsSlice list = cs_http_header (exchange, "If-None-Match");

  if (list.data == NULL || !(cs_slice_is (list, "*") || list_has_tag (list, tag)))
    return FALSE;
  sync_set_etag (exchange, tag);
  cs_http_set_header (exchange, "Cache-Control", "must-revalidate");
  cs_http_reply (exchange, 304, NULL, NULL, 0);
  return TRUE;
}

void
sync_append_encoded (GString *out, CsSlice text)
{
  static const char hex[] = "0123456789ABCDEF";

  for (gsize i = 0; i < text.len; i++)
    {
      guint8 byte = text.data[i];

      if (g_ascii_isalnum (byte) || byte == '-' || byte == '_' || byte == '.' || byte == ':')
        g_string_append_c (out, byte);
      else
        {
          g_string_append_c (out, '%');
          g_string_append_c (out, hex[byte >> 4]);
          g_string_append_c (out, hex[byte & 15]);
        }
    }
}

static void
append_segment (GString *url, CsSlice segment)
{
  if (segment.len == 0)
    return;
  g_string_append_c (url, '/');
  sync_append_encoded (url, segment);
}

void
sync_set_location (CsHttpExchange *exchange, Sync *self, CsSlice document, CsSlice attachment)
{
  const CsHttpRequest *request = cs_http_request (exchange);
  const SyncSettings *settings = cs_settings (self);
  g_autoptr (GString) url = g_string_new (request->secure ? "https://" : "http://");

  g_string_append_len (url, request->authority.data, request->authority.len);
  if (strcmp (settings->mount, "/") != 0)
    g_string_append (url, settings->mount);
  append_segment (url, cs_http_param (exchange, 0));
  append_segment (url, document);
  append_segment (url, attachment);
  cs_http_set_header (exchange, "Location", url->str);
}
