/* websocket-extension.h: Sec-WebSocket-Extensions: which offer of permessage-deflate is taken (RFC 7692 §7.1).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/types.h>

G_BEGIN_DECLS

/* What the server wants. */
typedef struct
{
  gboolean enabled;
  gboolean takeover; /* keep the windows from one message to the next where the client allows */
  guint8 window_bits; /* 9 to 15: the largest window either side may use */
} WsDeflatePolicy;

/* What was agreed upon; all zero: no compression. */
typedef struct
{
  guint8 server_bits; /* 8 to 15 */
  guint8 client_bits;
  guint8 server_takeover : 1;
  guint8 client_takeover : 1;
} WsDeflate;

#define WS_ANSWER_MAX 160

/* Takes the first offer that the policy can meet, and writes the answer's field value; "" when none. An offer
 * with parameters that are unknown, repeated or out of range is declined. FALSE: the field is malformed. */
gboolean ws_extension_negotiate (CsSlice field, const WsDeflatePolicy *policy, WsDeflate *agreed,
                                 char answer[WS_ANSWER_MAX]);

/* The next token of a comma-separated list of tokens; *at starts at the list's beginning. data NULL at its end.
 * FALSE: malformed. */
gboolean ws_token_next (CsSlice list, gsize *at, CsSlice *token);

G_END_DECLS
