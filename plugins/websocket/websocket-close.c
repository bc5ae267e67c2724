/* websocket-close.c: the closing handshake (RFC 6455 §7), begun by either side.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"

#define MOST_REASON (WS_CONTROL_MAX - 2)

static CsSlice
cut_reason (CsSlice reason)
{
  return cs_slice (reason.data, ws_utf8_cut (reason.data, reason.len, MOST_REASON));
}

/* Without a code it has no payload either. */
static void
put_close (WsConnection *self, guint code, CsSlice reason)
{
  guint8 bytes[2] = { (guint8) (code >> 8), (guint8) code };
  CsSlice parts[2] = { cs_slice (bytes, 2), reason };

  ws_connection_put_control (self, WS_OP_CLOSE, parts, code == CS_WS_NO_STATUS ? 0 : 2);
}

static void
keep (WsConnection *self, guint code, CsSlice reason)
{
  self->closing = TRUE;
  self->code = (guint16) code;
  self->reason = reason.len > 0 ? g_strndup (reason.data, reason.len) : NULL;
}

void
ws_close (CsWsConnection *connection, guint code, CsSlice reason)
{
  WsConnection *self = (WsConnection *) connection;

  if (self->closing)
    return;
  if (!ws_close_code_is_valid (code))
    code = CS_WS_INTERNAL_ERROR;
  reason = cut_reason (reason);
  keep (self, code, reason);
  put_close (self, code, reason);
  ws_clock_await_close (self);
  /* Its Close may be read, whoever had stopped reading. */
  if (!self->taking)
    ws_connection_go_on_later (self);
}

void
ws_abort (CsWsConnection *connection)
{
  ws_connection_end ((WsConnection *) connection, CS_WS_ABNORMAL, cs_slice_str (""), TRUE);
}

/* Answered with the code it has; then the server closes the connection first (§7.1.1). */
void
ws_connection_closed_by_peer (WsConnection *self, guint code, CsSlice reason)
{
  if (!self->closing)
    {
      keep (self, code, reason);
      put_close (self, code, cs_slice_str (""));
    }
  ws_connection_end (self, code, reason, FALSE);
}

void
ws_connection_fail (WsConnection *self, guint code, const char *why)
{
  CsSlice reason = cs_slice_str (why);

  if (!self->closing)
    {
      keep (self, code, reason);
      put_close (self, code, reason);
    }
  ws_connection_end (self, code, reason, FALSE);
}
