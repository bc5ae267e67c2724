/* sync-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-plugin.h"
#include "sync.h"

CS_PLUGIN_DEFINE ("sync", "0.1.0", "CouchDB's HTTP API and replication protocol",
                  CS_REQUIRES ("http>=1 store>=1 auth>=1") CS_WANTS ("blob>=1 broker>=1")
                    CS_PROVIDES ("documents=1"),
                  CS_SETTINGS (SyncSettings, sync_settings),
                  CS_STATE (Sync), .settings_check = sync_settings_check, .create = sync_create,
                  .start = sync_start, .worker_start = sync_worker_start,
                  .worker_stop = sync_worker_stop, .destroy = sync_destroy);
