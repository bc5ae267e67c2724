/* auth-pbkdf2.c: PBKDF2 by OpenSSL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-pbkdf2.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

/* What OWASP's password storage sheet asks for, and CouchDB 3.4 has as its default. */
#define NEW_ITERATIONS 600000
#define NEW_PARAMETERS AUTH_PBKDF2_PREFIX "sha256:" G_STRINGIFY (NEW_ITERATIONS)
#define NEW_KEY 32

#define ITERATIONS_MAX (10 * NEW_ITERATIONS)
#define SALT_MAX 128
#define SALT_NEW 16 /* bytes; twice as many hex digits, which are what is hashed */

#define ZEROS_32 "00000000000000000000000000000000"

static const struct
{
  const char *name;
  gsize key_len; /* of CouchDB: one block */
} digests[] = { { "sha1", 20 }, { "sha224", 28 }, { "sha256", 32 }, { "sha384", 48 },
                { "sha512", 64 } };

static gboolean
take_digest (const char **at, AuthPbkdf2 *pbkdf2)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (digests); i++)
    {
      gsize n = strlen (digests[i].name);

      if (strncmp (*at, digests[i].name, n) != 0 || (*at)[n] != ':')
        continue;
      g_strlcpy (pbkdf2->digest, digests[i].name, sizeof pbkdf2->digest);
      pbkdf2->key_len = digests[i].key_len;
      *at += n + 1;
      return TRUE;
    }
  return FALSE;
}

static gboolean
take_iterations (const char **at, AuthPbkdf2 *pbkdf2)
{
  char *stop;

  if (**at < '1' || **at > '9')
    return FALSE;
  pbkdf2->iterations = g_ascii_strtoull (*at, &stop, 10);
  if (*stop != '$' || stop - *at > 8 || pbkdf2->iterations > ITERATIONS_MAX)
    return FALSE;
  *at = stop + 1;
  return TRUE;
}

static gboolean
take_key (const char *hex, AuthPbkdf2 *pbkdf2)
{
  gsize i;

  if (strlen (hex) != 2 * pbkdf2->key_len)
    return FALSE;
  for (i = 0; i < pbkdf2->key_len; i++)
    {
      gint high = g_ascii_xdigit_value (hex[2 * i]);
      gint low = g_ascii_xdigit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      pbkdf2->key[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

gboolean
auth_pbkdf2_parse (const char *hash, AuthPbkdf2 *pbkdf2)
{
  const char *at = hash;
  const char *dollar;

  if (!g_str_has_prefix (at, AUTH_PBKDF2_PREFIX))
    return FALSE;
  at += strlen (AUTH_PBKDF2_PREFIX);
  if (!take_digest (&at, pbkdf2) || !take_iterations (&at, pbkdf2))
    return FALSE;
  dollar = strchr (at, '$');
  if (dollar == NULL || dollar == at || dollar - at > SALT_MAX)
    return FALSE;
  pbkdf2->salt = at;
  pbkdf2->salt_len = (gsize) (dollar - at);
  return take_key (dollar + 1, pbkdf2);
}

static gboolean
derive (const AuthPbkdf2 *pbkdf2, const char *password, guint8 *key)
{
  EVP_MD *md;
  gboolean done;

  ERR_clear_error ();
  md = EVP_MD_fetch (NULL, pbkdf2->digest, NULL);
  done = md != NULL
         && PKCS5_PBKDF2_HMAC (password, (int) strlen (password), (const guint8 *) pbkdf2->salt,
                               (int) pbkdf2->salt_len, (int) pbkdf2->iterations, md,
                               (int) pbkdf2->key_len, key)
              == 1;
  EVP_MD_free (md);
  ERR_clear_error ();
  return done;
}

gboolean
auth_pbkdf2_verify (const char *hash, const char *password)
{
  AuthPbkdf2 pbkdf2;
  guint8 key[AUTH_PBKDF2_KEY_MAX];
  gboolean same;

  if (!auth_pbkdf2_parse (hash, &pbkdf2) || !derive (&pbkdf2, password, key))
    return FALSE;
  same = CRYPTO_memcmp (key, pbkdf2.key, pbkdf2.key_len) == 0;
  OPENSSL_cleanse (key, sizeof key);
  return same;
}

static void
append_hex (GString *text, const guint8 *bytes, gsize n)
{
  gsize i;

  for (i = 0; i < n; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
}

char *
auth_pbkdf2_hash (const char *password)
{
  g_autoptr (GString) salt = g_string_new (NULL);
  AuthPbkdf2 pbkdf2 = { .digest = "sha256", .iterations = NEW_ITERATIONS, .key_len = NEW_KEY };
  guint8 bytes[SALT_NEW];
  GString *text;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    g_error ("OpenSSL has no random bytes");
  append_hex (salt, bytes, sizeof bytes);
  pbkdf2.salt = salt->str;
  pbkdf2.salt_len = salt->len;
  if (!derive (&pbkdf2, password, pbkdf2.key))
    return NULL;
  text = g_string_new (NEW_PARAMETERS "$");
  g_string_append_printf (text, "%s$", salt->str);
  append_hex (text, pbkdf2.key, pbkdf2.key_len);
  return g_string_free (text, FALSE);
}

const char *
auth_pbkdf2_nobody (void)
{
  return NEW_PARAMETERS "$" ZEROS_32 "$" ZEROS_32 ZEROS_32;
}
