/* auth-settings.c: the tables, and the rules across keys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-settings.h"
#include "auth-password.h"

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

const CsSectionKind auth_section_kinds[] = {
  { AUTH_USER_KIND, "A user who may log in", auth_user_settings, sizeof (AuthUserSettings) },
  { NULL, NULL, NULL, 0 },
};

gboolean
auth_name_is_valid (const char *name)
{
  if (*name == '\0' || strchr (name, ':') != NULL || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (; *name != '\0'; name++)
    if ((guchar) *name < 0x20 || *name == 0x7f)
      return FALSE;
  return TRUE;
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

static gboolean
check_user (const AuthUserSettings *settings, GError **error)
{
  gsize i;

  for (i = 0; settings->roles != NULL && settings->roles[i] != NULL; i++)
    if (settings->roles[i][0] == '_')
      {
        g_set_error (error, CS_ERROR, CS_INVALID,
                     "roles: \"%s\" is the server's own; write admin = true for an administrator",
                     settings->roles[i]);
        return FALSE;
      }
  if (settings->password != NULL && auth_password_check (settings->password, error))
    return TRUE;
  g_prefix_error (error, "password: ");
  return FALSE;
}

gboolean
auth_settings_check (const char *kind, const void *settings, GError **error)
{
  return kind == NULL ? check_auth (settings, error) : check_user (settings, error);
}
