/* fuzz-memory-pattern.c: patterns of channels' names, up to the first newline, against what follows
 * it. SPDX-License-Identifier: Apache-2.0 */
#include "memory-name.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Each byte taken as itself. */
static GString *
escaped (CsSlice text)
{
  GString *pattern = g_string_new (NULL);

  for (gsize i = 0; i < text.len; i++)
    {
      g_string_append_c (pattern, '\\');
      g_string_append_c (pattern, text.data[i]);
    }
  return pattern;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *end = size > 0 ? memchr (data, '\n', size) : NULL;
  gsize n = end != NULL ? (gsize) (end - data) : 0;
  CsSlice pattern = cs_slice (data, n);
  CsSlice text = cs_slice (data + n + 1, size - n - 1);
  GString *own;

  if (end == NULL || size > 4096)
    return 0;
  memory_name_matches (text, pattern);
  own = escaped (text);
  g_assert_true (memory_name_matches (text, cs_slice (own->str, own->len)));
  g_string_append_c (own, '*');
  g_assert_true (memory_name_matches (text, cs_slice (own->str, own->len)));
  g_string_insert_c (own, 0, '*');
  g_assert_true (memory_name_matches (text, cs_slice (own->str, own->len)));
  g_assert_true (memory_name_matches (text, cs_slice ("*", 1)));
  g_string_free (own, TRUE);
  return 0;
}
