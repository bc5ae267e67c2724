/* websocket-service.c: the instance's life, and the table of the `websocket` contract.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"

const CsWsTable ws_table = {
  .size = sizeof (CsWsTable),
  .accept = ws_accept,
  .send = ws_send,
  .buffer_new = ws_buffer_new,
  .buffer_ref = ws_buffer_ref,
  .buffer_unref = ws_buffer_unref,
  .send_buffer = ws_send_buffer,
  .ping = ws_ping,
  .close = ws_close,
  .abort = ws_abort,
  .pause = ws_pause,
  .flush = ws_flush,
  .info = ws_info,
  .drop_all = ws_drop_all,
};

gboolean
ws_create (gpointer plugin, GError **error)
{
  WsPlugin *self = plugin;

  self->service.table = &ws_table;
  self->settings = cs_settings (plugin);
  ws_stats_define (plugin, &self->stats);
  return cs_provide (plugin, CS_WEBSOCKET, &self->service, error);
}

gboolean
ws_start (gpointer plugin, GError **error)
{
  WsPlugin *self = plugin;

  self->http = cs_require (plugin, CS_HTTP);
  if (!ws_admission_add_filters (self, error))
    return FALSE;
  self->n_workers = cs_n_workers ();
  self->workers = g_new0 (WsWorker *, self->n_workers);
  return TRUE;
}

/* Open connections stay as they are; limits that they took from the settings are the new ones. */
void
ws_reload_commit (gpointer plugin, gpointer token)
{
  WsPlugin *self = plugin;

  g_atomic_pointer_set (&self->settings, cs_settings (plugin));
}

void
ws_drain (gpointer plugin, gint64 deadline)
{
  WsPlugin *self = plugin;

  if (g_atomic_int_get (&self->draining))
    return;
  g_atomic_int_set (&self->draining, TRUE);
  for (guint i = 0; i < self->n_workers; i++)
    if (self->workers[i] != NULL)
      cs_post (i, &self->workers[i]->drain_task);
}

void
ws_stop (gpointer plugin)
{
  WsPlugin *self = plugin;

  g_clear_pointer (&self->workers, g_free);
}
