/* http-access.c: who asks, and whether the route lets them in.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"
#include "http-chars.h"

#include <string.h>

static void
never_free (gpointer identity)
{
  g_assert_not_reached ();
}

static CsIdentity *
anonymous (HttpPlugin *plugin)
{
  if (plugin->auth != NULL)
    return cs_auth_anonymous (plugin->auth);
  if (plugin->anonymous.size == 0)
    plugin->anonymous = (CsIdentity){ .size = sizeof (CsIdentity),
                                      .ref_count = 1,
                                      .tenant = "",
                                      .expires = CS_NEVER,
                                      .free_func = never_free };
  return cs_identity_ref (&plugin->anonymous);
}

CsIdentity *
http_identity (CsHttpExchange *exchange)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (self->identity == NULL)
    self->identity = anonymous (self->plugin);
  return self->identity;
}

void
http_grant (CsHttpExchange *exchange)
{
  ((HttpExchange *) exchange)->granted = TRUE;
}

static gboolean
deny (HttpExchange *self, guint status, const char *reason)
{
  if (status == 401)
    http_set_header (&self->exchange, "WWW-Authenticate", "Basic realm=\"cloudsync\"");
  else if (status == 503)
    http_set_header (&self->exchange, "Retry-After", "1");
  http_reply_error (&self->exchange, status, reason);
  return FALSE;
}

/* Checks the credentials that came with the request, if any. */
static gboolean
authenticate (HttpExchange *self)
{
  const HttpField *field = http_head_find (&self->head, self->text, "authorization", 13);
  CsSlice value;

  if (field == NULL || self->plugin->auth == NULL)
    return TRUE;
  value = cs_slice (self->text + field->value, field->value_length);
  switch (cs_auth_authorize (self->plugin->auth, value, &self->identity))
    {
    case CS_OK:
      return TRUE;
    case CS_OVERLOADED:
      return deny (self, 503, "too many logins at once");
    case CS_CANCELLED:
    case CS_TIMED_OUT:
      return deny (self, 503, "the login took too long");
    case CS_INVALID:
      return deny (self, 400, "the Authorization header is malformed");
    case CS_DENIED:
    case CS_UNSUPPORTED:
      return deny (self, 401, "name or password is incorrect");
    default:
      return deny (self, 503, "the login could not be checked");
    }
}

/* The two that nearly all requests have. */
static inline gboolean
usual_host (CsSlice host)
{
  gsize length = 9; /* of both names */

  return host.len >= length && (host.len == length || host.data[length] == ':')
         && (memcmp (host.data, "127.0.0.1", 9) == 0 || memcmp (host.data, "localhost", 9) == 0);
}

/* localhost, *.localhost, 127.0.0.0/8 or [::1], with any port. */
static gboolean
loopback_host (CsSlice host)
{
  const guint8 *text = (const guint8 *) host.data;
  gsize length = host.len;
  guint dots = 0;

  if (usual_host (host))
    return TRUE;
  if (length >= 5 && memcmp (host.data, "[::1]", 5) == 0)
    return length == 5 || host.data[5] == ':';
  for (gsize i = 0; i < length; i++)
    if (text[i] == ':')
      length = i;
  if (HTTP_EQUALS (text, length, "localhost")
      || (length > 10 && HTTP_EQUALS (text + length - 10, 10, ".localhost")))
    return TRUE;
  if (length < 7 || memcmp (text, "127.", 4) != 0)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == '.')
        dots++;
      else if (!http_is (text[i], HTTP_CHAR_DIGIT))
        return FALSE;
    }
  return dots == 3;
}

/* In open mode a page on the Internet must not reach us under its own name. */
gboolean
http_exchange_check_host (HttpExchange *self)
{
  if (self->plugin->auth == NULL || !cs_auth_is_open (self->plugin->auth))
    return TRUE;
  if (self->connection->loopback
      && (!self->head.seen_host || loopback_host (http_exchange_slice (self, self->head.host))))
    return TRUE;
  return deny (self, 403, "auth.open answers loopback names only");
}

gboolean
http_exchange_authorize (HttpExchange *self)
{
  const CsHttpRoute *row = &self->route->row;
  const CsIdentity *identity;

  if (!authenticate (self))
    return FALSE;
  if (row->access == CS_ACCESS_PUBLIC)
    return TRUE;
  if (row->access == CS_ACCESS_LOCAL)
    return self->connection->loopback || self->granted
           || deny (self, 403, "this resource answers local clients only");
  identity = http_identity (&self->exchange);
  if (identity->user == NULL && !identity->admin)
    return deny (self, 401, "credentials are required");
  if (row->access == CS_ACCESS_SCOPE && !cs_identity_has_scope (identity, row->scope))
    return deny (self, 403, "the credentials lack the scope of this resource");
  if (row->access == CS_ACCESS_ADMIN && !identity->admin)
    return deny (self, 403, "administrators only");
  return TRUE;
}

/* An open node must not be reachable from elsewhere. */
gboolean
http_open_allowed (HttpPlugin *self, GError **error)
{
  if (self->auth == NULL || !cs_auth_is_open (self->auth))
    return TRUE;
  for (guint i = 0; i < self->listeners->len; i++)
    {
      const HttpListener *listener = g_ptr_array_index (self->listeners, i);

      if (listener->loopback)
        continue;
      g_set_error (error, CS_ERROR, CS_DENIED,
                   "auth.open = true needs loopback listeners, but \"%s\" is none: listen on "
                   "127.0.0.1 or set auth.open = false",
                   listener->address);
      return FALSE;
    }
  return TRUE;
}
