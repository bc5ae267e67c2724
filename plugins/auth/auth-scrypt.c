/* auth-scrypt.c: scrypt by OpenSSL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-scrypt.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

/* What OWASP's password storage sheet asks for where a login may use 16 MiB. */
#define NEW_N 16384
#define NEW_R 8
#define NEW_P 5
#define NEW_PARAMETERS AUTH_SCRYPT_PREFIX G_STRINGIFY (NEW_N) ":" G_STRINGIFY (NEW_R) ":" G_STRINGIFY (NEW_P)

#define MEMORY_MAX (G_GUINT64_CONSTANT (256) << 20)
#define WORK_MAX (G_GUINT64_CONSTANT (64) * NEW_N * NEW_R * NEW_P)
#define SALT_MAX 64
#define SALT_NEW 16

#define ZEROS_32 "00000000000000000000000000000000"

/* A decimal number without sign or leading zero, ended by `end`; *at moves behind that. */
static gboolean
take_number (const char **at, char end, guint64 *value)
{
  char *stop;

  if (**at < '1' || **at > '9')
    return FALSE;
  *value = g_ascii_strtoull (*at, &stop, 10);
  if (*stop != end || stop - *at > 10)
    return FALSE;
  *at = stop + 1;
  return TRUE;
}

static gboolean
take_key (const char *hex, guint8 *key)
{
  gsize i;

  if (strlen (hex) != 2 * AUTH_SCRYPT_KEY)
    return FALSE;
  for (i = 0; i < AUTH_SCRYPT_KEY; i++)
    {
      gint high = g_ascii_xdigit_value (hex[2 * i]);
      gint low = g_ascii_xdigit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      key[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

static gboolean
is_affordable (const AuthScrypt *scrypt)
{
  if (scrypt->n < 2 || (scrypt->n & (scrypt->n - 1)) != 0)
    return FALSE;
  if (scrypt->r > 1024 || scrypt->p > 1024 || scrypt->n > MEMORY_MAX)
    return FALSE;
  return 128 * scrypt->n * scrypt->r <= MEMORY_MAX
         && scrypt->n * scrypt->r * scrypt->p <= WORK_MAX;
}

gboolean
auth_scrypt_parse (const char *hash, AuthScrypt *scrypt)
{
  const char *at = hash;
  const char *dollar;

  if (!g_str_has_prefix (at, AUTH_SCRYPT_PREFIX))
    return FALSE;
  at += strlen (AUTH_SCRYPT_PREFIX);
  if (!take_number (&at, ':', &scrypt->n) || !take_number (&at, ':', &scrypt->r)
      || !take_number (&at, '$', &scrypt->p) || !is_affordable (scrypt))
    return FALSE;
  dollar = strchr (at, '$');
  if (dollar == NULL || dollar == at || dollar - at > SALT_MAX)
    return FALSE;
  scrypt->salt = at;
  scrypt->salt_len = (gsize) (dollar - at);
  return take_key (dollar + 1, scrypt->key);
}

static gboolean
derive (const AuthScrypt *scrypt, const char *password, guint8 *key)
{
  gboolean done;

  ERR_clear_error ();
  done = EVP_PBE_scrypt (password, strlen (password), (const guint8 *) scrypt->salt,
                         scrypt->salt_len, scrypt->n, scrypt->r, scrypt->p, 2 * MEMORY_MAX, key,
                         AUTH_SCRYPT_KEY)
         == 1;
  ERR_clear_error ();
  return done;
}

gboolean
auth_scrypt_verify (const char *hash, const char *password)
{
  AuthScrypt scrypt;
  guint8 key[AUTH_SCRYPT_KEY];
  gboolean same;

  if (!auth_scrypt_parse (hash, &scrypt) || !derive (&scrypt, password, key))
    return FALSE;
  same = CRYPTO_memcmp (key, scrypt.key, AUTH_SCRYPT_KEY) == 0;
  OPENSSL_cleanse (key, sizeof key);
  return same;
}

static void
make_salt (char *salt)
{
  static const char letters[]
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  guint8 bytes[SALT_NEW];
  gsize i;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    g_error ("OpenSSL has no random bytes");
  for (i = 0; i < SALT_NEW; i++)
    salt[i] = letters[bytes[i] % 64];
  salt[SALT_NEW] = '\0';
}

char *
auth_scrypt_hash (const char *password)
{
  char salt[SALT_NEW + 1];
  AuthScrypt scrypt = { .n = NEW_N, .r = NEW_R, .p = NEW_P, .salt = salt, .salt_len = SALT_NEW };
  GString *text;
  gsize i;

  make_salt (salt);
  if (!derive (&scrypt, password, scrypt.key))
    return NULL;
  text = g_string_new (NEW_PARAMETERS "$");
  g_string_append_printf (text, "%s$", salt);
  for (i = 0; i < AUTH_SCRYPT_KEY; i++)
    g_string_append_printf (text, "%02x", scrypt.key[i]);
  return g_string_free (text, FALSE);
}

const char *
auth_scrypt_nobody (void)
{
  return NEW_PARAMETERS "$nobody-has-this-$" ZEROS_32 ZEROS_32 ZEROS_32 ZEROS_32;
}
