/* memory-settings.c: the settings of the section [memory].
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#define RELOADABLE .flags = CS_SETTING_RELOADABLE

const CsSetting memory_settings[] = {
  CS_INT (MemorySettings, max_channels, "max-channels", "1000000",
          "Channels of which something is kept: history, a position, or who is present", .min = 1,
          .max = 1000000000, RELOADABLE),
  CS_SIZE (MemorySettings, max_bytes, "max-bytes", "256M",
           "All that is kept: publications of histories, members, results of keyed publications",
           .min = 65536, .max = (gint64) 1 << 40, RELOADABLE),
  CS_SIZE (
    MemorySettings, max_queue, "max-queue", "64M",
    "Publications on their way to one worker; its subscribers are told of those that do not fit",
    .min = 65536, .max = (gint64) 1 << 40, RELOADABLE),
  CS_SETTINGS_END
};
