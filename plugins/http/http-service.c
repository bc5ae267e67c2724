/* http-service.c: the instance's life, and the table of the `http` contract.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-service.h"
#include "http-date.h"
#include "http.h"

static void
format_date (gint64 time, char *text)
{
  http_date_format (time / G_USEC_PER_SEC, text);
}

static gboolean
parse_date (CsSlice text, gint64 *time)
{
  gint64 seconds;

  if (!http_date_parse (text.data, text.len, &seconds))
    return FALSE;
  *time = seconds * G_USEC_PER_SEC;
  return TRUE;
}

const CsHttpTable http_table = {
  .size = sizeof (CsHttpTable),
  .add_routes = http_add_routes,
  .add_filters = http_add_filters,
  .set_error_func = http_set_error_func,
  .visit_routes = http_visit_routes,
  .lookup = http_lookup,
  .addresses = http_addresses,
  .request = http_request,
  .route = http_route,
  .identity = http_identity,
  .param = http_param,
  .query = http_query,
  .query_next = http_query_each,
  .header = http_header,
  .header_next = http_header_each,
  .alloc = http_alloc,
  .read_body = http_read_body,
  .read = http_read,
  .set_header = http_set_header,
  .add_header = http_add_header,
  .status = http_status,
  .bytes_sent = http_bytes_sent,
  .reply = http_reply,
  .reply_error = http_reply_error,
  .begin = http_begin,
  .write = http_write,
  .flush = http_flush,
  .end = http_end,
  .abort = http_abort,
  .park = http_park,
  .resume = http_resume,
  .queued = http_queued,
  .upgrade = http_upgrade,
  .accept = http_accept,
  .grant = http_grant,
  .upgraded_closed = http_upgraded_closed,
  .format_date = format_date,
  .parse_date = parse_date,
  .limit_body = http_limit_body,
  .range = http_range,
  .attach = http_attach,
  .attached = http_attached,
};

gboolean
http_create (gpointer plugin, GError **error)
{
  HttpPlugin *self = plugin;

  self->service.table = &http_table;
  self->settings = cs_settings (plugin);
  self->connections = cs_gauge (plugin, "http_connections", "Open client connections.", NULL);
  self->accepted = cs_counter (plugin, "http_connections_accepted_total", "Connections accepted.", NULL);
  self->refused = cs_counter (plugin, "http_refused_total",
                              "Requests refused before they had a route.", NULL);
  self->overloaded = cs_counter (plugin, "http_overloaded_total",
                                 "Requests answered 503 because too many ran or waited.", NULL);
  self->waiting_stat
    = cs_gauge (plugin, "http_requests_waiting", "Requests that wait for a place.", NULL);
  self->feeds_stat = cs_gauge (plugin, "http_feeds", "Feeds that are open.", NULL);
  self->upgraded_stat
    = cs_gauge (plugin, "http_upgraded", "Upgraded connections that are open.", NULL);
  http_routes_init (self);
  return cs_provide (plugin, CS_HTTP, &self->service, error);
}

gboolean
http_start (gpointer plugin, GError **error)
{
  HttpPlugin *self = plugin;

  self->auth = cs_require (plugin, CS_AUTH);
  self->n_workers = cs_n_workers ();
  self->workers = g_new0 (HttpWorker *, self->n_workers);
  if (http_listeners_start (self, error))
    return TRUE;
  http_stop (plugin); /* a start that failed is not called again */
  http_destroy (plugin);
  return FALSE;
}

gboolean
http_reload_prepare (gpointer plugin, const void *settings, gpointer *token, GError **error)
{
  return http_listeners_prepare (plugin, settings, token, error);
}

void
http_reload_commit (gpointer plugin, gpointer token)
{
  HttpPlugin *self = plugin;

  g_atomic_pointer_set (&self->settings, cs_settings (plugin));
  http_listeners_commit (self, token);
}

void
http_reload_abort (gpointer plugin, gpointer token)
{
  http_listeners_abort (plugin, token);
}

void
http_drain (gpointer plugin, gint64 deadline)
{
  HttpPlugin *self = plugin;

  if (g_atomic_int_get (&self->draining))
    return;
  g_atomic_int_set (&self->draining, TRUE);
  http_listeners_pause (self);
  for (guint i = 0; i < self->n_workers; i++)
    if (self->workers[i] != NULL)
      cs_post (i, &self->workers[i]->drain_task);
}

void
http_stop (gpointer plugin)
{
  HttpPlugin *self = plugin;

  http_listeners_free (self);
  g_clear_pointer (&self->workers, g_free);
}

void
http_destroy (gpointer plugin)
{
  http_routes_free (plugin);
}
