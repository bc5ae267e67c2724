/* fuzz-sync-body.c: any bytes as a stored body, as a client's `_attachments`, and as base64.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-body.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What was read and is stored comes back the same, its text untouched. */
static void
check_stored (const SyncAttachment *attachments, guint n, const SyncArena *arena)
{
  CsSlice table = sync_body_encode_table (attachments, n, arena);
  SyncBody body;

  g_assert_true (sync_body_decode (table, arena, &body));
  g_assert_cmpuint (body.n_attachments, ==, n);
  g_assert_cmpuint (body.text.len, ==, 0);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (cs_slice_equal (body.attachments[i].name, attachments[i].name));
      g_assert_true (cs_slice_equal (body.attachments[i].type, attachments[i].type));
      g_assert_cmpuint (body.attachments[i].length, ==, attachments[i].length);
      g_assert_cmpuint (body.attachments[i].ref, ==, attachments[i].ref);
      g_assert_cmpint (body.attachments[i].is_blob, ==, attachments[i].is_blob);
      if (attachments[i].is_blob)
        g_assert_true (cs_blob_id_equal (&body.attachments[i].blob, &attachments[i].blob));
    }
}

/* As stubs, and with the bytes: a client can send it back. */
static void
check_shown (const SyncAttachment *attachments, guint n, const SyncArena *arena)
{
  g_autoptr (GString) json = g_string_new ("{");
  CsSlice *bytes = sync_alloc (arena, (n + 1) * sizeof *bytes);
  SyncAttachment *again;
  SyncError error;
  SyncJson value;
  guint n_again;

  for (guint i = 0; i < n; i++)
    bytes[i] = attachments[i].data;
  sync_attachments_append (json, attachments, n, bytes);
  g_string_append_c (json, '}');
  g_assert_true (sync_json_parse (cs_slice (json->str, json->len), 8, &value));
  value = sync_json_member (value, "_attachments");
  g_assert_true (sync_attachments_read (value, arena, &again, &n_again, &error));
  g_assert_cmpuint (n_again, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_true (again[i].encoded.len > 0
                   || cs_slice_equal (again[i].data, attachments[i].data));
}

static void
check_base64 (CsSlice text, const SyncArena *arena)
{
  g_autoptr (GString) out = g_string_new (NULL);
  CsSlice bytes;
  CsSlice again;

  sync_base64_append (out, text);
  g_assert_true (sync_base64_decode (cs_slice (out->str, out->len), arena, &bytes));
  g_assert_true (cs_slice_equal (bytes, text));
  if (!sync_base64_decode (text, arena, &bytes))
    return;
  g_string_truncate (out, 0);
  sync_base64_append (out, bytes);
  g_assert_true (sync_base64_decode (cs_slice (out->str, out->len), arena, &again));
  g_assert_true (cs_slice_equal (bytes, again));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  CsSlice text = cs_slice (data, size);
  SyncAttachment *attachments;
  SyncError error = { 0 };
  SyncJson value;
  SyncBody body;
  guint n;

  if (sync_body_decode (text, &arena->arena, &body))
    check_stored (body.attachments, body.n_attachments, &arena->arena);
  check_base64 (text, &arena->arena);
  if (!sync_json_parse (text, 8, &value))
    return 0;
  if (sync_attachments_read (value, &arena->arena, &attachments, &n, &error))
    {
      check_stored (attachments, n, &arena->arena);
      check_shown (attachments, n, &arena->arena);
    }
  else
    g_assert_true (error.status == 400 && g_utf8_validate (error.reason, -1, NULL));
  return 0;
}
