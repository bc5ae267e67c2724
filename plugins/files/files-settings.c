/* files-settings.c: the table of [files].
 * SPDX-License-Identifier: Apache-2.0 */
#include "files-settings.h"

const CsSetting files_settings[] = {
  CS_STRING (FilesSettings, directory, "directory", NULL,
             "Where the objects are kept; by default blobs/ in node.data-dir"),
  CS_INT (FilesSettings, jobs, "jobs", "3",
          "Pool threads that may hash, write and sync at once; as many again read ahead", .min = 1,
          .max = 64),
  CS_SIZE (FilesSettings, reserve, "reserve", "16M",
           "Space of the disk that is left for others: what would not leave it is refused as full",
           .max = (gint64) 1 << 50),
  CS_SETTINGS_END
};
