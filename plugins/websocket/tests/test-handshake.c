/* test-handshake.c: keys, subprotocols and origins.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-handshake.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* The example of RFC 6455 §1.3. */
static void
test_accept (void)
{
  g_autoptr (GChecksum) sha1 = g_checksum_new (G_CHECKSUM_SHA1);
  char accept[WS_ACCEPT_LENGTH + 1];

  for (guint i = 0; i < 2; i++)
    {
      ws_handshake_accept (cs_slice_str (KEY), sha1, accept);
      g_assert_cmpstr (accept, ==, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}

static void
test_key (void)
{
  static const char *const bad[]
    = { "", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZQAA",
        "dGhlIHNhbXBs SBub25jZQ==", "dGhlIHNhbXBsZSBub25j-Q==", KEY ", " KEY };

  g_assert_true (ws_handshake_key_is_valid (cs_slice_str (KEY)));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (ws_handshake_key_is_valid (cs_slice_str (bad[i])));
}

static void
test_protocol (void)
{
  static const char *const supported[] = { "b", "chat", NULL };
  static const struct
  {
    const char *field;
    gboolean well;
    const char *chosen;
  } rows[] = {
    { "", TRUE, NULL },      { "a", TRUE, NULL },         { "a, chat, b", TRUE, "chat" },
    { "Chat", TRUE, NULL },  { " b ,", TRUE, "b" },       { "chat, chat", FALSE, NULL },
    { "a b", FALSE, NULL },  { "a, b/c", FALSE, NULL },   { "b,a,b", FALSE, NULL },
  };
  const char *chosen;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean well = ws_handshake_protocol (cs_slice_str (rows[i].field), supported, &chosen);

      g_assert_cmpint (well, ==, rows[i].well);
      if (well)
        g_assert_cmpstr (chosen, ==, rows[i].chosen);
    }
  g_assert_true (ws_handshake_protocol (cs_slice_str ("a"), NULL, &chosen));
  g_assert_null (chosen);
}

static void
test_token (void)
{
  g_assert_true (ws_handshake_has_token (cs_slice_str ("keep-alive, Upgrade"), "upgrade"));
  g_assert_true (ws_handshake_has_token (cs_slice_str ("WebSocket"), "websocket"));
  g_assert_false (ws_handshake_has_token (cs_slice_str ("websockets"), "websocket"));
  g_assert_false (ws_handshake_has_token (cs_slice (NULL, 0), "websocket"));
}

static void
test_origin (void)
{
  static const char *const list[]
    = { "https://app.example.com", "https://*.example.org", "http://*.local:8080", "null", NULL };
  static const char *const any[] = { "*", NULL };
  static const struct
  {
    const char *origin;
    const char *const *allowed;
    gboolean well;
  } rows[] = {
    { "http://here:8080", NULL, TRUE },
    { "https://HERE:8080", NULL, TRUE },
    { "http://here", NULL, FALSE },
    { "http://here:8080.evil.com", NULL, FALSE },
    { "http://evil.com/here:8080", NULL, FALSE },
    { "null", NULL, FALSE },
    { "", NULL, FALSE },
    { "https://app.example.com", list, TRUE },
    { "https://APP.example.com", list, TRUE },
    { "http://app.example.com", list, FALSE },
    { "https://app.example.com.evil.com", list, FALSE },
    { "https://a.example.org", list, TRUE },
    { "https://a.b.example.org", list, TRUE },
    { "https://example.org", list, FALSE },
    { "https://.example.org", list, FALSE },
    { "https://evil.com/.example.org", list, FALSE },
    { "https://evilexample.org", list, FALSE },
    { "http://a.local:8080", list, TRUE },
    { "http://a.local", list, FALSE },
    { "null", list, TRUE },
    { "http://here:8080", list, FALSE },
    { "anything", any, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].origin);
      g_assert_cmpint (ws_handshake_origin_is_allowed (cs_slice_str (rows[i].origin),
                                                       cs_slice_str ("here:8080"), rows[i].allowed),
                       ==, rows[i].well);
    }
}

static void
test_origin_list (void)
{
  static const char *const good[] = { "*", "null", "https://a.example", "http://*.a.example:81", "app://x" };
  static const char *const bad[] = { "", "a.example", "https://", "https://a/", "https://a.*.example",
                                     "https://*a.example", "://a", "https://*.*.a" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (ws_handshake_origin_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (ws_handshake_origin_is_valid (bad[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/handshake/accept", test_accept);
  g_test_add_func ("/websocket/handshake/key", test_key);
  g_test_add_func ("/websocket/handshake/protocol", test_protocol);
  g_test_add_func ("/websocket/handshake/token", test_token);
  g_test_add_func ("/websocket/handshake/origin", test_origin);
  g_test_add_func ("/websocket/handshake/origin-list", test_origin_list);
  return g_test_run ();
}
