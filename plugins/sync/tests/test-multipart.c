/* test-multipart.c: multipart bodies in pieces of every size.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-multipart.h"

/* The parts' contents as `[content]`, then the last event's letter. */
static char *
parse (const char *body, gsize piece)
{
  GString *out = g_string_new (NULL);
  SyncMultipart parser;
  CsSlice left = cs_slice_str (body);
  CsSlice input = { NULL, 0 };
  CsSlice data;

  sync_multipart_init (&parser, cs_slice_str ("XX"));
  for (;;)
    switch (sync_multipart_next (&parser, &input, &data))
      {
      case SYNC_MULTIPART_MORE:
        if (left.len == 0)
          return g_string_free (g_string_append_c (out, '?'), FALSE);
        input = cs_slice (left.data, MIN (piece, left.len));
        left = cs_slice (left.data + input.len, left.len - input.len);
        break;
      case SYNC_MULTIPART_PART:
        g_string_append_c (out, '[');
        break;
      case SYNC_MULTIPART_DATA:
        g_string_append_len (out, data.data, data.len);
        break;
      case SYNC_MULTIPART_PART_END:
        g_string_append_c (out, ']');
        break;
      case SYNC_MULTIPART_END:
        return g_string_free (g_string_append_c (out, '.'), FALSE);
      case SYNC_MULTIPART_INVALID:
        return g_string_free (g_string_append_c (out, '!'), FALSE);
      }
}

static void
test_bodies (void)
{
  static const struct
  {
    const char *body;
    const char *parts;
  } cases[] = {
    { "--XX\r\nContent-Type: a/b\r\n\r\n{}\r\n--XX\r\n\r\naaaaa\r\n--XX--", "[{}][aaaaa]." },
    { "--XX\r\n\r\n\r\n--XX--ignored", "[]." },
    { "--XX\r\n\r\n\r\n--X\r\n\r\r\n--XX--", "[\r\n--X\r\n\r]." },
    { "--XX\r\n\r\n\r\n\r\n--\r\n--XX--", "[\r\n\r\n--]." },
    { "preamble --XX\r\n--XX \t\r\n\r\nx\r\n--XX--", "[x]." },
    { "--XX--", "." },
    { "--XX\r\n\r\nx", "[x?" },
    { "--XX\r\n\r\nx\r\n--XX-", "[x]?" },
    { "--XX\r\n\r\nx\r\n--XX-x", "[x]!" },
    { "--XXx\r\n\r\n", "!" },
    { "--XX\rx", "!" },
    { "", "?" },
    { "no boundary", "?" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize piece = 1; piece <= strlen (cases[i].body) + 1; piece++)
      {
        g_autofree char *parts = parse (cases[i].body, piece);

        g_assert_cmpstr (parts, ==, cases[i].parts);
      }
}

static void
test_headers (void)
{
  g_autoptr (GString) body = g_string_new ("--XX\r\n");
  g_autofree char *good = NULL;
  g_autofree char *bad = NULL;

  for (guint i = 0; i < 800; i++)
    g_string_append (body, "X: 12345\r\n"); /* 8,000 bytes */
  g_string_append (body, "\r\nx\r\n--XX--");
  good = parse (body->str, 100);
  g_assert_cmpstr (good, ==, "[x].");
  for (guint i = 0; i < 20; i++)
    g_string_insert (body, 6, "X: 12345\r\n");
  bad = parse (body->str, 100);
  g_assert_cmpstr (bad, ==, "!");
}

static void
test_boundary (void)
{
  static const struct
  {
    const char *type;
    const char *boundary;
  } cases[] = {
    { "multipart/related; boundary=\"XX\"", "XX" },
    { "multipart/related;boundary=YY ", "YY" },
    { "Multipart/Related ; type=\"a;boundary=no\"; BOUNDARY=\"a b\"", "a b" },
    { "multipart/related; boundary=\"\"", NULL },
    { "multipart/related; boundary=\"a \"", NULL },
    { "multipart/related; boundary=\"a\\\"b\"", NULL },
    { "multipart/related; boundary=a\001", NULL },
    { "multipart/related", NULL },
    { "multipart/relatedx; boundary=a", NULL },
    { "multipart/mixed; boundary=a", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CsSlice boundary;
      gboolean found
        = sync_multipart_boundary (cs_slice_str (cases[i].type), "multipart/related", &boundary);

      g_assert_cmpint (found, ==, cases[i].boundary != NULL);
      if (found)
        g_assert_true (cs_slice_is (boundary, cases[i].boundary));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/multipart/bodies", test_bodies);
  g_test_add_func ("/sync/multipart/headers", test_headers);
  g_test_add_func ("/sync/multipart/boundary", test_boundary);
  return g_test_run ();
}
