/* auth-identity.h: making identities.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth-session.h"

G_BEGIN_DECLS

/* What of an identity only this plugin knows. */
typedef struct
{
  CsIdentity identity; /* first */
  gboolean has_session; /* it may have one: `generation` is set */
  guint8 generation[AUTH_GENERATION_LEN];
  guint64 verified; /* atomic: nobody had been forgotten since, when it was last looked at */
  gconstpointer accounts; /* the settings that it was looked at by */
} AuthIdentity;

/* A reference. Everything is copied; `user` NULL: nobody; `scopes` NULL: not limited. An administrator gets the
 * role "_admin". `method` is static. */
CsIdentity *auth_identity_new (const char *tenant, const char *user, char *const *roles,
                               char *const *scopes, gboolean admin, const char *method);

/* Before it is handed out: sessions of it end when the generation changes. */
void auth_identity_set_generation (CsIdentity *identity,
                                   const guint8 generation[AUTH_GENERATION_LEN]);

/* Before it is handed out: what cs_auth_recheck () goes by. */
void auth_identity_set_verified (CsIdentity *identity, guint64 verified, gconstpointer accounts);

/* Whether a user may have that name: not empty, no control character. Valid UTF-8 is taken for granted. */
gboolean auth_user_is_valid (const char *name);

/* Letters, digits, `-`, `_` and `.`; 1 to 64. */
gboolean auth_tenant_is_valid (const char *name);

G_END_DECLS
