/* settings-list.h: every effective setting of a node with the place it came from.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SETTINGS_LIST_H
#define CS_SETTINGS_LIST_H

#include "node/plan.h"

typedef struct
{
  const char *section;
  const CsSetting *row;
  const char *shown;  /* "***" for secrets; NULL: unset */
  const char *plain;  /* as written; never to be shown */
  const char *source;
} CsSettingItem;

typedef void (*CsSettingItemFunc) (const CsSettingItem *item, gpointer data);

/* [node], [log], then each plugin's own section and its named ones. */
void cs_settings_list (const CsPlan *plan, const CsPlugins *plugins, CsSettingItemFunc func,
                       gpointer data);

#endif
