/* fuzz-auth-cookie.c: any bytes as a Cookie header, and as a session's token.
 * SPDX-License-Identifier: Apache-2.0 */
#include <auth-base64url.h>
#include <auth-cookie.h>
#include <auth-session.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Nothing that is made up is genuine; what is taken apart can be put together again. */
static void
read_session (CsSlice text)
{
  AuthSessionKeys keys;
  AuthSession session;
  g_autofree char *again = NULL;

  auth_session_keys (&keys, "the fuzzer does not know this");
  if (!auth_session_parse (text, &session))
    return;
  g_assert_false (auth_session_is_genuine (&keys, &session));
  again = auth_session_make (&keys, session.tenant, session.name, session.generation,
                             session.issued);
  if (again == NULL)
    return;
  g_assert_cmpuint (strlen (again), ==, text.len);
  g_assert_true (auth_session_parse (cs_slice_str (again), &session));
  g_assert_true (auth_session_is_genuine (&keys, &session));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *encoded = auth_base64url_encode (data, MIN (size, 1200));
  CsSlice value;

  if (auth_cookie_find (cs_slice (data, size), &value))
    {
      g_assert_cmpuint (value.len, >, 0);
      g_assert_true (value.data >= (const char *) data
                     && value.data + value.len <= (const char *) data + size);
      read_session (value);
    }
  read_session (cs_slice_str (encoded));
  return 0;
}
