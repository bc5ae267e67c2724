/* auth-token.c: a token's way from the header to an identity.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"
#include "auth-identity.h"

typedef struct
{
  const AuthJwtKey *key;
  const AuthJwt *jwt;
  gboolean genuine;
} Verification;

static void
verify (gpointer data)
{
  Verification *verification = data;
  const AuthJwt *jwt = verification->jwt;

  verification->genuine = auth_jwt_key_verify (verification->key, jwt->input,
                                               cs_slice (jwt->signature, jwt->signature_len));
}

/* CS_DENIED: no key that the head names made that signature. */
static CsStatus
find_signer (AuthState *self, const AuthKeys *keys, const AuthJwt *jwt, const AuthTokenKey **signer,
             const char **why)
{
  Verification verification = { .jwt = jwt };
  CsStatus status = CS_OK;
  guint at = 0;

  *why = "no key of that algorithm and kid is known";
  while (status == CS_OK && (*signer = auth_keys_match (keys, jwt, &at)) != NULL)
    {
      *why = "the token's signature is wrong";
      verification.key = (*signer)->key;
      if (auth_jwt_key_is_fast (verification.key))
        verify (&verification);
      else
        status = cs_pool_run (self, verify, &verification);
      if (status == CS_OK && verification.genuine)
        return CS_OK;
    }
  return status != CS_OK ? status : CS_DENIED;
}

CsStatus
auth_token_verify (AuthState *self, CsSlice token, CsIdentity **identity, const char **why)
{
  const AuthKeys *keys = auth_accounts_keys (auth_accounts (self));
  const AuthTokenKey *signer;
  AuthClaims claims;
  AuthJwt jwt;
  CsStatus status;

  *why = auth_jwt_parse (token, &jwt);
  if (*why != NULL)
    return CS_DENIED;
  status = find_signer (self, keys, &jwt, &signer, why);
  if (status != CS_OK)
    return status;
  *why = auth_claims_read (jwt.payload, &signer->trust, g_get_real_time (), &claims);
  if (*why != NULL)
    return CS_DENIED;
  *identity = auth_identity_new (claims.tenant, claims.user, claims.roles, claims.scopes,
                                 claims.admin, "jwt");
  (*identity)->expires = claims.expires;
  auth_claims_clear (&claims);
  return CS_OK;
}
