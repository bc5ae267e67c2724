/* json-text.h: pieces of JSON text, for the few documents the core writes itself.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_JSON_TEXT_H
#define CS_JSON_TEXT_H

#include <glib.h>

/* Appends a JSON string (RFC 8259 §7), or null; bytes that are no UTF-8 become U+FFFD. */
void cs_json_string (GString *out, const char *text);

/* Appends `"name":` with a comma before it unless it is the first in its object. */
void cs_json_name (GString *out, const char *name);

/* The same with a string for its value. */
void cs_json_member (GString *out, const char *name, const char *text);
void cs_json_member_int (GString *out, const char *name, gint64 number);
void cs_json_member_bool (GString *out, const char *name, gboolean value);
void cs_json_member_strv (GString *out, const char *name, const char *const *list);

/* Appends a comma unless an array or object was just begun. */
void cs_json_next (GString *out);

#endif
