/* auth-base64url.h: base64url without padding (RFC 4648 §5), as tokens and cookies are written.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* Bytes that `length` characters stand for. */
#define AUTH_BASE64URL_BYTES(length) ((length) / 4 * 3 + 2)

/* Decodes into `bytes`, which has room for AUTH_BASE64URL_BYTES. FALSE: a character, a length or left-over
 * bits that no encoder writes, so that each value has one spelling. */
gboolean auth_base64url_decode (CsSlice text, guint8 *bytes, gsize *length);

/* To be g_free()d. */
char *auth_base64url_encode (const guint8 *bytes, gsize length);

G_END_DECLS
