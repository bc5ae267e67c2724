/* auth-base64url.c: base64url without padding, strictly.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-base64url.h"

static gint
value_of (char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '-')
    return 62;
  return c == '_' ? 63 : -1;
}

gboolean
auth_base64url_decode (CsSlice text, guint8 *bytes, gsize *length)
{
  guint32 bits = 0;
  guint n_bits = 0;
  gsize n = 0;
  gsize i;

  for (i = 0; i < text.len; i++)
    {
      gint value = value_of (text.data[i]);

      if (value < 0)
        return FALSE;
      bits = bits << 6 | (guint32) value;
      n_bits += 6;
      if (n_bits >= 8)
        {
          n_bits -= 8;
          bytes[n++] = (guint8) (bits >> n_bits);
          bits &= (1u << n_bits) - 1;
        }
    }
  *length = n;
  return text.len % 4 != 1 && bits == 0;
}

char *
auth_base64url_encode (const guint8 *bytes, gsize length)
{
  char *text = g_base64_encode (bytes, length);
  gsize n = strlen (text);
  gsize i;

  while (n > 0 && text[n - 1] == '=')
    text[--n] = '\0';
  for (i = 0; i < n; i++)
    if (text[i] == '+')
      text[i] = '-';
    else if (text[i] == '/')
      text[i] = '_';
  return text;
}
