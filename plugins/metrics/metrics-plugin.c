/* metrics-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

CS_PLUGIN_DEFINE ("metrics", "1.0.0", "Figures, health and the description of all routes",
                  CS_REQUIRES ("http>=1"), CS_SETTINGS (MetricsSettings, metrics_settings),
                  CS_STATE (MetricsState), .settings_check = metrics_settings_check,
                  .create = metrics_create, .start = metrics_start,
                  .reload_prepare = metrics_reload_prepare,
                  .reload_commit = metrics_reload_commit, .reload_abort = metrics_reload_abort,
                  .destroy = metrics_destroy);
