/* auth-settings.h: the settings of [auth] and [user NAME].
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define AUTH_USER_KIND "user"

typedef struct
{
  gboolean open;
  char *admin;
  gint64 remember;
  gint64 max_waiting;
  gint64 max_wait;
} AuthSettings;

typedef struct
{
  char *password;
  char **roles;
  char *tenant;
  gboolean admin;
} AuthUserSettings;

extern const CsSetting auth_settings[];
extern const CsSectionKind auth_section_kinds[];

gboolean auth_settings_check (const char *kind, const void *settings, GError **error);

/* Splits "NAME:PASSWORD"; *name to be g_free()d, *password points into `admin`. FALSE: one is empty or
 * the name has a control character. */
gboolean auth_split_admin (const char *admin, char **name, const char **password);

/* Whether a user may have that name: Basic has no way to send a colon. */
gboolean auth_name_is_valid (const char *name);

G_END_DECLS
