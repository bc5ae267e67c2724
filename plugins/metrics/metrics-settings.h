/* metrics-settings.h: the settings of [metrics].
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct
{
  char **allow;
  char *listener;
} MetricsSettings;

extern const CsSetting metrics_settings[];

gboolean metrics_settings_check (const char *kind, const void *settings, GError **error);

G_END_DECLS
