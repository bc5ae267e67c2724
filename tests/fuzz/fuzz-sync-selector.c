/* fuzz-sync-selector.c: any selector against any document (the text before and behind the first
 * newline): the form of a selector is read as itself and says the same, and keys of values lie as
 * their comparison says. SPDX-License-Identifier: Apache-2.0 */
#include <sync-collate.h>
#include <sync-selector.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define DEPTH 200

static void
check_order (SyncJson a, SyncJson b)
{
  g_autoptr (GByteArray) x = g_byte_array_new ();
  g_autoptr (GByteArray) y = g_byte_array_new ();
  gboolean whole = sync_key_append (x, a);
  int order = sync_collate (a, b);
  int bytes;

  whole = sync_key_append (y, b) && whole;
  bytes = cs_slice_compare (cs_slice (x->data, x->len), cs_slice (y->data, y->len));
  g_assert_cmpint (sync_collate (b, a), ==, -order);
  g_assert_cmpint (sync_collate_equal (a, b), ==, order == 0);
  if (whole)
    g_assert_cmpint ((bytes > 0) - (bytes < 0), ==, order);
  else
    g_assert_true (bytes == 0 || (bytes > 0) == (order > 0));
}

static void
check_form (SyncSelector *selector, gboolean matched, SyncJson doc, const SyncArena *arena)
{
  g_autoptr (GString) form = g_string_new (NULL);
  g_autoptr (GString) again = g_string_new (NULL);
  g_auto (SyncSelector) other = { 0 };
  SyncError error;
  SyncJson value;

  sync_selector_append (selector, form);
  g_assert_true (sync_json_parse (cs_slice (form->str, form->len), 2 * DEPTH, &value));
  /* Spelled out it may be deeper than a selector can be. */
  if (!sync_selector_read (&other, value, arena, &error))
    {
      g_assert_cmpstr (error.error, ==, "invalid_selector");
      return;
    }
  sync_selector_append (&other, again);
  g_assert_cmpstr (form->str, ==, again->str);
  g_assert_null (sync_selector_compile (&other));
  g_assert_cmpint (sync_selector_match (&other, doc), ==, matched);
}

static void
check_projection (SyncJson list, SyncJson doc, const SyncArena *arena)
{
  g_autoptr (GString) out = g_string_new (NULL);
  SyncProjection *projection;
  SyncError error;
  SyncJson value;

  if (!sync_projection_read (&projection, list, arena, &error) || projection == NULL)
    return;
  sync_projection_append (projection, doc, out);
  g_assert_true (sync_json_parse (cs_slice (out->str, out->len), 2 * DEPTH, &value));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  g_auto (SyncSelector) selector = { 0 };
  const guint8 *line = size > 0 ? memchr (data, '\n', size) : NULL;
  const SyncTerm *bad = NULL;
  SyncError error;
  SyncJson object;
  SyncJson doc;

  if (line == NULL || !sync_json_parse (cs_slice (data, (gsize) (line - data)), DEPTH, &object) ||
      !sync_json_parse (cs_slice (line + 1, size - (gsize) (line + 1 - data)), DEPTH, &doc))
    return 0;
  check_order (object, doc);
  check_projection (object, doc, &arena->arena);
  if (!sync_selector_read (&selector, object, &arena->arena, &error) ||
      ((bad = sync_selector_compile (&selector)) != NULL &&
       !sync_selector_bad_regex (bad, &arena->arena, &error)))
    {
      g_assert_true (error.status == 400 && error.error != NULL && error.reason != NULL);
      g_assert_true (sync_json_utf8 (cs_slice_str (error.reason)));
      return 0;
    }
  check_form (&selector, sync_selector_match (&selector, doc), doc, &arena->arena);
  return 0;
}
