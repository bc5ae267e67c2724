/* fuzz-config.c: the configuration reader, and the types of settings, on any bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/config.h"
#include "config/config-reader.h"
#include "config/settings.h"

typedef struct
{
  gboolean flag;
  gint64 count, size, wait;
  double share;
  char *url;
  gint word;
  char **list, **addresses;
} Sample;

static const char *const words[] = { "one", "two", NULL };

static const CsSetting rows[] = {
  CS_BOOL (Sample, flag, "flag", NULL, ""),
  CS_INT (Sample, count, "count", NULL, "", .min = -5, .max = 5),
  CS_SIZE (Sample, size, "size", NULL, ""),
  CS_DURATION (Sample, wait, "wait", NULL, "", .max = CS_SECONDS (9)),
  CS_PERCENT (Sample, share, "share", NULL, ""),
  CS_URL (Sample, url, "url", NULL, ""),
  CS_ENUM (Sample, word, "word", NULL, "", .values = words),
  CS_LIST (Sample, list, "list", NULL, ""),
  CS_ADDRESSES (Sample, addresses, "addresses", NULL, ""),
  CS_SETTINGS_END
};

static const CsSettingsTable table = { rows, sizeof (CsSetting), sizeof (Sample) };

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (CsConfig) config = cs_config_new ();
  g_autofree char *argument = g_strndup ((const char *) data, size);
  g_auto (CsReport) report = { 0 };
  Sample sample = { 0 };

  cs_report_init (&report);
  cs_config_read_text (config, (const char *) data, size, "f", &report);
  cs_settings_fill (&table, cs_config_section (config, "s"), "s", &sample, &report);
  cs_settings_clear (&table, &sample);
  cs_config_read_argument (config, argument, &report);
  return 0;
}
