/* settings.h: a table of settings and the text of a section become a filled struct, or messages.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_CONFIG_SETTINGS_H
#define CS_CONFIG_SETTINGS_H

#include <cloudsync/settings.h>

#include "config/config.h"
#include "config/report.h"

/* A table as it crosses the line: rows of a stated size that end with a NULL key, and the size of
 * the struct they fill. */
typedef struct
{
  const CsSetting *rows; /* NULL: no settings at all */
  gsize row_size;
  gsize struct_size;
} CsSettingsTable;

/* Copies row `index` into the host's own layout; what an older row lacks is zero. FALSE at the end. */
gboolean cs_settings_row (const CsSettingsTable *table, guint index, CsSetting *row);

/* Fills the zeroed `target` from `section` (NULL: defaults only). Each mistake is a line of the report
 * that begins with the place it is in; `name` is the section's, for messages about what is not there.
 * FALSE when there was one; `target` may then be partly filled, and is still to be cleared. */
gboolean cs_settings_fill (const CsSettingsTable *table, const CsConfigSection *section,
                           const char *name, gpointer target, CsReport *report);

/* Frees the strings in `target` and zeroes it. */
void cs_settings_clear (const CsSettingsTable *table, gpointer target);

gboolean cs_settings_equal (const CsSettingsTable *table, gconstpointer a, gconstpointer b);

/* May `to` replace `from` while running? A line of the report for each changed key that may not. */
gboolean cs_settings_reloadable (const CsSettingsTable *table, const CsConfigSection *section,
                                 const char *name, gconstpointer from, gconstpointer to,
                                 CsReport *report);

/* Each key in the table's order with its effective text and source; secrets are given as "***". */
typedef void (*CsSettingsVisitFunc) (const CsSetting *row, const char *value, const char *source,
                                     gpointer data);
void cs_settings_visit (const CsSettingsTable *table, const CsConfigSection *section,
                        CsSettingsVisitFunc func, gpointer data);

#endif
