/* auth-settings.c: the tables, and the rules across keys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-settings.h"
#include "auth-identity.h"
#include "auth-keys.h"
#include "auth-password.h"
#include "auth-secret.h"

static const char *const same_site_names[] = { "lax", "strict", "none", NULL };

#define RELOADABLE .flags = CS_SETTING_RELOADABLE

const CsSetting auth_settings[] = {
  CS_BOOL (AuthSettings, open, "open", "false",
           "Every request without credentials is an administrator's; for loopback listeners only"),
  CS_SECRET (AuthSettings, admin, "admin", NULL,
             "An administrator as NAME:PASSWORD; the password may be a hash of `cloudsyncctl hash`",
             .flags = CS_SETTING_RELOADABLE),
  CS_DURATION (AuthSettings, remember, "remember", "5m",
               "How long a password that was right need not be hashed again; 0s: never remembered",
               .max = CS_SECONDS (3600), .flags = CS_SETTING_RELOADABLE),
  CS_INT (AuthSettings, max_waiting, "max-waiting", "100",
          "Logins that may wait for one of the two that are being hashed", .max = 100000,
          .flags = CS_SETTING_RELOADABLE),
  CS_DURATION (AuthSettings, max_wait, "max-wait", "5s",
               "How long a login waits before it is told to try again later", .min = CS_MS (1),
               .max = CS_SECONDS (60), .flags = CS_SETTING_RELOADABLE),
  CS_SECRET (AuthSettings, secret, "secret", NULL,
             "What sessions are signed with, the same on all nodes that share users; unset: made "
             "once and kept in the data directory"),
  CS_DURATION (AuthSettings, session_timeout, "session-timeout", "10m",
               "How long a cookie session lives after its last use", .min = CS_SECONDS (1),
               .max = CS_SECONDS (366 * 86400), RELOADABLE),
  CS_ENUM (AuthSettings, same_site, "same-site", "lax",
           "Whether browsers send the session's cookie from pages of other sites; none needs TLS",
           .values = same_site_names, RELOADABLE),
  CS_INT (AuthSettings, max_failures, "max-failures", "5",
          "Failed logins of one name from one address before it is locked there; 0: no limit",
          .max = 1000000, RELOADABLE),
  CS_INT (AuthSettings, max_failures_address, "max-failures-address", "100",
          "Failed logins of all names from one address before it is locked; 0: no limit",
          .max = 1000000, RELOADABLE),
  CS_DURATION (AuthSettings, lock_time, "lock-time", "5m",
               "How long a lock lasts after the last failure", .min = CS_SECONDS (1),
               .max = CS_SECONDS (86400), RELOADABLE),
  CS_SETTINGS_END
};

static const CsSetting auth_user_settings[] = {
  CS_SECRET (AuthUserSettings, password, "password", NULL,
             "The password's hash as `cloudsyncctl hash` prints it",
             .flags = CS_SETTING_REQUIRED | CS_SETTING_RELOADABLE),
  CS_LIST (AuthUserSettings, roles, "roles", NULL, "Roles, as databases name them in _security",
           .flags = CS_SETTING_RELOADABLE),
  CS_STRING (AuthUserSettings, tenant, "tenant", NULL, "The user's tenant; unset: the default one",
             .flags = CS_SETTING_RELOADABLE),
  CS_BOOL (AuthUserSettings, admin, "admin", "false", "Whether the user is an administrator",
           .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static const CsSetting auth_jwt_settings[] = {
  CS_ENUM (AuthJwtSettings, algorithm, "algorithm", NULL, "The only alg that is taken with this key",
           .values = auth_jwt_algorithms, .flags = CS_SETTING_REQUIRED | CS_SETTING_RELOADABLE),
  CS_SECRET (AuthJwtSettings, secret, "secret", NULL,
             "For HS…: the shared secret as text, or base64: and base64", RELOADABLE),
  CS_SECRET (AuthJwtSettings, public_key, "public-key", NULL,
             "For the others: the public key in PEM, usually file:/path", RELOADABLE),
  CS_STRING (AuthJwtSettings, kid, "kid", NULL, "The kid that tokens name it by; unset: NAME",
             RELOADABLE),
  CS_STRING (AuthJwtSettings, issuer, "issuer", NULL, "The iss that tokens must have", RELOADABLE),
  CS_LIST (AuthJwtSettings, audience, "audience", NULL,
           "The aud that tokens must be for, any of these; unset: tokens with an aud are refused",
           RELOADABLE),
  CS_LIST (AuthJwtSettings, roles_claims, "roles-claim", "_couchdb.roles",
           "Claims that may hold the roles; the first that is there counts", RELOADABLE),
  CS_LIST (AuthJwtSettings, scope_claims, "scope-claim", "scope, scp",
           "Claims that may hold scopes; none: scopes do not limit", RELOADABLE),
  CS_STRING (AuthJwtSettings, tenant, "tenant", NULL, "The tenant of all its users", RELOADABLE),
  CS_STRING (AuthJwtSettings, tenant_claim, "tenant-claim", NULL,
             "The claim that names the tenant; tokens without it are refused", RELOADABLE),
  CS_BOOL (AuthJwtSettings, admin, "admin", "false",
           "Whether a token may make an administrator, by the role _admin", RELOADABLE),
  CS_BOOL (AuthJwtSettings, exp_required, "exp-required", "true",
           "Whether tokens that never expire are refused", RELOADABLE),
  CS_DURATION (AuthJwtSettings, leeway, "leeway", "30s",
               "How far the issuer's clock may be off", .max = CS_SECONDS (600), RELOADABLE),
  CS_SETTINGS_END
};

static const CsSetting auth_api_settings[] = {
  CS_STRING (AuthApiSettings, hash, "hash", NULL, "What `cloudsyncctl key` prints of the key",
             .flags = CS_SETTING_REQUIRED | CS_SETTING_RELOADABLE),
  CS_STRING (AuthApiSettings, user, "user", NULL, "The user it stands for; unset: NAME", RELOADABLE),
  CS_LIST (AuthApiSettings, roles, "roles", NULL, "Roles, as databases name them in _security",
           RELOADABLE),
  CS_LIST (AuthApiSettings, scopes, "scopes", NULL,
           "What it may be used for, such as sync:read; unset: all that its user may", RELOADABLE),
  CS_STRING (AuthApiSettings, tenant, "tenant", NULL, "The user's tenant; unset: the default one",
             RELOADABLE),
  CS_BOOL (AuthApiSettings, admin, "admin", "false", "Whether the user is an administrator",
           RELOADABLE),
  CS_SETTINGS_END
};

const CsSectionKind auth_section_kinds[] = {
  { AUTH_USER_KIND, "A user who may log in", auth_user_settings, sizeof (AuthUserSettings) },
  { AUTH_JWT_KIND, "A key whose tokens (JWT) are taken", auth_jwt_settings,
    sizeof (AuthJwtSettings) },
  { AUTH_API_KIND, "A key that a program shows instead of a password", auth_api_settings,
    sizeof (AuthApiSettings) },
  { NULL, NULL, NULL, 0 },
};

gboolean
auth_name_is_valid (const char *name)
{
  return auth_user_is_valid (name) && strchr (name, ':') == NULL && g_utf8_validate (name, -1, NULL);
}

gboolean
auth_split_admin (const char *admin, char **name, const char **password)
{
  const char *colon = strchr (admin, ':');

  if (colon == NULL || colon[1] == '\0')
    return FALSE;
  *name = g_strndup (admin, (gsize) (colon - admin));
  *password = colon + 1;
  if (auth_name_is_valid (*name))
    return TRUE;
  g_clear_pointer (name, g_free);
  return FALSE;
}

static gboolean
check_auth (const AuthSettings *settings, GError **error)
{
  g_autofree char *name = NULL;
  const char *password;

  if (settings->secret != NULL && *settings->secret != '\0'
      && strlen (settings->secret) < AUTH_SECRET_MIN)
    {
      g_set_error (error, CS_ERROR, CS_INVALID,
                   "secret: is shorter than %d characters; `openssl rand -base64 32` makes one",
                   AUTH_SECRET_MIN);
      return FALSE;
    }
  if (settings->admin == NULL || *settings->admin == '\0')
    return TRUE;
  if (auth_split_admin (settings->admin, &name, &password)
      && strlen (password) <= AUTH_PASSWORD_MAX)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_INVALID,
               "admin: is not NAME:PASSWORD; both must be there, and at most %d bytes of password",
               AUTH_PASSWORD_MAX);
  return FALSE;
}

gboolean
auth_roles_check (char *const *roles, GError **error)
{
  gsize i;

  for (i = 0; roles != NULL && roles[i] != NULL; i++)
    if (roles[i][0] == '_')
      {
        g_set_error (error, CS_ERROR, CS_INVALID,
                     "roles: \"%s\" is the server's own; write admin = true for an administrator",
                     roles[i]);
        return FALSE;
      }
  return TRUE;
}

gboolean
auth_tenant_check (const char *tenant, GError **error)
{
  if (tenant == NULL || *tenant == '\0' || auth_tenant_is_valid (tenant))
    return TRUE;
  g_set_error (error, CS_ERROR, CS_INVALID,
               "tenant: \"%s\" is no tenant's name: letters, digits, - _ and . are allowed, 64 at "
               "most",
               tenant);
  return FALSE;
}

static gboolean
check_user (const AuthUserSettings *settings, GError **error)
{
  if (!auth_roles_check (settings->roles, error) || !auth_tenant_check (settings->tenant, error))
    return FALSE;
  if (settings->password != NULL && auth_password_check (settings->password, error))
    return TRUE;
  g_prefix_error (error, "password: ");
  return FALSE;
}

gboolean
auth_settings_check (const char *kind, const void *settings, GError **error)
{
  if (kind == NULL)
    return check_auth (settings, error);
  if (g_str_equal (kind, AUTH_JWT_KIND))
    return auth_jwt_section_check (settings, error);
  if (g_str_equal (kind, AUTH_API_KIND))
    return auth_api_section_check (settings, error);
  return check_user (settings, error);
}
