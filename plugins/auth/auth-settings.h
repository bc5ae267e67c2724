/* auth-settings.h: the settings of [auth] and [user NAME].
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define AUTH_USER_KIND "user"
#define AUTH_JWT_KIND "jwt-key"
#define AUTH_API_KIND "api-key"

typedef struct
{
  gboolean open;
  char *admin;
  gint64 remember;
  gint64 max_waiting;
  gint64 max_wait;
  char *secret;
  gint64 session_timeout;
  gint same_site; /* AuthSameSite */
  gint64 max_failures;
  gint64 max_failures_address;
  gint64 lock_time;
} AuthSettings;

typedef struct
{
  char *password;
  char **roles;
  char *tenant;
  gboolean admin;
} AuthUserSettings;

typedef struct
{
  gint algorithm; /* AuthJwtAlgorithm */
  char *secret;
  char *public_key;
  char *kid;
  char *issuer;
  char **audience;
  char **roles_claims;
  char **scope_claims;
  char *tenant;
  char *tenant_claim;
  gboolean admin;
  gboolean exp_required;
  gint64 leeway;
} AuthJwtSettings;

typedef struct
{
  char *hash;
  char *user;
  char **roles;
  char **scopes;
  char *tenant;
  gboolean admin;
} AuthApiSettings;

extern const CsSetting auth_settings[];
extern const CsSectionKind auth_section_kinds[];

gboolean auth_settings_check (const char *kind, const void *settings, GError **error);

/* Splits "NAME:PASSWORD"; *name to be g_free()d, *password points into `admin`. FALSE: one is empty or
 * the name has a control character. */
gboolean auth_split_admin (const char *admin, char **name, const char **password);

/* Whether these roles may be given: those that begin with `_` are the server's own. */
gboolean auth_roles_check (char *const *roles, GError **error);

/* Whether it is a tenant's name, or unset. */
gboolean auth_tenant_check (const char *tenant, GError **error);

/* Whether a user may have that name: Basic has no way to send a colon. */
gboolean auth_name_is_valid (const char *name);

G_END_DECLS
