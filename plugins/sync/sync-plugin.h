/* sync-plugin.h: the operations that the descriptor names.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_PLUGIN_H
#define SYNC_PLUGIN_H

#include <glib.h>

gboolean sync_create (gpointer self, GError **error);
gboolean sync_start (gpointer self, GError **error);
gboolean sync_worker_start (gpointer self, guint worker, GError **error);
void sync_worker_stop (gpointer self, guint worker);
void sync_destroy (gpointer self);

#endif
