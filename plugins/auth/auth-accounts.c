/* auth-accounts.c: a hash table of accounts by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-accounts.h"
#include "auth-password.h"

#include <pthread.h>

typedef struct
{
  const char *hash; /* NULL: the administrator's, see auth_accounts_prepare () */
  const char *tenant;
  char *const *roles;
  gboolean admin;
} AuthAccount;

struct _AuthAccounts
{
  GHashTable *by_name;
  AuthKeys *keys;
  const char *admin_password; /* in the clear, of the settings; NULL: none or already a hash */
  pthread_mutex_t lock;
  char *admin_hash;
};

static gboolean
add (AuthAccounts *accounts, const char *name, const char *hash, const char *tenant,
     char *const *roles, gboolean admin, GError **error)
{
  AuthAccount *account;

  if (!auth_name_is_valid (name))
    g_set_error (error, CS_ERROR, CS_INVALID,
                 "[user %s]: the name is not UTF-8 or has a colon or a control character", name);
  else if (g_hash_table_contains (accounts->by_name, name))
    g_set_error (error, CS_ERROR, CS_EXISTS,
                 "[user %s]: auth.admin has the same name: rename or remove one", name);
  else
    {
      account = g_new (AuthAccount, 1);
      *account = (AuthAccount){ hash, tenant, roles, admin };
      g_hash_table_insert (accounts->by_name, g_strdup (name), account);
      return TRUE;
    }
  return FALSE;
}

static gboolean
add_admin (AuthAccounts *accounts, const char *admin, GError **error)
{
  g_autofree char *name = NULL;
  const char *password;
  gboolean hashed;

  if (admin == NULL || *admin == '\0')
    return TRUE;
  if (!auth_split_admin (admin, &name, &password))
    return auth_settings_check (NULL, &(AuthSettings){ .admin = (char *) admin }, error);
  hashed = auth_password_check (password, NULL);
  if (!hashed)
    accounts->admin_password = password;
  return add (accounts, name, hashed ? password : NULL, NULL, NULL, TRUE, error);
}

AuthAccounts *
auth_accounts_new (const AuthSettings *settings, const CsSection *users, guint n,
                   AuthKeys *keys, GError **error)
{
  AuthAccounts *accounts = g_new0 (AuthAccounts, 1);
  gboolean good;
  guint i;

  accounts->keys = keys;
  accounts->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  pthread_mutex_init (&accounts->lock, NULL);
  good = add_admin (accounts, settings->admin, error);
  for (i = 0; good && i < n; i++)
    {
      const AuthUserSettings *user = users[i].settings;

      good = add (accounts, users[i].name, user->password, user->tenant, user->roles, user->admin,
                  error);
    }
  if (good)
    return accounts;
  auth_accounts_free (accounts);
  return NULL;
}

void
auth_accounts_free (AuthAccounts *accounts)
{
  if (accounts == NULL)
    return;
  g_hash_table_unref (accounts->by_name);
  auth_keys_free (accounts->keys);
  pthread_mutex_destroy (&accounts->lock);
  g_free (accounts->admin_hash);
  g_free (accounts);
}

const AuthKeys *
auth_accounts_keys (const AuthAccounts *accounts)
{
  return accounts->keys;
}

guint
auth_accounts_count (const AuthAccounts *accounts)
{
  return g_hash_table_size (accounts->by_name);
}

void
auth_accounts_prepare (AuthAccounts *accounts)
{
  if (accounts->admin_password == NULL)
    return;
  pthread_mutex_lock (&accounts->lock);
  if (accounts->admin_hash == NULL)
    __atomic_store_n (&accounts->admin_hash, auth_password_hash (CS_HASH_SCRYPT, accounts->admin_password),
                      __ATOMIC_RELEASE);
  pthread_mutex_unlock (&accounts->lock);
}

static void
prepare_in_pool (gpointer data)
{
  auth_accounts_prepare (data);
}

static CsStatus
admin_hash (gpointer self, AuthAccounts *accounts, const char **hash)
{
  CsStatus status = CS_OK;

  *hash = __atomic_load_n (&accounts->admin_hash, __ATOMIC_ACQUIRE);
  if (*hash == NULL)
    {
      status = cs_pool_run (self, prepare_in_pool, accounts);
      *hash = __atomic_load_n (&accounts->admin_hash, __ATOMIC_ACQUIRE);
    }
  return status == CS_OK && *hash == NULL ? CS_NO_MEMORY : status;
}

CsStatus
auth_accounts_lookup (gpointer self, AuthAccounts *accounts, const char *tenant, const char *name,
                      gboolean with_hash, CsCredential *credential)
{
  const AuthAccount *account = g_hash_table_lookup (accounts->by_name, name);
  const char *hash;
  CsStatus status;

  if (account == NULL)
    return CS_NOT_FOUND;
  if (*tenant != '\0' && g_strcmp0 (tenant, account->tenant) != 0)
    return CS_NOT_FOUND;
  hash = account->hash;
  if (hash == NULL && with_hash && (status = admin_hash (self, accounts, &hash)) != CS_OK)
    return status;
  credential->hash = g_strdup (hash);
  /* Of a password in the clear each start makes another hash, which must not end sessions. */
  if (account->hash == NULL)
    credential->generation = g_strdup (accounts->admin_password);
  credential->tenant = g_strdup (account->tenant);
  credential->roles = g_strdupv ((char **) account->roles);
  credential->admin = account->admin;
  return CS_OK;
}
