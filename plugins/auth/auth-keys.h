/* auth-keys.h: the keys of the settings: [jwt-key NAME], whose tokens are taken, and [api-key NAME].
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth-jwt-key.h"
#include "auth-jwt.h"
#include "auth-settings.h"

G_BEGIN_DECLS

/* An API key is this, and 43 characters of base64url: 256 random bits. */
#define AUTH_API_KEY_PREFIX "csk_"
#define AUTH_API_KEY_LEN (4 + 43)
#define AUTH_API_HASH_PREFIX "sha256:"

typedef struct
{
  const char *name; /* of the section */
  const char *kid;
  AuthJwtKey *key;
  const char *algorithm;
  AuthTrust trust;
} AuthTokenKey;

/* Immutable. Any thread. */
typedef struct
{
  GArray *tokens;       /* of AuthTokenKey */
  GHashTable *api_keys; /* 32 bytes -> CsSection of [api-key NAME] */
} AuthKeys;

/* Keeps pointers into the settings. NULL and the error. */
AuthKeys *auth_keys_new (const CsSection *jwt_keys, guint n_jwt_keys, const CsSection *api_keys,
                         guint n_api_keys, GError **error);
void auth_keys_free (AuthKeys *keys);

/* The next key from *at on that the head names: its algorithm, and its kid when it has one. */
const AuthTokenKey *auth_keys_match (const AuthKeys *keys, const AuthJwt *jwt, guint *at);

/* The section of an API key; NULL: nobody's. */
const CsSection *auth_keys_find (const AuthKeys *keys, CsSlice api_key);

/* `sha256:` and 64 hex digits of 32 bytes. */
gboolean auth_api_hash_parse (const char *hash, guint8 digest[32]);

/* A fresh key and what to store of it; both to be g_free()d. FALSE: OpenSSL has no random bytes. A key is
 * random, so that nothing is gained by a slow hash. */
gboolean auth_api_key_make (char **key, char **hash);

/* For settings_check. */
gboolean auth_jwt_section_check (const AuthJwtSettings *settings, GError **error);
gboolean auth_api_section_check (const AuthApiSettings *settings, GError **error);

G_END_DECLS
