/* http-router.c: all plugins' routes in one tree of path segments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-router.h"
#include "http-uri.h"

#include <gio/gio.h>
#include <string.h>

#define SEGMENT_DECODED_MAX 256 /* a longer encoded segment equals no literal */

typedef struct
{
  char *method;
  gsize length;
  gpointer route;
  char **names;
} HttpRouterMethod;

struct _HttpRouterNode
{
  char *literal; /* NULL for a parameter or a rest */
  gsize literal_length;
  GPtrArray *literals; /* HttpRouterNode, sorted by length and bytes */
  HttpRouterNode *parameter;
  HttpRouterNode *rest;
  GArray *methods; /* HttpRouterMethod */
  char *allow;
};

struct _HttpRouter
{
  HttpRouterNode *root;
};

static void
method_clear (gpointer data)
{
  HttpRouterMethod *method = data;

  g_free (method->method);
  g_strfreev (method->names);
}

static void
node_free (gpointer data)
{
  HttpRouterNode *node = data;

  if (node == NULL)
    return;
  g_free (node->literal);
  g_ptr_array_unref (node->literals);
  node_free (node->parameter);
  node_free (node->rest);
  g_array_unref (node->methods);
  g_free (node->allow);
  g_free (node);
}

static HttpRouterNode *
node_new (const char *literal, gsize length)
{
  HttpRouterNode *node = g_new0 (HttpRouterNode, 1);

  node->literal = literal != NULL ? g_strndup (literal, length) : NULL;
  node->literal_length = length;
  node->literals = g_ptr_array_new_with_free_func (node_free);
  node->methods = g_array_new (FALSE, TRUE, sizeof (HttpRouterMethod));
  g_array_set_clear_func (node->methods, method_clear);
  return node;
}

HttpRouter *
http_router_new (void)
{
  HttpRouter *self = g_new0 (HttpRouter, 1);

  self->root = node_new (NULL, 0);
  return self;
}

void
http_router_free (HttpRouter *self)
{
  if (self == NULL)
    return;
  node_free (self->root);
  g_free (self);
}

static int
compare_literal (const HttpRouterNode *node, const char *text, gsize length)
{
  if (node->literal_length != length)
    return node->literal_length < length ? -1 : 1;
  return memcmp (node->literal, text, length);
}

/* Index of the literal, or where it belongs. */
static guint
literal_index (const HttpRouterNode *node, const char *text, gsize length, gboolean *found)
{
  guint low = 0;
  guint high = node->literals->len;

  *found = FALSE;
  while (low < high)
    {
      guint middle = (low + high) / 2;
      int order = compare_literal (g_ptr_array_index (node->literals, middle), text, length);

      if (order == 0)
        {
          *found = TRUE;
          return middle;
        }
      if (order < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static HttpRouterNode *
literal_child (HttpRouterNode *node, const char *text, gsize length)
{
  gboolean found;
  guint at = literal_index (node, text, length, &found);

  if (!found)
    g_ptr_array_insert (node->literals, at, node_new (text, length));
  return g_ptr_array_index (node->literals, at);
}

static gboolean
bad_pattern (const char *pattern, const char *why, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "route \"%s\": %s", pattern, why);
  return FALSE;
}

/* `{name}` or `{name...}`; the name without its decoration. */
static char *
parameter_name (const char *segment, gsize length, gboolean *rest)
{
  gsize name_length = length - 2;

  *rest = name_length > 3 && memcmp (segment + length - 4, "...}", 4) == 0;
  if (*rest)
    name_length -= 3;
  for (gsize i = 0; i < name_length; i++)
    if (!g_ascii_isalnum (segment[1 + i]) && segment[1 + i] != '_' && segment[1 + i] != '-')
      return NULL;
  return name_length > 0 ? g_strndup (segment + 1, name_length) : NULL;
}

/* Walks `pattern`, making what is missing. NULL with `error`. */
static HttpRouterNode *
node_of_pattern (HttpRouter *self, const char *pattern, GPtrArray *names, GError **error)
{
  HttpRouterNode *node = self->root;
  const char *at = pattern;

  if (*at != '/')
    return bad_pattern (pattern, "must begin with /", error), NULL;
  while (*at == '/')
    {
      const char *segment = at + 1;
      gsize length = strcspn (segment, "/");
      gboolean rest = FALSE;

      at = segment + length;
      if (length < 2 || segment[0] != '{' || segment[length - 1] != '}')
        {
          if (memchr (segment, '{', length) != NULL || memchr (segment, '}', length) != NULL)
            return bad_pattern (pattern, "a parameter must be a whole segment", error), NULL;
          node = literal_child (node, segment, length);
          continue;
        }
      g_ptr_array_add (names, parameter_name (segment, length, &rest));
      if (names->pdata[names->len - 1] == NULL)
        return bad_pattern (pattern, "a parameter needs a name", error), NULL;
      if (names->len > HTTP_ROUTER_PARAMS_MAX)
        return bad_pattern (pattern, "too many parameters", error), NULL;
      if (rest && *at != '\0')
        return bad_pattern (pattern, "{name...} must come last", error), NULL;
      if (rest && node->rest == NULL)
        node->rest = node_new (NULL, 0);
      if (!rest && node->parameter == NULL)
        node->parameter = node_new (NULL, 0);
      node = rest ? node->rest : node->parameter;
    }
  return node;
}

static const HttpRouterMethod *
find_method (const HttpRouterNode *node, const char *method, gsize length)
{
  for (guint i = 0; i < node->methods->len; i++)
    {
      const HttpRouterMethod *own = &g_array_index (node->methods, HttpRouterMethod, i);

      if (own->length == length && memcmp (own->method, method, length) == 0)
        return own;
    }
  return NULL;
}

static char *
allow_of (const HttpRouterNode *node)
{
  GString *allow = g_string_new (NULL);

  for (guint i = 0; i < node->methods->len; i++)
    g_string_append_printf (allow, "%s, ",
                            g_array_index (node->methods, HttpRouterMethod, i).method);
  if (find_method (node, "GET", 3) != NULL && find_method (node, "HEAD", 4) == NULL)
    g_string_append (allow, "HEAD, ");
  if (find_method (node, "OPTIONS", 7) == NULL)
    g_string_append (allow, "OPTIONS, ");
  g_string_truncate (allow, allow->len - 2);
  return g_string_free (allow, FALSE);
}

gboolean
http_router_add (HttpRouter *self, const char *method, const char *pattern, gpointer route,
                 gpointer *taken, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  HttpRouterNode *node = node_of_pattern (self, pattern, names, error);
  const HttpRouterMethod *own;
  HttpRouterMethod added;

  if (node == NULL)
    return FALSE;
  own = find_method (node, method, strlen (method));
  if (own != NULL)
    {
      if (taken != NULL)
        *taken = own->route;
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "route \"%s %s\" is taken", method,
                   pattern);
      return FALSE;
    }
  g_ptr_array_add (names, NULL);
  added = (HttpRouterMethod){ g_strdup (method), strlen (method), route,
                              (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE) };
  g_array_append_val (node->methods, added);
  g_free (node->allow);
  node->allow = allow_of (node);
  return TRUE;
}

static const HttpRouterNode *
find_literal (const HttpRouterNode *node, const char *segment, gsize length)
{
  char decoded[SEGMENT_DECODED_MAX + 1];
  gboolean found;
  guint at;

  if (node->literals->len == 0)
    return NULL;
  if (memchr (segment, '%', length) != NULL)
    {
      gssize n = length <= SEGMENT_DECODED_MAX
                   ? http_uri_decode (segment, length, HTTP_URI_PATH, decoded)
                   : -1;

      if (n < 0)
        return NULL;
      segment = decoded;
      length = n;
    }
  at = literal_index (node, segment, length, &found);
  return found ? g_ptr_array_index (node->literals, at) : NULL;
}

/* Which nodes may end a search: all that have routes, or those with a row of this very method. */
typedef struct
{
  const char *method; /* NULL: any */
  gsize length;
} Wanted;

static gboolean
ends (const HttpRouterNode *node, Wanted wanted)
{
  return wanted.method == NULL ? node->methods->len > 0
                               : find_method (node, wanted.method, wanted.length) != NULL;
}

/* `path` begins at a slash or is empty. Depth is bounded by the deepest pattern. */
static const HttpRouterNode *
descend (const HttpRouterNode *node, const char *path, const char *end, Wanted wanted,
         HttpMatch *match)
{
  guint n_params = match->n_params;
  const HttpRouterNode *found = NULL;

  if (path == end)
    return ends (node, wanted) ? node : NULL;
  if (node->literals->len > 0 || node->parameter != NULL)
    {
      const char *segment = path + 1;
      const char *slash = memchr (segment, '/', end - segment);
      const char *last = slash != NULL ? slash : end;
      const HttpRouterNode *literal = find_literal (node, segment, last - segment);

      if (literal != NULL)
        found = descend (literal, last, end, wanted, match);
      if (found == NULL && node->parameter != NULL && last > segment)
        {
          match->n_params = n_params;
          match->params[match->n_params++] = (HttpRouterParam){ segment, last - segment };
          found = descend (node->parameter, last, end, wanted, match);
        }
    }
  if (found == NULL && node->rest != NULL && ends (node->rest, wanted))
    {
      match->n_params = n_params;
      match->params[match->n_params++] = (HttpRouterParam){ path + 1, end - path - 1 };
      found = node->rest;
    }
  return found;
}

/* A slash at the end may be one too many. */
static void
search (const HttpRouter *self, const char *path, gsize length, Wanted wanted, HttpMatch *match)
{
  match->n_params = 0;
  match->node = descend (self->root, path, path + length, wanted, match);
  if (match->node == NULL && length > 1 && path[length - 1] == '/' && path[length - 2] != '/')
    {
      match->n_params = 0;
      match->node = descend (self->root, path, path + length - 1, wanted, match);
    }
}

static const HttpRouterMethod *
method_of (const HttpRouterNode *node, Wanted wanted)
{
  const HttpRouterMethod *own = find_method (node, wanted.method, wanted.length);

  if (own == NULL && wanted.length == 4 && memcmp (wanted.method, "HEAD", 4) == 0)
    own = find_method (node, "GET", 3);
  return own != NULL ? own : find_method (node, "*", 1);
}

void
http_router_match (const HttpRouter *self, const char *method, gsize method_length,
                   const char *path, gsize path_length, HttpMatch *match)
{
  const Wanted wanted = { method, method_length };
  const HttpRouterMethod *own;
  HttpMatch wider;

  match->route = NULL;
  match->names = NULL;
  search (self, path, path_length, (Wanted){ NULL, 0 }, match);
  if (match->node == NULL)
    return;
  own = method_of (match->node, wanted);
  if (own == NULL)
    {
      wider = *match;
      search (self, path, path_length, wanted, &wider);
      if (wider.node != NULL)
        {
          *match = wider;
          own = find_method (match->node, method, method_length);
        }
    }
  if (own != NULL)
    {
      match->route = own->route;
      match->names = (const char *const *) own->names;
    }
}

const char *
http_router_allow (const HttpRouterNode *node)
{
  return node->allow;
}

gpointer
http_router_node_route (const HttpRouterNode *node)
{
  return g_array_index (node->methods, HttpRouterMethod, 0).route;
}

static void
visit_node (const HttpRouterNode *node, void (*visit) (gpointer route, gpointer data),
            gpointer data)
{
  for (guint i = 0; i < node->methods->len; i++)
    visit (g_array_index (node->methods, HttpRouterMethod, i).route, data);
  for (guint i = 0; i < node->literals->len; i++)
    visit_node (g_ptr_array_index (node->literals, i), visit, data);
  if (node->parameter != NULL)
    visit_node (node->parameter, visit, data);
  if (node->rest != NULL)
    visit_node (node->rest, visit, data);
}

void
http_router_visit (const HttpRouter *self, void (*visit) (gpointer route, gpointer data),
                   gpointer data)
{
  visit_node (self->root, visit, data);
}
