/* auth-basic.c: base64, a colon, and no control characters.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-basic.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

gboolean
auth_split_scheme (CsSlice authorization, CsSlice *scheme, CsSlice *rest)
{
  const char *at = authorization.data;
  const char *end = at + authorization.len;
  const char *start;

  while (at < end && is_blank (*at))
    at++;
  while (end > at && is_blank (end[-1]))
    end--;
  start = at;
  while (at < end && !is_blank (*at))
    at++;
  *scheme = cs_slice (start, (gsize) (at - start));
  while (at < end && is_blank (*at))
    at++;
  *rest = cs_slice (at, (gsize) (end - at));
  return scheme->len > 0 && rest->len > 0;
}

static gboolean
is_base64 (CsSlice token)
{
  gsize len = token.len;
  gsize i;

  if (len == 0 || len % 4 != 0)
    return FALSE;
  if (token.data[len - 1] == '=')
    len -= token.data[len - 2] == '=' ? 2 : 1;
  for (i = 0; i < len; i++)
    if (!g_ascii_isalnum (token.data[i]) && token.data[i] != '+' && token.data[i] != '/')
      return FALSE;
  return TRUE;
}

static gboolean
has_control (const char *text, gsize len)
{
  gsize i;

  for (i = 0; i < len; i++)
    if ((guchar) text[i] < 0x20 || text[i] == 0x7f)
      return TRUE;
  return FALSE;
}

CsStatus
auth_basic_parse (CsSlice token, AuthBasic *basic)
{
  char *colon;
  gint len;

  if (token.len / 4 * 3 > AUTH_BASIC_MAX || !is_base64 (token))
    return CS_INVALID;
  len = EVP_DecodeBlock ((guchar *) basic->text, (const guchar *) token.data, (int) token.len);
  if (len < 0)
    return CS_INVALID;
  len -= token.data[token.len - 1] == '=' ? (token.data[token.len - 2] == '=' ? 2 : 1) : 0;
  basic->text[len] = '\0';
  colon = memchr (basic->text, ':', (gsize) len);
  if (colon == NULL || has_control (basic->text, (gsize) len)
      || !g_utf8_validate (basic->text, len, NULL))
    return CS_INVALID;
  *colon = '\0';
  basic->name = basic->text;
  basic->password = colon + 1;
  return CS_OK;
}

void
auth_basic_clear (AuthBasic *basic)
{
  OPENSSL_cleanse (basic->text, sizeof basic->text);
}
