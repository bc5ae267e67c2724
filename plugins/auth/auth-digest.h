/* auth-digest.h: what verified credentials are remembered by: a keyed digest, never the password.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define AUTH_DIGEST_LEN 32

typedef struct
{
  guint8 bytes[AUTH_DIGEST_LEN];
} AuthDigest;

/* HMAC-SHA-256 (RFC 2104) with a key that lives in this process alone; for one thread. */
typedef struct _AuthHasher AuthHasher;

AuthHasher *auth_hasher_new (const guint8 key[AUTH_DIGEST_LEN]);
void auth_hasher_free (AuthHasher *hasher);

/* Of what a header holds, by its kind (a letter), or of a tenant, name and password; none of these agree. */
void auth_hasher_token (AuthHasher *hasher, char kind, CsSlice token, AuthDigest *digest);
void auth_hasher_login (AuthHasher *hasher, const char *tenant, const char *name,
                        const char *password, AuthDigest *digest);

/* What failures are counted by: an address, and with it a name ("": none). */
guint64 auth_hasher_failure (AuthHasher *hasher, const char *address, const char *name);

/* For GHashTable. The comparison takes the same time whatever differs. */
guint auth_digest_hash (gconstpointer digest);
gboolean auth_digest_equal (gconstpointer a, gconstpointer b);

G_END_DECLS
