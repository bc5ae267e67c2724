/* fuzz-sync-json.c: any bytes as JSON: what was accepted is walked to its last string, without recursion.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <sync-json.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define MAX_DEPTH 64

/* The text is valid UTF-8, and written again it is read as the same. */
static void
check_string (SyncJson string, const SyncArena *arena)
{
  CsSlice text = sync_json_text (string, arena);
  g_autoptr (GString) out = g_string_new (NULL);
  SyncJson again;

  g_assert_true (sync_json_utf8 (text));
  sync_json_append_string (out, text);
  g_assert_true (sync_json_parse (cs_slice (out->str, out->len), 0, &again));
  g_assert_true (cs_slice_equal (sync_json_text (again, arena), text));
  sync_json_is (string, "_id");
}

/* Gives TRUE and the cursor of its inside when the value is a container. */
static gboolean
check_value (SyncJson value, const SyncArena *arena, SyncJsonCursor *inside)
{
  guint64 number;
  SyncJson again;

  /* A slice of a valid text is valid by itself: nothing was cut short or taken along. */
  g_assert_true (sync_json_parse (value.text, MAX_DEPTH, &again));
  g_assert_cmpint (again.type, ==, value.type);
  g_assert_true (again.text.data == value.text.data && again.text.len == value.text.len);
  if (value.type == SYNC_JSON_STRING)
    check_string (value, arena);
  sync_json_unsigned (value, &number);
  return sync_json_members (inside, value) || sync_json_elements (inside, value);
}

static gboolean
next (SyncJsonCursor *cursor, gboolean object, const SyncArena *arena, SyncJson *value)
{
  SyncJson key;

  if (!object)
    return sync_json_next_element (cursor, value);
  if (!sync_json_next_member (cursor, &key, value))
    return FALSE;
  check_string (key, arena);
  return TRUE;
}

static void
walk (SyncJson value, const SyncArena *arena)
{
  SyncJsonCursor levels[MAX_DEPTH + 1];
  gboolean objects[MAX_DEPTH + 1];
  guint depth = 0;

  for (;;)
    {
      if (check_value (value, arena, &levels[depth]))
        objects[depth++] = value.type == SYNC_JSON_OBJECT;
      while (depth > 0 && !next (&levels[depth - 1], objects[depth - 1], arena, &value))
        depth--;
      if (depth == 0)
        return;
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  CsSlice text = cs_slice (data, size);
  SyncJson value;

  sync_json_utf8 (text);
  /* Each level of a deep text is parsed again by itself: long ones would take too long. */
  if (size <= 4096 && sync_json_parse (text, MAX_DEPTH, &value))
    walk (value, &arena->arena);
  sync_json_valid (text, G_MAXUINT);
  return 0;
}
