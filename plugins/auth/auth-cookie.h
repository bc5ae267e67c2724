/* auth-cookie.h: the cookie AuthSession (RFC 6265), read and written.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef enum
{
  AUTH_SAME_SITE_LAX,
  AUTH_SAME_SITE_STRICT,
  AUTH_SAME_SITE_NONE
} AuthSameSite;

/* The value of AuthSession in a Cookie header, without quotes; FALSE when there is none or it is empty. */
gboolean auth_cookie_find (CsSlice header, CsSlice *value);

/* A Set-Cookie value; `value` "" and `max_age` 0 end it. Seconds. To be g_free()d. */
char *auth_cookie_make (const char *value, gint64 max_age, AuthSameSite same_site, gboolean secure);

G_END_DECLS
