/* fuzz-sync-merge-patch.c: two objects, a NUL between them: the merged text is JSON, and merging again changes nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <sync-merge-patch.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define MAX_DEPTH 64

static GString *
merged (SyncJson target, SyncJson patch, const SyncArena *arena)
{
  GString *out = g_string_new (NULL);

  sync_merge_patch (target, patch, arena, out);
  return out;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  const guint8 *gap = size > 0 ? memchr (data, '\0', size) : NULL;
  g_autoptr (GString) once = NULL;
  g_autoptr (GString) twice = NULL;
  SyncJson target;
  SyncJson patch;
  SyncJson again;

  if (gap == NULL || !sync_json_parse (cs_slice (data, gap - data), MAX_DEPTH, &target)
      || !sync_json_parse (cs_slice (gap + 1, data + size - gap - 1), MAX_DEPTH, &patch)
      || patch.type != SYNC_JSON_OBJECT)
    return 0;
  once = merged (target, patch, &arena->arena);
  g_assert_true (sync_json_parse (cs_slice (once->str, once->len), MAX_DEPTH, &again));
  g_assert_cmpint (again.type, ==, SYNC_JSON_OBJECT);
  twice = merged (again, patch, &arena->arena);
  g_assert_cmpstr (twice->str, ==, once->str);
  return 0;
}
