/* auth-password.c: the schemes of stored password hashes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-password.h"
#include "auth-pbkdf2.h"
#include "auth-scrypt.h"

typedef struct
{
  const char *prefix;
  gboolean (*check) (const char *hash);
  gboolean (*verify) (const char *hash, const char *password);
  char *(*make) (const char *password);
  const char *(*nobody) (void);
} AuthScheme;

static gboolean
scrypt_check (const char *hash)
{
  AuthScrypt scrypt;

  return auth_scrypt_parse (hash, &scrypt);
}

static gboolean
pbkdf2_check (const char *hash)
{
  AuthPbkdf2 pbkdf2;

  return auth_pbkdf2_parse (hash, &pbkdf2);
}

static const AuthScheme schemes[] = {
  [CS_HASH_SCRYPT] = { AUTH_SCRYPT_PREFIX, scrypt_check, auth_scrypt_verify, auth_scrypt_hash,
                       auth_scrypt_nobody },
  [CS_HASH_PBKDF2] = { AUTH_PBKDF2_PREFIX, pbkdf2_check, auth_pbkdf2_verify, auth_pbkdf2_hash,
                       auth_pbkdf2_nobody },
};

static const AuthScheme *
scheme_of (const char *hash)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (hash, schemes[i].prefix))
      return &schemes[i];
  return NULL;
}

/* The messages must not show the value: somebody may have put the password itself there. */
gboolean
auth_password_check (const char *hash, GError **error)
{
  const AuthScheme *scheme = scheme_of (hash);

  if (scheme == NULL)
    g_set_error (error, CS_ERROR, CS_INVALID,
                 "the password is not hashed: write what `cloudsyncctl hash` prints for it");
  else if (!scheme->check (hash))
    g_set_error (error, CS_ERROR, CS_INVALID,
                 "the hash after \"%s\" is malformed or too costly: make a new one with "
                 "`cloudsyncctl hash`",
                 scheme->prefix);
  else
    return TRUE;
  return FALSE;
}

gboolean
auth_password_verify (const char *hash, const char *password)
{
  const AuthScheme *scheme = scheme_of (hash);

  return scheme != NULL && scheme->verify (hash, password);
}

char *
auth_password_hash (CsHashScheme scheme, const char *password)
{
  return schemes[scheme].make (password);
}

const char *
auth_password_nobody (CsHashScheme scheme)
{
  return schemes[scheme].nobody ();
}
