/* memory-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

CS_PLUGIN_DEFINE ("memory", "1.0.0", "Broker between the workers of one node",
                  CS_PROVIDES ("broker=1"), CS_STATE (MemoryBroker), .create = memory_create,
                  .worker_start = memory_worker_start, .worker_stop = memory_worker_stop,
                  .destroy = memory_destroy);
