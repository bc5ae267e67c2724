/* auth-scrypt.h: the scheme `scrypt:N:r:p$salt$hex` (scrypt of RFC 7914, written as Werkzeug does).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AUTH_SCRYPT_PREFIX "scrypt:"
#define AUTH_SCRYPT_KEY 64 /* bytes */

typedef struct
{
  guint64 n;
  guint64 r;
  guint64 p;
  const char *salt; /* the characters are the salt's bytes */
  gsize salt_len;
  guint8 key[AUTH_SCRYPT_KEY];
} AuthScrypt;

/* FALSE: malformed, or beyond 256 MiB or 64 times the work of a new hash. `salt` points into `hash`. */
gboolean auth_scrypt_parse (const char *hash, AuthScrypt *scrypt);

gboolean auth_scrypt_verify (const char *hash, const char *password);
char *auth_scrypt_hash (const char *password);

/* A hash that no password has. */
const char *auth_scrypt_nobody (void);

G_END_DECLS
