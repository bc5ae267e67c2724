/* settings-value.h: the text of one value, of each type that a setting may have.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SETTINGS_VALUE_H
#define CS_SETTINGS_VALUE_H

#include <cloudsync/settings.h>

/* Parses `text` as the row asks and stores it at target + row->offset. NULL, or what is wrong and what
 * is allowed; never the text of a secret. To be freed. */
char *cs_setting_parse (const CsSetting *row, const char *text, gpointer target);

/* Frees what cs_setting_parse () allocated. */
void cs_setting_clear (const CsSetting *row, gpointer target);

gboolean cs_setting_equal (const CsSetting *row, gconstpointer a, gconstpointer b);

/* "text", "duration", …: the type's name in documents. */
const char *cs_setting_type_name (CsSettingType type);

#endif
