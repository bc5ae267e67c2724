/* test-chunked.c: chunked bodies that must be read, and by name each framing that must be refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "../http-chunked.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
} Refusal;

static const Refusal refusals[] = {
  { "size-overflow", "10000000000000003\r\nabc\r\n0\r\n\r\n" },
  { "size-many-zeros", "00000000000000003\r\nabc\r\n0\r\n\r\n" },
  { "size-plus", "+3\r\nabc\r\n0\r\n\r\n" },
  { "size-minus", "-3\r\nabc\r\n0\r\n\r\n" },
  { "size-0x", "0x3\r\nabc\r\n0\r\n\r\n" },
  { "size-empty", "\r\nabc\r\n0\r\n\r\n" },
  { "size-extension-only", ";a=b\r\nabc\r\n0\r\n\r\n" },
  { "size-underscore", "1_0\r\nabcdefghijklmnop\r\n0\r\n\r\n" },
  { "size-leading-space", " 3\r\nabc\r\n0\r\n\r\n" },
  { "size-trailing-space", "3 \r\nabc\r\n0\r\n\r\n" },
  { "size-letters", "xyz\r\nabc\r\n0\r\n\r\n" },
  { "size-lf-only", "3\nabc\r\n0\r\n\r\n" },
  { "size-bare-cr", "3\rabc\r\n0\r\n\r\n" },
  { "data-lf-only", "3\r\nabc\n0\r\n\r\n" },
  { "data-longer", "3\r\nabcd\r\n0\r\n\r\n" },
  { "data-cr-only", "3\r\nabc\r0\r\n\r\n" },
  { "last-lf-only", "0\n\n" },
  { "last-second-lf-only", "0\r\n\n" },
  { "last-cr-garbage", "0\r\n\rx" },
  { "extension-lf", "3;a\nabc\r\n0\r\n\r\n" },
  { "extension-control", "3;a\x01\r\nabc\r\n0\r\n\r\n" },
  { "trailer-no-colon", "0\r\nX\r\n\r\n" },
  { "trailer-space", "0\r\nX : 1\r\n\r\n" },
  { "trailer-fold", "0\r\nX: 1\r\n 2\r\n\r\n" },
  { "trailer-lf", "0\r\nX: 1\n\r\n" },
  { "trailer-nameless", "0\r\n: 1\r\n\r\n" },
};

/* Decodes in pieces; the body is appended to `body`. `used` counts the bytes taken. */
static HttpChunkedEvent
decode (HttpChunked *self, const char *text, gsize length, gsize piece, GString *body, gsize *used)
{
  HttpChunkedEvent event = HTTP_CHUNKED_MORE;

  *used = 0;
  while (*used < length && event == HTTP_CHUNKED_MORE)
    {
      const guint8 *at = (const guint8 *) text + *used;
      const guint8 *end = at + MIN (piece, length - *used);
      const guint8 *data;
      gsize n;

      while ((event = http_chunked_next (self, &at, end, &data, &n)) == HTTP_CHUNKED_DATA)
        g_string_append_len (body, (const char *) data, n);
      *used = (const char *) at - text;
    }
  return event;
}

static void
test_refused (gconstpointer data)
{
  const Refusal *refusal = data;

  for (gsize piece = 1; piece < 40; piece++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      HttpChunked chunked;
      gsize used;

      http_chunked_init (&chunked);
      g_assert_cmpint (
        decode (&chunked, refusal->text, strlen (refusal->text), piece, body, &used), ==,
        HTTP_CHUNKED_REFUSED);
      g_assert_nonnull (chunked.reason);
    }
}

static void
test_decodes (void)
{
  static const char text[] = "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n000\r\nX-T: 1\r\nY:\r\n\r\nGET";

  for (gsize piece = 1; piece < sizeof text; piece++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      HttpChunked chunked;
      gsize used;

      http_chunked_init (&chunked);
      g_assert_cmpint (decode (&chunked, text, sizeof text - 1, piece, body, &used), ==,
                       HTTP_CHUNKED_END);
      g_assert_cmpstr (body->str, ==, "abc0123456789");
      g_assert_cmpstr (text + used, ==, "GET");
    }
}

static void
test_unfinished (void)
{
  static const char text[] = "3\r\nabc\r\n0\r\n";
  g_autoptr (GString) body = g_string_new (NULL);
  HttpChunked chunked;
  gsize used;

  http_chunked_init (&chunked);
  g_assert_cmpint (decode (&chunked, text, sizeof text - 1, 100, body, &used), ==,
                   HTTP_CHUNKED_MORE);
}

static void
test_bounded (void)
{
  static const char *const begins[] = { "3;", "0\r\nX: " };

  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    {
      g_autoptr (GString) text = g_string_new (begins[i]);
      g_autoptr (GString) body = g_string_new (NULL);
      HttpChunked chunked;
      gsize used;

      while (text->len < 2 * HTTP_CHUNKED_OVERHEAD_MAX)
        g_string_append (text, "aaaaaaaa");
      http_chunked_init (&chunked);
      g_assert_cmpint (decode (&chunked, text->str, text->len, 100, body, &used), ==,
                       HTTP_CHUNKED_REFUSED);
    }
}

static void
test_encodes (void)
{
  static const struct
  {
    guint64 length;
    const char *line;
  } cases[] = { { 1, "1\r\n" }, { 16, "10\r\n" }, { 0xabcdef, "abcdef\r\n" },
                { G_MAXUINT64, "ffffffffffffffff\r\n" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char line[HTTP_CHUNKED_LINE_MAX + 1];
      gsize length = http_chunked_line (line, cases[i].length);

      line[length] = '\0';
      g_assert_cmpstr (line, ==, cases[i].line);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/http/chunked/refuses/", refusals[i].name, NULL);

      g_test_add_data_func (path, &refusals[i], test_refused);
    }
  g_test_add_func ("/http/chunked/decodes", test_decodes);
  g_test_add_func ("/http/chunked/unfinished", test_unfinished);
  g_test_add_func ("/http/chunked/bounded", test_bounded);
  g_test_add_func ("/http/chunked/encodes", test_encodes);
  return g_test_run ();
}
