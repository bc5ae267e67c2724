/* auth-cookie.c: finds one cookie among others, and writes it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-cookie.h"

#define NAME "AuthSession"

static CsSlice
trim (const char *start, const char *end)
{
  while (start < end && (*start == ' ' || *start == '\t'))
    start++;
  while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  return cs_slice (start, (gsize) (end - start));
}

static CsSlice
unquote (CsSlice value)
{
  if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
    return cs_slice (value.data + 1, value.len - 2);
  return value;
}

gboolean
auth_cookie_find (CsSlice header, CsSlice *value)
{
  const char *at = header.data;
  const char *end = at + header.len;

  while (at < end)
    {
      const char *semicolon = memchr (at, ';', (gsize) (end - at));
      const char *stop = semicolon != NULL ? semicolon : end;
      const char *equals = memchr (at, '=', (gsize) (stop - at));

      if (equals != NULL && cs_slice_is (trim (at, equals), NAME))
        {
          *value = unquote (trim (equals + 1, stop));
          return value->len > 0;
        }
      at = stop + 1;
    }
  return FALSE;
}

char *
auth_cookie_make (const char *value, gint64 max_age, AuthSameSite same_site, gboolean secure)
{
  static const char *const sites[] = { "Lax", "Strict", "None" };

  return g_strdup_printf (NAME "=%s; Version=1; Max-Age=%" G_GINT64_FORMAT
                          "; Path=/; HttpOnly; SameSite=%s%s",
                          value, max_age, sites[same_site], secure ? "; Secure" : "");
}
