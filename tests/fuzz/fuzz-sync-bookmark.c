/* fuzz-sync-bookmark.c: any text as a bookmark: what is read is written as text that is read as the
 * same. SPDX-License-Identifier: Apache-2.0 */
#include <sync-find.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  SyncBookmark bookmark;
  SyncBookmark again;

  if (!sync_bookmark_read (&bookmark, cs_slice (data, size), &arena->arena))
    return 0;
  sync_bookmark_append (&bookmark, text);
  g_assert_true (sync_bookmark_read (&again, cs_slice (text->str, text->len), &arena->arena));
  g_assert_cmpmem (again.mark, 8, bookmark.mark, 8);
  g_assert_true (cs_slice_equal (again.key, bookmark.key) &&
                 cs_slice_equal (again.id, bookmark.id));
  return 0;
}
