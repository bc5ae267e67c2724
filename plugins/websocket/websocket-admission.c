/* websocket-admission.c: how many handshakes the node takes a second and at once, asked before anything is done for
 * them: before routing, authentication and the handshake's own work.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"
#include "websocket-handshake.h"

#define BURST_PART 10 /* of a second */

/* The generic cell rate algorithm: *time is when the next one would come at an even rate, and it may come so much
 * earlier as the burst allows. */
gboolean
ws_rate_take (gint64 *time, gint64 rate, gint64 now)
{
  gint64 step = G_USEC_PER_SEC / MAX (rate, 1);
  gint64 burst = MAX (G_USEC_PER_SEC / BURST_PART - step, 0);
  gint64 due = __atomic_load_n (time, __ATOMIC_RELAXED), next;

  do
    {
      if (due > now + burst)
        return FALSE;
      next = MAX (due, now) + step;
    }
  while (!__atomic_compare_exchange_n (time, &due, next, FALSE, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return TRUE;
}

void
ws_refuse_overload (WsPlugin *self, CsHttpExchange *exchange, WsRefused why, const char *reason)
{
  cs_stat_add (self->stats.refused[why], 1);
  cs_http_set_header (exchange, "Retry-After", "1");
  cs_http_reply_error (exchange, 503, reason);
}

static gboolean
take_place (WsPlugin *self, gint64 most)
{
  if (g_atomic_int_add (&self->pending, 1) < most)
    return TRUE;
  g_atomic_int_add (&self->pending, -1);
  return FALSE;
}

static gboolean
may_be_handshake (CsHttpExchange *exchange)
{
  const CsHttpRequest *request;

  if (!ws_handshake_has_token (cs_http_header (exchange, "Upgrade"), "websocket"))
    return FALSE;
  request = cs_http_request (exchange);
  return cs_slice_is (request->method, "GET") && request->content_length == 0;
}

static gboolean
admit (CsHttpExchange *exchange, gpointer plugin)
{
  WsPlugin *self = plugin;
  const WsSettings *settings = ws_plugin_settings (self);

  if (!may_be_handshake (exchange))
    return TRUE;
  if (settings->upgrade_rate > 0
      && !ws_rate_take (&self->rate_time, settings->upgrade_rate, g_get_monotonic_time ()))
    {
      ws_refuse_overload (self, exchange, WS_REFUSED_RATE, "too many handshakes a second");
      return FALSE;
    }
  if (!take_place (self, settings->max_pending_upgrades))
    {
      ws_refuse_overload (self, exchange, WS_REFUSED_PENDING, "too many handshakes at once");
      return FALSE;
    }
  cs_stat_add (self->stats.pending, 1);
  cs_http_attach (exchange, self, self);
  return TRUE;
}

void
ws_admission_leave (WsPlugin *self, CsHttpExchange *exchange)
{
  if (cs_http_attached (exchange, self) == NULL)
    return;
  cs_http_attach (exchange, self, NULL);
  g_atomic_int_add (&self->pending, -1);
  cs_stat_add (self->stats.pending, -1);
}

/* It is answered otherwise, or has ended. */
static gboolean
leave (CsHttpExchange *exchange, gpointer self)
{
  ws_admission_leave (self, exchange);
  return TRUE;
}

static const CsHttpFilter filters[] = {
  { .phase = CS_HTTP_PHASE_ACCESS, .early = TRUE, .upgrade = TRUE, .func = admit },
  { .phase = CS_HTTP_PHASE_RESPOND, .upgrade = TRUE, .func = leave },
  { .phase = CS_HTTP_PHASE_LOG, .upgrade = TRUE, .func = leave },
};

gboolean
ws_admission_add_filters (WsPlugin *self, GError **error)
{
  return cs_http_add_filters (self->http, self, CS_ROWS (filters), error);
}
