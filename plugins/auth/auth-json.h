/* auth-json.h: a token's JSON (RFC 8259): one object, checked whole, its members read one by one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Stricter than JSON where a second reading could be another one: no member twice, no NUL in a string.
 * Allocates nothing, does not recurse. Any thread. */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define AUTH_JSON_DEPTH 16
#define AUTH_JSON_MEMBERS 128
#define AUTH_JSON_NAME_MAX 256 /* bytes of a member's name */

typedef enum
{
  AUTH_JSON_NONE,
  AUTH_JSON_NULL,
  AUTH_JSON_BOOLEAN,
  AUTH_JSON_NUMBER,
  AUTH_JSON_STRING,
  AUTH_JSON_ARRAY,
  AUTH_JSON_OBJECT
} AuthJsonType;

typedef struct
{
  AuthJsonType type;
  CsSlice text; /* with quotes or brackets */
} AuthJson;

/* Whether the text is one JSON object, valid as a whole, with no name twice at its top. */
gboolean auth_json_object (CsSlice text, AuthJson *object);

/* The member of that name; type NONE without one. `object` came of auth_json_object (). */
AuthJson auth_json_member (AuthJson object, const char *name);

/* Steps through an array: *cursor is NULL at first. FALSE after the last, or when it is no array. */
gboolean auth_json_element (AuthJson array, const char **cursor, AuthJson *element);

/* The string with its escapes resolved and a NUL behind it. FALSE: no string, longer than size - 8, or with
 * a NUL or half a surrogate pair inside. */
gboolean auth_json_string (AuthJson value, char *buffer, gsize size);

/* FALSE when it is no number of that range. */
gboolean auth_json_number (AuthJson value, double min, double max, double *number);

G_END_DECLS
