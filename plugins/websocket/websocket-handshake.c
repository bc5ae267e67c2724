/* websocket-handshake.c: key, subprotocol and origin of an opening handshake.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-handshake.h"
#include "websocket-extension.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_LENGTH 24
#define SHA1_LENGTH 20

/* 22 digits, the last of which has four bits of its own to spare, and the padding (RFC 4648 §4). */
gboolean
ws_handshake_key_is_valid (CsSlice key)
{
  if (key.len != KEY_LENGTH || key.data[22] != '=' || key.data[23] != '=')
    return FALSE;
  for (guint i = 0; i < 22; i++)
    if (!g_ascii_isalnum (key.data[i]) && key.data[i] != '+' && key.data[i] != '/')
      return FALSE;
  return TRUE;
}

void
ws_handshake_accept (CsSlice key, GChecksum *sha1, char accept[WS_ACCEPT_LENGTH + 1])
{
  guint8 digest[SHA1_LENGTH];
  gsize length = sizeof digest;
  gint state = 0, save = 0;
  gsize n;

  g_checksum_reset (sha1);
  g_checksum_update (sha1, (const guchar *) key.data, key.len);
  g_checksum_update (sha1, (const guchar *) GUID, sizeof GUID - 1);
  g_checksum_get_digest (sha1, digest, &length);
  n = g_base64_encode_step (digest, length, FALSE, accept, &state, &save);
  n += g_base64_encode_close (FALSE, accept + n, &state, &save);
  accept[n] = '\0';
}

static const char *
find (const char *const *list, CsSlice token)
{
  for (; list != NULL && *list != NULL; list++)
    if (cs_slice_is (token, *list))
      return *list;
  return NULL;
}

/* Whether a token stands in the list before `end` too. */
static gboolean
stands_before (CsSlice list, gsize end, CsSlice token)
{
  gsize at = 0;
  CsSlice each;

  while (ws_token_next (list, &at, &each) && each.data != NULL && at < end)
    if (cs_slice_equal (each, token))
      return TRUE;
  return FALSE;
}

gboolean
ws_handshake_protocol (CsSlice field, const char *const *supported, const char **chosen)
{
  gsize at = 0;
  CsSlice token;

  *chosen = NULL;
  for (;;)
    {
      if (!ws_token_next (field, &at, &token))
        return FALSE;
      if (token.data == NULL)
        return TRUE;
      if (stands_before (field, at, token))
        return FALSE;
      if (*chosen == NULL)
        *chosen = find (supported, token);
    }
}

gboolean
ws_handshake_has_token (CsSlice field, const char *token)
{
  gsize length = strlen (token);
  gsize at = 0;
  CsSlice each;

  while (ws_token_next (field, &at, &each) && each.data != NULL)
    if (each.len == length && g_ascii_strncasecmp (each.data, token, length) == 0)
      return TRUE;
  return FALSE;
}

/* ---- origins (RFC 6454) ---- */

static CsSlice
after (CsSlice text, const char *mark)
{
  const char *at = g_strstr_len (text.data, (gssize) text.len, mark);

  if (at == NULL)
    return cs_slice (NULL, 0);
  at += strlen (mark);
  return cs_slice (at, text.len - (gsize) (at - text.data));
}

static gboolean
equal_without_case (CsSlice a, CsSlice b)
{
  return a.len == b.len && g_ascii_strncasecmp (a.data, b.data, a.len) == 0;
}

/* With "*." before a name: any origin of that scheme and port whose host lies below the name. */
static gboolean
matches_wildcard (CsSlice origin, const char *pattern)
{
  const char *star = strchr (pattern, '*');
  gsize before = (gsize) (star - pattern);
  CsSlice tail = cs_slice_str (star + 1);

  return origin.len > before + tail.len
         && equal_without_case (cs_slice (origin.data, before), cs_slice (pattern, before))
         && equal_without_case (cs_slice (origin.data + origin.len - tail.len, tail.len), tail)
         && memchr (origin.data + before, '/', origin.len - before) == NULL;
}

/* Browsers leave a scheme's own port out of both. */
static gboolean
is_same_host (CsSlice origin, CsSlice authority)
{
  CsSlice host = after (origin, "://");

  return host.data != NULL && equal_without_case (host, authority);
}

gboolean
ws_handshake_origin_is_allowed (CsSlice origin, CsSlice authority, const char *const *allowed)
{
  if (allowed == NULL)
    return is_same_host (origin, authority);
  for (; *allowed != NULL; allowed++)
    {
      if (g_str_equal (*allowed, "*"))
        return TRUE;
      if (strchr (*allowed, '*') != NULL ? matches_wildcard (origin, *allowed)
                                         : equal_without_case (origin, cs_slice_str (*allowed)))
        return TRUE;
    }
  return FALSE;
}

gboolean
ws_handshake_origin_is_valid (const char *origin)
{
  const char *host = strstr (origin, "://");
  const char *star = strchr (origin, '*');

  if (g_str_equal (origin, "*") || g_str_equal (origin, "null"))
    return TRUE;
  if (host == NULL || host == origin || host[3] == '\0' || strchr (host + 3, '/') != NULL)
    return FALSE;
  return star == NULL || (star == host + 3 && star[1] == '.' && strchr (star + 1, '*') == NULL);
}
