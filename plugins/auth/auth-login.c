/* auth-login.c: from a name and a password to an identity.
 * SPDX-License-Identifier: Apache-2.0
 *
 * In the order of cost: what the node remembers of the login, what somebody else is hashing right now, and
 * last the accounts and a slow hash, unless there were too many failures. */
#include "auth.h"
#include "auth-password.h"

typedef struct
{
  CsHashScheme scheme;
  const char *hash;
  const char *password;
  gboolean right;
  char *made;
  gint64 took;
} AuthJob;

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

  job->made = auth_password_hash (job->scheme, job->password);
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

/* The scheme that most users have: that of the plugin that keeps them, if there is one. */
static const char *
nobody (AuthState *self)
{
  return auth_password_nobody (self->n_sources > 0 ? CS_HASH_PBKDF2 : CS_HASH_SCRYPT);
}

/* Hashes for an unknown name too, so that the time tells nothing. */
static CsStatus
check_password (AuthState *self, const AuthLogin *login, CsStatus found,
                const CsCredential *credential, CsIdentity **identity)
{
  gboolean known = found == CS_OK && credential->hash != NULL;
  AuthJob job = { .password = login->password,
                  .hash = known ? credential->hash : nobody (self) };
  CsStatus status = run_job (self, check_in_pool, &job);

  if (status != CS_OK)
    return status;
  if (!known || !job.right)
    return CS_DENIED;
  *identity = auth_identity_of (self, credential, login->name, "basic", login->generation);
  return CS_OK;
}

/* ---- failures ---- */

static AuthAttempt
attempt_of (AuthState *self, const AuthLogin *login)
{
  const AuthSettings *settings = cs_settings (self);
  char address[AUTH_ADDRESS_TEXT];

  auth_address_key (login->request->peer, address);
  if (login->request->local)
    g_strlcpy (address, "local", sizeof address);
  return (AuthAttempt){
    .name = auth_hasher_failure (login->hasher, address, login->name),
    .address = auth_hasher_failure (login->hasher, address, ""),
    .max_name = (guint) settings->max_failures,
    .max_address = login->request->local ? 0 : (guint) settings->max_failures_address,
    .lock_time = settings->lock_time,
  };
}

/* A stranger elsewhere cannot lock anybody out here; one on this machine cannot lock out its administrator. */
static gboolean
is_exempt (const AuthLogin *login, CsStatus found, const CsCredential *credential)
{
  return login->request->local && found == CS_OK && credential->admin
         && (credential->tenant == NULL || *credential->tenant == '\0');
}

static CsStatus
check (AuthState *self, AuthLogin *login, CsIdentity **identity)
{
  g_auto (CsCredential) credential = { .size = sizeof (CsCredential) };
  AuthAttempt attempt = attempt_of (self, login);
  CsStatus found = auth_look_up (self, login->tenant, login->name, TRUE, &credential);
  gboolean counted;
  CsStatus status;

  if (found != CS_OK && found != CS_NOT_FOUND)
    return found;
  counted = !is_exempt (login, found, &credential);
  if (counted && !auth_throttle_begin (&self->throttle, &attempt, cs_now ()))
    {
      login->locked = TRUE;
      return CS_DENIED;
    }
  status = check_password (self, login, found, &credential, identity);
  if (counted && status != CS_DENIED)
    auth_throttle_undo (&self->throttle, &attempt, status == CS_OK);
  return status;
}

/* ---- what is told of it ---- */

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
      cs_stat_add (login->locked ? self->logins_locked : self->logins_denied, 1);
      cs_notice (self, login->locked ? "login locked after too many failures" : "login refused",
                 CS_F_STR ("user", name), CS_F_STR ("peer", login->request->peer));
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

/* As leader of a flight. Passengers may come from elsewhere: a lock is not theirs. */
static CsStatus
check_and_tell (AuthState *self, AuthLogin *login, const AuthFlightKey *key, CsIdentity **identity)
{
  CsStatus status = check (self, login, identity);

  if (status == CS_OK)
    remember (self, login, *identity);
  account_for (self, login, status);
  auth_flights_land (&self->flights, key, login->locked ? CS_CANCELLED : status, *identity);
  return status;
}

CsStatus
auth_log_in (AuthState *self, AuthLogin *login, CsIdentity **identity)
{
  AuthFlightKey key;
  CsStatus status = CS_AGAIN;

  login->expires = 0;
  login->locked = FALSE;
  login->generation = auth_remembered_generation (&self->remembered);
  auth_hasher_login (login->hasher, login->tenant, login->name, login->password, &login->digest);
  *identity
    = auth_remembered_find (&self->remembered, &login->digest, cs_now (), &login->expires);
  if (*identity != NULL)
    {
      cs_stat_add (self->recalled, 1);
      return CS_OK;
    }
  key = (AuthFlightKey){ login->digest, login->generation };
  while (status == CS_AGAIN)
    if (auth_flights_board (&self->flights, &key, &status, identity))
      status = check_and_tell (self, login, &key, identity);
  return status;
}

/* ---- the contract ---- */

CsStatus
auth_login (CsAuth *auth, const CsAuthRequest *request, const char *tenant, const char *name,
            const char *password, CsAuthVerdict *verdict)
{
  AuthState *self = (AuthState *) auth;
  AuthWorker *worker = cs_local (self);
  AuthHasher *own = worker == NULL ? auth_hasher_new (self->key) : NULL;
  AuthLogin login = { .request = request,
                      .tenant = tenant != NULL ? tenant : "",
                      .name = name,
                      .password = password,
                      .hasher = own != NULL ? own : worker->hasher };
  CsStatus status = CS_DENIED;

  if (strlen (password) <= AUTH_PASSWORD_MAX)
    status = auth_log_in (self, &login, &verdict->identity);
  g_clear_pointer (&own, auth_hasher_free);
  verdict->locked = login.locked;
  verdict->reason = login.locked ? AUTH_LOCKED : AUTH_INCORRECT;
  return status;
}

CsStatus
auth_hash (CsAuth *auth, CsHashScheme scheme, const char *password, char **hash)
{
  AuthJob job = { .scheme = scheme, .password = password };
  CsStatus status;

  *hash = NULL;
  if (strlen (password) > AUTH_PASSWORD_MAX)
    return CS_TOO_LARGE;
  status = run_job ((AuthState *) auth, make_in_pool, &job);
  if (status == CS_OK && job.made == NULL)
    return CS_NO_MEMORY;
  *hash = job.made;
  return status;
}
