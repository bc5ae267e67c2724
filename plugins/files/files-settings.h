/* files-settings.h: what an operator may set in [files].
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_SETTINGS_H
#define FILES_SETTINGS_H

#include <cloudsync/sdk.h>

typedef struct
{
  char *directory; /* NULL: blobs below the data directory */
  gint64 jobs;
  gint64 reserve; /* bytes */
} FilesSettings;

extern const CsSetting files_settings[];

#endif
