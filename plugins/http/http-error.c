/* http-error.c: answers that the server makes by itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

static void
append_quoted (GString *json, const char *text)
{
  for (; *text != '\0'; text++)
    {
      if (*text == '"' || *text == '\\')
        g_string_append_c (json, '\\');
      if ((guchar) *text >= 0x20)
        g_string_append_c (json, *text);
    }
}

/* RFC 9457. */
static char *
problem (guint status, const char *reason)
{
  GString *json = g_string_new ("{\"type\":\"about:blank\",\"title\":\"");

  append_quoted (json, http_status_text (status));
  g_string_append_printf (json, "\",\"status\":%u,\"detail\":\"", status);
  append_quoted (json, reason);
  g_string_append (json, "\"}\n");
  return g_string_free (json, FALSE);
}

static const HttpErrorStyle *
style_of (const HttpExchange *self)
{
  const GArray *styles = self->plugin->error_styles;
  CsSlice path = http_exchange_slice (self, self->head.path);

  for (guint i = 0; i < styles->len; i++)
    {
      const HttpErrorStyle *style = &g_array_index (styles, HttpErrorStyle, i);

      if (http_path_below (path, style->prefix))
        return style;
    }
  return NULL;
}

void
http_reply_error (CsHttpExchange *exchange, guint status, const char *reason)
{
  HttpExchange *self = (HttpExchange *) exchange;
  const HttpErrorStyle *style = self->in_error ? NULL : style_of (self);
  g_autofree char *body = NULL;
  CsSlice part;

  if (self->begun || self->ended)
    return;
  if (reason == NULL)
    reason = http_status_text (status);
  if (style != NULL)
    {
      self->in_error = TRUE;
      style->func (exchange, style->self, status, reason);
      self->in_error = FALSE;
      if (self->begun || self->ended)
        return;
    }
  body = problem (status, reason);
  part = cs_slice_str (body);
  http_reply (exchange, status, "application/problem+json", &part, 1);
}

void
http_connection_refuse (HttpConnection *connection, guint status, const char *reason)
{
  HttpWorker *worker = connection->worker;
  g_autofree char *body = problem (status, reason);
  g_autofree char *answer = g_strdup_printf (
    "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: application/problem+json\r\n"
    "Content-Length: %zu\r\n%sConnection: close\r\n\r\n%s",
    status, http_status_text (status), http_worker_date (worker), strlen (body),
    status == 503 ? "Retry-After: 1\r\n" : "", body);

  cs_debug (worker->plugin, "request refused", CS_F_INT ("status", status),
            CS_F_STR ("reason", reason), CS_F_STR ("peer", connection->peer));
  cs_stat_add (worker->plugin->refused, 1);
  cs_stream_write (connection->stream, answer, strlen (answer));
  http_connection_close (connection);
}
