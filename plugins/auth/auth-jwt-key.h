/* auth-jwt-key.h: a key that tokens are signed with, pinned to one algorithm (RFC 7518, RFC 8037).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef enum
{
  AUTH_JWT_HS256,
  AUTH_JWT_HS384,
  AUTH_JWT_HS512,
  AUTH_JWT_RS256,
  AUTH_JWT_RS384,
  AUTH_JWT_RS512,
  AUTH_JWT_ES256,
  AUTH_JWT_ES384,
  AUTH_JWT_ES512,
  AUTH_JWT_EDDSA
} AuthJwtAlgorithm;

/* Their names as `alg` has them, NULL-terminated, in that order. */
extern const char *const auth_jwt_algorithms[];

/* Immutable; any thread. */
typedef struct _AuthJwtKey AuthJwtKey;

/* `secret` for HS…: text, or `base64:` and base64; `public_key` in PEM for the others. NULL and the error, which
 * shows neither, when it does not fit the algorithm or is weaker than that allows. */
AuthJwtKey *auth_jwt_key_new (AuthJwtAlgorithm algorithm, const char *secret,
                              const char *public_key, GError **error);
void auth_jwt_key_free (AuthJwtKey *key);

/* A signature that takes a few microseconds; the others are for the pool. */
gboolean auth_jwt_key_is_fast (const AuthJwtKey *key);

/* Whether the signature is that of `input` by this key and its algorithm, and no other. */
gboolean auth_jwt_key_verify (const AuthJwtKey *key, CsSlice input, CsSlice signature);

G_END_DECLS
