/* auth-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

CS_PLUGIN_DEFINE ("auth", "1.0.0", "Credentials to identities",
                  CS_PROVIDES ("auth=1") CS_OWNS ("user jwt-key api-key"),
                  CS_SETTINGS (AuthSettings, auth_settings), CS_SECTIONS (auth_section_kinds),
                  CS_STATE (AuthState), .settings_check = auth_settings_check,
                  .create = auth_create, .start = auth_start, .worker_start = auth_worker_start,
                  .worker_stop = auth_worker_stop, .reload_prepare = auth_reload_prepare,
                  .reload_commit = auth_reload_commit, .reload_abort = auth_reload_abort,
                  .destroy = auth_destroy);
