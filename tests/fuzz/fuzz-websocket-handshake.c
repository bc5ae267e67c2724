/* fuzz-websocket-handshake.c: any bytes as the fields of an opening handshake: extensions, subprotocols, key, origin.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-extension.h>
#include <websocket-handshake.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
negotiate (CsSlice field, gboolean takeover, guint8 bits)
{
  WsDeflatePolicy policy = { TRUE, takeover, bits };
  char answer[WS_ANSWER_MAX], second[WS_ANSWER_MAX];
  WsDeflate agreed, again;

  if (!ws_extension_negotiate (field, &policy, &agreed, answer))
    return;
  g_assert_cmpint (answer[0] != '\0', ==, agreed.server_bits != 0);
  if (answer[0] == '\0')
    return;
  g_assert_cmpuint (agreed.server_bits, >=, 8);
  g_assert_cmpuint (agreed.server_bits, <=, bits);
  g_assert_cmpuint (agreed.client_bits, >=, 8);
  g_assert_cmpuint (agreed.client_bits, <=, 15);
  /* What is answered is well-formed itself, and says what was agreed upon. */
  g_assert_true (ws_extension_negotiate (cs_slice_str (answer), &policy, &again, second));
  g_assert_cmpuint (again.server_bits, ==, agreed.server_bits);
  g_assert_cmpuint (again.server_takeover, ==, agreed.server_takeover);
  g_assert_cmpuint (again.client_takeover, ==, agreed.client_takeover);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const supported[] = { "chat", "a", NULL };
  static const char *const origins[] = { "https://*.example.com", "https://a.example", NULL };
  g_autofree char *text = g_strndup ((const char *) data, size);
  CsSlice field = cs_slice (data, size);
  const char *chosen;

  negotiate (field, TRUE, 15);
  negotiate (field, FALSE, 9);
  if (!ws_handshake_protocol (field, supported, &chosen))
    g_assert_true (chosen == NULL || chosen == supported[0] || chosen == supported[1]);
  ws_handshake_key_is_valid (field);
  ws_handshake_has_token (field, "websocket");
  ws_handshake_origin_is_allowed (field, cs_slice_str ("a.example"), NULL);
  ws_handshake_origin_is_allowed (field, cs_slice_str ("a.example"), origins);
  ws_handshake_origin_is_valid (text);
  return 0;
}
