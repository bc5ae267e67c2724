/* sync-session.c: /_session: logging in for a cookie, who the client is, logging out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-view.h"
#include "sync-write.h"

#include <openssl/crypto.h>

/* ---- GET ---- */

static void
append_user (GString *json, const CsIdentity *identity)
{
  g_string_append (json, "\"name\":");
  if (identity->user != NULL)
    sync_json_append_string (json, cs_slice_str (identity->user));
  else
    g_string_append (json, "null");
  g_string_append (json, ",\"roles\":[");
  for (gsize i = 0; identity->roles != NULL && identity->roles[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      sync_json_append_string (json, cs_slice_str (identity->roles[i]));
    }
  g_string_append_c (json, ']');
}

/* As CouchDB calls its handlers. */
static const char *
handler_of (const CsIdentity *identity)
{
  return strcmp (identity->method, "basic") == 0 ? "default" : identity->method;
}

void
sync_session_get (CsHttpExchange *exchange, gpointer self)
{
  CsIdentity *identity = cs_http_identity (exchange);
  g_autoptr (GString) json = g_string_new ("{\"ok\":true,\"userCtx\":{");

  if (identity->user == NULL && sync_query_flag (exchange, "basic"))
    {
      cs_http_set_header (exchange, "WWW-Authenticate", "Basic realm=\"cloudsync\"");
      sync_reply_error (exchange, 401, "unauthorized", "Please login.");
      return;
    }
  append_user (json, identity);
  if (*identity->tenant != '\0')
    {
      g_string_append (json, ",\"tenant\":");
      sync_json_append_string (json, cs_slice_str (identity->tenant));
    }
  g_string_append (json, "},\"info\":{\"authentication_db\":\"_users\","
                         "\"authentication_handlers\":[\"cookie\",\"default\",\"jwt\",\"key\"]");
  if (identity->user != NULL)
    g_string_append_printf (json, ",\"authenticated\":\"%s\"", handler_of (identity));
  g_string_append (json, "}}");
  sync_reply_json (exchange, 200, json);
}

/* ---- POST ---- */

typedef struct
{
  CsSlice name;     /* data NULL: absent */
  CsSlice password;
} Login;

static gint
hex_value (CsSlice text, gsize at)
{
  return at < text.len ? g_ascii_xdigit_value (text.data[at]) : -1;
}

/* A part of application/x-www-form-urlencoded (URL standard §5.1). */
static CsSlice
decode_form (CsSlice text, const SyncArena *arena)
{
  char *out = sync_alloc (arena, text.len + 1);
  gsize n = 0;

  for (gsize i = 0; i < text.len; i++)
    {
      gint high = text.data[i] == '%' ? hex_value (text, i + 1) : -1;
      gint low = high >= 0 ? hex_value (text, i + 2) : -1;

      if (low >= 0)
        {
          out[n++] = (char) (high << 4 | low);
          i += 2;
        }
      else
        out[n++] = text.data[i] == '+' ? ' ' : text.data[i];
    }
  return cs_slice (out, n);
}

static void
take (Login *login, CsSlice name, CsSlice value)
{
  if (cs_slice_is (name, "name"))
    login->name = value;
  else if (cs_slice_is (name, "password"))
    login->password = value;
}

static void
read_form (CsSlice body, const SyncArena *arena, Login *login)
{
  const char *at = body.data;
  const char *end = at + body.len;

  while (at < end)
    {
      const char *ampersand = memchr (at, '&', end - at);
      const char *stop = ampersand != NULL ? ampersand : end;
      const char *equals = memchr (at, '=', stop - at);

      if (equals != NULL)
        take (login, decode_form (cs_slice (at, equals - at), arena),
              decode_form (cs_slice (equals + 1, stop - equals - 1), arena));
      at = stop + 1;
    }
}

static gboolean
read_json (CsSlice body, const SyncArena *arena, Login *login)
{
  SyncJson object;
  SyncJson name;
  SyncJson password;

  if (!sync_json_parse (body, 32, &object))
    return FALSE;
  name = sync_json_member (object, "name");
  password = sync_json_member (object, "password");
  if (name.type == SYNC_JSON_STRING)
    login->name = sync_json_text (name, arena);
  if (password.type == SYNC_JSON_STRING)
    login->password = sync_json_text (password, arena);
  return TRUE;
}

static gboolean
is_type (CsSlice header, const char *type)
{
  gsize n = strlen (type);

  return header.len >= n && g_ascii_strncasecmp (header.data, type, n) == 0
         && (header.len == n || header.data[n] == ';' || header.data[n] == ' ');
}

/* FALSE: answered. */
static gboolean
read_login (CsHttpExchange *exchange, const SyncArena *arena, Login *login)
{
  CsSlice type = cs_http_header (exchange, "Content-Type");
  CsSlice body;

  if (cs_http_read_body (exchange, &body) != CS_OK)
    return FALSE;
  if (is_type (type, "application/x-www-form-urlencoded"))
    read_form (body, arena, login);
  else if (is_type (type, "application/json") && !read_json (body, arena, login))
    {
      sync_reply_not_json (exchange);
      return FALSE;
    }
  if (login->name.data != NULL && login->password.data == NULL)
    login->password = cs_slice ("", 0);
  if (login->name.len > 0 && sync_json_utf8 (login->name)
      && memchr (login->name.data, '\0', login->name.len) == NULL
      && memchr (login->password.data, '\0', login->password.len) == NULL)
    return TRUE;
  sync_reply_error (exchange, 400, "bad_request", "request body must contain a username");
  return FALSE;
}

/* To a path of this server only: a link with a `next` must not send people elsewhere. */
static const char *
next_path (CsHttpExchange *exchange, const SyncArena *arena)
{
  CsSlice next;
  char *path;

  if (!cs_http_query (exchange, "next", &next) || next.len == 0 || next.data[0] != '/'
      || (next.len > 1 && (next.data[1] == '/' || next.data[1] == '\\')))
    return NULL;
  for (gsize i = 0; i < next.len; i++)
    if ((guint8) next.data[i] <= 0x20 || next.data[i] == '\\' || (guint8) next.data[i] >= 0x7f)
      return NULL;
  path = sync_alloc (arena, next.len + 1);
  memcpy (path, next.data, next.len);
  path[next.len] = '\0';
  return path;
}

static void
reply_logged_in (CsHttpExchange *exchange, const SyncArena *arena, const CsIdentity *identity)
{
  const char *next = next_path (exchange, arena);
  g_autoptr (GString) json = g_string_new ("{\"ok\":true,");

  append_user (json, identity);
  g_string_append_c (json, '}');
  if (next != NULL)
    cs_http_set_header (exchange, "Location", next);
  sync_reply_json (exchange, next != NULL ? 302 : 200, json);
}

static void
set_cookie (CsHttpExchange *exchange, Sync *self, CsIdentity *identity)
{
  CsAuthRequest request = cs_http_auth_request (exchange);
  g_autofree char *cookie = cs_auth_session_cookie (self->auth, &request, identity);

  if (cookie != NULL)
    cs_http_set_header (exchange, "Set-Cookie", cookie);
}

static void
refuse (CsHttpExchange *exchange, Sync *self, CsStatus status, const CsAuthVerdict *verdict)
{
  if (status != CS_DENIED)
    {
      sync_reply_status (exchange, status);
      return;
    }
  set_cookie (exchange, self, NULL);
  if (verdict->locked)
    sync_reply_error (exchange, 403, "forbidden", verdict->reason);
  else
    sync_reply_error (exchange, 401, "unauthorized", verdict->reason);
}

void
sync_session_post (CsHttpExchange *exchange, gpointer data)
{
  Sync *self = data;
  SyncArena arena = sync_exchange_arena (exchange);
  CsAuthRequest request = cs_http_auth_request (exchange);
  CsAuthVerdict verdict = { .size = sizeof verdict };
  Login login = { .name = { NULL, 0 } };
  g_autofree char *name = NULL;
  g_autofree char *password = NULL;
  CsStatus status;

  if (!read_login (exchange, &arena, &login))
    return;
  name = g_strndup (login.name.data, login.name.len);
  password = g_strndup (login.password.data, login.password.len);
  status = cs_auth_login (self->auth, &request, NULL, name, password, &verdict);
  OPENSSL_cleanse (password, login.password.len);
  if (status == CS_OK)
    {
      set_cookie (exchange, self, verdict.identity);
      reply_logged_in (exchange, &arena, verdict.identity);
    }
  else
    refuse (exchange, self, status, &verdict);
  cs_identity_unref (verdict.identity);
}

/* ---- DELETE ---- */

void
sync_session_delete (CsHttpExchange *exchange, gpointer self)
{
  set_cookie (exchange, self, NULL);
  sync_reply_ok (exchange, 200);
}
