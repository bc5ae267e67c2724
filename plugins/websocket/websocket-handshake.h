/* websocket-handshake.h: what an opening handshake asks and gets, as pure functions (RFC 6455 §4.2).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/types.h>

G_BEGIN_DECLS

#define WS_ACCEPT_LENGTH 28

/* Whether it is the base64 of 16 bytes. */
gboolean ws_handshake_key_is_valid (CsSlice key);

/* The value of Sec-WebSocket-Accept, NUL-terminated. `sha1` is a GChecksum that is reset here. */
void ws_handshake_accept (CsSlice key, GChecksum *sha1, char accept[WS_ACCEPT_LENGTH + 1]);

/* The first of the client's subprotocols that is in `supported`; NULL: none. FALSE: malformed or repeated. */
gboolean ws_handshake_protocol (CsSlice field, const char *const *supported, const char **chosen);

/* Whether a list field has the token, without regard to case. */
gboolean ws_handshake_has_token (CsSlice field, const char *token);

/* Whether pages of that origin may connect. `allowed` holds "*", "null", and origins, whose host may begin with
 * "*." for all names below the rest; NULL: only the origin whose host and port `authority` names. */
gboolean ws_handshake_origin_is_allowed (CsSlice origin, CsSlice authority,
                                         const char *const *allowed);

/* Whether an element of such a list is one. */
gboolean ws_handshake_origin_is_valid (const char *origin);

G_END_DECLS
