/* sync-scope.c: what an identity's scopes let it do here, whatever else it may.
 *
 * `sync:read`, `sync:write` and `sync:admin` are the kinds of requests; `db:NAME`, once or more, names the only
 * databases. An identity without a list of scopes is not limited.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

static const char *
needed (SyncRight right)
{
  switch (right)
    {
    case SYNC_READ:
      return SYNC_SCOPE_READ;
    case SYNC_ADMIN:
      return SYNC_SCOPE_ADMIN;
    default:
      return SYNC_SCOPE_WRITE;
    }
}

/* Is the database one of those that are named, if any are? `name` data NULL: it is about the server. */
static gboolean
names (const CsIdentity *identity, CsSlice name)
{
  gboolean any = FALSE;

  for (gsize i = 0; identity->scopes[i] != NULL; i++)
    {
      const char *scope = identity->scopes[i];

      if (strncmp (scope, SYNC_SCOPE_DATABASE, strlen (SYNC_SCOPE_DATABASE)) != 0)
        continue;
      any = TRUE;
      if (name.data != NULL && cs_slice_is (name, scope + strlen (SYNC_SCOPE_DATABASE)))
        return TRUE;
    }
  return !any;
}

gboolean
sync_scope_allows (const CsIdentity *identity, CsSlice name, SyncRight right)
{
  return identity->scopes == NULL
         || (cs_identity_has_scope (identity, needed (right)) && names (identity, name));
}

SyncRight
sync_right_of_route (CsHttpExchange *exchange)
{
  const CsHttpRoute *route = cs_http_route (exchange);
  CsSlice method = cs_slice_str (route->method);

  if (cs_slice_is (method, "*"))
    method = cs_http_request (exchange)->method;
  if (route->scope != NULL)
    return strcmp (route->scope, SYNC_SCOPE_READ) == 0 ? SYNC_READ : SYNC_WRITE;
  return cs_slice_is (method, "GET") || cs_slice_is (method, "HEAD") ? SYNC_READ : SYNC_WRITE;
}

void
sync_reply_scope (CsHttpExchange *exchange, SyncRight right)
{
  g_autofree char *reason
    = g_strdup_printf ("The credentials lack the scope %s, or are for other databases.",
                       needed (right));

  sync_reply_error (exchange, 403, "forbidden", reason);
}
