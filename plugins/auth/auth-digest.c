/* auth-digest.c: HMAC by OpenSSL, set up once for each thread.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

struct _AuthHasher
{
  EVP_MAC_CTX *context;
};

AuthHasher *
auth_hasher_new (const guint8 key[AUTH_DIGEST_LEN])
{
  AuthHasher *hasher = g_new0 (AuthHasher, 1);
  EVP_MAC *mac = EVP_MAC_fetch (NULL, "HMAC", NULL);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[]
    = { OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end () };

  hasher->context = EVP_MAC_CTX_new (mac);
  EVP_MAC_free (mac);
  if (hasher->context == NULL
      || EVP_MAC_init (hasher->context, key, AUTH_DIGEST_LEN, parameters) != 1)
    g_error ("OpenSSL has no HMAC-SHA-256");
  return hasher;
}

void
auth_hasher_free (AuthHasher *hasher)
{
  EVP_MAC_CTX_free (hasher->context);
  g_free (hasher);
}

/* Each part with its NUL or its kind, so that no two lists of parts run together alike. */
static void
add (AuthHasher *hasher, const char *data, gsize len)
{
  EVP_MAC_update (hasher->context, (const guint8 *) data, len);
}

static void
begin (AuthHasher *hasher, char kind)
{
  EVP_MAC_init (hasher->context, NULL, 0, NULL);
  add (hasher, &kind, 1);
}

static void
end (AuthHasher *hasher, AuthDigest *digest)
{
  gsize len;

  EVP_MAC_final (hasher->context, digest->bytes, &len, sizeof digest->bytes);
}

void
auth_hasher_token (AuthHasher *hasher, char kind, CsSlice token, AuthDigest *digest)
{
  begin (hasher, kind);
  add (hasher, token.data, token.len);
  end (hasher, digest);
}

void
auth_hasher_login (AuthHasher *hasher, const char *tenant, const char *name, const char *password,
                   AuthDigest *digest)
{
  begin (hasher, 'l');
  add (hasher, tenant, strlen (tenant) + 1);
  add (hasher, name, strlen (name) + 1);
  add (hasher, password, strlen (password));
  end (hasher, digest);
}

guint64
auth_hasher_failure (AuthHasher *hasher, const char *address, const char *name)
{
  AuthDigest digest;
  guint64 key;

  begin (hasher, 'f');
  add (hasher, address, strlen (address) + 1);
  add (hasher, name, strlen (name));
  end (hasher, &digest);
  memcpy (&key, &digest, sizeof key);
  return key;
}

guint
auth_digest_hash (gconstpointer digest)
{
  guint hash;

  memcpy (&hash, digest, sizeof hash);
  return hash;
}

gboolean
auth_digest_equal (gconstpointer a, gconstpointer b)
{
  return CRYPTO_memcmp (a, b, AUTH_DIGEST_LEN) == 0;
}
