/* rest-settings.c: the settings of the section [rest].
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

#define RELOADABLE .flags = CS_SETTING_RELOADABLE

static const char *const create_values[] = { "never", "admins", NULL };

const CsSetting rest_settings[] = {
  CS_STRING (RestSettings, mount, "mount", "/v1", "Path below which collections answer"),
  CS_ENUM (RestSettings, create_collections, "create-collections", "admins",
           "Whose first write to a collection that is not there creates it",
           .values = create_values, RELOADABLE),
  CS_BOOL (RestSettings, require_condition, "require-condition", "false",
           "Refuse a PUT, PATCH or DELETE that has no If-Match, If-None-Match or "
           "If-Unmodified-Since with 428",
           RELOADABLE),
  CS_INT (RestSettings, page_size, "page-size", "100", "Documents in a list that names no limit",
          .min = 1, .max = CS_DOCUMENT_LIST_MAX, RELOADABLE),
  CS_INT (RestSettings, max_page_size, "max-page-size", "1000",
          "Largest limit that a list may ask for", .min = 1, .max = CS_DOCUMENT_LIST_MAX,
          RELOADABLE),
  CS_SETTINGS_END
};

gboolean
rest_settings_check (const char *kind, const void *settings, GError **error)
{
  const RestSettings *self = settings;

  if (self->mount[0] != '/' || self->mount[1] == '\0' || strpbrk (self->mount, "?#{} %") != NULL
      || g_str_has_suffix (self->mount, "/"))
    {
      g_set_error_literal (error, CS_ERROR, CS_INVALID,
                           "mount: must be a path such as /v1, without a slash at its end");
      return FALSE;
    }
  if (self->page_size > self->max_page_size)
    {
      g_set_error_literal (error, CS_ERROR, CS_INVALID,
                           "page-size: is more than max-page-size allows");
      return FALSE;
    }
  return TRUE;
}
