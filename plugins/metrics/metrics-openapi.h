/* metrics-openapi.h: the node's routes as an OpenAPI 3.1 document.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Built with json-glib, which recurses: in the pool or on the main thread, never on a fiber. */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct _MetricsOpenapi MetricsOpenapi;

MetricsOpenapi *metrics_openapi_new (const char *version);

/* One route; `data` is the MetricsOpenapi. A row of any method ("*") stands for the five usual ones. Of two
 * routes with the same path and method up to the parameters' names the first counts. */
void metrics_openapi_route (const CsHttpRoute *route, const char *path, const char *plugin,
                            gpointer data);

/* The document as text, to be g_free()d; frees the builder. */
char *metrics_openapi_end (MetricsOpenapi *self);

G_END_DECLS
