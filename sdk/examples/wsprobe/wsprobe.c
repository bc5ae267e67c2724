/* wsprobe.c: every part of the websocket contract at the client's command: what the scenarios ask.
 * SPDX-License-Identifier: Apache-2.0
 *
 * GET /wsprobe?slow=close|drop|tell&kinds=text; each text is a command and its arguments. For one worker. */
#include <cloudsync/sdk.h>

#include <stdlib.h>

typedef struct
{
  CsWebSocket *websocket;
  GPtrArray *guests; /* freed at the node's end: fibers may look at those that are gone */
  guint n_closed;
  guint code; /* of the connection that ended last */
  char reason[128];
} Probe;

typedef struct
{
  Probe *probe;
  CsWsConnection *connection;
  guint n_slow;
  guint n_messages;
  guint n; /* of a flood on a fiber */
  gboolean gone;
  gboolean avenges; /* the others end with it */
} ProbeGuest;

static void
reply (CsWsConnection *connection, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
reply (CsWsConnection *connection, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  cs_ws_send_one (connection, CS_WS_TEXT, cs_slice_str (text));
}

/* ---- commands ---- */

static void
tell_state (ProbeGuest *self)
{
  CsWsInfo info = { .size = sizeof info };

  cs_ws_info (self->connection, &info);
  reply (self->connection, "slow=%u messages=%u closed=%u code=%u reason=%s protocol=%s compressed=%d open=%d peer=%s",
         self->n_slow, self->n_messages, self->probe->n_closed, self->probe->code,
         self->probe->reason, info.protocol != NULL ? info.protocol : "none", info.compressed,
         info.open, info.peer);
}

/* As many messages of 10,000 bytes as it says, without a pause; then what became of them. */
static void
flood (ProbeGuest *self, guint n)
{
  g_autofree char *bytes = g_strnfill (10000, 'f');
  guint counts[CS_FAILED + 1] = { 0 };

  for (guint i = 0; i < n; i++)
    counts[cs_ws_send_one (self->connection, CS_WS_BINARY, cs_slice (bytes, 10000))]++;
  cs_notice (self->probe, "flooded", CS_F_INT ("sent", counts[CS_OK]),
             CS_F_INT ("overloaded", counts[CS_OVERLOADED]), CS_F_INT ("closed", counts[CS_CLOSED]));
}

/* The same with care: never more than 100 KB wait. */
static void
pour (gpointer data)
{
  ProbeGuest *self = data;
  g_autofree char *bytes = g_strnfill (10000, 'p');
  CsStatus status = CS_OK;

  for (guint i = 0; i < self->n && status == CS_OK && !self->gone; i++)
    {
      status = cs_ws_send_one (self->connection, CS_WS_BINARY, cs_slice (bytes, 10000));
      if (status == CS_OK)
        status = cs_ws_flush (self->connection, 90000, CS_NEVER);
    }
  if (!self->gone)
    reply (self->connection, "poured");
}

static void
resume_later (gpointer data)
{
  ProbeGuest *self = data;

  cs_sleep (CS_MS (300));
  if (!self->gone)
    cs_ws_pause (self->connection, FALSE);
}

static void
obey (ProbeGuest *self, const char *command, const char *argument)
{
  guint n = (guint) strtoul (argument, NULL, 10);
  const char *rest = strchr (argument, ' ');

  if (g_str_equal (command, "state"))
    tell_state (self);
  else if (g_str_equal (command, "flood"))
    flood (self, n);
  else if (g_str_equal (command, "ping"))
    reply (self->connection, "%s", cs_status_text (cs_ws_ping (self->connection, cs_slice_str (argument))));
  else if (g_str_equal (command, "close"))
    cs_ws_close (self->connection, n, cs_slice_str (rest != NULL ? rest + 1 : ""));
  else if (g_str_equal (command, "abort"))
    cs_ws_abort (self->connection);
  else if (g_str_equal (command, "avenge"))
    {
      self->avenges = TRUE;
      reply (self->connection, "avenging");
    }
  else if (g_str_equal (command, "pour"))
    {
      self->n = n;
      cs_fiber_start (self->probe, pour, self, CS_NEVER);
    }
  else if (g_str_equal (command, "pause"))
    {
      cs_ws_pause (self->connection, TRUE);
      cs_fiber_start (self->probe, resume_later, self, CS_NEVER);
    }
  else
    reply (self->connection, "what is %s?", command);
}

/* ---- callbacks ---- */

static void
on_message (CsWsConnection *connection, gpointer data, CsWsKind kind, CsSlice message)
{
  g_autofree char *text = g_strndup (message.data, message.len);
  char *blank = strchr (text, ' ');

  ((ProbeGuest *) data)->n_messages++;
  if (blank != NULL)
    *blank++ = '\0';
  obey (data, text, blank != NULL ? blank : "");
}

/* Of every three one is written to, one is told to close, one is cut off. */
static void
end_others (Probe *self)
{
  for (guint i = 0; i < self->guests->len; i++)
    {
      ProbeGuest *each = g_ptr_array_index (self->guests, i);

      if (each->gone || each->connection == NULL)
        continue;
      if (i % 3 == 0)
        reply (each->connection, "farewell");
      else if (i % 3 == 1)
        cs_ws_close (each->connection, CS_WS_GOING_AWAY, cs_slice_str (""));
      else
        cs_ws_abort (each->connection);
    }
}

static void
on_closed (CsWsConnection *connection, gpointer data, guint code, CsSlice reason)
{
  ProbeGuest *self = data;

  self->probe->n_closed++;
  self->probe->code = code;
  g_snprintf (self->probe->reason, sizeof self->probe->reason, "%.*s", (int) reason.len, reason.data);
  self->gone = TRUE;
  if (self->avenges)
    end_others (self->probe);
}

static void
on_pong (CsWsConnection *connection, gpointer data, CsSlice payload)
{
  reply (connection, "pong %.*s", (int) payload.len, payload.data);
}

static void
on_slow (CsWsConnection *connection, gpointer data, gsize queued)
{
  ((ProbeGuest *) data)->n_slow++;
}

static void
on_drain (CsWsConnection *connection, gpointer data)
{
  reply (connection, "goodbye");
  cs_ws_close (connection, CS_WS_SERVICE_RESTART, cs_slice_str ("back in a moment"));
}

static const CsWsHandler probe_handler = { .size = sizeof (CsWsHandler), .message = on_message,
                                           .closed = on_closed, .pong = on_pong, .slow = on_slow,
                                           .drain = on_drain };

static const char *const probe_protocols[] = { "one", "two", NULL };

static CsWsSlow
slow_of (CsHttpExchange *exchange)
{
  CsSlice value;

  if (!cs_http_query (exchange, "slow", &value) || cs_slice_is (value, "close"))
    return CS_WS_SLOW_CLOSE;
  return cs_slice_is (value, "drop") ? CS_WS_SLOW_DROP : CS_WS_SLOW_TELL;
}

static void
probe_connect (CsHttpExchange *exchange, gpointer self)
{
  ProbeGuest *guest = g_new0 (ProbeGuest, 1);
  CsWsOptions options = { .size = sizeof options, .handler = &probe_handler, .data = guest,
                          .protocols = probe_protocols, .max_queue = 100000, .slow_code = 4001,
                          .slow_reason = "too slow", .max_message = 1000 };
  CsSlice kinds;

  g_ptr_array_add (((Probe *) self)->guests, guest);
  options.slow = slow_of (exchange);
  if (cs_http_query (exchange, "kinds", &kinds))
    options.kinds = 1u << CS_WS_TEXT;
  guest->probe = self;
  guest->connection = cs_ws_accept (guest->probe->websocket, exchange, self, &options);
}

static const CsHttpRoute probe_routes[] = {
  { "GET", "/wsprobe", probe_connect, "A WebSocket that does as it is told", CS_ACCESS_PUBLIC },
};

static gboolean
probe_start (gpointer self, GError **error)
{
  ((Probe *) self)->websocket = cs_require (self, CS_WEBSOCKET);
  ((Probe *) self)->guests = g_ptr_array_new_with_free_func (g_free);
  return cs_http_add_routes (cs_require (self, CS_HTTP), self, CS_ROWS (probe_routes), error);
}

static guint
count_present (Probe *self)
{
  guint n = 0;

  for (guint i = 0; i < self->guests->len; i++)
    {
      const ProbeGuest *each = g_ptr_array_index (self->guests, i);

      n += each->connection != NULL && !each->gone;
    }
  return n;
}

static void
probe_worker_stop (gpointer self, guint worker)
{
  guint before = count_present (self);

  cs_ws_drop_all (((Probe *) self)->websocket, self);
  cs_notice (self, "dropped", CS_F_INT ("before", before), CS_F_INT ("after", count_present (self)));
}

static void
probe_stop (gpointer self)
{
  g_clear_pointer (&((Probe *) self)->guests, g_ptr_array_unref);
}

CS_PLUGIN_DEFINE ("wsprobe", "1.0.0", "A route for tests of websocket",
                  CS_REQUIRES ("http>=1 websocket>=1"), CS_STATE (Probe), .start = probe_start,
                  .worker_stop = probe_worker_stop, .stop = probe_stop);
