/* sync-bookmark.c: where the next page begins: the index, and the last document's entry in it, as
 * base64url. SPDX-License-Identifier: Apache-2.0 */
#include "sync-find.h"

#define VERSION 1
#define HEAD (1 + 8 + 2) /* version, mark, length of the key */

/* RFC 4648 §5, without padding. */
static void
append_base64url (GString *out, const guint8 *bytes, gsize len)
{
  g_autofree char *text = g_base64_encode (bytes, len);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  g_string_append_len (out, text, (gssize) strcspn (text, "="));
}

void
sync_bookmark_append (const SyncBookmark *bookmark, GString *out)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 version = VERSION;
  guint16 len = GUINT16_TO_BE ((guint16) bookmark->key.len);

  g_byte_array_append (bytes, &version, 1);
  g_byte_array_append (bytes, bookmark->mark, sizeof bookmark->mark);
  g_byte_array_append (bytes, (const guint8 *) &len, sizeof len);
  g_byte_array_append (bytes, (const guint8 *) bookmark->key.data, (guint) bookmark->key.len);
  g_byte_array_append (bytes, (const guint8 *) bookmark->id.data, (guint) bookmark->id.len);
  append_base64url (out, bytes->data, bytes->len);
}

/* The text with its standard alphabet and padding; NULL: a character that is of neither. */
static char *
standard_base64 (CsSlice text, const SyncArena *arena)
{
  gsize padded = (text.len + 3) / 4 * 4;
  char *copy = sync_alloc (arena, padded + 1);

  for (gsize i = 0; i < text.len; i++)
    {
      char c = text.data[i];

      if (!g_ascii_isalnum (c) && c != '-' && c != '_')
        return NULL;
      copy[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
  memset (copy + text.len, '=', padded - text.len);
  copy[padded] = '\0';
  return copy;
}

gboolean
sync_bookmark_read (SyncBookmark *bookmark, CsSlice text, const SyncArena *arena)
{
  char *standard = standard_base64 (text, arena);
  CsSlice bytes;
  const guint8 *at;
  gsize key_len;

  if (standard == NULL || text.len % 4 == 1 ||
      !sync_base64_decode (cs_slice_str (standard), arena, &bytes) || bytes.len <= HEAD)
    return FALSE;
  at = (const guint8 *) bytes.data;
  key_len = (gsize) at[9] << 8 | at[10];
  if (at[0] != VERSION || bytes.len <= HEAD + key_len)
    return FALSE;
  memcpy (bookmark->mark, at + 1, sizeof bookmark->mark);
  bookmark->key = cs_slice (at + HEAD, key_len);
  bookmark->id = cs_slice (at + HEAD + key_len, bytes.len - HEAD - key_len);
  return TRUE;
}
