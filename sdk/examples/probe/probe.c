/* probe.c: every part of the http contract in small routes: an example, and what the scenarios ask.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

#include <stdlib.h>

typedef struct _ProbeParked ProbeParked;
struct _ProbeParked
{
  ProbeParked *next;
  CsHttpExchange *exchange;
  guint worker;
  struct _Probe *probe;
};

typedef struct _Probe
{
  CsHttp *http;
  gint running; /* atomic, all below */
  gint most;
  gint parked;
  gint logged;
  gint cancelled;
  ProbeParked *list[64]; /* by worker, touched there only */
  CsTask wake[64];
} Probe;

static gint64
number (CsHttpExchange *exchange, const char *name, gint64 fallback)
{
  CsSlice value;

  return cs_http_query (exchange, name, &value) ? g_ascii_strtoll (value.data, NULL, 10)
                                                : fallback;
}

static void
probe_sleep (CsHttpExchange *exchange, gpointer self)
{
  Probe *probe = self;
  gint now = g_atomic_int_add (&probe->running, 1) + 1;
  gint most = g_atomic_int_get (&probe->most);
  CsStatus status;

  while (now > most && !g_atomic_int_compare_and_exchange (&probe->most, most, now))
    most = g_atomic_int_get (&probe->most);
  status = cs_sleep (number (exchange, "ms", 100) * 1000);
  g_atomic_int_add (&probe->running, -1);
  if (status == CS_CANCELLED)
    g_atomic_int_inc (&probe->cancelled);
  cs_http_reply_text (exchange, status == CS_OK ? 200 : 503, cs_status_text (status));
}

static void
probe_state (CsHttpExchange *exchange, gpointer self)
{
  Probe *probe = self;
  g_autofree char *json = g_strdup_printf (
    "{\"running\":%d,\"most\":%d,\"parked\":%d,\"logged\":%d,\"cancelled\":%d}\n",
    g_atomic_int_get (&probe->running), g_atomic_int_get (&probe->most),
    g_atomic_int_get (&probe->parked), g_atomic_int_get (&probe->logged),
    g_atomic_int_get (&probe->cancelled));

  cs_http_reply_json (exchange, 200, json);
}

static void
probe_body (CsHttpExchange *exchange, gpointer self)
{
  g_autofree char *sum = NULL;
  CsSlice body;

  if (cs_http_read_body (exchange, &body) != CS_OK)
    return;
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA1, (const guchar *) body.data, body.len);
  cs_http_reply_text (exchange, 200, sum);
}

static void
probe_echo (CsHttpExchange *exchange, gpointer self)
{
  char buffer[4096];
  gssize n;

  cs_http_begin (exchange, 200, "application/octet-stream", -1);
  while ((n = cs_http_read (exchange, buffer, sizeof buffer)) > 0)
    {
      CsSlice part = cs_slice (buffer, n);

      if (cs_http_write (exchange, &part, 1) != CS_OK)
        return;
    }
  if (n == 0)
    cs_http_end (exchange);
}

static void
probe_ignore (CsHttpExchange *exchange, gpointer self)
{
  cs_http_reply_text (exchange, 200, "not read\n");
}

static void
probe_stream (CsHttpExchange *exchange, gpointer self)
{
  gint64 n = number (exchange, "n", 3);
  gint64 pause = number (exchange, "ms", 0);

  cs_http_begin (exchange, 200, "text/plain", -1);
  for (gint64 i = 0; i < n; i++)
    {
      g_autofree char *line = g_strdup_printf ("line %" G_GINT64_FORMAT " of the stream\n", i);

      if (cs_http_write_str (exchange, line) != CS_OK)
        return;
      if (pause > 0 && (cs_http_flush (exchange) != CS_OK || cs_sleep (pause * 1000) != CS_OK))
        return;
    }
  cs_http_end (exchange);
}

static void
probe_big (CsHttpExchange *exchange, gpointer self)
{
  gint64 bytes = number (exchange, "bytes", 100000);
  g_autofree char *body = g_malloc (bytes);
  CsSlice part = cs_slice (body, bytes);

  for (gint64 i = 0; i < bytes; i++)
    body[i] = 'a' + i % 26;
  cs_http_set_header (exchange, "ETag", "\"big\"");
  cs_http_reply (exchange, 200, "text/plain", &part, 1);
}

static void
probe_item (CsHttpExchange *exchange, gpointer self)
{
  CsSlice name = cs_http_param (exchange, 0);
  CsSlice part[2] = { name, cs_slice_str ("\n") };

  cs_http_reply (exchange, 200, "text/plain", part, 2);
}

static void
probe_nothing (CsHttpExchange *exchange, gpointer self)
{
}

static void
probe_identity (CsHttpExchange *exchange, gpointer self)
{
  const char *user = cs_http_identity (exchange)->user;

  cs_http_reply_text (exchange, 200, user != NULL ? user : "nobody");
}

/* ---- parking ---- */

static void
unlink_parked (ProbeParked *parked)
{
  ProbeParked **link = &parked->probe->list[parked->worker];

  while (*link != parked)
    link = &(*link)->next;
  *link = parked->next;
  g_atomic_int_add (&parked->probe->parked, -1);
}

static void
parked_ends (CsHttpExchange *exchange, gpointer data, gboolean draining)
{
  ProbeParked *parked = data;

  unlink_parked (parked);
  if (draining)
    cs_http_write_str (exchange, "goodbye\n");
  cs_http_end (exchange);
  g_free (parked);
}

static void
probe_park (CsHttpExchange *exchange, gpointer self)
{
  Probe *probe = self;
  guint worker = cs_worker ();
  ProbeParked *parked = g_new0 (ProbeParked, 1);

  cs_http_begin (exchange, 200, "text/plain", -1);
  *parked = (ProbeParked){ probe->list[worker], exchange, worker, probe };
  probe->list[worker] = parked;
  g_atomic_int_inc (&probe->parked);
  cs_http_park (exchange, parked_ends, parked);
}

static void
awake (CsHttpExchange *exchange, gpointer data)
{
  if (cs_sleep (1000) == CS_OK)
    cs_http_write_str (exchange, "awake\n");
  cs_http_end (exchange);
}

static void
wake_worker (CsTask *task)
{
  Probe *probe = (Probe *) ((char *) (task - cs_worker ()) - G_STRUCT_OFFSET (Probe, wake));
  ProbeParked *parked;

  while ((parked = probe->list[cs_worker ()]) != NULL)
    {
      unlink_parked (parked);
      cs_http_resume (parked->exchange, awake, NULL);
      g_free (parked);
    }
}

static void
probe_wake (CsHttpExchange *exchange, gpointer self)
{
  Probe *probe = self;

  for (guint i = 0; i < cs_n_workers (); i++)
    {
      probe->wake[i].run = wake_worker;
      cs_post (i, &probe->wake[i]);
    }
  cs_http_reply_text (exchange, 200, "woken\n");
}

/* ---- upgrade ---- */

static void
upgraded_ready (CsStream *stream, gpointer data)
{
  char buffer[1024];
  gssize n;

  while ((n = cs_stream_read (stream, buffer, sizeof buffer)) > 0)
    cs_stream_write (stream, buffer, n);
  if (n == -CS_AGAIN)
    return;
  cs_stream_close (stream);
  cs_http_upgraded_closed (data);
}

static void
probe_upgrade (CsHttpExchange *exchange, gpointer self)
{
  CsSlice unread;
  CsStream *stream = cs_http_upgrade (exchange, "echo", &unread);

  if (stream == NULL)
    return;
  cs_stream_write (stream, unread.data, unread.len);
  cs_stream_watch (stream, upgraded_ready, ((Probe *) self)->http);
}

/* ---- filters ---- */

static gboolean
add_mark (CsHttpExchange *exchange, gpointer self)
{
  cs_http_set_header (exchange, "X-Probe", "yes");
  return TRUE;
}

static gboolean
forbid (CsHttpExchange *exchange, gpointer self)
{
  cs_http_reply_error (exchange, 403, "the filter says no");
  return FALSE;
}

static gboolean
count_log (CsHttpExchange *exchange, gpointer self)
{
  g_atomic_int_inc (&((Probe *) self)->logged);
  return TRUE;
}

static const CsHttpFilter probe_filters[] = {
  { .phase = CS_HTTP_PHASE_RESPOND, .func = add_mark, .prefix = "/probe" },
  { .phase = CS_HTTP_PHASE_ACCESS, .func = forbid, .prefix = "/probe/forbidden" },
  { .phase = CS_HTTP_PHASE_LOG, .func = count_log },
};

static const CsHttpRoute probe_routes[] = {
  { "GET", "/probe/sleep", probe_sleep, "Sleeps", CS_ACCESS_PUBLIC },
  { "GET", "/probe/short", probe_sleep, "Sleeps, 200 ms at most", CS_ACCESS_PUBLIC,
    .deadline = CS_MS (200) },
  { "GET", "/probe/state", probe_state, "Counts", CS_ACCESS_PUBLIC,
    .admission = CS_ADMIT_ALWAYS },
  { "POST", "/probe/body", probe_body, "Its SHA-1", CS_ACCESS_PUBLIC },
  { "POST", "/probe/small", probe_body, "The same, 1,000 bytes", CS_ACCESS_PUBLIC,
    .body_limit = 1000 },
  { "POST", "/probe/echo", probe_echo, "The body, streamed", CS_ACCESS_PUBLIC,
    .body_limit = G_MAXINT64 },
  { "POST", "/probe/ignore", probe_ignore, "Does not read the body", CS_ACCESS_PUBLIC },
  { "GET", "/probe/stream", probe_stream, "Lines", CS_ACCESS_PUBLIC },
  { "GET", "/probe/big", probe_big, "Many bytes", CS_ACCESS_PUBLIC },
  { "GET", "/probe/ranges", probe_big, "The same with ranges", CS_ACCESS_PUBLIC,
    .flags = CS_HTTP_RANGES },
  { "GET", "/probe/item/{name}", probe_item, "Its name", CS_ACCESS_PUBLIC },
  { "GET", "/probe/rest/{path...}", probe_item, "Its rest", CS_ACCESS_PUBLIC },
  { "GET", "/probe/nothing", probe_nothing, "No answer", CS_ACCESS_PUBLIC },
  { "GET", "/probe/forbidden", probe_nothing, "Behind a filter", CS_ACCESS_PUBLIC },
  { "GET", "/probe/local", probe_identity, "Local clients", CS_ACCESS_LOCAL },
  { "GET", "/probe/park", probe_park, "A feed", CS_ACCESS_PUBLIC, .admission = CS_ADMIT_FEED },
  { "POST", "/probe/wake", probe_wake, "Wakes the feeds", CS_ACCESS_PUBLIC },
  { "GET", "/probe/upgrade", probe_upgrade, "An echo", CS_ACCESS_PUBLIC },
};

/* With auth only: closed by default. */
static const CsHttpRoute closed_routes[] = {
  { "GET", "/probe/identity", probe_identity, "The caller" },
  { "GET", "/probe/admin", probe_identity, "The administrator", CS_ACCESS_ADMIN },
};

typedef struct
{
  gboolean closed;
} ProbeSettings;

static const CsSetting probe_settings[] = {
  CS_BOOL (ProbeSettings, closed, "closed", "false", "Add the routes that need an identity"),
  CS_SETTINGS_END
};

static gboolean
probe_start (gpointer self, GError **error)
{
  Probe *probe = self;
  const ProbeSettings *settings = cs_settings (self);

  probe->http = cs_require (self, CS_HTTP);
  return cs_http_add_filters (probe->http, self, CS_ROWS (probe_filters), error)
         && cs_http_add_routes (probe->http, self, CS_ROWS (probe_routes), error)
         && (!settings->closed
             || cs_http_add_routes (probe->http, self, CS_ROWS (closed_routes), error));
}

CS_PLUGIN_DEFINE ("probe", "1.0.0", "Routes for tests of http", CS_REQUIRES ("http>=1"),
                  CS_SETTINGS (ProbeSettings, probe_settings), CS_STATE (Probe),
                  .start = probe_start);
