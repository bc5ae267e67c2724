/* sync-seq.c: sequence tokens `N-epoch`, opaque to clients, the same pair as a stream's position.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

static char *
write_digits (char *end, guint64 number)
{
  do
    *--end = '0' + number % 10;
  while ((number /= 10) > 0);
  return end;
}

void
sync_seq_append (GString *out, guint64 seq, guint64 epoch)
{
  static const char hex[] = "0123456789abcdef";
  char text[40];
  char *end = text + sizeof text;
  char *at = end;

  *--at = '"';
  do
    *--at = hex[epoch & 15];
  while ((epoch >>= 4) > 0);
  *--at = '-';
  at = write_digits (at, seq);
  *--at = '"';
  g_string_append_len (out, at, end - at);
}

static gboolean
digits (CsSlice *text, guint64 *number)
{
  gsize n = 0;

  for (*number = 0; n < text->len && g_ascii_isdigit (text->data[n]); n++)
    *number = *number * 10 + (text->data[n] - '0');
  if (n == 0 || n > 18)
    return FALSE;
  *text = cs_slice (text->data + n, text->len - n);
  return TRUE;
}

static gboolean
hex_digits (CsSlice text, guint64 *number)
{
  *number = 0;
  for (gsize i = 0; i < text.len; i++)
    {
      int digit = g_ascii_xdigit_value (text.data[i]);

      if (digit < 0)
        return FALSE;
      *number = *number << 4 | digit;
    }
  return text.len > 0 && text.len <= 16;
}

gboolean
sync_seq_parse (CsStoreDb *db, const CsStoreInfo *info, CsSlice token, guint64 *since)
{
  guint64 seq;
  guint64 epoch;

  if (token.len >= 2 && token.data[0] == '"' && token.data[token.len - 1] == '"')
    token = cs_slice (token.data + 1, token.len - 2);
  if (cs_slice_is (token, "now"))
    {
      *since = info->last_seq;
      return TRUE;
    }
  if (!digits (&token, &seq))
    return FALSE;
  if (token.len == 0)
    {
      *since = seq;
      return TRUE;
    }
  if (token.data[0] != '-' || !hex_digits (cs_slice (token.data + 1, token.len - 1), &epoch))
    return FALSE;
  /* A token of a database that was replaced by another of the same name starts from the beginning: it
   * must skip nothing. */
  if (cs_store_resolve (db, epoch, seq, since) != CS_OK)
    *since = 0;
  return TRUE;
}
