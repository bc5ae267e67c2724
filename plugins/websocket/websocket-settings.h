/* websocket-settings.h: `[websocket]`.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 upgrade_rate;
  gint64 max_pending_upgrades;
  char **origins;
  gint64 max_message;
  gint64 max_queue;
  gint64 ping_interval;
  gint64 pong_timeout;
  gint64 close_timeout;
  gint64 drain_rate;
  gboolean compression;
  gboolean context_takeover;
  gint64 window_bits;
  gint64 compression_level;
  gint64 compression_min;
} WsSettings;

extern const CsSetting websocket_settings[];
gboolean websocket_settings_check (const char *kind, const void *settings, GError **error);

G_END_DECLS
