/* test-routes.c: the plugin's routes and filters, called as the http plugin calls them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "metrics.h"

/* What stands for the http plugin: it keeps what is added, and an exchange that keeps the answer. */
static const CsHttpRoute *routes;
static gsize n_routes;
static const CsHttpFilter *filters;
static gsize n_filters;

typedef struct
{
  CsHttpExchange exchange;
  CsHttpRequest request;
  gint accepted;
  gboolean granted;
  guint status;
  const char *type;
  GString *body;
} Call;

static gboolean
add_routes (CsHttp *http, gpointer self, const char *mount, const CsHttpRoute *rows, gsize n,
            gsize row_size, GError **error)
{
  routes = rows;
  n_routes = n;
  return TRUE;
}

static gboolean
add_filters (CsHttp *http, gpointer self, const CsHttpFilter *rows, gsize n, gsize row_size,
             GError **error)
{
  filters = rows;
  n_filters = n;
  return TRUE;
}

static void
visit_routes (CsHttp *http, CsHttpRouteFunc func, gpointer data)
{
  gsize i;

  for (i = 0; i < n_routes; i++)
    func (&routes[i], routes[i].path, "metrics", data);
}

static const CsHttpRequest *
request (CsHttpExchange *exchange)
{
  return &((Call *) exchange)->request;
}

static gint
accept_index (CsHttpExchange *exchange, const char *const *offered)
{
  return ((Call *) exchange)->accepted;
}

static void
grant (CsHttpExchange *exchange)
{
  ((Call *) exchange)->granted = TRUE;
}

static void
set_header (CsHttpExchange *exchange, const char *name, const char *value)
{
}

static void
reply (CsHttpExchange *exchange, guint status, const char *type, const CsSlice *parts, guint n)
{
  Call *call = (Call *) exchange;
  guint i;

  call->status = status;
  call->type = type;
  for (i = 0; i < n; i++)
    g_string_append_len (call->body, parts[i].data, (gssize) parts[i].len);
}

static void
reply_error (CsHttpExchange *exchange, guint status, const char *reason)
{
  ((Call *) exchange)->status = status;
}

static const CsHttpTable http_table = {
  .size = sizeof (CsHttpTable),
  .add_routes = add_routes,
  .add_filters = add_filters,
  .visit_routes = visit_routes,
  .request = request,
  .accept = accept_index,
  .grant = grant,
  .set_header = set_header,
  .reply = reply,
  .reply_error = reply_error,
};

static CsHttp http = { &http_table };
static MetricsState *metrics;
static MetricsSettings settings;

static void
setup (char **allow, const char *listener)
{
  cs_harness_start (1);
  settings = (MetricsSettings){ .allow = allow, .listener = (char *) listener };
  metrics = cs_harness_instance ("metrics", &settings, sizeof (MetricsState));
  g_assert_true (cs_provide (metrics, CS_HTTP, &http, NULL));
  g_assert_true (metrics_create (metrics, NULL));
  g_assert_true (metrics_start (metrics, NULL));
}

static void
teardown (void)
{
  metrics_destroy (metrics);
  cs_harness_stop ();
}

static void
call_init (Call *call, const char *peer, gboolean loopback)
{
  *call = (Call){ .exchange = { &http_table },
                  .request = { .size = sizeof (CsHttpRequest), .peer = peer,
                               .peer_loopback = loopback, .local = loopback },
                  .body = g_string_new (NULL) };
}

static const CsHttpRoute *
route_of (const char *path)
{
  gsize i;

  for (i = 0; i < n_routes; i++)
    if (g_str_equal (routes[i].path, path))
      return &routes[i];
  g_assert_not_reached ();
}

static guint
get (Call *call, const char *path)
{
  route_of (path)->handler (&call->exchange, metrics);
  return call->status;
}

static gboolean
is_granted (const char *peer, const char *listener)
{
  Call call;
  gsize i;

  call_init (&call, peer, FALSE);
  call.request.listener = listener;
  for (i = 0; i < n_filters; i++)
    g_assert_true (filters[i].func (&call.exchange, metrics));
  g_string_free (call.body, TRUE);
  return call.granted;
}

static void
test_access (void)
{
  setup (NULL, NULL);
  g_assert_cmpint (route_of ("/metrics")->access, ==, CS_ACCESS_LOCAL);
  g_assert_cmpint (route_of ("/metrics")->admission, ==, CS_ADMIT_ALWAYS);
  g_assert_cmpint (route_of ("/healthz")->access, ==, CS_ACCESS_PUBLIC);
  g_assert_cmpint (route_of ("/readyz")->admission, ==, CS_ADMIT_ALWAYS);
  teardown ();
}

static void
test_allow (void)
{
  char *allow[] = { (char *) "192.0.2.0/24", (char *) "2001:db8::/32", (char *) "127.0.0.1", NULL };
  char *changed[] = { (char *) "198.51.100.0/24", NULL };
  MetricsSettings after = { .allow = changed };
  gpointer token;

  setup (NULL, NULL);
  g_assert_false (is_granted ("192.0.2.1:9", NULL));
  teardown ();

  setup (allow, "ops");
  g_assert_true (is_granted ("192.0.2.1:9", NULL));
  g_assert_true (is_granted ("[2001:db8::1]:9", NULL));
  g_assert_true (is_granted ("127.0.0.1:9", NULL)); /* it may have come through a proxy */
  g_assert_false (is_granted ("203.0.113.1:9", NULL));
  g_assert_false (is_granted ("203.0.113.1:9", "public"));
  g_assert_true (is_granted ("203.0.113.1:9", "ops"));

  g_assert_true (metrics_reload_prepare (metrics, &after, &token, NULL));
  metrics_reload_abort (metrics, token);
  g_assert_true (is_granted ("192.0.2.1:9", NULL));
  g_assert_true (metrics_reload_prepare (metrics, &after, &token, NULL));
  cs_harness_set_settings (metrics, &after);
  metrics_reload_commit (metrics, token);
  g_assert_false (is_granted ("192.0.2.1:9", NULL));
  g_assert_true (is_granted ("198.51.100.1:9", NULL));
  teardown ();
}

static void
test_figures (void)
{
  Call call;

  setup (NULL, NULL);
  call_init (&call, "127.0.0.1:9", TRUE);
  g_assert_cmpuint (get (&call, "/metrics"), ==, 200);
  g_assert_true (g_str_has_prefix (call.type, "text/plain; version=0.0.4"));
  g_assert_nonnull (strstr (call.body->str, "process_cpu_seconds_total"));
  g_string_truncate (call.body, 0);
  call.accepted = 1;
  g_assert_cmpuint (get (&call, "/metrics"), ==, 200);
  g_assert_true (g_str_has_prefix (call.type, "application/openmetrics-text; version=1.0.0"));
  g_assert_true (g_str_has_suffix (call.body->str, "# EOF\n"));
  g_string_free (call.body, TRUE);
  teardown ();
}

static void
test_health_and_readiness (void)
{
  Call call;

  setup (NULL, NULL);
  call_init (&call, "203.0.113.1:9", FALSE);
  g_assert_cmpuint (get (&call, "/readyz"), ==, 200);
  cs_harness_set_unready ("sqlite: disk full");
  g_string_truncate (call.body, 0);
  g_assert_cmpuint (get (&call, "/readyz"), ==, 503);
  g_assert_cmpstr (call.body->str, ==, "sqlite: disk full\n");
  g_assert_cmpuint (get (&call, "/healthz"), ==, 200);
  g_string_free (call.body, TRUE);
  teardown ();
}

static void
test_openapi (void)
{
  Call call;

  setup (NULL, NULL);
  call_init (&call, "203.0.113.1:9", FALSE);
  g_assert_cmpuint (get (&call, "/openapi.json"), ==, 200);
  g_assert_nonnull (strstr (call.body->str, "\"/readyz\""));
  g_string_free (call.body, TRUE);
  teardown ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/routes/access", test_access);
  g_test_add_func ("/metrics/routes/allow", test_allow);
  g_test_add_func ("/metrics/routes/figures", test_figures);
  g_test_add_func ("/metrics/routes/health-and-readiness", test_health_and_readiness);
  g_test_add_func ("/metrics/routes/openapi", test_openapi);
  return g_test_run ();
}
