/* settings-schema.h: a table of settings as JSON Schema for editors and as Markdown for people.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SETTINGS_SCHEMA_H
#define CS_SETTINGS_SCHEMA_H

#include "config/settings.h"

/* A section that the document describes: `[name]`, or with `named` any `[name …]`. */
typedef struct
{
  const char *name;
  const char *doc;
  gboolean named;
  CsSettingsTable table;
} CsSchemaSection;

/* JSON Schema (draft 2020-12) of an object with one member a section; to be freed. */
char *cs_settings_schema (const char *title, const CsSchemaSection *sections, gsize n);

/* A Markdown table a section; to be freed. */
char *cs_settings_doc (const CsSchemaSection *sections, gsize n);

#endif
