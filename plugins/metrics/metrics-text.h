/* metrics-text.h: series as Prometheus text 0.0.4 or OpenMetrics 1.0.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Before the name of every series but those of the process, whose names are Prometheus' own. */
#define METRICS_PREFIX "cloudsync_"

typedef struct
{
  GString *out;
  gboolean open; /* OpenMetrics */
  GString *family; /* whose HELP and TYPE were written last */
} MetricsText;

typedef enum
{
  METRICS_COUNTER,
  METRICS_GAUGE,
  METRICS_HISTOGRAM,
  METRICS_INFO
} MetricsType;

void metrics_text_init (MetricsText *text, gboolean open);

/* Ends the document; to be g_string_free()d. */
GString *metrics_text_end (MetricsText *text);

/* One series of the host; `data` is the MetricsText. Those of one name must come one after the other. */
void metrics_text_sample (const CsStatSample *sample, gpointer data);

/* One value. `name` is whole, with prefix and _total or _info; `labels` NULL for none. */
void metrics_text_value (MetricsText *text, MetricsType type, const char *name, const char *help,
                         const char *labels, double value);

/* Appends `name="value"`, escaped; a comma first unless it is the first. */
void metrics_text_label (GString *labels, const char *name, const char *value);

G_END_DECLS
