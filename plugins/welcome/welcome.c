/* welcome.c: a page for browsers at `/`, before the request is routed; other clients go on to the route.
 * SPDX-License-Identifier: Apache-2.0 */
#include "welcome.h"
#include "welcome-page.h"
#include "welcome-state.h"

char *
welcome_origin (CsSlice authority, gboolean secure)
{
  gsize i;

  if (authority.len == 0 || authority.len > 255)
    return NULL;
  for (i = 0; i < authority.len; i++)
    if (!g_ascii_isalnum (authority.data[i]) && strchr (".:-_[]", authority.data[i]) == NULL)
      return NULL;
  return g_strdup_printf ("%s://%.*s", secure ? "https" : "http", (int) authority.len,
                          authority.data);
}

/* Every browser that navigates lists XHTML too; a program that names text/html alone gets CouchDB's JSON. */
static gboolean
is_browser (CsHttpExchange *exchange)
{
  static const char *const types[] = { "application/json", "text/html", NULL };
  CsSlice accept = cs_http_header (exchange, "Accept");

  return cs_http_accept (exchange, types) == 1
         && g_strstr_len (accept.data, accept.len, "application/xhtml+xml") != NULL;
}

static gboolean
wants_page (CsHttpExchange *exchange)
{
  const CsHttpRequest *request = cs_http_request (exchange);

  return (cs_slice_is (request->method, "GET") || cs_slice_is (request->method, "HEAD"))
         && is_browser (exchange);
}

static gboolean
has_sync (WelcomeState *self)
{
  return g_strcmp0 (cs_http_lookup (self->http, "PUT", "/notes", NULL), "sync") == 0;
}

static GString *
render (WelcomeState *self, CsHttpExchange *exchange)
{
  const CsHttpRequest *request = cs_http_request (exchange);
  CsNodeInfo node = { .size = sizeof node };
  g_autofree char *origin = welcome_origin (request->authority, request->secure);
  GString *state = request->local ? welcome_state () : g_string_new ("null");
  WelcomePage page;
  GString *text;

  cs_node_info (&node);
  page = (WelcomePage){ .node = node.name,
                        .role = node.role,
                        .version = node.version,
                        .origin = origin != NULL ? origin : cs_http_addresses (self->http)[0],
                        .sync = has_sync (self),
                        .open = self->auth != NULL && cs_auth_is_open (self->auth),
                        .state = state->str };
  text = welcome_page_render (&page);
  g_string_free (state, TRUE);
  return text;
}

static gboolean
answer_page (CsHttpExchange *exchange, gpointer instance)
{
  WelcomeState *self = instance;
  GString *text;
  CsSlice part;

  if (!wants_page (exchange))
    return TRUE;
  text = render (self, exchange);
  part = cs_slice (text->str, text->len);
  cs_http_set_header (exchange, "Content-Security-Policy", self->policy);
  cs_http_set_header (exchange, "X-Content-Type-Options", "nosniff");
  cs_http_set_header (exchange, "Referrer-Policy", "no-referrer");
  cs_http_set_header (exchange, "Cache-Control", "no-store");
  cs_http_set_header (exchange, "Vary", "Accept");
  cs_http_reply (exchange, 200, "text/html; charset=utf-8", &part, 1);
  g_string_free (text, TRUE);
  return FALSE;
}

static void
answer_state (CsHttpExchange *exchange, gpointer self)
{
  GString *text = welcome_state ();

  cs_http_set_header (exchange, "Cache-Control", "no-store");
  cs_http_reply_json (exchange, 200, text->str);
  g_string_free (text, TRUE);
}

static const CsHttpFilter welcome_filters[] = {
  { .phase = CS_HTTP_PHASE_ACCESS, .early = TRUE, .path = "/", .func = answer_page },
};

/* No database's name begins with an underscore. */
static const CsHttpRoute welcome_routes[] = {
  { .method = "GET", .path = "/_cloudsync/stats.json", .handler = answer_state,
    .access = CS_ACCESS_LOCAL, .admission = CS_ADMIT_ALWAYS,
    .summary = "Node, plugins and counters, for the page at /",
    .openapi = "{\"responses\":{\"200\":{\"description\":\"The node now\",\"content\":{"
               "\"application/json\":{\"schema\":{\"type\":\"object\"}}}}}}" },
};

gboolean
welcome_start (gpointer instance, GError **error)
{
  WelcomeState *self = instance;

  self->http = cs_require (self, CS_HTTP);
  self->auth = cs_require (self, CS_AUTH);
  self->policy = welcome_page_policy ();
  return cs_http_add_filters (self->http, self, CS_ROWS (welcome_filters), error)
         && cs_http_add_routes (self->http, self, CS_ROWS (welcome_routes), error);
}

void
welcome_destroy (gpointer instance)
{
  WelcomeState *self = instance;

  g_free (self->policy);
}
