/* metrics.h: the instance of the metrics plugin.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "metrics-allow.h"
#include "metrics-settings.h"

#include <pthread.h>

G_BEGIN_DECLS

/* The instance's state. */
typedef struct
{
  CsHttp *http;
  MetricsAllow *allow;  /* swapped by a reload; read atomically */
  GPtrArray *old_allow; /* earlier ones, which a filter may still be reading */
  pthread_mutex_t lock;
  char *openapi;        /* made when first asked for */
  CsStat scrape_seconds;
} MetricsState;

gboolean metrics_create (gpointer self, GError **error);
gboolean metrics_start (gpointer self, GError **error);
gboolean metrics_reload_prepare (gpointer self, const void *settings, gpointer *token,
                                 GError **error);
void metrics_reload_commit (gpointer self, gpointer token);
void metrics_reload_abort (gpointer self, gpointer token);
void metrics_destroy (gpointer self);

/* The whole answer of /metrics, to be g_string_free()d. Not on a worker. */
GString *metrics_render (gboolean open);

G_END_DECLS
