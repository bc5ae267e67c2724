/* sync-json.h: JSON text (RFC 8259) as it came: validated in one pass, read by slices, never a tree.
 *
 * Nothing here recurses, waits or allocates but from the arena it is given. Any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_JSON_H
#define SYNC_JSON_H

#include "sync-arena.h"

#define SYNC_JSON_DEPTH_MAX 8192 /* whatever max_depth says */

typedef enum
{
  SYNC_JSON_NONE = 0,
  SYNC_JSON_NULL,
  SYNC_JSON_FALSE,
  SYNC_JSON_TRUE,
  SYNC_JSON_NUMBER,
  SYNC_JSON_STRING,
  SYNC_JSON_ARRAY,
  SYNC_JSON_OBJECT
} SyncJsonType;

/* One value of a text that was validated; `text` is its bytes, with the quotes or brackets. */
typedef struct
{
  SyncJsonType type;
  CsSlice text;
} SyncJson;

/* The whole text is one JSON value in valid UTF-8, nested at most max_depth deep; *value is it. */
gboolean sync_json_parse (CsSlice text, guint max_depth, SyncJson *value);

/* The value between two points of a text that was validated. */
SyncJson sync_json_value (const char *start, const char *end);

static inline gboolean
sync_json_valid (CsSlice text, guint max_depth)
{
  SyncJson value;

  return sync_json_parse (text, max_depth, &value);
}

/* Steps through an object or array. */
typedef struct
{
  const char *at;
  const char *end;
} SyncJsonCursor;

/* FALSE when the value is not of that type. */
gboolean sync_json_members (SyncJsonCursor *cursor, SyncJson object);
gboolean sync_json_elements (SyncJsonCursor *cursor, SyncJson array);
/* FALSE after the last. `key` is the member's name with quotes, as a STRING. */
gboolean sync_json_next_member (SyncJsonCursor *cursor, SyncJson *key, SyncJson *value);
gboolean sync_json_next_element (SyncJsonCursor *cursor, SyncJson *value);

/* How many elements; 0 when it is no array. */
guint sync_json_count (SyncJson array);

/* The last member of that name (as the standard's interoperable reading has it); type NONE without one. */
SyncJson sync_json_member (SyncJson object, const char *name);

/* A STRING's text, escapes resolved: a slice of the original when it has none. */
CsSlice sync_json_text (SyncJson string, const SyncArena *arena);
/* FALSE when it is no whole number from 0 to G_MAXINT64. */
gboolean sync_json_unsigned (SyncJson number, guint64 *out);
/* Is this STRING equal to a plain ASCII name? */
gboolean sync_json_is (SyncJson string, const char *name);

/* Is it valid UTF-8? (RFC 3629: no surrogates, shortest forms; NUL is a character) */
gboolean sync_json_utf8 (CsSlice text);

/* Appends a JSON string with its quotes; bytes below 0x20, `"` and `\` are escaped. */
void sync_json_append_string (GString *out, CsSlice text);

#endif
