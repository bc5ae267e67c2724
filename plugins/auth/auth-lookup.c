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
                  const char *method, guint64 verified)
{
  CsIdentity *identity = auth_identity_new (credential->tenant, name, credential->roles, NULL,
                                            credential->admin, method);
  guint8 generation[AUTH_GENERATION_LEN];

  auth_generation (&self->session_keys, generation_text (credential), generation);
  auth_identity_set_generation (identity, generation);
  auth_identity_set_verified (identity, verified, auth_accounts (self));
  return identity;
}

/* ---- later ---- */

static gboolean
same_roles (const CsIdentity *a, const CsIdentity *b)
{
  return a->admin == b->admin && g_strv_equal (a->roles, b->roles);
}

/* The user as he is now, beside what he was. */
static CsStatus
compare_user (AuthState *self, const AuthIdentity *then, guint64 verified)
{
  const CsIdentity *identity = &then->identity;
  g_auto (CsCredential) credential = { .size = sizeof (CsCredential) };
  CsStatus status = auth_look_up (self, identity->tenant, identity->user, FALSE, &credential);
  CsIdentity *now;
  gboolean same;

  if (status != CS_OK)
    return status == CS_NOT_FOUND ? CS_DENIED : status;
  now = auth_identity_of (self, &credential, identity->user, identity->method, verified);
  same = strcmp (now->tenant, identity->tenant) == 0 && same_roles (now, identity)
         && memcmp (((AuthIdentity *) now)->generation, then->generation, AUTH_GENERATION_LEN) == 0;
  cs_identity_unref (now);
  return same ? CS_OK : CS_DENIED;
}

CsStatus
auth_recheck (CsAuth *auth, CsIdentity *identity, gboolean may_wait)
{
  AuthState *self = (AuthState *) auth;
  AuthIdentity *own = (AuthIdentity *) identity;
  guint64 verified = auth_remembered_generation (&self->remembered);
  CsStatus status;

  if (identity->expires != CS_NEVER && identity->expires <= g_get_real_time ())
    return CS_DENIED;
  if (identity->user == NULL || __atomic_load_n (&own->verified, __ATOMIC_ACQUIRE) == verified)
    return CS_OK;
  if (!own->has_session) /* a token or key: it is good as long as the settings are the same */
    return own->accounts == auth_accounts (self) ? CS_OK : CS_DENIED;
  if (!may_wait)
    return CS_AGAIN;
  status = compare_user (self, own, verified);
  if (status == CS_OK)
    __atomic_store_n (&own->verified, verified, __ATOMIC_RELEASE);
  return status;
}
