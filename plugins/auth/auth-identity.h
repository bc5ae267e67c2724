/* auth-identity.h: making identities.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* A reference. Everything is copied; `user` NULL: nobody. An administrator gets the role "_admin". */
CsIdentity *auth_identity_new (const char *tenant, const char *user, char *const *roles,
                               gboolean admin, const char *method);

G_END_DECLS
