/* websocket-settings.c: the table of `[websocket]`.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-settings.h"
#include "websocket-handshake.h"

#define RELOADABLE .flags = CS_SETTING_RELOADABLE

const CsSetting websocket_settings[] = {
  CS_INT (WsSettings, upgrade_rate, "upgrade-rate", "0",
          "Handshakes a second of the whole node, 0 for no limit; beyond it 503", .min = 0,
          .max = G_MAXINT32, RELOADABLE),
  CS_INT (WsSettings, max_pending_upgrades, "max-pending-upgrades", "4096",
          "Handshakes that may be in progress at once; beyond it 503", .min = 1, .max = G_MAXINT32,
          RELOADABLE),
  CS_LIST (WsSettings, origins, "origins", NULL,
           "Origins whose pages may connect: https://app.example.com, https://*.example.com, null, or * "
           "for all; unset: the page's host must be the one it connects to. Clients that send no "
           "Origin are no browsers and are let in",
           RELOADABLE),
  CS_SIZE (WsSettings, max_message, "max-message", "1M",
           "Largest message of a client, uncompressed, where the connection's owner sets no limit; "
           "beyond it 1009",
           .min = 125, .max = 1 << 30, RELOADABLE),
  CS_SIZE (WsSettings, max_queue, "max-queue", "1M",
           "Bytes that may wait for a client that reads too slowly; beyond it 1013, or what the "
           "connection's owner chose",
           .min = 4096, .max = 1 << 30, RELOADABLE),
  CS_DURATION (WsSettings, ping_interval, "ping-interval", "25s",
               "A client that was not heard of or spoken to for so long is pinged", .min = CS_MS (100),
               .max = CS_SECONDS (86400), RELOADABLE),
  CS_DURATION (WsSettings, pong_timeout, "pong-timeout", "10s",
               "How long a pinged client may be silent before its connection is dropped",
               .min = CS_MS (100), .max = CS_SECONDS (86400), RELOADABLE),
  CS_DURATION (WsSettings, close_timeout, "close-timeout", "5s",
               "How long a client may take to answer a Close", .min = CS_MS (10),
               .max = CS_SECONDS (3600), RELOADABLE),
  CS_INT (WsSettings, drain_rate, "drain-rate", "10000",
          "Connections a second that are told 1001 when the node drains, in no order, so that not "
          "all come back at once",
          .min = 1, .max = G_MAXINT32, RELOADABLE),
  CS_BOOL (WsSettings, compression, "compression", "true",
           "Agree to permessage-deflate with clients that offer it", RELOADABLE),
  CS_BOOL (WsSettings, context_takeover, "context-takeover", "false",
           "Compress messages with regard to earlier ones: smaller, but up to 300K of memory for each "
           "connection that does",
           RELOADABLE),
  CS_INT (WsSettings, window_bits, "window-bits", "15",
          "Largest window of the compression, as a power of two; smaller ones take less memory",
          .min = 9, .max = 15, RELOADABLE),
  CS_INT (WsSettings, compression_level, "compression-level", "3", "Effort of the compression",
          .min = 1, .max = 9, RELOADABLE),
  CS_SIZE (WsSettings, compression_min, "compression-min", "1K",
           "Smallest message that is compressed", .min = 0, .max = 1 << 30, RELOADABLE),
  CS_SETTINGS_END
};

gboolean
websocket_settings_check (const char *kind, const void *settings, GError **error)
{
  char *const *origins = ((const WsSettings *) settings)->origins;

  for (; origins != NULL && *origins != NULL; origins++)
    if (!ws_handshake_origin_is_valid (*origins))
      {
        g_set_error (error, CS_ERROR, CS_INVALID,
                     "origins: '%s' is no origin; write scheme and host without a path, such as "
                     "https://app.example.com or https://*.example.com, or null, or *",
                     *origins);
        return FALSE;
      }
  return TRUE;
}
