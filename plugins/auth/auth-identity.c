/* auth-identity.c: an immutable identity and what it points to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-identity.h"

static void
identity_free (gpointer data)
{
  CsIdentity *identity = data;

  g_free ((char *) identity->tenant);
  g_free ((char *) identity->user);
  g_strfreev ((char **) identity->roles);
  g_strfreev ((char **) identity->scopes);
  g_free (identity);
}

static char **
copy_roles (char *const *roles, gboolean admin)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (admin)
    g_strv_builder_add (builder, "_admin");
  if (roles != NULL)
    g_strv_builder_addv (builder, (const char **) roles);
  return g_strv_builder_end (builder);
}

CsIdentity *
auth_identity_new (const char *tenant, const char *user, char *const *roles, char *const *scopes,
                   gboolean admin, const char *method)
{
  AuthIdentity *self = g_new0 (AuthIdentity, 1);
  CsIdentity *identity = &self->identity;

  identity->size = sizeof *identity;
  identity->ref_count = 1;
  identity->tenant = g_strdup (tenant != NULL ? tenant : "");
  identity->user = g_strdup (user);
  identity->roles = (const char *const *) copy_roles (roles, admin);
  identity->scopes = (const char *const *) g_strdupv ((char **) scopes);
  identity->method = method;
  identity->admin = admin;
  identity->expires = CS_NEVER;
  identity->free_func = identity_free;
  return identity;
}

void
auth_identity_set_generation (CsIdentity *identity, const guint8 generation[AUTH_GENERATION_LEN])
{
  AuthIdentity *self = (AuthIdentity *) identity;

  self->has_session = TRUE;
  memcpy (self->generation, generation, AUTH_GENERATION_LEN);
}

void
auth_identity_set_verified (CsIdentity *identity, guint64 verified, gconstpointer accounts)
{
  AuthIdentity *self = (AuthIdentity *) identity;

  self->verified = verified;
  self->accounts = accounts;
}

gboolean
auth_user_is_valid (const char *name)
{
  if (*name == '\0')
    return FALSE;
  for (; *name != '\0'; name++)
    if ((guchar) *name < 0x20 || *name == 0x7f)
      return FALSE;
  return TRUE;
}

gboolean
auth_tenant_is_valid (const char *name)
{
  gsize n;

  for (n = 0; name[n] != '\0'; n++)
    if (n == 64 || (!g_ascii_isalnum (name[n]) && strchr ("-_.", name[n]) == NULL))
      return FALSE;
  return n > 0;
}
