/* sync-settings.c: the settings of the section [sync].
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

#define RELOADABLE .flags = CS_SETTING_RELOADABLE

static const char *const unenforced_values[] = { "refuse", "store", NULL };

const CsSetting sync_settings[] = {
  CS_STRING (SyncSettings, mount, "mount", "/", "Path below which the API answers"),
  CS_LIST (SyncSettings, cors_origins, "cors-origins", NULL,
           "Origins that browsers may call from, or *; CORS is off when unset", RELOADABLE),
  CS_BOOL (SyncSettings, cors_credentials, "cors-credentials", "false",
           "Let browsers send credentials from those origins", RELOADABLE),
  CS_LIST (SyncSettings, cors_headers, "cors-headers",
           "accept, authorization, content-type, destination, origin, referer, x-csrf-token",
           "Request headers that browsers may send", RELOADABLE),
  CS_DURATION (SyncSettings, cors_max_age, "cors-max-age", "10m",
               "How long a browser may remember a preflight's answer", RELOADABLE),
  CS_SIZE (SyncSettings, max_document, "max-document", "8M",
           "Largest document, without attachments", .min = 1024, .max = 1 << 30, RELOADABLE),
  CS_SIZE (SyncSettings, max_attachment, "max-attachment", "1G",
           "Largest attachment; 64M is the most where no blob=1 is bound", .min = 1024,
           .max = (gint64) 1 << 40, RELOADABLE),
  CS_SIZE (SyncSettings, blob_threshold, "blob-threshold", "64K",
           "Attachments of this size and larger are objects of blob=1, smaller ones are kept in the store",
           .min = 1, .max = 64 << 20, RELOADABLE),
  CS_DURATION (SyncSettings, blob_collect, "blob-collect", "1h",
               "Pause between two searches for objects that no document names",
               .min = G_USEC_PER_SEC, .max = 30 * 86400 * (gint64) G_USEC_PER_SEC, RELOADABLE),
  CS_DURATION (SyncSettings, blob_grace, "blob-grace", "1h",
               "How long such an object stays after it was last put", .min = G_USEC_PER_SEC,
               .max = 365 * 86400 * (gint64) G_USEC_PER_SEC, RELOADABLE),
  CS_INT (SyncSettings, max_depth, "max-depth", "512", "Deepest nesting of a document", .min = 8,
          .max = 4096, RELOADABLE),
  CS_DURATION (SyncSettings, feed_timeout, "feed-timeout", "60s",
               "Longest wait of a feed without heartbeat", .min = G_USEC_PER_SEC / 10,
               .max = 86400 * (gint64) G_USEC_PER_SEC, RELOADABLE),
  CS_DURATION (SyncSettings, heartbeat, "heartbeat", "60s",
               "Pause between heartbeats when a client asks for `heartbeat=true`",
               .min = G_USEC_PER_SEC, .max = 3600 * (gint64) G_USEC_PER_SEC, RELOADABLE),
  CS_ENUM (SyncSettings, unenforced_validation, "unenforced-validation", "refuse",
           "A design document with validate_doc_update, a rule that is not run: refuse it with 403, or store "
           "it without its effect",
           .values = unenforced_values, RELOADABLE),
  CS_BOOL (SyncSettings, per_user_databases, "per-user-databases", "false",
           "Make a database userdb-<hex of the name> for each user, and him its administrator",
           RELOADABLE),
  CS_BOOL (SyncSettings, per_user_delete, "per-user-delete", "false",
           "Delete that database with the user's document", RELOADABLE),
  CS_SETTINGS_END
};

gboolean
sync_settings_check (const char *kind, const void *settings, GError **error)
{
  const SyncSettings *self = settings;
  gboolean any_origin = self->cors_origins != NULL
                        && g_strv_contains ((const char *const *) self->cors_origins, "*");

  if (self->mount[0] != '/' || strpbrk (self->mount, "?#{} ") != NULL)
    {
      g_set_error_literal (error, CS_ERROR, CS_INVALID,
                           "mount: must be a path such as / or /couchdb");
      return FALSE;
    }
  if (any_origin && self->cors_origins[1] != NULL)
    {
      g_set_error_literal (error, CS_ERROR, CS_INVALID,
                           "cors-origins: * stands alone; leave it out or leave out the others");
      return FALSE;
    }
  return TRUE;
}
