/* websocket-worker.c: what a worker keeps, and how its connections go when the node does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"

#define DRAIN_STEP CS_MS (10)
#define STEPS_A_SECOND (G_USEC_PER_SEC / DRAIN_STEP)

/* ---- drain ---- */

static void
say_goodbye (WsConnection *self)
{
  self->drained = TRUE;
  if (self->handler->drain != NULL)
    self->handler->drain (&self->connection, self->data);
  else
    ws_close (&self->connection, CS_WS_GOING_AWAY, cs_slice_str ("the server is going away"));
}

/* One that was not told yet, from where the last one was found on. Where a connection stands in the wheel has to do
 * with nothing but chance, so whose turn it is has not either. */
static WsConnection *
next_to_tell (WsWorker *self)
{
  for (guint n = 0; n <= WS_SLOTS; n++)
    {
      WsConnection *each = self->clock.slots[self->drain_slot];

      while (each != NULL && (each->drained || each->closing))
        each = each->next;
      if (each != NULL)
        return each;
      self->drain_slot = (self->drain_slot + 1) % (WS_SLOTS + 1);
    }
  return NULL;
}

/* As many as the rate gives in this step, and at once when there are no more than that. */
static void
drain_step (CsTimer *timer, gpointer data)
{
  WsWorker *self = data;
  gint64 rate = ws_plugin_settings (self->plugin)->drain_rate;
  gint64 n = MAX (rate / self->plugin->n_workers / STEPS_A_SECOND, 1);
  gint64 pause = MAX (G_USEC_PER_SEC * n * self->plugin->n_workers / rate, DRAIN_STEP);
  WsConnection *next = NULL;

  while (n-- > 0 && (next = next_to_tell (self)) != NULL)
    say_goodbye (next);
  if (next != NULL)
    cs_timer_start (self->plugin, &self->drain_timer, cs_now () + pause, drain_step, self);
}

static void
drain_run (CsTask *task)
{
  WsWorker *self = (WsWorker *) ((char *) task - G_STRUCT_OFFSET (WsWorker, drain_task));

  self->draining = TRUE;
  if (self->n_connections == 0)
    return;
  self->holding = TRUE;
  cs_hold (self->plugin);
  drain_step (&self->drain_timer, self);
}

void
ws_worker_forget (WsWorker *self)
{
  self->n_connections--;
  if (self->n_connections > 0 || !self->holding)
    return;
  self->holding = FALSE;
  cs_release (self->plugin);
}

/* ---- all at once ---- */

static gboolean
is_of (const WsConnection *self, gpointer owner)
{
  return owner == NULL || self->owner == owner;
}

/* One that ends moves to the list of those without a deadline, which is the last. No owner's code runs. */
static void
end_all (WsWorker *self, gpointer owner)
{
  WsConnection *next;

  for (guint slot = 0; slot <= WS_SLOTS; slot++)
    for (WsConnection *each = self->clock.slots[slot]; each != NULL; each = next)
      {
        next = each->next;
        if (is_of (each, owner))
          ws_connection_end (each, CS_WS_ABNORMAL, cs_slice_str (""), TRUE);
      }
}

static WsConnection *
next_to_drop (WsWorker *self, gpointer owner)
{
  WsConnection *each = self->clock.slots[WS_NO_SLOT];

  while (each != NULL && (!is_of (each, owner) || each->busy || each->told))
    each = each->next;
  return each;
}

/* `closed` may do what it likes with the others: they have ended. */
static void
drop_all (WsWorker *self, gpointer owner)
{
  WsConnection *each;

  end_all (self, owner);
  while ((each = next_to_drop (self, owner)) != NULL)
    ws_connection_drop (each);
}

void
ws_drop_all (CsWebSocket *websocket, gpointer owner)
{
  WsWorker *worker = cs_local (websocket);

  if (worker != NULL)
    drop_all (worker, owner);
}

/* ---- life ---- */

gboolean
ws_worker_start (gpointer plugin, guint worker, GError **error)
{
  WsPlugin *websocket = plugin;
  WsWorker *self = g_new0 (WsWorker, 1);

  self->plugin = websocket;
  self->sha1 = g_checksum_new (G_CHECKSUM_SHA1);
  self->drain_task.run = drain_run;
  ws_clock_init (self);
  websocket->workers[worker] = self;
  cs_set_local (plugin, self);
  return TRUE;
}

void
ws_worker_stop (gpointer plugin, guint worker)
{
  WsPlugin *websocket = plugin;
  WsWorker *self = websocket->workers[worker];

  drop_all (self, NULL);
  cs_timer_stop (&self->clock.timer);
  cs_timer_stop (&self->behind_timer);
  cs_timer_stop (&self->drain_timer);
  ws_zlib_clear (&self->zlib);
  ws_bytes_clear (&self->scratch);
  g_checksum_free (self->sha1);
  if (self->holding)
    cs_release (plugin);
  websocket->workers[worker] = NULL;
  cs_set_local (plugin, NULL);
  g_free (self);
}
