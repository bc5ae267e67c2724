/* metrics.c: the plugin's routes: figures, health, and the description of all routes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"
#include "metrics-openapi.h"
#include "metrics-process.h"

/* Where other plugins have what is for administrators of the machine. */
#define METRICS_ADMIN "/_cloudsync"

typedef struct
{
  gboolean open;
  GString *text;
} MetricsJob;

GString *
metrics_render (gboolean open)
{
  MetricsText text;

  metrics_text_init (&text, open);
  metrics_process_append (&text);
  metrics_node_append (&text);
  cs_stats_visit (metrics_text_sample, &text);
  return metrics_text_end (&text);
}

static void
render_job (gpointer data)
{
  MetricsJob *job = data;

  job->text = metrics_render (job->open);
}

/* Whether the settings let this client in. */
static gboolean
is_let_in (MetricsState *self, const CsHttpRequest *request)
{
  const MetricsSettings *settings = cs_settings (self);
  const MetricsAllow *allow = __atomic_load_n (&self->allow, __ATOMIC_ACQUIRE);

  return (request->listener != NULL && g_strcmp0 (request->listener, settings->listener) == 0)
         || (request->peer != NULL && metrics_allow_has (allow, request->peer));
}

/* Before routing: the routes for local clients answer these too. */
static gboolean
let_in (CsHttpExchange *exchange, gpointer self)
{
  const CsHttpRequest *request = cs_http_request (exchange);

  if (is_let_in (self, request))
    cs_http_grant (exchange);
  return TRUE;
}

static void
answer_metrics (CsHttpExchange *exchange, gpointer instance)
{
  static const char *const types[] = { "text/plain", "application/openmetrics-text", NULL };
  MetricsState *self = instance;
  MetricsJob job = { .open = cs_http_accept (exchange, types) == 1 };
  gint64 start = g_get_monotonic_time ();
  CsSlice part;

  if (cs_pool_run (self, render_job, &job) != CS_OK)
    render_job (&job); /* the pool is full: just when the figures are wanted */
  part = cs_slice (job.text->str, job.text->len);
  cs_http_set_header (exchange, "Vary", "Accept");
  cs_http_set_header (exchange, "Cache-Control", "no-store");
  cs_http_reply (exchange, 200, job.open ? METRICS_OPEN_TYPE : METRICS_TEXT_TYPE, &part, 1);
  g_string_free (job.text, TRUE);
  cs_stat_observe (self->scrape_seconds, g_get_monotonic_time () - start);
}

static void
answer_health (CsHttpExchange *exchange, gpointer self)
{
  cs_http_set_header (exchange, "Cache-Control", "no-store");
  cs_http_reply_text (exchange, 200, "ok\n");
}

static void
answer_ready (CsHttpExchange *exchange, gpointer self)
{
  const char *reason = NULL;
  CsSlice parts[2];

  cs_http_set_header (exchange, "Cache-Control", "no-store");
  if (cs_node_ready (&reason))
    {
      cs_http_reply_text (exchange, 200, "ready\n");
      return;
    }
  parts[0] = cs_slice_str (reason != NULL ? reason : "not ready");
  parts[1] = cs_slice_str ("\n");
  cs_http_reply (exchange, 503, "text/plain; charset=utf-8", parts, 2);
}

/* The routes do not change while the node runs. */
static void
openapi_job (gpointer data)
{
  MetricsState *self = data;
  CsNodeInfo node = { .size = sizeof node };
  MetricsOpenapi *builder;

  pthread_mutex_lock (&self->lock);
  if (self->openapi == NULL)
    {
      cs_node_info (&node);
      builder = metrics_openapi_new (node.version);
      cs_http_visit_routes (self->http, metrics_openapi_route, builder);
      __atomic_store_n (&self->openapi, metrics_openapi_end (builder), __ATOMIC_RELEASE);
    }
  pthread_mutex_unlock (&self->lock);
}

static void
answer_openapi (CsHttpExchange *exchange, gpointer instance)
{
  MetricsState *self = instance;
  const char *text = __atomic_load_n (&self->openapi, __ATOMIC_ACQUIRE);

  if (text == NULL)
    {
      if (cs_pool_run (self, openapi_job, self) != CS_OK)
        {
          cs_http_set_header (exchange, "Retry-After", "1");
          cs_http_reply_error (exchange, 503, "the server is busy");
          return;
        }
      text = __atomic_load_n (&self->openapi, __ATOMIC_ACQUIRE);
    }
  cs_http_reply_json (exchange, 200, text);
}

#define TEXT_ANSWER(status, description)                                                           \
  "\"" status "\":{\"description\":\"" description "\",\"content\":{\"text/plain\":{\"schema\":{"  \
  "\"type\":\"string\"}}}}"

static const CsHttpRoute metrics_routes[] = {
  { .method = "GET", .path = "/metrics", .handler = answer_metrics, .access = CS_ACCESS_LOCAL,
    .admission = CS_ADMIT_ALWAYS, .summary = "Figures for Prometheus",
    .openapi = "{\"responses\":{\"200\":{\"description\":\"Every series\",\"content\":{"
               "\"text/plain\":{\"schema\":{\"type\":\"string\"}},"
               "\"application/openmetrics-text\":{\"schema\":{\"type\":\"string\"}}}}}}" },
  { .method = "GET", .path = "/healthz", .handler = answer_health, .access = CS_ACCESS_PUBLIC,
    .admission = CS_ADMIT_ALWAYS, .summary = "Whether the process is alive",
    .openapi = "{\"responses\":{" TEXT_ANSWER ("200", "Alive") "}}" },
  { .method = "GET", .path = "/readyz", .handler = answer_ready, .access = CS_ACCESS_PUBLIC,
    .admission = CS_ADMIT_ALWAYS,
    .summary = "Whether the node takes requests: every plugin healthy, not draining",
    .openapi = "{\"responses\":{" TEXT_ANSWER ("200", "Ready") "," TEXT_ANSWER (
      "503", "Not ready, and why") "}}" },
  { .method = "GET", .path = "/openapi.json", .handler = answer_openapi,
    .access = CS_ACCESS_PUBLIC, .summary = "This document",
    .openapi = "{\"responses\":{\"200\":{\"description\":\"An OpenAPI 3.1 document\",\"content\":{"
               "\"application/json\":{\"schema\":{\"type\":\"object\"}}}}}}" },
};

static const CsHttpFilter metrics_filters[] = {
  { .phase = CS_HTTP_PHASE_ACCESS, .early = TRUE, .prefix = "/metrics", .func = let_in },
  { .phase = CS_HTTP_PHASE_ACCESS, .early = TRUE, .prefix = METRICS_ADMIN, .func = let_in },
};

gboolean
metrics_create (gpointer instance, GError **error)
{
  MetricsState *self = instance;

  pthread_mutex_init (&self->lock, NULL);
  self->old_allow = g_ptr_array_new_with_free_func ((GDestroyNotify) metrics_allow_free);
  self->scrape_seconds = cs_histogram_us (self, "metrics_scrape_seconds",
                                          "Time it took to answer /metrics.", NULL);
  return TRUE;
}

static MetricsAllow *
read_allow (const MetricsSettings *settings, GError **error)
{
  return metrics_allow_new ((const char *const *) settings->allow, error);
}

gboolean
metrics_start (gpointer instance, GError **error)
{
  MetricsState *self = instance;

  self->http = cs_require (self, CS_HTTP);
  self->allow = read_allow (cs_settings (self), error);
  return self->allow != NULL && cs_http_add_filters (self->http, self, CS_ROWS (metrics_filters), error)
         && cs_http_add_routes (self->http, self, CS_ROWS (metrics_routes), error);
}

gboolean
metrics_reload_prepare (gpointer self, const void *settings, gpointer *token, GError **error)
{
  *token = read_allow (settings, error);
  return *token != NULL;
}

void
metrics_reload_commit (gpointer instance, gpointer token)
{
  MetricsState *self = instance;

  g_ptr_array_add (self->old_allow, self->allow);
  __atomic_store_n (&self->allow, (MetricsAllow *) token, __ATOMIC_RELEASE);
}

void
metrics_reload_abort (gpointer self, gpointer token)
{
  metrics_allow_free (token);
}

void
metrics_destroy (gpointer instance)
{
  MetricsState *self = instance;

  metrics_allow_free (self->allow);
  g_clear_pointer (&self->old_allow, g_ptr_array_unref);
  g_free (self->openapi);
  pthread_mutex_destroy (&self->lock);
}
