/* http-router.h: finds the route that answers a path.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A pattern is literal segments, `{name}` for one non-empty segment, and at its end `{name...}`
 * for the rest of the path (which may be empty). At each segment a literal beats a parameter
 * beats a rest; a slash at the path's end is ignored where no pattern wants it. The path decides
 * first, then the method: a path that a pattern claims is not handed to a less specific one for its
 * method's sake.
 * Adding is for one thread; afterwards any thread may match. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HTTP_ROUTER_PARAMS_MAX 8

typedef struct _HttpRouter HttpRouter;
typedef struct _HttpRouterNode HttpRouterNode;

typedef struct
{
  const char *value; /* within the path that was matched, still percent-encoded */
  gsize length;
} HttpRouterParam;

typedef struct
{
  const HttpRouterNode *node; /* of the pattern that claims the path; NULL: none does */
  gpointer route;             /* NULL: that pattern has no such method */
  const char *const *names;   /* of the parameters, NULL-terminated; NULL without a route */
  guint n_params;
  HttpRouterParam params[HTTP_ROUTER_PARAMS_MAX];
} HttpMatch;

HttpRouter *http_router_new (void);
void http_router_free (HttpRouter *self);

/* Adds `method` ("*" for any) on `pattern`. Fails on a malformed pattern, and when that very
 * place and method are taken (`*taken` is then that route; may be NULL). The route is borrowed. */
gboolean http_router_add (HttpRouter *self, const char *method, const char *pattern,
                          gpointer route, gpointer *taken, GError **error);

/* Matches an encoded path. HEAD is answered by GET's route where it has none of its own. A method that the
 * most literal place lacks is looked for in the less literal ones that name it.
 * Fills `match` wholly. */
void http_router_match (const HttpRouter *self, const char *method, gsize method_length,
                        const char *path, gsize path_length, HttpMatch *match);

/* The value of Allow for the pattern of a match: its methods, HEAD beside GET, and OPTIONS.
 * Owned by the router. */
const char *http_router_allow (const HttpRouterNode *node);

/* A route of the pattern, whatever its method; any one of them. */
gpointer http_router_node_route (const HttpRouterNode *node);

/* Calls `visit` for each route, in the order of the tree. */
void http_router_visit (const HttpRouter *self, void (*visit) (gpointer route, gpointer data),
                        gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpRouter, http_router_free)

G_END_DECLS
