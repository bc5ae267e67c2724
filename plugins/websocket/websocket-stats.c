/* websocket-stats.c: the plugin's figures.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"

static const char *const refused_labels[WS_N_REFUSED]
  = { "reason=\"rate\"", "reason=\"pending\"", "reason=\"handshake\"", "reason=\"origin\"",
      "reason=\"limit\"" };

/* 1000 to 1014 each, the rest by their ranges: at most so many series, whatever clients send. */
#define FIRST_CODE 1000
#define LAST_CODE 1014
#define CODE_3XXX (LAST_CODE - FIRST_CODE + 1)
#define CODE_4XXX (CODE_3XXX + 1)

G_STATIC_ASSERT (CODE_4XXX + 1 == WS_N_CODES);

CsStat
ws_stats_closed (const WsStats *stats, guint code)
{
  if (code >= 4000)
    return stats->closed[CODE_4XXX];
  if (code >= 3000)
    return stats->closed[CODE_3XXX];
  return stats->closed[CLAMP (code, FIRST_CODE, LAST_CODE) - FIRST_CODE];
}

static void
define_closed (gpointer plugin, WsStats *stats)
{
  for (guint i = 0; i < WS_N_CODES; i++)
    {
      char label[24];

      if (i == CODE_3XXX || i == CODE_4XXX)
        g_snprintf (label, sizeof label, "code=\"%cxxx\"", i == CODE_3XXX ? '3' : '4');
      else
        g_snprintf (label, sizeof label, "code=\"%u\"", FIRST_CODE + i);
      stats->closed[i]
        = cs_counter (plugin, "websocket_closed_total",
                      "Connections that ended, by the code of the Close that came first.", label);
    }
}

void
ws_stats_define (gpointer plugin, WsStats *stats)
{
  stats->connections
    = cs_gauge (plugin, "websocket_connections", "WebSocket connections that are open.", NULL);
  stats->accepted
    = cs_counter (plugin, "websocket_accepted_total", "Handshakes that were answered 101.", NULL);
  for (guint i = 0; i < WS_N_REFUSED; i++)
    stats->refused[i]
      = cs_counter (plugin, "websocket_refused_total", "Handshakes that were refused, by reason.",
                    refused_labels[i]);
  stats->pending = cs_gauge (plugin, "websocket_pending", "Handshakes in progress.", NULL);
  define_closed (plugin, stats);
  stats->timeouts = cs_counter (plugin, "websocket_timeouts_total",
                                "Connections dropped because the client was silent.", NULL);
  stats->slow_closed
    = cs_counter (plugin, "websocket_slow_closed_total",
                  "Connections closed because the client read too slowly.", NULL);
  stats->slow_dropped
    = cs_counter (plugin, "websocket_slow_dropped_total",
                  "Messages not sent because the client read too slowly.", NULL);
  stats->queue_bytes
    = cs_gauge (plugin, "websocket_queue_bytes",
                "Bytes waiting for clients that are behind, as of a moment ago.", NULL);
  stats->frames_in = cs_counter (plugin, "websocket_frames_received_total", "Frames received.", NULL);
  stats->frames_out = cs_counter (plugin, "websocket_frames_sent_total", "Frames sent.", NULL);
  stats->messages_in
    = cs_counter (plugin, "websocket_messages_received_total", "Messages received.", NULL);
  stats->messages_out
    = cs_counter (plugin, "websocket_messages_sent_total", "Messages sent.", NULL);
  stats->bytes_in = cs_counter (plugin, "websocket_received_bytes_total",
                                "Bytes received on WebSocket connections, frames included.", NULL);
  stats->bytes_out = cs_counter (plugin, "websocket_sent_bytes_total",
                                 "Bytes sent on WebSocket connections, frames included.", NULL);
}
