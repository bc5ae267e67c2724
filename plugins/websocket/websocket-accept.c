/* websocket-accept.c: the server's side of the opening handshake (RFC 6455 §4.2), on the fiber of an exchange.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"
#include "websocket-extension.h"
#include "websocket-handshake.h"

/* What is sent back. */
typedef struct
{
  char accept[WS_ACCEPT_LENGTH + 1];
  const char *protocol;
  char extensions[WS_ANSWER_MAX];
  WsDeflate deflate;
} Answer;

static gboolean
refuse (WsPlugin *self, CsHttpExchange *exchange, guint status, const char *reason)
{
  cs_stat_add (self->stats.refused[status == 403 ? WS_REFUSED_ORIGIN : WS_REFUSED_HANDSHAKE], 1);
  cs_http_reply_error (exchange, status, reason);
  return FALSE;
}

static gboolean
check_upgrade (WsPlugin *self, CsHttpExchange *exchange)
{
  const CsHttpRequest *request = cs_http_request (exchange);

  if (!cs_slice_is (request->method, "GET"))
    return refuse (self, exchange, 400, "a WebSocket handshake is a GET");
  if (request->minor_version > 0
      && ws_handshake_has_token (cs_http_header (exchange, "Connection"), "upgrade")
      && ws_handshake_has_token (cs_http_header (exchange, "Upgrade"), "websocket"))
    return TRUE;
  cs_http_set_header (exchange, "Upgrade", "websocket");
  return refuse (self, exchange, 426, "this resource speaks WebSocket: it needs an upgrade");
}

static gboolean
check_version (WsPlugin *self, CsHttpExchange *exchange)
{
  if (cs_slice_is (cs_http_header (exchange, "Sec-WebSocket-Version"), "13"))
    return TRUE;
  cs_http_set_header (exchange, "Upgrade", "websocket");
  cs_http_set_header (exchange, "Sec-WebSocket-Version", "13");
  return refuse (self, exchange, 426, "version 13 of WebSocket is spoken here");
}

static gboolean
check_origin (WsPlugin *self, CsHttpExchange *exchange, const CsWsOptions *options)
{
  const char *const *allowed = (const char *const *) ws_plugin_settings (self)->origins;
  CsSlice origin = cs_http_header (exchange, "Origin");

  if (origin.data == NULL || (options->flags & CS_WS_ANY_ORIGIN) != 0
      || ws_handshake_origin_is_allowed (origin, cs_http_header (exchange, "Host"), allowed))
    return TRUE;
  return refuse (self, exchange, 403,
                 "pages of this origin may not connect; websocket.origins lists those that may");
}

static gboolean
choose (WsPlugin *self, CsHttpExchange *exchange, const CsWsOptions *options, Answer *answer)
{
  const WsSettings *settings = ws_plugin_settings (self);
  WsDeflatePolicy policy = { .takeover = settings->context_takeover,
                             .window_bits = (guint8) settings->window_bits };

  policy.enabled = settings->compression && (options->flags & CS_WS_NO_COMPRESSION) == 0;
  if (!ws_handshake_protocol (cs_http_header (exchange, "Sec-WebSocket-Protocol"),
                              options->protocols, &answer->protocol))
    return refuse (self, exchange, 400, "Sec-WebSocket-Protocol is malformed or repeats itself");
  if (!ws_extension_negotiate (cs_http_header (exchange, "Sec-WebSocket-Extensions"), &policy,
                               &answer->deflate, answer->extensions))
    return refuse (self, exchange, 400, "Sec-WebSocket-Extensions is malformed");
  return TRUE;
}

static gboolean
check (WsWorker *worker, CsHttpExchange *exchange, const CsWsOptions *options, Answer *answer)
{
  WsPlugin *self = worker->plugin;
  CsSlice key;

  if (!check_upgrade (self, exchange) || !check_version (self, exchange))
    return FALSE;
  key = cs_http_header (exchange, "Sec-WebSocket-Key");
  if (!ws_handshake_key_is_valid (key))
    return refuse (self, exchange, 400, "Sec-WebSocket-Key is not the base64 of 16 bytes");
  if (!check_origin (self, exchange, options) || !choose (self, exchange, options, answer))
    return FALSE;
  ws_handshake_accept (key, worker->sha1, answer->accept);
  return TRUE;
}

static void
set_headers (CsHttpExchange *exchange, const Answer *answer)
{
  cs_http_set_header (exchange, "Sec-WebSocket-Accept", answer->accept);
  if (answer->protocol != NULL)
    cs_http_set_header (exchange, "Sec-WebSocket-Protocol", answer->protocol);
  if (answer->extensions[0] != '\0')
    cs_http_set_header (exchange, "Sec-WebSocket-Extensions", answer->extensions);
}

CsWsConnection *
ws_accept (CsWebSocket *websocket, CsHttpExchange *exchange, gpointer owner,
           const CsWsOptions *options)
{
  WsPlugin *self = (WsPlugin *) websocket;
  WsWorker *worker = cs_local (self);
  WsConnection *connection;
  CsStream *stream;
  CsSlice unread;
  Answer answer;

  if (worker == NULL || g_atomic_int_get (&self->draining))
    {
      ws_refuse_overload (self, exchange, WS_REFUSED_LIMIT, "the node is going away");
      return NULL;
    }
  if (!check (worker, exchange, options, &answer))
    return NULL;
  set_headers (exchange, &answer);
  stream = cs_http_upgrade (exchange, "websocket", &unread);
  if (stream == NULL)
    {
      cs_stat_add (self->stats.refused[WS_REFUSED_LIMIT], 1);
      return NULL;
    }
  ws_admission_leave (self, exchange);
  connection = ws_connection_new (worker, stream, unread, owner, options, answer.deflate);
  connection->protocol = answer.protocol;
  cs_stat_add (self->stats.accepted, 1);
  return &connection->connection;
}
