/* token-fixture.c: see token-fixture.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "token-fixture.h"
#include "auth-base64url.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

struct _TokenPair
{
  EVP_PKEY *key;
  char *public_key;
};

static EVP_PKEY *
make_key (AuthJwtAlgorithm algorithm)
{
  switch (algorithm)
    {
    case AUTH_JWT_ES256:
      return EVP_EC_gen ("P-256");
    case AUTH_JWT_ES384:
      return EVP_EC_gen ("P-384");
    case AUTH_JWT_ES512:
      return EVP_EC_gen ("P-521");
    case AUTH_JWT_EDDSA:
      return EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
    default:
      return EVP_RSA_gen (2048);
    }
}

TokenPair *
token_pair_new (AuthJwtAlgorithm algorithm)
{
  TokenPair *pair = g_new0 (TokenPair, 1);
  BIO *bio = BIO_new (BIO_s_mem ());
  char *text;
  long length;

  pair->key = make_key (algorithm);
  g_assert_nonnull (pair->key);
  g_assert_cmpint (PEM_write_bio_PUBKEY (bio, pair->key), ==, 1);
  length = BIO_get_mem_data (bio, &text);
  pair->public_key = g_strndup (text, (gsize) length);
  BIO_free (bio);
  return pair;
}

void
token_pair_free (TokenPair *pair)
{
  EVP_PKEY_free (pair->key);
  g_free (pair->public_key);
  g_free (pair);
}

const char *
token_pair_public (const TokenPair *pair)
{
  return pair->public_key;
}

static const char *
digest_of (AuthJwtAlgorithm algorithm)
{
  static const char *const names[] = { "SHA256", "SHA384", "SHA512" };

  return algorithm == AUTH_JWT_EDDSA ? NULL : names[algorithm % 3];
}

/* DER as r and s of fixed length. */
static gsize
plain_ecdsa (AuthJwtAlgorithm algorithm, guint8 *signature, gsize length)
{
  static const gsize parts[] = { 32, 48, 66 };
  gsize part = parts[algorithm - AUTH_JWT_ES256];
  const unsigned char *at = signature;
  ECDSA_SIG *pair = d2i_ECDSA_SIG (NULL, &at, (long) length);

  g_assert_nonnull (pair);
  BN_bn2binpad (ECDSA_SIG_get0_r (pair), signature, (int) part);
  BN_bn2binpad (ECDSA_SIG_get0_s (pair), signature + part, (int) part);
  ECDSA_SIG_free (pair);
  return 2 * part;
}

static gsize
sign (AuthJwtAlgorithm algorithm, const TokenPair *pair, const char *secret, const char *input,
      guint8 *signature, gsize size)
{
  EVP_MD_CTX *context;
  gsize length = size;
  unsigned int n;

  if (pair == NULL)
    {
      HMAC (EVP_get_digestbyname (digest_of (algorithm)), secret, (int) strlen (secret),
            (const guint8 *) input, strlen (input), signature, &n);
      return n;
    }
  context = EVP_MD_CTX_new ();
  g_assert_cmpint (
    EVP_DigestSignInit_ex (context, NULL, digest_of (algorithm), NULL, NULL, pair->key, NULL), ==, 1);
  g_assert_cmpint (
    EVP_DigestSign (context, signature, &length, (const guint8 *) input, strlen (input)), ==, 1);
  EVP_MD_CTX_free (context);
  if (algorithm >= AUTH_JWT_ES256 && algorithm <= AUTH_JWT_ES512)
    return plain_ecdsa (algorithm, signature, length);
  return length;
}

char *
token_unsigned (const char *head, const char *claims)
{
  g_autofree char *first = auth_base64url_encode ((const guint8 *) head, strlen (head));
  g_autofree char *second = auth_base64url_encode ((const guint8 *) claims, strlen (claims));

  return g_strconcat (first, ".", second, ".", NULL);
}

char *
token_sign (AuthJwtAlgorithm algorithm, const TokenPair *pair, const char *secret,
            const char *head, const char *claims)
{
  g_autofree char *input = token_unsigned (head, claims);
  g_autofree char *third = NULL;
  guint8 signature[1024];
  gsize length;

  input[strlen (input) - 1] = '\0';
  length = sign (algorithm, pair, secret, input, signature, sizeof signature);
  third = auth_base64url_encode (signature, length);
  return g_strconcat (input, ".", third, NULL);
}
