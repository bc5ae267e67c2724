/* auth-accounts.h: the accounts of the settings, as a credentials source.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

#include "auth-keys.h"

G_BEGIN_DECLS

/* Immutable but for the administrator's hash, which is made once. Any thread. */
typedef struct _AuthAccounts AuthAccounts;

/* NULL and the error when a name is taken twice or cannot be sent. Takes `keys`, also then. Keeps pointers into
 * the settings. */
AuthAccounts *auth_accounts_new (const AuthSettings *settings, const CsSection *users, guint n,
                                 AuthKeys *keys, GError **error);
void auth_accounts_free (AuthAccounts *accounts);
guint auth_accounts_count (const AuthAccounts *accounts);

/* Makes the administrator's hash unless it is there; slow: in the pool only. */
void auth_accounts_prepare (AuthAccounts *accounts);

/* As CsCredentialsSource; without the hash unless `with_hash`, for which a fiber waits when the administrator's
 * is not made yet. A tenant of "" finds users of every tenant: names are unique in the settings. */
CsStatus auth_accounts_lookup (gpointer self, AuthAccounts *accounts, const char *tenant,
                               const char *name, gboolean with_hash, CsCredential *credential);

/* The keys that were read with the accounts. */
const AuthKeys *auth_accounts_keys (const AuthAccounts *accounts);

G_END_DECLS
