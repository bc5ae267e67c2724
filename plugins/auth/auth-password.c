/* auth-password.c: the schemes of stored password hashes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-password.h"
#include "auth-scrypt.h"

typedef struct
{
  const char *prefix;
  gboolean (*check) (const char *hash);
  gboolean (*verify) (const char *hash, const char *password);
} AuthScheme;

static gboolean
scrypt_check (const char *hash)
{
  AuthScrypt scrypt;

  return auth_scrypt_parse (hash, &scrypt);
}

static const AuthScheme schemes[] = {
  { AUTH_SCRYPT_PREFIX, scrypt_check, auth_scrypt_verify },
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
auth_password_hash (const char *password)
{
  return auth_scrypt_hash (password);
}

const char *
auth_password_nobody (void)
{
  return auth_scrypt_nobody ();
}
