/* http-routes.c: the plugins' routes, filters and error styles, and the search through them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Changed on the main thread before the workers accept; read by all of them afterwards. */
#include "http-chars.h"
#include "http-uri.h"
#include "http.h"

#include <string.h>

/* ---- stats ---- */

static void
define_stats (HttpPlugin *self, HttpRoute *route)
{
  const char *method = route->row.method != NULL ? route->row.method : "*";
  g_autofree char *labels
    = g_strdup_printf ("method=\"%s\",route=\"%s\"", method, route->path);

  for (guint class = 1; class <= 5; class++)
    {
      g_autofree char *with_code = g_strdup_printf ("%s,code=\"%uxx\"", labels, class);

      route->requests[class] = cs_counter (self, "http_requests_total",
                                           "Requests answered, by route and class of status.",
                                           with_code);
    }
  route->duration = cs_histogram_us (self, "http_request_duration_seconds",
                                     "Time from a request's head to the end of its answer.",
                                     labels);
  route->running = cs_gauge (self, "http_requests_in_flight",
                             "Requests whose handler has begun and whose answer has not ended.",
                             labels);
}

/* ---- routes ---- */

static void
route_free (gpointer data)
{
  HttpRoute *route = data;

  g_free (route->path);
  g_free (route);
}

static HttpRoute *
route_new (const CsHttpRoute *row, gsize row_size, const char *mount, gpointer owner)
{
  HttpRoute *route = g_new0 (HttpRoute, 1);

  memcpy (&route->row, row, MIN (row_size, sizeof route->row));
  route->path = g_strconcat (g_strcmp0 (mount, "/") == 0 || mount == NULL ? "" : mount,
                             route->row.path, NULL);
  route->self = owner;
  route->plugin = owner != NULL ? cs_name (owner) : "http";
  return route;
}

void
http_routes_init (HttpPlugin *self)
{
  static const CsHttpRoute none = { .method = "*", .path = HTTP_NO_ROUTE };

  self->router = http_router_new ();
  self->routes = g_ptr_array_new_with_free_func (route_free);
  self->early = g_array_new (FALSE, FALSE, sizeof (HttpFilter));
  for (guint i = 0; i < G_N_ELEMENTS (self->filters); i++)
    self->filters[i] = g_array_new (FALSE, FALSE, sizeof (HttpFilter));
  self->error_styles = g_array_new (FALSE, FALSE, sizeof (HttpErrorStyle));
  self->no_route = route_new (&none, sizeof none, NULL, NULL);
  define_stats (self, self->no_route);
}

void
http_routes_free (HttpPlugin *self)
{
  for (guint i = 0; i < self->error_styles->len; i++)
    g_free (g_array_index (self->error_styles, HttpErrorStyle, i).prefix);
  g_array_unref (self->error_styles);
  g_array_unref (self->early);
  for (guint i = 0; i < G_N_ELEMENTS (self->filters); i++)
    g_array_unref (self->filters[i]);
  http_router_free (self->router);
  g_ptr_array_unref (self->routes);
  route_free (self->no_route);
}

static gboolean
access_is_possible (HttpPlugin *self, const HttpRoute *route, GError **error)
{
  CsHttpAccess access = route->row.access;

  if (self->auth != NULL || access == CS_ACCESS_PUBLIC || access == CS_ACCESS_LOCAL)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_DENIED,
               "route \"%s %s\" of plugin %s needs an identity, but no plugin provides auth: add "
               "auth to the role, or set auth.open = true with it",
               route->row.method, route->path, route->plugin);
  return FALSE;
}

static gboolean
add_route (HttpPlugin *self, HttpRoute *route, GError **error)
{
  gpointer taken = NULL;

  if (!access_is_possible (self, route, error))
    return FALSE;
  if (http_router_add (self->router, route->row.method, route->path, route, &taken, error))
    {
      define_stats (self, route);
      return TRUE;
    }
  if (taken != NULL)
    {
      g_clear_error (error);
      g_set_error (error, CS_ERROR, CS_EXISTS,
                   "route \"%s %s\" of plugin %s is taken by \"%s\" of plugin %s: mount one of "
                   "them elsewhere",
                   route->row.method, route->path, route->plugin,
                   ((const HttpRoute *) taken)->path, ((const HttpRoute *) taken)->plugin);
    }
  return FALSE;
}

gboolean
http_add_routes (CsHttp *http, gpointer owner, const char *mount, const CsHttpRoute *routes,
                 gsize n, gsize row_size, GError **error)
{
  HttpPlugin *self = (HttpPlugin *) http;

  for (gsize i = 0; i < n; i++)
    {
      const CsHttpRoute *row = (const CsHttpRoute *) ((const char *) routes + i * row_size);
      HttpRoute *route = route_new (row, row_size, mount, owner);

      g_ptr_array_add (self->routes, route);
      if (!add_route (self, route, error))
        {
          g_ptr_array_remove_index (self->routes, self->routes->len - 1);
          return FALSE;
        }
    }
  return TRUE;
}

void
http_visit_routes (CsHttp *http, CsHttpRouteFunc func, gpointer data)
{
  HttpPlugin *self = (HttpPlugin *) http;

  for (guint i = 0; i < self->routes->len; i++)
    {
      const HttpRoute *route = g_ptr_array_index (self->routes, i);

      func (&route->row, route->path, route->plugin, data);
    }
}

const char *
http_lookup (CsHttp *http, const char *method, const char *path, const char **template_)
{
  HttpPlugin *self = (HttpPlugin *) http;
  const HttpRoute *route;
  HttpMatch match;

  http_router_match (self->router, method, strlen (method), path, strcspn (path, "?"), &match);
  if (match.node == NULL)
    return NULL;
  route = match.route != NULL ? match.route : http_router_node_route (match.node);
  if (template_ != NULL)
    *template_ = route->path;
  return route->plugin;
}

const char *const *
http_addresses (CsHttp *http)
{
  return (const char *const *) ((HttpPlugin *) http)->addresses;
}

/* ---- the search ---- */

static gboolean
encoding_is_valid (CsSlice path, const char *first)
{
  const char *end = path.data + path.len;

  for (const char *at = first; at != NULL; at = memchr (at, '%', end - at))
    {
      int high = end - at > 2 ? http_hex_value (at[1]) : -1;
      int low = end - at > 2 ? http_hex_value (at[2]) : -1;

      if (high < 0 || low < 0 || (high == 0 && low == 0))
        return FALSE;
      at += 3;
    }
  return TRUE;
}

gboolean
http_exchange_route (HttpExchange *self)
{
  CsSlice path = http_exchange_slice (self, self->head.path);
  CsSlice method = http_exchange_slice (self, self->head.method_text);
  HttpMatch match;
  const char *first;

  if (path.len == 0 && self->head.absolute)
    path = cs_slice ("/", 1);
  if (path.len == 0)
    return TRUE;
  first = memchr (path.data, '%', path.len);
  self->encoded = first != NULL;
  if (self->encoded && !encoding_is_valid (path, first))
    return FALSE;
  http_router_match (self->plugin->router, method.data, method.len, path.data, path.len, &match);
  self->route = match.route;
  if (match.node != NULL && match.route == NULL)
    self->allow = http_router_allow (match.node);
  if (match.route != NULL && match.n_params > 0)
    {
      HttpRouterParam *params
        = http_exchange_alloc (self, match.n_params * sizeof (HttpRouterParam));

      memcpy (params, match.params, match.n_params * sizeof (HttpRouterParam));
      self->params = params;
      self->n_params = match.n_params;
    }
  return TRUE;
}

/* ---- filters ---- */

/* Lower order first; among equals, as they came. */
static void
insert_filter (GArray *filters, const HttpFilter *filter)
{
  guint at = filters->len;

  while (at > 0 && g_array_index (filters, HttpFilter, at - 1).filter.order > filter->filter.order)
    at--;
  g_array_insert_val (filters, at, *filter);
}

gboolean
http_add_filters (CsHttp *http, gpointer owner, const CsHttpFilter *filters, gsize n,
                  gsize row_size, GError **error)
{
  HttpPlugin *self = (HttpPlugin *) http;

  for (gsize i = 0; i < n; i++)
    {
      HttpFilter added = { .self = owner };

      memcpy (&added.filter, (const char *) filters + i * row_size,
              MIN (row_size, sizeof added.filter));
      if ((guint) added.filter.phase >= G_N_ELEMENTS (self->filters) || added.filter.func == NULL)
        {
          g_set_error (error, CS_ERROR, CS_INVALID, "a filter of plugin %s is malformed",
                       cs_name (owner));
          return FALSE;
        }
      added.prefix_length = http_prefix_length (added.filter.prefix);
      insert_filter (added.filter.early && added.filter.phase == CS_HTTP_PHASE_ACCESS
                       ? self->early
                       : self->filters[added.filter.phase],
                     &added);
    }
  return TRUE;
}

/* A slash at its end says nothing. */
gsize
http_prefix_length (const char *prefix)
{
  gsize length = prefix != NULL ? strlen (prefix) : 0;

  while (length > 0 && prefix[length - 1] == '/')
    length--;
  return length;
}

/* An encoded slash is part of its segment and equals no slash of the prefix. */
static gboolean
encoded_below (CsSlice path, const char *prefix, gsize length)
{
  gsize i = 0;

  for (gsize p = 0; p < length; p++, i++)
    {
      char byte;

      if (i >= path.len)
        return FALSE;
      byte = path.data[i];
      if (byte == '%' && i + 2 < path.len)
        {
          byte = http_hex_value (path.data[i + 1]) << 4 | http_hex_value (path.data[i + 2]);
          if (byte == '/')
            return FALSE;
          i += 2;
        }
      if (byte != prefix[p])
        return FALSE;
    }
  return i == path.len || path.data[i] == '/';
}

static inline gboolean
plain_below (CsSlice path, const char *prefix, gsize length)
{
  return path.len >= length && memcmp (path.data, prefix, length) == 0
         && (path.len == length || path.data[length] == '/');
}

gboolean
http_path_below (CsSlice path, const char *prefix)
{
  return encoded_below (path, prefix, http_prefix_length (prefix));
}

gboolean
http_exchange_filter (HttpExchange *self, const GArray *filters)
{
  CsSlice path = http_exchange_slice (self, self->head.path);

  for (guint i = 0; i < filters->len; i++)
    {
      const HttpFilter *each = &g_array_index (filters, HttpFilter, i);

      if (each->filter.upgrade && !self->head.wants_upgrade)
        continue;
      if (each->prefix_length > 0
          && !(self->encoded ? encoded_below (path, each->filter.prefix, each->prefix_length)
                             : plain_below (path, each->filter.prefix, each->prefix_length)))
        continue;
      if (each->filter.path != NULL && !cs_slice_is (path, each->filter.path))
        continue;
      if (!each->filter.func (&self->exchange, each->self)
          && each->filter.phase == CS_HTTP_PHASE_ACCESS)
        return FALSE;
    }
  return TRUE;
}

/* ---- error styles ---- */

gboolean
http_set_error_func (CsHttp *http, gpointer owner, const char *prefix, CsHttpErrorFunc func,
                     GError **error)
{
  HttpPlugin *self = (HttpPlugin *) http;
  HttpErrorStyle added = { g_strdup (prefix != NULL ? prefix : ""), func, owner };
  guint at = 0;

  while (at < self->error_styles->len)
    {
      const HttpErrorStyle *each = &g_array_index (self->error_styles, HttpErrorStyle, at);

      if (strcmp (each->prefix, added.prefix) == 0)
        {
          g_set_error (error, CS_ERROR, CS_EXISTS,
                       "plugin %s styles the errors below \"%s\" already", cs_name (each->self),
                       added.prefix);
          g_free (added.prefix);
          return FALSE;
        }
      if (strlen (each->prefix) < strlen (added.prefix))
        break;
      at++;
    }
  g_array_insert_val (self->error_styles, at, added);
  return TRUE;
}
