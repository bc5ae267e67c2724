/* fuzz-sync-destination.c: a Destination header: what is taken is an id that may be written, and a
 * revision of the text.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-destination.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  SyncError error = { 0 };
  CsSlice id;
  CsSlice rev;

  if (!sync_destination_read (cs_slice (data, size), &arena->arena, &id, &rev, &error))
    {
      g_assert_cmpuint (error.status, ==, 400);
      g_assert_nonnull (error.reason);
      return 0;
    }
  g_assert_true (sync_doc_id_check (id, &error));
  g_assert_cmpuint (id.len, <=, size);
  g_assert_true (rev.data == NULL
                 || (rev.len > 0 && rev.data + rev.len == (const char *) data + size));
  return 0;
}
