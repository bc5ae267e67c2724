/* sync-query.c: query parameters and content types as CouchDB takes them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-write.h"

#define PARSE_HERE_MAX (1024 * 1024) /* a longer text would hold up the worker */

CsSlice
sync_if_match (CsHttpExchange *exchange)
{
  CsSlice text = cs_http_header (exchange, "If-Match");

  if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
    return cs_slice (text.data + 1, text.len - 2);
  return text;
}

gboolean
sync_query_flag (CsHttpExchange *exchange, const char *name)
{
  CsSlice value;

  return cs_http_query (exchange, name, &value) && cs_slice_is (value, "true");
}

gboolean
sync_query_number (CsHttpExchange *exchange, const char *name, gint64 *value)
{
  CsSlice text;
  gint64 number = 0;
  gsize i;

  if (!cs_http_query (exchange, name, &text))
    return TRUE;
  for (i = 0; i < text.len && i < 18 && g_ascii_isdigit (text.data[i]); i++)
    number = number * 10 + (text.data[i] - '0');
  if (i == 0 || i < text.len)
    {
      g_autofree char *reason
        = g_strdup_printf ("Invalid value for %s: a whole number is needed", name);

      sync_reply_error (exchange, 400, "query_parse_error", reason);
      return FALSE;
    }
  *value = number;
  return TRUE;
}

gboolean
sync_body_is_json (CsHttpExchange *exchange)
{
  static const char json[] = "application/json";
  CsSlice type = cs_http_header (exchange, "Content-Type");

  if (type.len >= sizeof json - 1 && g_ascii_strncasecmp (type.data, json, sizeof json - 1) == 0
      && (type.len == sizeof json - 1 || strchr ("; \t", type.data[sizeof json - 1]) != NULL))
    return TRUE;
  sync_reply_error (exchange, 415, "bad_content_type", "Content-Type must be application/json");
  return FALSE;
}

typedef struct
{
  CsSlice text;
  guint max_depth;
  SyncJson *value;
  gboolean good;
} Parsing;

static void
parse (gpointer data)
{
  Parsing *parsing = data;

  parsing->good = sync_json_parse (parsing->text, parsing->max_depth, parsing->value);
}

CsStatus
sync_parse (Sync *self, CsSlice text, SyncJson *value)
{
  const SyncSettings *settings = cs_settings (self);
  Parsing parsing = { text, settings->max_depth, value, FALSE };
  CsStatus status = CS_OK;

  if (text.len <= PARSE_HERE_MAX)
    parse (&parsing);
  else
    status = cs_pool_run (self, parse, &parsing);
  return status == CS_OK && !parsing.good ? CS_INVALID : status;
}

gboolean
sync_parse_body (CsHttpExchange *exchange, Sync *self, CsSlice body, SyncJson *value)
{
  CsStatus status = sync_parse (self, body, value);

  if (status == CS_INVALID)
    sync_reply_not_json (exchange);
  else if (status != CS_OK)
    sync_reply_status (exchange, status);
  return status == CS_OK;
}

gboolean
sync_read_object (CsHttpExchange *exchange, Sync *self, SyncJson *object)
{
  CsSlice body;

  if (!sync_body_is_json (exchange) || cs_http_read_body (exchange, &body) != CS_OK
      || !sync_parse_body (exchange, self, body, object))
    return FALSE;
  if (object->type == SYNC_JSON_OBJECT)
    return TRUE;
  sync_reply_error (exchange, 400, "bad_request", "Request body must be a JSON object");
  return FALSE;
}
