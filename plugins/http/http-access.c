/* http-access.c: who asks, and whether the route lets them in.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"
#include "http-chars.h"

#include <string.h>

#define HTTP_CHALLENGE "Basic realm=\"cloudsync\""

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
deny (HttpExchange *self, guint status, const char *reason, const char *challenge)
{
  if (challenge != NULL)
    http_set_header (&self->exchange, "WWW-Authenticate", challenge);
  if (status == 503)
    http_set_header (&self->exchange, "Retry-After", "1");
  http_reply_error (&self->exchange, status, reason);
  return FALSE;
}

static gboolean
refuse (HttpExchange *self, CsStatus status, const CsAuthVerdict *verdict)
{
  switch (status)
    {
    case CS_OVERLOADED:
      return deny (self, 503, "too many logins at once", NULL);
    case CS_CANCELLED:
    case CS_TIMED_OUT:
      return deny (self, 503, "the login took too long", NULL);
    case CS_INVALID:
      return deny (self, 400, verdict->reason, NULL);
    case CS_DENIED:
      return deny (self, verdict->locked ? 403 : 401, verdict->reason, verdict->challenge);
    default:
      return deny (self, 503, "the login could not be checked", NULL);
    }
}

gboolean
http_exchange_is_local (const HttpExchange *self)
{
  return self->connection->loopback && http_exchange_field (self, "forwarded").data == NULL
         && http_exchange_field (self, "x-forwarded-for").data == NULL;
}

/* Checks the credentials that came with the request, if any. */
static gboolean
authenticate (HttpExchange *self)
{
  CsAuthRequest request = { .size = sizeof request };
  CsAuthVerdict verdict = { .size = sizeof verdict };
  CsStatus status;

  if (self->plugin->auth == NULL)
    return TRUE;
  request.authorization = http_exchange_field (self, "authorization");
  request.api_key = http_exchange_field (self, "x-api-key");
  request.cookie = http_exchange_field (self, "cookie");
  if (request.authorization.data == NULL && request.api_key.data == NULL
      && request.cookie.data == NULL)
    return TRUE;
  request.peer = self->connection->peer;
  request.local = http_exchange_is_local (self);
  request.secure = self->connection->secure;
  status = cs_auth_authenticate (self->plugin->auth, &request, &verdict);
  self->identity = verdict.identity;
  if (verdict.cookie != NULL)
    http_set_header (&self->exchange, "Set-Cookie", verdict.cookie);
  g_free (verdict.cookie);
  return status == CS_OK || refuse (self, status, &verdict);
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
  return deny (self, 403, "auth.open answers loopback names only", NULL);
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
    return self->granted || http_exchange_is_local (self)
           || deny (self, 403, "this resource answers local clients only", NULL);
  identity = http_identity (&self->exchange);
  if (identity->user == NULL && !identity->admin)
    return deny (self, 401, "credentials are required", HTTP_CHALLENGE);
  if (row->access == CS_ACCESS_SCOPE && !cs_identity_has_scope (identity, row->scope))
    return deny (self, 403, "the credentials lack the scope of this resource", NULL);
  if (row->access == CS_ACCESS_ADMIN && !cs_identity_is_node_admin (identity))
    return deny (self, 403, "administrators only", NULL);
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
