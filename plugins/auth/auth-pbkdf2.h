/* auth-pbkdf2.h: the scheme `pbkdf2:HASH:ITERATIONS$salt$hex` (PBKDF2 of RFC 8018, written as Werkzeug
 * does), which CouchDB's `derived_key`, `salt`, `iterations` and `pbkdf2_prf` say in members of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AUTH_PBKDF2_PREFIX "pbkdf2:"
#define AUTH_PBKDF2_KEY_MAX 64 /* bytes */

typedef struct
{
  char digest[8]; /* sha1, sha224, sha256, sha384 or sha512 */
  guint64 iterations;
  const char *salt; /* the characters are the salt's bytes */
  gsize salt_len;
  guint8 key[AUTH_PBKDF2_KEY_MAX];
  gsize key_len;
} AuthPbkdf2;

/* FALSE: malformed, or more than 10 times the iterations of a new hash. `salt` points into `hash`. */
gboolean auth_pbkdf2_parse (const char *hash, AuthPbkdf2 *pbkdf2);

gboolean auth_pbkdf2_verify (const char *hash, const char *password);
char *auth_pbkdf2_hash (const char *password);

/* A hash that no password has. */
const char *auth_pbkdf2_nobody (void);

G_END_DECLS
