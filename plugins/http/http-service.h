/* http-service.h: the functions that the descriptor names.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

gboolean http_create (gpointer plugin, GError **error);
gboolean http_start (gpointer plugin, GError **error);
gboolean http_reload_prepare (gpointer plugin, const void *settings, gpointer *token,
                              GError **error);
void http_reload_commit (gpointer plugin, gpointer token);
void http_reload_abort (gpointer plugin, gpointer token);
void http_drain (gpointer plugin, gint64 deadline);
void http_stop (gpointer plugin);
void http_destroy (gpointer plugin);
gboolean http_worker_start (gpointer plugin, guint worker, GError **error);
void http_worker_stop (gpointer plugin, guint worker);

G_END_DECLS
