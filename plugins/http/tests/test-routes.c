/* test-routes.c: what plugins may register, and what the registry answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "../http-service.h"
#include "../http.h"

typedef struct
{
  HttpPlugin *http;
  gpointer one;
  gpointer two;
} Fixture;

static HttpSettings settings;

static void
setup (Fixture *self, gconstpointer data)
{
  cs_harness_start (1);
  self->http = cs_harness_instance ("http", &settings, sizeof (HttpPlugin));
  self->one = cs_harness_instance ("one", NULL, 16);
  self->two = cs_harness_instance ("two", NULL, 16);
  g_assert_true (http_create (self->http, NULL));
}

static void
teardown (Fixture *self, gconstpointer data)
{
  http_destroy (self->http);
  cs_harness_stop ();
}

static void
handler (CsHttpExchange *exchange, gpointer self)
{
}

static gboolean
filter (CsHttpExchange *exchange, gpointer self)
{
  return TRUE;
}

static gboolean
add (Fixture *self, gpointer owner, const char *mount, const CsHttpRoute *route, GError **error)
{
  return cs_http_mount_routes (&self->http->service, owner, mount, route, 1, sizeof *route, error);
}

/* A route that says nothing of access is closed, and closed without auth is no start. */
static void
test_identity_needs_auth (Fixture *self, gconstpointer data)
{
  static const CsHttpRoute closed = { "GET", "/closed", handler };
  static const CsHttpRoute open = { "GET", "/open", handler, .access = CS_ACCESS_PUBLIC };
  static const CsHttpRoute local = { "GET", "/local", handler, .access = CS_ACCESS_LOCAL };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (closed.access, ==, CS_ACCESS_IDENTITY);
  g_assert_false (add (self, self->one, "", &closed, &error));
  g_assert_error (error, CS_ERROR, CS_DENIED);
  g_assert_nonnull (strstr (error->message, "auth"));
  g_assert_true (add (self, self->one, "", &open, NULL));
  g_assert_true (add (self, self->one, "", &local, NULL));
}

static void
test_taken_names_both (Fixture *self, gconstpointer data)
{
  static const CsHttpRoute first = { "GET", "/{a}/x", handler, .access = CS_ACCESS_PUBLIC };
  static const CsHttpRoute second = { "GET", "/{b}/x", handler, .access = CS_ACCESS_PUBLIC };
  g_autoptr (GError) error = NULL;

  g_assert_true (add (self, self->one, "/m", &first, NULL));
  g_assert_false (add (self, self->two, "/m", &second, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_nonnull (strstr (error->message, "plugin one"));
  g_assert_nonnull (strstr (error->message, "plugin two"));
  g_assert_true (add (self, self->two, "/other", &second, NULL));
}

/* Rows of an older SDK are shorter; what they lack is 0. */
static void
test_shorter_rows (Fixture *self, gconstpointer data)
{
  static const CsHttpRoute rows[] = { { "GET", "/short", handler, .access = CS_ACCESS_PUBLIC,
                                        .flags = CS_HTTP_RANGES, .openapi = "not read" } };
  const HttpRoute *route;

  g_assert_true (cs_http_add_routes (&self->http->service, self->one, rows, 1,
                                     G_STRUCT_OFFSET (CsHttpRoute, flags), NULL));
  route = g_ptr_array_index (self->http->routes, 0);
  g_assert_cmpuint (route->row.flags, ==, 0);
  g_assert_null (route->row.openapi);
}

static void
test_lookup (Fixture *self, gconstpointer data)
{
  static const CsHttpRoute metrics = { "GET", "/metrics", handler, .access = CS_ACCESS_PUBLIC };
  static const CsHttpRoute database = { "PUT", "/{db}", handler, .access = CS_ACCESS_PUBLIC };
  CsHttp *http = &self->http->service;
  const char *path = NULL;

  g_assert_true (add (self, self->one, "", &metrics, NULL));
  g_assert_true (add (self, self->two, "", &database, NULL));
  g_assert_cmpstr (cs_http_lookup (http, "GET", "/metrics", &path), ==, "one");
  g_assert_cmpstr (path, ==, "/metrics");
  g_assert_cmpstr (cs_http_lookup (http, "PUT", "/metrics", &path), ==, "two");
  g_assert_cmpstr (cs_http_lookup (http, "PUT", "/notes?x", &path), ==, "two");
  g_assert_cmpstr (path, ==, "/{db}");
  g_assert_null (cs_http_lookup (http, "GET", "/a/b/c", NULL));
}

static void
test_filter_order (Fixture *self, gconstpointer data)
{
  static const CsHttpFilter rows[] = {
    { .phase = CS_HTTP_PHASE_ACCESS, .order = 5, .func = filter, .prefix = "5" },
    { .phase = CS_HTTP_PHASE_ACCESS, .order = -5, .func = filter, .prefix = "-5" },
    { .phase = CS_HTTP_PHASE_ACCESS, .order = 0, .func = filter, .prefix = "0a" },
    { .phase = CS_HTTP_PHASE_ACCESS, .order = 0, .func = filter, .prefix = "0b" },
    { .phase = CS_HTTP_PHASE_ACCESS, .order = 0, .func = filter, .prefix = "e", .early = TRUE },
  };
  static const char *const expected[] = { "-5", "0a", "0b", "5" };
  static const CsHttpFilter bad = { .phase = 9, .func = filter };
  GArray *filters = self->http->filters[CS_HTTP_PHASE_ACCESS];

  g_assert_true (cs_http_add_filters (&self->http->service, self->one, CS_ROWS (rows), NULL));
  g_assert_cmpuint (filters->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < filters->len; i++)
    g_assert_cmpstr (g_array_index (filters, HttpFilter, i).filter.prefix, ==, expected[i]);
  g_assert_cmpuint (self->http->early->len, ==, 1);
  g_assert_false (
    cs_http_add_filters (&self->http->service, self->one, &bad, 1, sizeof bad, NULL));
}

static void
test_prefixes (void)
{
  static const struct
  {
    const char *path;
    const char *prefix;
    gboolean below;
  } cases[] = {
    { "/a/b", "/a", TRUE },      { "/a", "/a", TRUE },         { "/ab", "/a", FALSE },
    { "/a", "/a/", TRUE },       { "/%61/b", "/a", TRUE },     { "/a%2Fb", "/a", FALSE },
    { "/a%2Fb", "/a/b", FALSE }, { "/anything", "/", TRUE },   { "/anything", "", TRUE },
    { "/", "/a", FALSE },        { "/A", "/a", FALSE },        { "/%61", "/a", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (http_path_below (cs_slice_str (cases[i].path), cases[i].prefix), ==,
                     cases[i].below);
}

static void
error_page (CsHttpExchange *exchange, gpointer self, guint status, const char *reason)
{
}

static void
test_error_styles (Fixture *self, gconstpointer data)
{
  CsHttp *http = &self->http->service;
  GArray *styles = self->http->error_styles;

  g_assert_true (cs_http_set_error_func (http, self->one, "/", error_page, NULL));
  g_assert_true (cs_http_set_error_func (http, self->two, "/longer", error_page, NULL));
  g_assert_true (cs_http_set_error_func (http, self->two, "/long", error_page, NULL));
  g_assert_false (cs_http_set_error_func (http, self->one, "/long", error_page, NULL));
  g_assert_cmpuint (styles->len, ==, 3);
  g_assert_cmpstr (g_array_index (styles, HttpErrorStyle, 0).prefix, ==, "/longer");
  g_assert_cmpstr (g_array_index (styles, HttpErrorStyle, 2).prefix, ==, "/");
}

static void
test_settings_check (void)
{
  static char *const one[] = { (char *) "a.pem", NULL };
  HttpSettings bad = { .certificate = (char **) one };
  g_autoptr (GError) error = NULL;

  g_assert_false (http_settings_check (NULL, &bad, &error));
  g_assert_error (error, CS_ERROR, CS_INVALID);
  bad.key = (char **) one;
  g_assert_true (http_settings_check (NULL, &bad, NULL));
}

#define ADD(name, test) g_test_add (name, Fixture, NULL, setup, test, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/http/routes/identity-needs-auth", test_identity_needs_auth);
  ADD ("/http/routes/taken-names-both", test_taken_names_both);
  ADD ("/http/routes/shorter-rows", test_shorter_rows);
  ADD ("/http/routes/lookup", test_lookup);
  ADD ("/http/routes/filter-order", test_filter_order);
  ADD ("/http/routes/error-styles", test_error_styles);
  g_test_add_func ("/http/routes/prefixes", test_prefixes);
  g_test_add_func ("/http/routes/settings-check", test_settings_check);
  return g_test_run ();
}
