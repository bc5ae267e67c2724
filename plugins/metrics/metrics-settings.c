/* metrics-settings.c: the table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "metrics-settings.h"
#include "metrics-allow.h"

const CsSetting metrics_settings[] = {
  CS_LIST (MetricsSettings, allow, "allow", NULL,
           "Address ranges that may read /metrics and what else answers local clients only",
           .flags = CS_SETTING_RELOADABLE),
  CS_STRING (MetricsSettings, listener, "listener", NULL,
             "NAME of a [listener NAME] whose clients may read the same", .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

gboolean
metrics_settings_check (const char *kind, const void *settings, GError **error)
{
  const MetricsSettings *self = settings;
  MetricsAllow *allow = metrics_allow_new ((const char *const *) self->allow, error);

  metrics_allow_free (allow);
  return allow != NULL;
}
