/* auth-basic.h: credentials of the Basic scheme (RFC 7617).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* Room for what is decoded; the longest token that is accepted has 4/3 of it. */
#define AUTH_BASIC_MAX 1536

typedef struct
{
  char text[AUTH_BASIC_MAX + 4]; /* "name\0password\0" */
  const char *name;
  const char *password;
} AuthBasic;

/* Splits an Authorization header's value (RFC 9110 §11.4) into scheme and the rest, blanks trimmed.
 * FALSE: there is no rest. */
gboolean auth_split_scheme (CsSlice authorization, CsSlice *scheme, CsSlice *rest);

/* CS_INVALID: no canonical base64, not UTF-8, no colon, a control character, or too long. `basic` holds
 * the password in the clear: auth_basic_clear () it. */
CsStatus auth_basic_parse (CsSlice token, AuthBasic *basic);
void auth_basic_clear (AuthBasic *basic);

G_END_DECLS
