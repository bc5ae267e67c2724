/* auth-password.h: stored password hashes: how they are written, made and checked.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A stored hash begins with its scheme's name; a further scheme is a row of the table in
 * auth-password.c. Any thread. */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* Of a password, in bytes. */
#define AUTH_PASSWORD_MAX 1024

/* Whether `hash` is of a known scheme, well formed, and within what a login may cost. Does not hash. */
gboolean auth_password_check (const char *hash, GError **error);

/* Whether `password` is the one that was hashed. Takes a quarter of a second and 16 MiB: in the pool
 * only. The comparison takes the same time whatever differs. */
gboolean auth_password_verify (const char *hash, const char *password);

/* A new hash with a random salt, to be g_free()d; NULL when OpenSSL fails. As slow. */
char *auth_password_hash (CsHashScheme scheme, const char *password);

/* A hash of no password, as costly to check as those that auth_password_hash () makes. */
const char *auth_password_nobody (CsHashScheme scheme);

G_END_DECLS
