/* auth-jwt-key.c: signatures of tokens by OpenSSL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-jwt-key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#define RSA_BITS_MIN 2048 /* RFC 7518 §3.3 */

const char *const auth_jwt_algorithms[]
  = { "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA",
      NULL };

/* What an algorithm asks of its key. `secret`: bytes of the shortest secret, 0: a public key of `type`;
 * `part`: bytes of r and of s in a signature, 0: it is as OpenSSL has it. */
static const struct
{
  const char *digest;
  gsize secret;
  const char *type;
  const char *curve;
  gsize part;
} needs[] = {
  { "SHA256", 32, NULL, NULL, 0 },
  { "SHA384", 48, NULL, NULL, 0 },
  { "SHA512", 64, NULL, NULL, 0 },
  { "SHA256", 0, "RSA", NULL, 0 },
  { "SHA384", 0, "RSA", NULL, 0 },
  { "SHA512", 0, "RSA", NULL, 0 },
  { "SHA256", 0, "EC", "prime256v1", 32 },
  { "SHA384", 0, "EC", "secp384r1", 48 },
  { "SHA512", 0, "EC", "secp521r1", 66 },
  { NULL, 0, "ED25519", NULL, 0 },
};

struct _AuthJwtKey
{
  AuthJwtAlgorithm algorithm;
  guint8 *secret;
  gsize secret_len;
  EVP_PKEY *public_key;
};

static gboolean
invalid (GError **error, const char *text, AuthJwtAlgorithm algorithm)
{
  g_set_error (error, CS_ERROR, CS_INVALID, "%s %s", auth_jwt_algorithms[algorithm], text);
  return FALSE;
}

/* ---- keys ---- */

static gboolean
read_secret (AuthJwtKey *key, const char *secret, GError **error)
{
  g_autofree char *reason = NULL;

  if (secret == NULL || *secret == '\0')
    return invalid (error, "needs `secret`", key->algorithm);
  if (g_str_has_prefix (secret, "base64:"))
    key->secret = g_base64_decode (secret + strlen ("base64:"), &key->secret_len);
  else
    {
      key->secret_len = strlen (secret);
      key->secret = g_memdup2 (secret, key->secret_len);
    }
  if (key->secret_len >= needs[key->algorithm].secret)
    return TRUE;
  reason = g_strdup_printf ("needs a secret of at least %zu bytes (RFC 7518 §3.2); `openssl rand "
                            "-base64 %zu` makes one",
                            needs[key->algorithm].secret, needs[key->algorithm].secret);
  return invalid (error, reason, key->algorithm);
}

static gboolean
is_on_curve (EVP_PKEY *key, const char *curve)
{
  char name[64];

  return EVP_PKEY_get_utf8_string_param (key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, NULL)
           == 1
         && strcmp (name, curve) == 0;
}

static gboolean
check_public_key (const AuthJwtKey *key, GError **error)
{
  AuthJwtAlgorithm algorithm = key->algorithm;

  if (key->public_key == NULL)
    return invalid (error, "needs `public-key` in PEM, beginning -----BEGIN PUBLIC KEY-----",
                    algorithm);
  if (EVP_PKEY_is_a (key->public_key, needs[algorithm].type) != 1)
    return invalid (error, "needs another kind of key", algorithm);
  if (needs[algorithm].curve != NULL && !is_on_curve (key->public_key, needs[algorithm].curve))
    return invalid (error, "needs a key on another curve", algorithm);
  if (strcmp (needs[algorithm].type, "RSA") == 0
      && EVP_PKEY_get_bits (key->public_key) < RSA_BITS_MIN)
    return invalid (error, "needs a key of at least 2048 bits (RFC 7518 §3.3)", algorithm);
  return TRUE;
}

static gboolean
read_public_key (AuthJwtKey *key, const char *pem, GError **error)
{
  BIO *bio = BIO_new_mem_buf (pem != NULL ? pem : "", -1);

  ERR_clear_error ();
  key->public_key = PEM_read_bio_PUBKEY (bio, NULL, NULL, NULL);
  BIO_free (bio);
  ERR_clear_error ();
  return check_public_key (key, error);
}

AuthJwtKey *
auth_jwt_key_new (AuthJwtAlgorithm algorithm, const char *secret, const char *public_key,
                  GError **error)
{
  AuthJwtKey *key = g_new0 (AuthJwtKey, 1);
  gboolean symmetric = needs[algorithm].secret > 0;
  const char *other = symmetric ? public_key : secret;
  gboolean good;

  key->algorithm = algorithm;
  if (other != NULL && *other != '\0')
    good = invalid (error, symmetric ? "takes a secret, not a public key"
                                     : "takes a public key, not a secret",
                    algorithm);
  else
    good = symmetric ? read_secret (key, secret, error) : read_public_key (key, public_key, error);
  if (good)
    return key;
  auth_jwt_key_free (key);
  return NULL;
}

void
auth_jwt_key_free (AuthJwtKey *key)
{
  if (key->secret != NULL)
    OPENSSL_cleanse (key->secret, key->secret_len);
  g_free (key->secret);
  EVP_PKEY_free (key->public_key);
  g_free (key);
}

gboolean
auth_jwt_key_is_fast (const AuthJwtKey *key)
{
  return key->public_key == NULL;
}

/* ---- signatures ---- */

static gboolean
verify_hmac (const AuthJwtKey *key, CsSlice input, CsSlice signature)
{
  EVP_MD *md = EVP_MD_fetch (NULL, needs[key->algorithm].digest, NULL);
  guint8 mac[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  gboolean same = md != NULL
                  && HMAC (md, key->secret, (int) key->secret_len, (const guint8 *) input.data,
                           input.len, mac, &n)
                       != NULL
                  && signature.len == n && CRYPTO_memcmp (mac, signature.data, n) == 0;

  EVP_MD_free (md);
  return same;
}

static gboolean
verify_with_key (const AuthJwtKey *key, CsSlice input, const guint8 *signature, gsize length)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gboolean genuine;

  ERR_clear_error ();
  genuine = context != NULL
            && EVP_DigestVerifyInit_ex (context, NULL, needs[key->algorithm].digest, NULL, NULL,
                                        key->public_key, NULL)
                 == 1
            && EVP_DigestVerify (context, signature, length, (const guint8 *) input.data, input.len)
                 == 1;
  EVP_MD_CTX_free (context);
  ERR_clear_error ();
  return genuine;
}

/* r and s, each of fixed length (RFC 7518 §3.4), as the DER that OpenSSL wants. */
static gboolean
verify_ecdsa (const AuthJwtKey *key, CsSlice input, CsSlice signature)
{
  gsize part = needs[key->algorithm].part;
  const guint8 *bytes = (const guint8 *) signature.data;
  ECDSA_SIG *pair;
  unsigned char *der = NULL;
  int length;
  gboolean genuine;

  if (signature.len != 2 * part)
    return FALSE;
  pair = ECDSA_SIG_new ();
  ECDSA_SIG_set0 (pair, BN_bin2bn (bytes, (int) part, NULL),
                  BN_bin2bn (bytes + part, (int) part, NULL));
  length = i2d_ECDSA_SIG (pair, &der);
  ECDSA_SIG_free (pair);
  genuine = length > 0 && verify_with_key (key, input, der, (gsize) length);
  OPENSSL_free (der);
  return genuine;
}

gboolean
auth_jwt_key_verify (const AuthJwtKey *key, CsSlice input, CsSlice signature)
{
  if (key->public_key == NULL)
    return verify_hmac (key, input, signature);
  if (needs[key->algorithm].part > 0)
    return verify_ecdsa (key, input, signature);
  return verify_with_key (key, input, (const guint8 *) signature.data, signature.len);
}
