/* rest-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

CS_PLUGIN_DEFINE ("rest", "0.1.0", "Documents as plain JSON over HTTP",
                  CS_REQUIRES ("http>=1 auth>=1 documents>=1"),
                  CS_SETTINGS (RestSettings, rest_settings), CS_STATE (Rest),
                  .settings_check = rest_settings_check, .start = rest_start);
