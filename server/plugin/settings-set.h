/* settings-set.h: all settings of one instance: its own section and its named ones, filled together.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SETTINGS_SET_H
#define CS_SETTINGS_SET_H

#include <cloudsync/plugin.h>

#include "config/config.h"
#include "config/settings.h"

/* Immutable once made; an instance keeps every set it ever had until it is destroyed. */
typedef struct _CsSettingsSet CsSettingsSet;

/* Fills the structs of a plugin and asks its settings_check. NULL with lines in the report. The plugin
 * must stay loaded as long as the set. */
CsSettingsSet *cs_settings_set_new (const char *name, const CsPlugin *plugin,
                                    const CsConfig *config, CsReport *report);
void cs_settings_set_free (CsSettingsSet *self);

/* The plugin's own struct; NULL when it has no table. */
const void *cs_settings_set_own (const CsSettingsSet *self);
const CsSection *cs_settings_set_sections (const CsSettingsSet *self, const char *kind, guint *n);

/* May `to` replace `from` while the plugin runs? */
gboolean cs_settings_set_reloadable (const CsSettingsSet *from, const CsSettingsSet *to,
                                     const CsConfig *config, CsReport *report);

/* Each address of a plugin's settings, with the name of its section. */
typedef void (*CsSetEndpointFunc) (const char *section, const CsEndpoint *endpoint, gpointer data);
void cs_settings_set_endpoints (const CsSettingsSet *self, CsSetEndpointFunc func, gpointer data);

/* A key that takes an address or a URL, set in one of its sections, although the plugin does not tell its
 * endpoints. FALSE: none. */
gboolean cs_settings_set_untold (const CsSettingsSet *self, char **section, const char **key);

/* Does the plugin have sections of that kind? Copies the kind's row. */
gboolean cs_plugin_section_kind (const CsPlugin *plugin, const char *kind, CsSectionKind *row);
gboolean cs_plugin_section_kind_at (const CsPlugin *plugin, guint index, CsSectionKind *row);

/* The table of the plugin's own section. */
CsSettingsTable cs_plugin_settings_table (const CsPlugin *plugin);
CsSettingsTable cs_section_kind_table (const CsPlugin *plugin, const CsSectionKind *row);

#endif
