/* test-router.c: which route answers a path, and what is refused when routes are added.
 * SPDX-License-Identifier: Apache-2.0 */
#include "../http-router.h"

#include <gio/gio.h>
#include <string.h>

static const char *const table[][2] = {
  { "GET", "/" },
  { "GET", "/hello" },
  { "GET", "/hello/slow" },
  { "GET", "/{db}" },
  { "PUT", "/{db}" },
  { "GET", "/{db}/" },
  { "GET", "/{db}/_changes" },
  { "POST", "/{db}/_changes" },
  { "GET", "/{db}/{doc}" },
  { "DELETE", "/{db}/{doc}" },
  { "GET", "/{db}/{doc}/{att...}" },
  { "HEAD", "/probe" },
  { "GET", "/probe" },
  { "GET", "/files/{path...}" },
  { "*", "/any" },
  { "GET", "/a/b/c" },
};

static HttpRouter *
router_of_table (void)
{
  HttpRouter *router = http_router_new ();

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_true (http_router_add (router, table[i][0], table[i][1], (gpointer) table[i], NULL,
                                    NULL));
  return router;
}

static void
match (const HttpRouter *router, const char *method, const char *path, HttpMatch *found)
{
  http_router_match (router, method, strlen (method), path, strlen (path), found);
}

/* `expected`: "METHOD /pattern name=value …" or "-" for no such method or "" for no such path. */
static void
check (const HttpRouter *router, const char *method, const char *path, const char *expected)
{
  g_autoptr (GString) got = g_string_new (NULL);
  HttpMatch found;

  match (router, method, path, &found);
  if (found.route != NULL)
    {
      const char *const *route = found.route;

      g_string_append_printf (got, "%s %s", route[0], route[1]);
      for (guint i = 0; i < found.n_params; i++)
        g_string_append_printf (got, " %s=%.*s", found.names[i], (int) found.params[i].length,
                                found.params[i].value);
    }
  else if (found.node != NULL)
    g_string_append (got, "-");
  g_assert_cmpstr (got->str, ==, expected);
}

static void
test_match (void)
{
  g_autoptr (HttpRouter) router = router_of_table ();

  check (router, "GET", "/", "GET /");
  check (router, "GET", "/hello", "GET /hello");
  check (router, "GET", "/%68ello", "GET /hello");
  check (router, "GET", "/hello/slow", "GET /hello/slow");
  check (router, "GET", "/hello/fast", "GET /{db}/{doc} db=hello doc=fast");
  check (router, "PUT", "/hello", "PUT /{db} db=hello");
  check (router, "PATCH", "/hello", "-");
  check (router, "BREW", "/any", "* /any");
  check (router, "GET", "/db", "GET /{db} db=db");
  check (router, "GET", "/db/", "GET /{db}/ db=db");
  check (router, "PUT", "/db", "PUT /{db} db=db");
  check (router, "GET", "/db/_changes", "GET /{db}/_changes db=db");
  check (router, "DELETE", "/db/_changes", "DELETE /{db}/{doc} db=db doc=_changes");
  check (router, "PATCH", "/db/_changes", "-");
  check (router, "GET", "/db/a%2Fb", "GET /{db}/{doc} db=db doc=a%2Fb");
  check (router, "GET", "/db/a/b/c", "GET /{db}/{doc}/{att...} db=db doc=a att=b/c");
  check (router, "GET", "/db/a/", "GET /{db}/{doc}/{att...} db=db doc=a att=");
  check (router, "GET", "/files/", "GET /files/{path...} path=");
  check (router, "GET", "/files/x/y", "GET /files/{path...} path=x/y");
  check (router, "GET", "/files", "GET /{db} db=files");
  check (router, "GET", "/a/b/c", "GET /a/b/c");
  check (router, "GET", "/a/b/d", "GET /{db}/{doc}/{att...} db=a doc=b att=d");
  check (router, "GET", "/a/b", "GET /{db}/{doc} db=a doc=b");
  check (router, "GET", "/hello/slow/", "GET /{db}/{doc}/{att...} db=hello doc=slow att=");
  check (router, "GET", "/probe/", "GET /{db}/ db=probe");
  check (router, "GET", "//", "");
  check (router, "GET", "//x", "");
}

static void
test_trailing_slash (void)
{
  static const char *const rows[][2] = { { "GET", "/{db}" }, { "POST", "/{db}/_find" } };
  g_autoptr (HttpRouter) router = http_router_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_true (http_router_add (router, rows[i][0], rows[i][1], (gpointer) rows[i], NULL, NULL));
  check (router, "GET", "/db/", "GET /{db} db=db");
  check (router, "POST", "/db/_find/", "POST /{db}/_find db=db");
  check (router, "GET", "/db//", "");
  check (router, "GET", "/", "");
}

static void
test_head_and_allow (void)
{
  g_autoptr (HttpRouter) router = router_of_table ();
  HttpMatch found;

  check (router, "HEAD", "/hello", "GET /hello");
  check (router, "HEAD", "/probe", "HEAD /probe");
  match (router, "OPTIONS", "/db", &found);
  g_assert_null (found.route);
  g_assert_cmpstr (http_router_allow (found.node), ==, "GET, PUT, HEAD, OPTIONS");
  match (router, "POST", "/probe", &found);
  g_assert_cmpstr (http_router_allow (found.node), ==, "HEAD, GET, OPTIONS");
}

static void
test_taken (void)
{
  g_autoptr (HttpRouter) router = router_of_table ();
  g_autoptr (GError) error = NULL;
  gpointer taken = NULL;

  g_assert_false (http_router_add (router, "GET", "/{other}/{names}", (gpointer) "x", &taken,
                                   &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpstr (((const char *const *) taken)[1], ==, "/{db}/{doc}");
  g_assert_true (http_router_add (router, "PUT", "/{other}/{names}", (gpointer) "x", NULL, NULL));
}

static void
test_bad_patterns (void)
{
  static const char *const bad[] = { "",     "hello",       "/{}",      "/{a}b",        "/b{a}",
                                     "/{a",  "/{a...}/b",   "/{...}",   "/{a b}",
                                     "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (HttpRouter) router = http_router_new ();
      g_autoptr (GError) error = NULL;

      g_assert_false (http_router_add (router, "GET", bad[i], (gpointer) "x", NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/router/match", test_match);
  g_test_add_func ("/http/router/trailing-slash", test_trailing_slash);
  g_test_add_func ("/http/router/head-and-allow", test_head_and_allow);
  g_test_add_func ("/http/router/taken", test_taken);
  g_test_add_func ("/http/router/bad-patterns", test_bad_patterns);
  return g_test_run ();
}
