/* sync-destination.c: where a COPY goes: the header Destination, as CouchDB takes it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-destination.h"

#define REV "?rev="

static gboolean
refuse (SyncError *error, const char *reason)
{
  *error = (SyncError){ 400, "bad_request", reason };
  return FALSE;
}

static gboolean
is_absolute (CsSlice text)
{
  return (text.len >= 7 && memcmp (text.data, "http://", 7) == 0)
         || (text.len >= 8 && memcmp (text.data, "https://", 8) == 0);
}

static gboolean
decode (CsSlice text, const SyncArena *arena, CsSlice *id)
{
  char *out = sync_alloc (arena, text.len);
  gsize n = 0;

  for (gsize i = 0; i < text.len; i++)
    {
      int high = text.data[i] == '%' && i + 2 < text.len ? g_ascii_xdigit_value (text.data[i + 1]) : -1;
      int low = high >= 0 ? g_ascii_xdigit_value (text.data[i + 2]) : -1;

      if (text.data[i] == '%' && low < 0)
        return FALSE;
      out[n++] = low < 0 ? text.data[i] : (char) (high << 4 | low);
      i += low < 0 ? 0 : 2;
    }
  *id = cs_slice (out, n);
  return TRUE;
}

gboolean
sync_destination_read (CsSlice text, const SyncArena *arena, CsSlice *id, CsSlice *rev,
                       SyncError *error)
{
  const char *mark;

  *rev = cs_slice (NULL, 0);
  if (text.data == NULL)
    return refuse (error, "Destination header is mandatory for COPY.");
  if (is_absolute (text))
    return refuse (error, "Destination URL must be relative.");
  mark = memchr (text.data, '?', text.len);
  if (mark != NULL)
    {
      gsize left = text.data + text.len - mark;

      if (left <= strlen (REV) || memcmp (mark, REV, strlen (REV)) != 0)
        return refuse (error, "Destination is an id, or an id and ?rev= with its revision.");
      *rev = cs_slice (mark + strlen (REV), left - strlen (REV));
      text.len = mark - text.data;
    }
  if (!decode (text, arena, id))
    return refuse (error, "The Destination header has a bad percent-encoding.");
  return sync_doc_id_check (*id, error);
}
