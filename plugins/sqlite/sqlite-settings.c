/* sqlite-settings.c: the table of [sqlite].
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-settings.h"

static const char *const sync_names[] = { "full", "off", NULL };

const CsSetting sqlite_settings[] = {
  CS_INT (SqliteSettings, shards, "shards", "1",
          "Files that databases are spread over; each has its own writer. May be raised later",
          .min = 1, .max = 64),
  CS_ENUM (SqliteSettings, synchronous, "synchronous", "full",
           "full: on disk before the answer. off: a power cut loses acknowledged writes (tests only)",
           .values = sync_names),
  CS_SIZE (SqliteSettings, cache_size, "cache-size", "64M", "Page cache of each file's writer",
           .min = 1024 * 1024, .max = (gint64) 64 << 30),
  CS_SIZE (SqliteSettings, reader_cache_size, "reader-cache-size", "8M",
           "Page cache of each reading connection (one a worker and file)", .min = 256 * 1024,
           .max = (gint64) 16 << 30),
  CS_SIZE (SqliteSettings, checkpoint, "checkpoint", "64M",
           "Size of the write-ahead log at which it is copied into the database file",
           .min = 256 * 1024, .max = (gint64) 4 << 30),
  CS_INT (SqliteSettings, group_rows, "group-rows", "4096",
          "Records that one durable transaction takes at most, a larger batch excepted", .min = 1,
          .max = 1000000),
  CS_INT (SqliteSettings, queue_limit, "queue-limit", "10000",
          "Batches that may wait for a file's writer; more are refused as overloaded", .min = 1,
          .max = 1000000),
  CS_BOOL (SqliteSettings, check_after_crash, "check-after-crash", "true",
           "Read and check every record in the background after an unclean stop"),
  CS_SIZE (SqliteSettings, backup_rate, "backup-rate", "64M",
           "Bytes a second that backup and restore read at most; 0: as fast as the disk is", .min = 0,
           .max = (gint64) 1 << 40, .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};
