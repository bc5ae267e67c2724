/* websocket-plugin.c: the descriptor of `websocket`.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket.h"

CS_PLUGIN_DEFINE ("websocket", "1.0.0", "WebSocket connections for other plugins",
                  CS_REQUIRES ("http>=1") CS_PROVIDES ("websocket=1"),
                  CS_SETTINGS (WsSettings, websocket_settings), CS_STATE (WsPlugin),
                  .settings_check = websocket_settings_check, .create = ws_create,
                  .start = ws_start, .worker_start = ws_worker_start,
                  .worker_stop = ws_worker_stop, .reload_commit = ws_reload_commit,
                  .drain = ws_drain, .stop = ws_stop);
