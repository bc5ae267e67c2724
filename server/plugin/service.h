/* service.h: who offers what to whom: checked when offered, handed out by the plan.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICE_REGISTRY_H
#define CS_SERVICE_REGISTRY_H

#include "plugin/plugin.h"

/* In create (): the manifest must list the contract in that version, and it is offered once. */
gboolean cs_service_offer (CsInstance *self, const char *contract, guint version, gpointer service,
                           GError **error);

/* What `self` is bound to, once its provider has started; NULL for a want that is not met. Asking for
 * what the manifest does not name is a bug of the plugin: it is logged and answered NULL. */
gpointer cs_service_find (CsInstance *self, const char *contract, guint version);

/* Calls func at once when the service is there, and at each change. */
void cs_service_watch (CsInstance *self, const char *contract, guint version,
                       CsServiceWatchFunc func);

/* `provider` has started, or is about to stop: those of `users` that watch are told. */
void cs_service_changed (CsInstance *provider, GPtrArray *users, gboolean there);

#endif
