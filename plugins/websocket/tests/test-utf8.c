/* test-utf8.c: the validator against GLib's, over all short sequences and at every split.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-utf8.h>

#include <string.h>

static gboolean
is_valid_in_two (const guint8 *data, gsize length, gsize split)
{
  WsUtf8 utf8 = { 0 };

  return ws_utf8_add (&utf8, data, split) && ws_utf8_add (&utf8, data + split, length - split)
         && ws_utf8_is_whole (&utf8);
}

/* GLib takes no NUL within a text of given length; here it is a character as any other. */
static void
check (const guint8 *data, gsize length)
{
  gboolean valid = g_utf8_validate ((const char *) data, (gssize) length, NULL);

  for (gsize split = 0; split <= length; split++)
    g_assert_cmpint (is_valid_in_two (data, length, split), ==, valid);
}

/* Each first byte with each second, and third and fourth bytes at the borders of what they may be. */
static void
test_sequences (void)
{
  static const guint8 borders[] = { 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff };

  for (guint first = 1; first < 256; first++)
    for (guint second = 1; second < 256; second++)
      for (guint i = 0; i < G_N_ELEMENTS (borders); i++)
        for (guint j = 0; j < G_N_ELEMENTS (borders); j++)
          {
            guint8 data[4] = { (guint8) first, (guint8) second, borders[i], borders[j] };

            for (gsize length = 1; length <= 4; length++)
              check (data, length);
          }
}

static void
test_fails_early (void)
{
  /* A surrogate is known by its second byte, what is beyond U+10FFFF too. */
  static const char *const bad[] = { "\xed\xa0", "\xf4\x90", "\xf5", "\xc0", "\xe0\x80", "\x80" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      WsUtf8 utf8 = { 0 };

      g_assert_false (ws_utf8_add (&utf8, (const guint8 *) bad[i], strlen (bad[i])));
    }
}

static void
test_long (void)
{
  guint8 text[100];

  for (gsize at = 0; at < sizeof text; at++)
    {
      memset (text, 'a', sizeof text);
      check (text, sizeof text);
      text[at] = 0xff;
      check (text, sizeof text);
      if (at + 1 < sizeof text)
        {
          text[at] = 0xc3;
          text[at + 1] = 0xa9;
          check (text, sizeof text);
        }
    }
}

static void
test_cut (void)
{
  g_assert_cmpuint (ws_utf8_cut ("abc", 3, 5), ==, 3);
  g_assert_cmpuint (ws_utf8_cut ("abcdef", 6, 5), ==, 5);
  g_assert_cmpuint (ws_utf8_cut ("abc\xc3\xa9", 5, 4), ==, 3);
  g_assert_cmpuint (ws_utf8_cut ("\xf0\x9f\x98\x80", 4, 3), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/utf8/sequences", test_sequences);
  g_test_add_func ("/websocket/utf8/fails-early", test_fails_early);
  g_test_add_func ("/websocket/utf8/long", test_long);
  g_test_add_func ("/websocket/utf8/cut", test_cut);
  return g_test_run ();
}
