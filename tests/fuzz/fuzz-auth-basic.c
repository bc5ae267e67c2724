/* fuzz-auth-basic.c: any bytes as an Authorization header.
 * SPDX-License-Identifier: Apache-2.0 */
#include <auth-basic.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What was taken out is what was put in. */
static void
check_round_trip (CsSlice token, const AuthBasic *basic)
{
  g_autofree char *text = g_strconcat (basic->name, ":", basic->password, NULL);
  gsize len;
  g_autofree char *copy = g_strndup (token.data, token.len);
  g_autofree guchar *bytes = g_base64_decode (copy, &len);

  g_assert_cmpmem (text, strlen (text), bytes, len);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  CsSlice scheme;
  CsSlice token;
  AuthBasic basic;

  if (auth_split_scheme (cs_slice (data, size), &scheme, &token)
      && auth_basic_parse (token, &basic) == CS_OK)
    {
      check_round_trip (token, &basic);
      auth_basic_clear (&basic);
    }
  return 0;
}
