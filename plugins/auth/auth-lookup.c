/* auth-lookup.c: what the settings and the other plugins know of a user.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"
#include "auth-identity.h"

/* The settings' accounts first, then the other plugins' sources. */
CsStatus
auth_look_up (AuthState *self, const char *tenant, const char *name, gboolean with_hash,
              CsCredential *credential)
{
  CsStatus status = auth_accounts_lookup (self, auth_accounts (self), tenant, name, with_hash,
                                          credential);
  guint i;

  for (i = 0; status == CS_NOT_FOUND && i < self->n_sources; i++)
    status = self->sources[i].source->lookup (self->sources[i].self, tenant, name, credential);
  return status;
}

void
auth_credential_clear (CsCredential *credential)
{
  g_free (credential->hash);
  g_free (credential->tenant);
  g_free (credential->generation);
  g_strfreev (credential->roles);
}

static const char *
generation_text (const CsCredential *credential)
{
  if (credential->generation != NULL)
    return credential->generation;
  return credential->hash != NULL ? credential->hash : "";
}

CsIdentity *
auth_identity_of (AuthState *self, const CsCredential *credential, const char *name,
                  const char *method)
{
  CsIdentity *identity = auth_identity_new (credential->tenant, name, credential->roles, NULL,
                                            credential->admin, method);
  guint8 generation[AUTH_GENERATION_LEN];

  auth_generation (&self->session_keys, generation_text (credential), generation);
  auth_identity_set_generation (identity, generation);
  return identity;
}
