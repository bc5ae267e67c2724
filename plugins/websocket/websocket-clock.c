/* websocket-clock.c: deadlines of connections, as a wheel of lists: no timer for each, and none at all that
 * fires for an empty tick.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a connection receives or sends in between only sets a flag; its deadline finds out whether that was so. */
#include "websocket.h"

#define COARSE CS_MS (250)
#define LONG_REST CS_SECONDS (5)
#define SLOT_OF(tick) ((guint) ((tick) % WS_SLOTS))

static void
tick (CsTimer *timer, gpointer data);

static void
arm (WsWorker *worker, gint64 at)
{
  if (at >= worker->clock.timer_at)
    return;
  worker->clock.timer_at = at;
  cs_timer_start (worker->plugin, &worker->clock.timer, at, tick, worker);
}

static void
link_into (WsConnection *connection, guint slot)
{
  WsClock *clock = &connection->worker->clock;

  connection->slot = (guint16) slot;
  connection->previous = NULL;
  connection->next = clock->slots[slot];
  if (connection->next != NULL)
    connection->next->previous = connection;
  clock->slots[slot] = connection;
  if (slot != WS_NO_SLOT)
    clock->used[slot / 64] |= G_GUINT64_CONSTANT (1) << slot % 64;
}

void
ws_clock_remove (WsConnection *connection)
{
  WsClock *clock = &connection->worker->clock;
  guint slot = connection->slot;

  if (connection->next != NULL)
    connection->next->previous = connection->previous;
  if (connection->previous != NULL)
    connection->previous->next = connection->next;
  else
    clock->slots[slot] = connection->next;
  if (clock->slots[slot] == NULL && slot != WS_NO_SLOT)
    clock->used[slot / 64] &= ~(G_GUINT64_CONSTANT (1) << slot % 64);
}

/* One further off than the wheel is long is put at its end, and from there on again. */
void
ws_clock_add (WsConnection *connection, gint64 due)
{
  WsClock *clock = &connection->worker->clock;
  gint64 turn;

  if (clock->timer_at == CS_NEVER) /* the wheel is empty */
    clock->turned = cs_now () / WS_TICK;
  connection->due = due;
  if (due == CS_NEVER)
    {
      link_into (connection, WS_NO_SLOT);
      return;
    }
  turn = CLAMP (due / WS_TICK + 1, clock->turned + 1, clock->turned + WS_SLOTS - 1);
  link_into (connection, SLOT_OF (turn));
  arm (connection->worker, turn * WS_TICK);
}

void
ws_clock_set (WsConnection *connection, gint64 due)
{
  ws_clock_remove (connection);
  ws_clock_add (connection, due);
}

void
ws_clock_init (WsWorker *worker)
{
  worker->clock.turned = cs_now () / WS_TICK;
  worker->clock.timer_at = CS_NEVER;
}

/* ---- what a deadline is for ---- */

static gint64
interval_of (const WsConnection *self)
{
  return self->ping_interval != 0 ? self->ping_interval
                                  : ws_plugin_settings (self->worker->plugin)->ping_interval;
}

static gint64
after (gint64 length)
{
  return length >= CS_NEVER - cs_now () ? CS_NEVER : cs_now () + length;
}

/* Long waits end several together, so that their pongs too come together and wake the worker once. */
static gint64
after_rest (gint64 interval, gint64 length)
{
  gint64 due = after (length);

  return interval < LONG_REST || due == CS_NEVER ? due : due + COARSE - due % COARSE;
}

/* So that those who came together are not pinged together for ever. */
gint64
ws_clock_first (const WsConnection *self)
{
  gint64 interval = interval_of (self);

  if (interval == CS_NEVER)
    return CS_NEVER;
  return after_rest (interval, interval / 2 + (gint64) (g_random_double () * (double) (interval / 2)));
}

static void
look_again (WsConnection *self)
{
  gint64 interval = interval_of (self);

  ws_clock_set (self, after_rest (interval, interval));
}

static void
rest_on (WsConnection *self)
{
  self->received = self->sent = self->pinged = FALSE;
  if (self->deflater != NULL)
    ws_deflater_give (&self->worker->zlib, g_steal_pointer (&self->deflater));
  look_again (self);
}

static void
ping (WsConnection *self)
{
  const WsSettings *settings = ws_plugin_settings (self->worker->plugin);

  ws_connection_put_control (self, WS_OP_PING, NULL, 0);
  self->received = FALSE;
  self->pinged = TRUE;
  self->queued_then = cs_stream_queued (self->stream);
  ws_clock_set (self, after (settings->pong_timeout));
}

/* A client that takes what it is sent, however slowly, is alive: the ping may not have reached it. */
static void
pong_is_late (WsConnection *self)
{
  gsize queued = cs_stream_queued (self->stream);

  if (queued < self->queued_then)
    {
      self->queued_then = queued;
      ws_clock_set (self, after (ws_plugin_settings (self->worker->plugin)->pong_timeout));
      return;
    }
  cs_stat_add (self->worker->plugin->stats.timeouts, 1);
  ws_connection_end (self, CS_WS_ABNORMAL, cs_slice_str (""), TRUE);
}

void
ws_clock_await_close (WsConnection *self)
{
  self->queued_then = cs_stream_queued (self->stream);
  ws_clock_set (self, after (ws_plugin_settings (self->worker->plugin)->close_timeout));
}

static void
close_is_late (WsConnection *self)
{
  if (cs_stream_queued (self->stream) < self->queued_then)
    ws_clock_await_close (self);
  else
    ws_connection_end (self, self->code, cs_slice_str (self->reason), TRUE);
}

static void
expired (WsConnection *self)
{
  if (self->dead)
    ws_clock_set (self, CS_NEVER);
  else if (self->closing)
    close_is_late (self);
  else if (self->paused || self->busy)
    look_again (self);
  else if (self->pinged)
    {
      if (self->received)
        rest_on (self);
      else
        pong_is_late (self);
    }
  else if (self->received && self->sent)
    {
      self->received = self->sent = FALSE;
      look_again (self);
    }
  else
    ping (self);
}

/* ---- the wheel ---- */

static void
expire_slot (WsWorker *worker, guint slot, gint64 now)
{
  WsConnection *next;

  for (WsConnection *each = worker->clock.slots[slot]; each != NULL; each = next)
    {
      next = each->next;
      if (each->due <= now)
        expired (each);
      else
        ws_clock_set (each, each->due);
    }
}

/* The next tick whose slot has any; CS_NEVER: none. */
static gint64
next_used (const WsClock *clock)
{
  for (gint64 turn = clock->turned + 1; turn < clock->turned + WS_SLOTS; turn++)
    {
      guint slot = SLOT_OF (turn);
      guint64 rest = clock->used[slot / 64] >> slot % 64;

      if (rest != 0)
        {
          turn += __builtin_ctzll (rest);
          return turn < clock->turned + WS_SLOTS ? turn : CS_NEVER;
        }
      turn += 63 - slot % 64;
    }
  return CS_NEVER;
}

static void
tick (CsTimer *timer, gpointer data)
{
  WsWorker *worker = data;
  WsClock *clock = &worker->clock;
  gint64 now = cs_now (), last = now / WS_TICK, turn;

  clock->timer_at = 0; /* what is put in meanwhile is seen below */
  while ((turn = next_used (clock)) <= last)
    {
      clock->turned = turn;
      expire_slot (worker, SLOT_OF (turn), now);
    }
  clock->turned = MAX (clock->turned, last);
  clock->timer_at = CS_NEVER;
  if (turn != CS_NEVER)
    arm (worker, turn * WS_TICK);
}
