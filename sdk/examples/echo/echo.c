/* echo.c: WebSockets in two routes: one answers each message with itself, the other gives each to everybody.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

typedef struct
{
  gint64 max_message;
  gboolean room;
} EchoSettings;

static const CsSetting echo_settings[] = {
  CS_SIZE (EchoSettings, max_message, "max-message", "16M", "Largest message that is taken",
           .flags = CS_SETTING_RELOADABLE),
  CS_BOOL (EchoSettings, room, "room", "false",
           "Add /ws/room, where whoever connects is heard by everybody"),
  CS_SETTINGS_END
};

typedef struct _EchoGuest EchoGuest;
typedef struct _Echo Echo;

/* Somebody in the room; belongs to its worker. */
struct _EchoGuest
{
  Echo *echo;
  EchoGuest *previous;
  EchoGuest *next;
  CsWsConnection *connection;
};

/* A worker's part of the room. */
typedef struct
{
  EchoGuest *guests;
} EchoWorker;

struct _Echo
{
  CsWebSocket *websocket;
};

/* ---- /ws ---- */

static void
echo_message (CsWsConnection *connection, gpointer data, CsWsKind kind, CsSlice message)
{
  cs_ws_send_one (connection, kind, message);
}

static const CsWsHandler echo_handler = { .size = sizeof (CsWsHandler), .message = echo_message };

static void
echo_connect (CsHttpExchange *exchange, gpointer self)
{
  const EchoSettings *settings = cs_settings (self);
  CsWsOptions options = { .size = sizeof options,
                          .handler = &echo_handler,
                          .flags = CS_WS_ANY_ORIGIN,
                          .max_message = settings->max_message };

  cs_ws_accept (((Echo *) self)->websocket, exchange, self, &options);
}

/* The same on fibers: the query's `before` is how many milliseconds the handshake waits, `ms` each message. */
static void
slow_message (CsWsConnection *connection, gpointer data, CsWsKind kind, CsSlice message)
{
  if (cs_sleep (CS_MS (GPOINTER_TO_INT (data))) == CS_OK)
    cs_ws_send_one (connection, kind, message);
}

static const CsWsHandler slow_handler = { .size = sizeof (CsWsHandler), .message = slow_message };

static gint
milliseconds (CsHttpExchange *exchange, const char *name)
{
  CsSlice value;

  if (!cs_http_query (exchange, name, &value))
    return 0;
  return (gint) CLAMP (g_ascii_strtoll (value.data, NULL, 10), 0, 60000);
}

static void
slow_connect (CsHttpExchange *exchange, gpointer self)
{
  CsWsOptions options = { .size = sizeof options,
                          .handler = &slow_handler,
                          .data = GINT_TO_POINTER (milliseconds (exchange, "ms")),
                          .flags = CS_WS_ON_FIBER | CS_WS_ANY_ORIGIN };

  if (cs_sleep (CS_MS (milliseconds (exchange, "before"))) == CS_OK)
    cs_ws_accept (((Echo *) self)->websocket, exchange, self, &options);
}

/* ---- /ws/room ---- */

/* One message on its way to one worker. */
typedef struct
{
  CsTask task;
  Echo *echo;
  CsWsBuffer *buffer;
} EchoPost;

static void
tell_guests (CsTask *task)
{
  EchoPost *post = (EchoPost *) task;
  EchoWorker *worker = cs_local (post->echo);

  for (EchoGuest *each = worker != NULL ? worker->guests : NULL; each != NULL; each = each->next)
    cs_ws_send_buffer (each->connection, post->buffer);
  cs_ws_buffer_unref (post->buffer);
  g_free (post);
}

static void
room_message (CsWsConnection *connection, gpointer data, CsWsKind kind, CsSlice message)
{
  Echo *echo = ((EchoGuest *) data)->echo;
  CsWsBuffer *buffer = cs_ws_buffer_new (echo->websocket, kind, &message, 1);

  for (guint i = 0; i < cs_n_workers (); i++)
    {
      EchoPost *post = g_new0 (EchoPost, 1);

      *post = (EchoPost){ { .run = tell_guests }, echo, cs_ws_buffer_ref (buffer) };
      cs_post (i, &post->task);
    }
  cs_ws_buffer_unref (buffer);
}

static void
room_closed (CsWsConnection *connection, gpointer data, guint code, CsSlice reason)
{
  EchoGuest *guest = data;
  EchoWorker *worker = cs_local (guest->echo);

  if (guest->next != NULL)
    guest->next->previous = guest->previous;
  if (guest->previous != NULL)
    guest->previous->next = guest->next;
  else
    worker->guests = guest->next;
  g_free (guest);
}

static const CsWsHandler room_handler
  = { .size = sizeof (CsWsHandler), .message = room_message, .closed = room_closed };

static void
room_connect (CsHttpExchange *exchange, gpointer self)
{
  Echo *echo = self;
  EchoWorker *worker = cs_local (self);
  EchoGuest *guest = g_new0 (EchoGuest, 1);
  CsWsOptions options = { .size = sizeof options, .handler = &room_handler, .data = guest };

  guest->echo = echo;
  guest->connection = cs_ws_accept (echo->websocket, exchange, self, &options);
  if (guest->connection == NULL)
    {
      g_free (guest);
      return;
    }
  guest->next = worker->guests;
  if (guest->next != NULL)
    guest->next->previous = guest;
  worker->guests = guest;
}

static const CsHttpRoute echo_routes[] = {
  { "GET", "/ws", echo_connect, "A WebSocket that answers each message with itself",
    CS_ACCESS_PUBLIC },
  { "GET", "/ws/slow", slow_connect, "The same, after a while", CS_ACCESS_PUBLIC },
};

static const CsHttpRoute room_routes[] = {
  { "GET", "/ws/room", room_connect, "A WebSocket whose messages go to everybody here",
    CS_ACCESS_PUBLIC },
};

/* ---- life ---- */

static gboolean
echo_start (gpointer self, GError **error)
{
  const EchoSettings *settings = cs_settings (self);
  CsHttp *http = cs_require (self, CS_HTTP);

  ((Echo *) self)->websocket = cs_require (self, CS_WEBSOCKET);
  return cs_http_add_routes (http, self, CS_ROWS (echo_routes), error)
         && (!settings->room || cs_http_add_routes (http, self, CS_ROWS (room_routes), error));
}

static gboolean
echo_worker_start (gpointer self, guint worker, GError **error)
{
  cs_set_local (self, g_new0 (EchoWorker, 1));
  return TRUE;
}

static void
echo_worker_stop (gpointer self, guint worker)
{
  EchoWorker *state = cs_local (self);

  cs_ws_drop_all (((Echo *) self)->websocket, self);
  cs_set_local (self, NULL);
  g_free (state);
}

CS_PLUGIN_DEFINE ("echo", "1.0.0", "Answers WebSocket messages with themselves",
                  CS_REQUIRES ("http>=1 websocket>=1"), CS_SETTINGS (EchoSettings, echo_settings),
                  CS_STATE (Echo), .start = echo_start, .worker_start = echo_worker_start,
                  .worker_stop = echo_worker_stop);
