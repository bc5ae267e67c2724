/* config.h: the merged configuration: sections in order, each value with the place it came from.
 *
 * Order of strength: files (vendor directory, then the local one; the same base name overrides, files
 * sort by base name, a later key wins) < environment < --set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_CONFIG_H
#define CS_CONFIG_H

#include <glib.h>

#include "config/report.h"

typedef struct
{
  char *key;
  char *value;  /* NULL: reset to the default */
  char *source; /* "/etc/cloudsync/config.d/10-http.conf:3", "environment CLOUDSYNC_…", "--set …" */
} CsConfigEntry;

typedef struct
{
  char *name;         /* "http", "listener public" */
  char *kind;         /* "http", "listener" */
  const char *label;  /* "public"; NULL in a plugin's own section. Points into name */
  char *source;       /* where it was first named */
  GPtrArray *entries; /* CsConfigEntry *, one a key */
} CsConfigSection;

typedef struct
{
  GPtrArray *sections; /* CsConfigSection *, in order of first mention */
  GPtrArray *files;    /* char *, those that were read, in order */
} CsConfig;

CsConfig *cs_config_new (void);
void cs_config_free (CsConfig *self);

/* Reads every *.conf of the directories; a missing directory is none. Mistakes go to the report. */
void cs_config_read_dirs (CsConfig *self, const char *const *dirs, CsReport *report);

/* One file's text, for role files and tests; `file` names it in messages. */
void cs_config_read_text (CsConfig *self, const char *text, gsize len, const char *file,
                          CsReport *report);

/* CLOUDSYNC_SECTION__KEY, and CLOUDSYNC_KIND__NAME__KEY for named sections: upper case, `_` for `-`; a
 * name is matched against the sections of the files. Others without `__` are not ours to read. */
void cs_config_read_environment (CsConfig *self, const char *const *environ_, CsReport *report);

/* "section.key=value" or "kind name.key=value": splits at the last dot before the first `=`. */
void cs_config_read_argument (CsConfig *self, const char *argument, CsReport *report);

/* NULL when there is none. Borrowed. */
CsConfigSection *cs_config_section (const CsConfig *self, const char *name);
const CsConfigEntry *cs_config_entry (const CsConfigSection *section, const char *key);

/* The value, or NULL when it is not set; `section` may be NULL. Borrowed. */
const char *cs_config_value (const CsConfig *self, const char *section, const char *key);

/* Adds or replaces. A NULL or empty value resets. */
void cs_config_set (CsConfig *self, const char *section, const char *key, const char *value,
                    const char *source);

/* Copies what `from` has into `self`, replacing what is there, but for the section `except` (may be NULL). */
void cs_config_merge (CsConfig *self, const CsConfig *from, const char *except);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsConfig, cs_config_free)

#endif
