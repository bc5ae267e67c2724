/* http-plugin.c: the descriptor of `http`.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-service.h"
#include "http-settings.h"
#include "http.h"

CS_PLUGIN_DEFINE ("http", "1.0.0", "HTTP/1.1 server: routes, filters and exchanges",
                  CS_WANTS ("auth>=1") CS_PROVIDES ("http=1") CS_OWNS ("listener"),
                  CS_SETTINGS (HttpSettings, http_settings), CS_SECTIONS (http_section_kinds),
                  CS_STATE (HttpPlugin), .settings_check = http_settings_check,
                  .endpoints = http_settings_endpoints,
                  .create = http_create, .start = http_start, .worker_start = http_worker_start,
                  .worker_stop = http_worker_stop, .reload_prepare = http_reload_prepare,
                  .reload_commit = http_reload_commit, .reload_abort = http_reload_abort,
                  .drain = http_drain, .stop = http_stop, .destroy = http_destroy);
