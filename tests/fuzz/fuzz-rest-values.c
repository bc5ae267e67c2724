/* fuzz-rest-values.c: any bytes as a timestamp and as a list of entity tags: what is read is written and read the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <rest.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

const CsHost *cs_host_;

static void
check_time (CsSlice text)
{
  g_autoptr (GString) written = g_string_new (NULL);
  gint64 time;
  gint64 again;

  if (!rest_time_parse (text, &time) || time < 0 || time >= G_GINT64_CONSTANT (253402300800000000))
    return;
  rest_time_append (written, time);
  g_assert_true (rest_time_parse (cs_slice (written->str, written->len), &again));
  g_assert_cmpint (again, ==, time);
}

static void
check_tags (CsSlice text, gboolean strong)
{
  CsSlice tags[16];
  gboolean any;
  guint n;

  if (!rest_tags_read (text, strong, tags, G_N_ELEMENTS (tags), &n, &any))
    return;
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (tags));
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (tags[i].data > text.data && tags[i].data + tags[i].len < text.data + text.len);
      g_assert_null (tags[i].len > 0 ? memchr (tags[i].data, '"', tags[i].len) : NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  CsSlice text = cs_slice (data, size);

  check_time (text);
  check_tags (text, TRUE);
  check_tags (text, FALSE);
  return 0;
}
