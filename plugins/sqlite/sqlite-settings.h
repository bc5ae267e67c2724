/* sqlite-settings.h: what an operator may set in [sqlite].
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_SETTINGS_H
#define SQLITE_SETTINGS_H

#include <cloudsync/sdk.h>

typedef enum
{
  SQLITE_DURABLE,
  SQLITE_UNSYNCED
} SqliteSync;

typedef struct
{
  gint64 shards;
  gint synchronous; /* SqliteSync */
  gint64 cache_size;
  gint64 reader_cache_size;
  gint64 checkpoint;
  gint64 group_rows;
  gint64 queue_limit;
  gboolean check_after_crash;
  gint64 backup_rate;
} SqliteSettings;

extern const CsSetting sqlite_settings[];

#endif
