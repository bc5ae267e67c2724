/* auth-verify.c: from a name and a password to an identity.
 * SPDX-License-Identifier: Apache-2.0
 *
 * In the order of cost: what this worker remembers by the header alone, what the node remembers of the
 * login, what somebody else is hashing right now, and last the accounts and scrypt. */
#include "auth.h"
#include "auth-basic.h"
#include "auth-identity.h"
#include "auth-password.h"

/* One login on its way. */
typedef struct
{
  const char *tenant;
  const char *name;
  const char *password;
  guint64 generation;
  AuthDigest digest;
  gint64 expires; /* of what is found */
} AuthLogin;

typedef struct
{
  const char *hash;
  const char *password;
  gboolean right;
  char *made;
  gint64 took;
} AuthJob;

static AuthState *
state_of (CsAuth *auth)
{
  return (AuthState *) auth;
}

static void
check_in_pool (gpointer data)
{
  AuthJob *job = data;
  gint64 start = g_get_monotonic_time ();

  job->right = auth_password_verify (job->hash, job->password);
  job->took = g_get_monotonic_time () - start;
}

static void
make_in_pool (gpointer data)
{
  AuthJob *job = data;
  gint64 start = g_get_monotonic_time ();

  job->made = auth_password_hash (job->password);
  job->took = g_get_monotonic_time () - start;
}

/* Runs the job in the pool, behind the gate. */
static CsStatus
run_job (AuthState *self, CsPoolFunc func, AuthJob *job)
{
  const AuthSettings *settings = cs_settings (self);
  CsStatus status
    = auth_gate_enter (&self->gate, (guint) settings->max_waiting, settings->max_wait);

  if (status != CS_OK)
    return status;
  status = cs_pool_run (self, func, job);
  auth_gate_leave (&self->gate);
  if (status == CS_OK)
    cs_stat_observe (self->hash_seconds, job->took);
  return status;
}

/* The settings' accounts first, then the other plugins' sources. */
static CsStatus
look_up (AuthState *self, const AuthLogin *login, CsCredential *credential)
{
  AuthAccounts *accounts = __atomic_load_n (&self->accounts, __ATOMIC_ACQUIRE);
  CsStatus status
    = auth_accounts_lookup (self, accounts, login->tenant, login->name, credential);
  guint i;

  for (i = 0; status == CS_NOT_FOUND && i < self->n_sources; i++)
    status = self->sources[i].source->lookup (self->sources[i].self, login->tenant, login->name,
                                              credential);
  return status;
}

static void
credential_clear (CsCredential *credential)
{
  g_free (credential->hash);
  g_free (credential->tenant);
  g_strfreev (credential->roles);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CsCredential, credential_clear)

/* Hashes for an unknown name too, so that the time tells nothing. */
static CsStatus
check (AuthState *self, const AuthLogin *login, CsIdentity **identity)
{
  g_auto (CsCredential) credential = { .size = sizeof (CsCredential) };
  AuthJob job = { .password = login->password };
  CsStatus found = look_up (self, login, &credential);
  CsStatus status;

  if (found != CS_OK && found != CS_NOT_FOUND)
    return found;
  job.hash = found == CS_OK && credential.hash != NULL ? credential.hash : auth_password_nobody ();
  status = run_job (self, check_in_pool, &job);
  if (status != CS_OK)
    return status;
  if (found != CS_OK || credential.hash == NULL || !job.right)
    return CS_DENIED;
  *identity = auth_identity_new (credential.tenant, login->name, credential.roles,
                                 credential.admin, "basic");
  return CS_OK;
}

static void
remember (AuthState *self, AuthLogin *login, CsIdentity *identity)
{
  const AuthSettings *settings = cs_settings (self);
  gint64 now = cs_now ();

  if (settings->remember == 0)
    return;
  login->expires = now + settings->remember;
  auth_remembered_add (&self->remembered, &login->digest, identity, login->name, now,
                       login->expires, login->generation);
}

static void
account_for (AuthState *self, const AuthLogin *login, CsStatus status)
{
  char buffer[64];
  const char *name = buffer;

  if (status == CS_OK)
    {
      cs_stat_add (self->logins_ok, 1);
      return;
    }
  g_strlcpy (buffer, login->name, sizeof buffer);
  if (status == CS_DENIED)
    {
      cs_stat_add (self->logins_denied, 1);
      cs_notice (self, "login refused", CS_F_STR ("user", name));
    }
  else if (status == CS_OVERLOADED)
    {
      cs_stat_add (self->logins_overloaded, 1);
      cs_warning (self, "login not checked: too many at once", CS_F_STR ("user", name));
    }
  else if (status != CS_CANCELLED && status != CS_TIMED_OUT)
    {
      cs_stat_add (self->logins_failed, 1);
      cs_warning (self, "login not checked", CS_F_STR ("user", name),
                  CS_F_STR ("reason", cs_status_text (status)));
    }
}

/* As leader of a flight. */
static CsStatus
check_and_tell (AuthState *self, AuthLogin *login, CsIdentity **identity)
{
  CsStatus status = check (self, login, identity);

  if (status == CS_OK)
    remember (self, login, *identity);
  account_for (self, login, status);
  auth_flights_land (&self->flights, &login->digest, status, *identity);
  return status;
}

/* login->expires stays 0 when what is found is not to be remembered by the caller. */
static CsStatus
log_in (AuthState *self, AuthHasher *hasher, AuthLogin *login, CsIdentity **identity)
{
  CsStatus status = CS_AGAIN;

  *identity = NULL;
  login->expires = 0;
  login->generation = auth_remembered_generation (&self->remembered);
  auth_hasher_login (hasher, login->tenant, login->name, login->password, &login->digest);
  *identity
    = auth_remembered_find (&self->remembered, &login->digest, cs_now (), &login->expires);
  if (*identity != NULL)
    {
      cs_stat_add (self->recalled, 1);
      return CS_OK;
    }
  while (status == CS_AGAIN)
    if (auth_flights_board (&self->flights, &login->digest, &status, identity))
      status = check_and_tell (self, login, identity);
  return status;
}

/* The worker's hasher; on other threads one for this call, to be freed into *own. */
static AuthHasher *
hasher_here (AuthState *self, AuthHasher **own)
{
  AuthWorker *worker = cs_local (self);

  if (worker != NULL)
    return worker->hasher;
  *own = auth_hasher_new (self->key);
  return *own;
}

CsStatus
auth_verify (CsAuth *auth, const char *tenant, const char *name, const char *password,
             CsIdentity **identity)
{
  AuthState *self = state_of (auth);
  AuthLogin login = { .tenant = tenant != NULL ? tenant : "", .name = name, .password = password };
  AuthHasher *own = NULL;
  CsStatus status;

  *identity = NULL;
  if (strlen (password) > AUTH_PASSWORD_MAX)
    return CS_DENIED;
  status = log_in (self, hasher_here (self, &own), &login, identity);
  g_clear_pointer (&own, auth_hasher_free);
  return status;
}

/* The header was not seen lately. */
static CsStatus
authorize_basic (AuthState *self, CsSlice token, AuthLogin *login, CsIdentity **identity)
{
  AuthHasher *own = NULL;
  AuthBasic basic;
  CsStatus status = auth_basic_parse (token, &basic);

  if (status == CS_OK && strlen (basic.password) > AUTH_PASSWORD_MAX)
    status = CS_INVALID;
  if (status == CS_OK)
    {
      login->tenant = "";
      login->name = basic.name;
      login->password = basic.password;
      status = log_in (self, hasher_here (self, &own), login, identity);
      g_clear_pointer (&own, auth_hasher_free);
    }
  else
    cs_stat_add (self->logins_malformed, 1);
  auth_basic_clear (&basic);
  return status;
}

CsStatus
auth_authorize (CsAuth *auth, CsSlice authorization, CsIdentity **identity)
{
  AuthState *self = state_of (auth);
  AuthWorker *worker = cs_local (self);
  AuthLogin login = { 0 };
  AuthDigest digest;
  CsSlice scheme;
  CsSlice token;
  CsStatus status;

  *identity = NULL;
  if (!auth_split_scheme (authorization, &scheme, &token))
    return CS_INVALID;
  if (scheme.len != 5 || g_ascii_strncasecmp (scheme.data, "Basic", 5) != 0)
    return CS_UNSUPPORTED;
  if (worker == NULL)
    return authorize_basic (self, token, &login, identity);
  auth_hasher_token (worker->hasher, token, &digest);
  *identity = auth_recent_find (worker->recent, &digest, cs_now (),
                                auth_remembered_generation (&self->remembered));
  if (*identity != NULL)
    {
      cs_stat_add (self->recalled, 1);
      return CS_OK;
    }
  status = authorize_basic (self, token, &login, identity);
  if (status == CS_OK && login.expires > 0)
    auth_recent_add (worker->recent, &digest, *identity, login.expires, login.generation);
  return status;
}

CsStatus
auth_hash (CsAuth *auth, const char *password, char **hash)
{
  AuthJob job = { .password = password };
  CsStatus status;

  *hash = NULL;
  if (strlen (password) > AUTH_PASSWORD_MAX)
    return CS_TOO_LARGE;
  status = run_job (state_of (auth), make_in_pool, &job);
  if (status == CS_OK && job.made == NULL)
    return CS_NO_MEMORY;
  *hash = job.made;
  return status;
}
