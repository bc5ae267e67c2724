/* http-log.c: the access log: one line a request, never a query string or a header's secret.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

static gboolean
wanted (HttpExchange *self, const HttpSettings *settings)
{
  if (settings->access_log == HTTP_ACCESS_LOG_ON)
    return TRUE;
  return settings->access_log == HTTP_ACCESS_LOG_SAMPLED
         && (self->status >= 500 || self->worker->sample++ % settings->access_log_sample == 0);
}

void
http_exchange_log (HttpExchange *self)
{
  const HttpSettings *settings = http_plugin_settings (self->plugin);
  const char *user = self->identity != NULL ? self->identity->user : NULL;

  if (settings->access_log == HTTP_ACCESS_LOG_OFF || !wanted (self, settings))
    return;
  cs_info (self->plugin, "request",
           CS_F_SLICE ("method", http_exchange_slice (self, self->head.method_text)),
           CS_F_SLICE ("path", http_exchange_slice (self, self->head.path)),
           CS_F_STR ("route", self->route != NULL ? self->route->path : HTTP_NO_ROUTE),
           CS_F_INT ("status", self->status), CS_F_INT ("bytes", self->bytes_sent),
           CS_F_INT ("microseconds", g_get_monotonic_time () - self->received),
           CS_F_STR ("peer", self->connection->peer), CS_F_STR ("user", user),
           CS_F_STR ("id", http_exchange_id (self)));
}
