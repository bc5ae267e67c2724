/* fuzz-sync-doc.c: any JSON as a document: its ordinary members joined are members again, with no special one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-doc.h>
#include <sync-rev.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_joined (const SyncDoc *doc, const SyncArena *arena)
{
  g_autoptr (GString) joined = g_string_new ("{");
  SyncDoc again;
  SyncError error;
  SyncJson value;

  for (guint i = 0; i < doc->n_parts; i++)
    g_string_append_len (joined, doc->parts[i].data, (gssize) doc->parts[i].len);
  g_assert_cmpuint (joined->len - 1, ==, doc->length);
  g_string_append_c (joined, '}');
  g_assert_true (sync_json_parse (cs_slice (joined->str, joined->len), 64, &value));
  g_assert_true (sync_doc_read (&again, value, arena, &error));
  g_assert_cmpuint (again.length, ==, doc->length);
  g_assert_cmpuint (again.n_parts, <=, 1);
  g_assert_true (again.id.data == NULL && again.rev.data == NULL && !again.deleted);
  g_assert_false (again.has_revisions);
  g_assert_cmpint (again.attachments.type, ==, SYNC_JSON_NONE);
}

/* A revision that was read is written as text that is read as the same one. */
static void
check_rev (CsSlice text)
{
  char out[SYNC_REV_TEXT_MAX];
  SyncRev rev;
  SyncRev again;

  if (!sync_rev_parse (text, &rev))
    return;
  g_assert_true (sync_rev_parse (cs_slice (out, sync_rev_write (out, &rev)), &again));
  g_assert_true (sync_rev_equal (&rev, &again));
  g_assert_cmpint (sync_rev_compare (&rev, &again), ==, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  CsSlice text = cs_slice (data, size);
  SyncError error;
  SyncJson value;
  SyncDoc doc;

  check_rev (text);
  sync_doc_id_check (text, &error);
  if (!sync_json_parse (text, 64, &value))
    return 0;
  if (!sync_doc_read (&doc, value, &arena->arena, &error))
    {
      g_assert_true (error.status == 400 && error.error != NULL && error.reason != NULL);
      return 0;
    }
  check_joined (&doc, &arena->arena);
  if (doc.rev.data != NULL)
    check_rev (doc.rev);
  if (doc.id.data != NULL)
    sync_doc_id_check (doc.id, &error);
  return 0;
}
