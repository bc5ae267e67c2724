/* config-reader.h: reads the text of one configuration file, keeping order and line numbers.
 *
 *   # a comment, only at the start of a line
 *   [section]            or [kind name]
 *   key = value          raw: no quotes, no escapes
 *   list = one           an indented line continues the value above it; an empty line ends it
 *     two
 *   key =                back to the default
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_CONFIG_READER_H
#define CS_CONFIG_READER_H

#include <glib.h>

enum
{
  CS_CONFIG_MAX_FILE = 1024 * 1024,
  CS_CONFIG_MAX_NAME = 200
};

/* Strings are valid during the call. `value` has its lines joined by "\n" and is never NULL. */
typedef struct
{
  void (*section) (const char *name, guint line, gpointer data);
  void (*entry) (const char *key, const char *value, guint line, gpointer data);
} CsConfigSink;

/* Calls the sink in the file's order. FALSE with "file:line: what is wrong" at the first mistake: what
 * came before has been handed to the sink. */
gboolean cs_config_read (const char *text, gsize len, const char *file, const CsConfigSink *sink,
                         gpointer data, GError **error);

/* The section's name in its one spelling ("kind name", one space), or NULL when it is malformed. */
char *cs_config_section_name (const char *text);

/* May `key` stand before a `=`? */
gboolean cs_config_key_valid (const char *key);

#endif
