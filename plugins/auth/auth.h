/* auth.h: the instance of the auth plugin.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth-accounts.h"
#include "auth-cookie.h"
#include "auth-flights.h"
#include "auth-gate.h"
#include "auth-remembered.h"
#include "auth-session.h"
#include "auth-throttle.h"

G_BEGIN_DECLS

#define AUTH_MAX_SOURCES 8

/* What refused clients are told, in CouchDB's words. */
#define AUTH_INCORRECT "Name or password is incorrect."
#define AUTH_LOCKED "Account is temporarily locked due to multiple authentication failures"

typedef struct
{
  const CsCredentialsSource *source;
  gpointer self;
} AuthSource;

/* The instance's state. */
typedef struct
{
  CsAuth service;
  AuthAccounts *accounts;  /* swapped by a reload; read atomically */
  GPtrArray *old_accounts; /* earlier ones, which a login may still be reading */
  AuthSource sources[AUTH_MAX_SOURCES];
  guint n_sources;
  AuthGate gate;
  AuthFlights flights;
  AuthRemembered remembered;
  AuthThrottle throttle;
  AuthSessionKeys session_keys;
  guint8 key[AUTH_DIGEST_LEN];
  CsIdentity *anonymous;
  CsTask prepare;               /* hashes the administrator's password after start */
  AuthAccounts *prepare_accounts;
  CsStat logins_ok;
  CsStat logins_denied;
  CsStat logins_locked;
  CsStat logins_overloaded;
  CsStat logins_malformed;
  CsStat logins_failed;
  CsStat tokens_ok;
  CsStat tokens_denied;
  CsStat keys_ok;
  CsStat keys_denied;
  CsStat recalled;
  CsStat hash_seconds;
} AuthState;

/* What each worker has. */
typedef struct
{
  AuthHasher *hasher;
  AuthRecent *recent;
  CsIdentity *anonymous;
} AuthWorker;

gboolean auth_create (gpointer self, GError **error);
gboolean auth_start (gpointer self, GError **error);
gboolean auth_worker_start (gpointer self, guint worker, GError **error);
void auth_worker_stop (gpointer self, guint worker);
gboolean auth_reload_prepare (gpointer self, const void *settings, gpointer *token, GError **error);
void auth_reload_commit (gpointer self, gpointer token);
void auth_reload_abort (gpointer self, gpointer token);
void auth_destroy (gpointer self);

/* One login on its way. */
typedef struct
{
  const CsAuthRequest *request;
  const char *tenant;
  const char *name;
  const char *password;
  AuthHasher *hasher;
  guint64 generation;
  AuthDigest digest;
  gint64 expires; /* of what is found; 0: not to be remembered by the caller */
  gboolean locked;
} AuthLogin;

/* The accounts and keys of the settings as they are now. Any thread. */
static inline AuthAccounts *
auth_accounts (AuthState *self)
{
  return __atomic_load_n (&self->accounts, __ATOMIC_ACQUIRE);
}

/* auth-lookup.c. On a fiber; may wait. CS_NOT_FOUND: nobody has that name. */
CsStatus auth_look_up (AuthState *self, const char *tenant, const char *name, gboolean with_hash,
                       CsCredential *credential);
void auth_credential_clear (CsCredential *credential);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CsCredential, auth_credential_clear)
/* A reference to the identity of that user, which may have sessions. `verified`: auth_remembered_generation ()
 * before the look-up. */
CsIdentity *auth_identity_of (AuthState *self, const CsCredential *credential, const char *name,
                              const char *method, guint64 verified);
CsStatus auth_recheck (CsAuth *auth, CsIdentity *identity, gboolean may_wait);

/* auth-login.c. On a fiber; may wait. */
CsStatus auth_log_in (AuthState *self, AuthLogin *login, CsIdentity **identity);

/* auth-token.c. On a fiber; may wait for the pool. CS_DENIED with why. */
CsStatus auth_token_verify (AuthState *self, CsSlice token, CsIdentity **identity,
                            const char **why);

/* The contract's, in auth-authenticate.c and auth-login.c. */
CsStatus auth_authenticate (CsAuth *auth, const CsAuthRequest *request, CsAuthVerdict *verdict);
char *auth_session_cookie (CsAuth *auth, const CsAuthRequest *request, CsIdentity *identity);
CsStatus auth_login (CsAuth *auth, const CsAuthRequest *request, const char *tenant,
                     const char *name, const char *password, CsAuthVerdict *verdict);
CsStatus auth_hash (CsAuth *auth, CsHashScheme scheme, const char *password, char **hash);

G_END_DECLS
