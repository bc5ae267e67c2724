/* memory-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

CS_PLUGIN_DEFINE ("memory", "1.1.0", "Broker between the workers of one node",
                  CS_PROVIDES ("broker=1"), CS_SETTINGS (MemorySettings, memory_settings),
                  CS_STATE (MemoryBroker), .create = memory_create,
                  .worker_start = memory_worker_start, .worker_stop = memory_worker_stop,
                  .reload_commit = memory_reload_commit, .destroy = memory_destroy);
