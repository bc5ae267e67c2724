/* auth-jwt.h: JSON Web Tokens (RFC 7519, RFC 7515 compact, RFC 8725): taken apart, and their claims read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure. The order is: the head is read, a key is chosen by it, the signature checked, and only then are the
 * claims looked at. */
#pragma once

#include "auth-json.h"

G_BEGIN_DECLS

#define AUTH_JWT_MAX 8192       /* bytes of a token */
#define AUTH_JWT_HEAD_MAX 1024  /* bytes of its first part */
#define AUTH_JWT_TEXT_MAX 256   /* bytes of a name in it */

typedef struct
{
  char algorithm[16];
  char kid[AUTH_JWT_TEXT_MAX]; /* "": none */
  CsSlice input;               /* what is signed; of the token */
  CsSlice payload;             /* encoded; of the token */
  guint8 signature[768];
  gsize signature_len;
} AuthJwt;

/* NULL, or why the token is none that could be checked. */
const char *auth_jwt_parse (CsSlice token, AuthJwt *jwt);

/* What one who issues tokens is believed. */
typedef struct
{
  const char *issuer;        /* NULL: whoever has the key */
  char *const *audience;     /* NULL: a token for somebody else is not asked whom it is for */
  char *const *roles_claims; /* in order; the first that is there counts */
  char *const *scope_claims; /* all of them; NULL: scopes do not limit */
  const char *tenant_claim;  /* NULL: `tenant` */
  const char *tenant;        /* NULL: the default one */
  gboolean admin;            /* the role _admin may come by token */
  gboolean exp_required;
  gint64 leeway;             /* microseconds */
} AuthTrust;

typedef struct
{
  char *user;
  char *tenant;
  char **roles;
  char **scopes; /* NULL: not limited */
  gboolean admin;
  gint64 expires; /* wall clock, microseconds; CS_NEVER */
} AuthClaims;

/* Reads and checks the claims at that time. NULL with `claims` filled, or why they are refused. */
const char *auth_claims_read (CsSlice payload, const AuthTrust *trust, gint64 now, AuthClaims *claims);
void auth_claims_clear (AuthClaims *claims);

G_END_DECLS
