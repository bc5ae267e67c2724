/* auth.h: the instance of the auth plugin.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth-accounts.h"
#include "auth-flights.h"
#include "auth-gate.h"
#include "auth-remembered.h"
#include "auth-settings.h"

G_BEGIN_DECLS

#define AUTH_MAX_SOURCES 8

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
  guint8 key[AUTH_DIGEST_LEN];
  CsIdentity *anonymous;
  CsTask prepare;               /* hashes the administrator's password after start */
  AuthAccounts *prepare_accounts;
  CsStat logins_ok;
  CsStat logins_denied;
  CsStat logins_overloaded;
  CsStat logins_malformed;
  CsStat logins_failed;
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

/* The contract's verify (), authorize () and hash (), in auth-verify.c. */
CsStatus auth_verify (CsAuth *auth, const char *tenant, const char *name, const char *password,
                      CsIdentity **identity);
CsStatus auth_authorize (CsAuth *auth, CsSlice authorization, CsIdentity **identity);
CsStatus auth_hash (CsAuth *auth, const char *password, char **hash);

G_END_DECLS
