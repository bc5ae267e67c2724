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
auth_identity_new (const char *tenant, const char *user, char *const *roles, gboolean admin,
                   const char *method)
{
  CsIdentity *identity = g_new0 (CsIdentity, 1);

  identity->size = sizeof *identity;
  identity->ref_count = 1;
  identity->tenant = g_strdup (tenant != NULL ? tenant : "");
  identity->user = g_strdup (user);
  identity->roles = (const char *const *) copy_roles (roles, admin);
  identity->method = method;
  identity->admin = admin;
  identity->expires = CS_NEVER;
  identity->free_func = identity_free;
  return identity;
}
