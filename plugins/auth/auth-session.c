/* auth-session.c: session tokens: made, taken apart, their signature checked.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-session.h"
#include "auth-base64url.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define VERSION 1
#define MAC_LEN 32
#define HEAD_LEN (1 + 8 + AUTH_GENERATION_LEN)
#define NAMES_MAX 1024

static void
mac (const guint8 *key, gsize key_len, gconstpointer data, gsize length, guint8 *result)
{
  unsigned int n;

  if (HMAC (EVP_sha256 (), key, (int) key_len, data, length, result, &n) == NULL)
    g_error ("OpenSSL has no HMAC-SHA-256");
}

static void
derive (const char *secret, const char *purpose, guint8 *key)
{
  mac ((const guint8 *) secret, strlen (secret), purpose, strlen (purpose), key);
}

void
auth_session_keys (AuthSessionKeys *keys, const char *secret)
{
  derive (secret, "cloudsync session cookie 1", keys->mac);
  derive (secret, "cloudsync credential generation 1", keys->generation);
}

void
auth_generation (const AuthSessionKeys *keys, const char *text,
                 guint8 generation[AUTH_GENERATION_LEN])
{
  guint8 full[MAC_LEN];

  mac (keys->generation, sizeof keys->generation, text, strlen (text), full);
  memcpy (generation, full, AUTH_GENERATION_LEN);
}

char *
auth_session_make (const AuthSessionKeys *keys, const char *tenant, const char *name,
                   const guint8 generation[AUTH_GENERATION_LEN], gint64 issued)
{
  gsize tenant_len = strlen (tenant);
  gsize name_len = strlen (name);
  gsize length = HEAD_LEN + tenant_len + 1 + name_len;
  guint64 when = GUINT64_TO_BE ((guint64) issued);
  guint8 bytes[HEAD_LEN + NAMES_MAX + MAC_LEN];

  if (tenant_len + 1 + name_len > NAMES_MAX)
    return NULL;
  bytes[0] = VERSION;
  memcpy (bytes + 1, &when, sizeof when);
  memcpy (bytes + 9, generation, AUTH_GENERATION_LEN);
  memcpy (bytes + HEAD_LEN, tenant, tenant_len + 1);
  memcpy (bytes + HEAD_LEN + tenant_len + 1, name, name_len);
  mac (keys->mac, sizeof keys->mac, bytes, length, bytes + length);
  return auth_base64url_encode (bytes, length + MAC_LEN);
}

gboolean
auth_session_parse (CsSlice text, AuthSession *session)
{
  guint64 when;
  char *end;

  if (AUTH_BASE64URL_BYTES (text.len) > sizeof session->bytes
      || !auth_base64url_decode (text, session->bytes, &session->length)
      || session->length < HEAD_LEN + 2 + MAC_LEN || session->bytes[0] != VERSION)
    return FALSE;
  session->length -= MAC_LEN;
  memcpy (&when, session->bytes + 1, sizeof when);
  session->issued = (gint64) GUINT64_FROM_BE (when);
  session->generation = session->bytes + 9;
  session->tenant = (char *) session->bytes + HEAD_LEN;
  end = memchr (session->tenant, '\0', session->length - HEAD_LEN);
  if (end == NULL)
    return FALSE;
  session->name = end + 1;
  return session->name < (char *) session->bytes + session->length
         && memchr (session->name, '\0',
                    (gsize) ((char *) session->bytes + session->length - session->name))
              == NULL;
}

/* The names have no NUL behind them until the signature was compared: it lies there. */
gboolean
auth_session_is_genuine (const AuthSessionKeys *keys, const AuthSession *session)
{
  guint8 expected[MAC_LEN];
  guint8 *given = (guint8 *) session->bytes + session->length;
  gboolean genuine;

  mac (keys->mac, sizeof keys->mac, session->bytes, session->length, expected);
  genuine = CRYPTO_memcmp (expected, given, MAC_LEN) == 0;
  *given = '\0';
  return genuine;
}
