/* auth.c: the plugin's life: service, sources, accounts, reload.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"
#include "auth-command.h"
#include "auth-identity.h"
#include "auth-secret.h"

#include <openssl/rand.h>

static AuthState *
state_of (CsAuth *auth)
{
  return (AuthState *) auth;
}

static gboolean
is_open (CsAuth *auth)
{
  const AuthSettings *settings = cs_settings (state_of (auth));

  return settings->open;
}

static CsIdentity *
anonymous (CsAuth *auth)
{
  AuthState *self = state_of (auth);
  AuthWorker *worker = cs_local (self);

  return cs_identity_ref (worker != NULL ? worker->anonymous : self->anonymous);
}

static gboolean
add_source (CsAuth *auth, gpointer user, const CsCredentialsSource *source, GError **error)
{
  AuthState *self = state_of (auth);

  if (self->n_sources == AUTH_MAX_SOURCES)
    {
      g_set_error (error, CS_ERROR, CS_TOO_LARGE, "there are %u credentials sources already",
                   self->n_sources);
      return FALSE;
    }
  self->sources[self->n_sources++] = (AuthSource){ source, user };
  return TRUE;
}

static void
forget (CsAuth *auth, const char *tenant, const char *name)
{
  auth_remembered_forget (&state_of (auth)->remembered, tenant, name);
}

static const CsAuthTable auth_table = {
  .size = sizeof (CsAuthTable),
  .authenticate = auth_authenticate,
  .login = auth_login,
  .anonymous = anonymous,
  .session_cookie = auth_session_cookie,
  .hash = auth_hash,
  .add_source = add_source,
  .forget = forget,
  .is_open = is_open,
  .recheck = auth_recheck,
};

static void
define_stats (AuthState *self)
{
  const char *name = "auth_logins_total";
  const char *help = "Names and passwords that were checked, by outcome.";

  self->logins_ok = cs_counter (self, name, help, "result=\"ok\"");
  self->logins_denied = cs_counter (self, name, help, "result=\"denied\"");
  self->logins_locked = cs_counter (self, name, help, "result=\"locked\"");
  self->logins_overloaded = cs_counter (self, name, help, "result=\"overloaded\"");
  self->logins_malformed = cs_counter (self, name, help, "result=\"malformed\"");
  self->logins_failed = cs_counter (self, name, help, "result=\"failed\"");
  name = "auth_tokens_total";
  help = "Bearer tokens that were checked, by outcome.";
  self->tokens_ok = cs_counter (self, name, help, "result=\"ok\"");
  self->tokens_denied = cs_counter (self, name, help, "result=\"denied\"");
  name = "auth_keys_total";
  help = "API keys that were checked, by outcome.";
  self->keys_ok = cs_counter (self, name, help, "result=\"ok\"");
  self->keys_denied = cs_counter (self, name, help, "result=\"denied\"");
  self->recalled = cs_counter (self, "auth_recalled_total",
                               "Credentials that were known from a check not long before.", NULL);
  self->hash_seconds
    = cs_histogram_us (self, "auth_hash_seconds", "Time it took to hash a password.", NULL);
}

gboolean
auth_create (gpointer instance, GError **error)
{
  AuthState *self = instance;

  self->service.table = &auth_table;
  self->old_accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) auth_accounts_free);
  auth_gate_init (&self->gate);
  auth_flights_init (&self->flights);
  auth_remembered_init (&self->remembered);
  auth_throttle_init (&self->throttle);
  if (RAND_bytes (self->key, sizeof self->key) != 1)
    {
      g_set_error (error, CS_ERROR, CS_FAILED, "OpenSSL has no random bytes");
      return FALSE;
    }
  self->anonymous = auth_identity_new ("", NULL, NULL, NULL, is_open (&self->service),
                                       is_open (&self->service) ? "open" : "none");
  define_stats (self);
  auth_command_add (self);
  return cs_provide (self, CS_AUTH, &self->service, error);
}

static AuthAccounts *
read_accounts (AuthState *self, const AuthSettings *settings, GError **error)
{
  guint n_users;
  guint n_jwt_keys;
  guint n_api_keys;
  const CsSection *users = cs_sections (self, AUTH_USER_KIND, &n_users);
  const CsSection *jwt_keys = cs_sections (self, AUTH_JWT_KIND, &n_jwt_keys);
  const CsSection *api_keys = cs_sections (self, AUTH_API_KIND, &n_api_keys);
  AuthKeys *keys = auth_keys_new (jwt_keys, n_jwt_keys, api_keys, n_api_keys, error);

  return keys != NULL ? auth_accounts_new (settings, users, n_users, keys, error) : NULL;
}

static gboolean
read_secret (AuthState *self, const AuthSettings *settings, GError **error)
{
  CsNodeInfo node = { .size = sizeof node };
  g_autofree char *made = NULL;
  const char *secret = settings->secret;

  cs_node_info (&node);
  if (secret == NULL || *secret == '\0')
    secret = made = auth_secret_load (node.data_dir, error);
  if (secret == NULL)
    return FALSE;
  auth_session_keys (&self->session_keys, secret);
  return TRUE;
}

static void
prepare_run (CsTask *task)
{
  AuthState *self = (AuthState *) ((char *) task - G_STRUCT_OFFSET (AuthState, prepare));

  auth_accounts_prepare (self->prepare_accounts);
}

gboolean
auth_start (gpointer instance, GError **error)
{
  AuthState *self = instance;

  self->accounts = read_accounts (self, cs_settings (self), error);
  if (self->accounts == NULL || !read_secret (self, cs_settings (self), error))
    return FALSE;
  self->prepare.run = prepare_run;
  self->prepare_accounts = self->accounts;
  cs_pool_push (self, &self->prepare);
  if (is_open (&self->service))
    cs_warning (self, "auth.open: every request without credentials is an administrator's");
  else
    cs_info (self, "accounts read",
             CS_F_INT ("accounts", auth_accounts_count (self->accounts)));
  return TRUE;
}

gboolean
auth_worker_start (gpointer instance, guint index, GError **error)
{
  AuthState *self = instance;
  AuthWorker *worker = g_new0 (AuthWorker, 1);

  worker->hasher = auth_hasher_new (self->key);
  worker->recent = auth_recent_new ();
  worker->anonymous = auth_identity_new ("", NULL, NULL, NULL, self->anonymous->admin,
                                         self->anonymous->method);
  cs_set_local (self, worker);
  return TRUE;
}

void
auth_worker_stop (gpointer self, guint index)
{
  AuthWorker *worker = cs_local (self);

  if (worker == NULL)
    return;
  cs_set_local (self, NULL);
  auth_hasher_free (worker->hasher);
  auth_recent_free (worker->recent);
  cs_identity_unref (worker->anonymous);
  g_free (worker);
}

gboolean
auth_reload_prepare (gpointer self, const void *settings, gpointer *token, GError **error)
{
  *token = read_accounts (self, settings, error);
  return *token != NULL;
}

void
auth_reload_commit (gpointer instance, gpointer token)
{
  AuthState *self = instance;
  AuthAccounts *accounts = token;

  g_ptr_array_add (self->old_accounts, self->accounts);
  __atomic_store_n (&self->accounts, accounts, __ATOMIC_RELEASE);
  auth_remembered_forget (&self->remembered, NULL, NULL);
  cs_info (self, "accounts read", CS_F_INT ("accounts", auth_accounts_count (accounts)));
}

void
auth_reload_abort (gpointer self, gpointer token)
{
  auth_accounts_free (token);
}

void
auth_destroy (gpointer instance)
{
  AuthState *self = instance;

  cs_identity_unref (self->anonymous);
  auth_accounts_free (self->accounts);
  g_clear_pointer (&self->old_accounts, g_ptr_array_unref);
  auth_remembered_clear (&self->remembered);
  auth_throttle_clear (&self->throttle);
  auth_flights_clear (&self->flights);
  auth_gate_clear (&self->gate);
  memset (self->key, 0, sizeof self->key);
  memset (&self->session_keys, 0, sizeof self->session_keys);
}
