/* sync-rev.c: revision ids: text, bytes, order, and the id of an edit.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-rev.h"

#include <string.h>

#define DIGEST_LENGTH 16

/* Above 15: no digit. */
static inline guint
hex_value (guint8 c)
{
  guint digit = (guint) c - '0';
  guint letter = (guint) (c | 0x20) - 'a';

  return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

static gboolean
hex_to_bytes (CsSlice text, guint8 *bytes)
{
  for (gsize i = 0; i < text.len; i += 2)
    {
      guint high = hex_value (text.data[i]);
      guint low = hex_value (text.data[i + 1]);

      if (high > 15 || low > 15)
        return FALSE;
      bytes[i / 2] = high << 4 | low;
    }
  return TRUE;
}

/* A hash of 16 bytes can only come from 32 digits: other text of that length is told apart by its
 * length, kept with a mark that no length of text has. */
#define TEXT_OF_16 (SYNC_REV_HASH_MAX + 1)

gboolean
sync_rev_parse_hash (CsSlice text, guint64 generation, SyncRev *rev)
{
  rev->generation = generation;
  if (text.len > SYNC_REV_HASH_MAX)
    return FALSE;
  if (text.len == 2 * DIGEST_LENGTH && hex_to_bytes (text, rev->hash))
    {
      rev->length = DIGEST_LENGTH;
      return TRUE;
    }
  /* What may stand in JSON, in a header and in a URL as it is. */
  for (gsize i = 0; i < text.len; i++)
    if (!g_ascii_isgraph (text.data[i]) || text.data[i] == '"' || text.data[i] == '\\')
      return FALSE;
  rev->length = text.len == DIGEST_LENGTH ? TEXT_OF_16 : text.len;
  memcpy (rev->hash, text.data, text.len);
  return TRUE;
}

gboolean
sync_rev_parse (CsSlice text, SyncRev *rev)
{
  guint64 generation = 0;
  gsize i;

  for (i = 0; i < text.len && g_ascii_isdigit (text.data[i]); i++)
    generation = generation * 10 + (text.data[i] - '0');
  if (i == 0 || i > 15 || i >= text.len || text.data[i] != '-')
    return FALSE;
  return sync_rev_parse_hash (cs_slice (text.data + i + 1, text.len - i - 1), generation, rev);
}

gboolean
sync_rev_storable (const SyncRev *rev)
{
  return rev->generation > 0 && rev->length > 0;
}

CsSlice
sync_rev_bytes (const SyncRev *rev)
{
  return cs_slice (rev->hash, rev->length == TEXT_OF_16 ? DIGEST_LENGTH : rev->length);
}

gsize
sync_rev_write_hash (char *out, const SyncRev *rev)
{
  static const char hex[] = "0123456789abcdef";
  CsSlice bytes = sync_rev_bytes (rev);

  if (rev->length != DIGEST_LENGTH)
    {
      memcpy (out, bytes.data, bytes.len);
      return bytes.len;
    }
  for (gsize i = 0; i < DIGEST_LENGTH; i++)
    {
      out[2 * i] = hex[rev->hash[i] >> 4];
      out[2 * i + 1] = hex[rev->hash[i] & 15];
    }
  return 2 * DIGEST_LENGTH;
}

gsize
sync_rev_write (char *out, const SyncRev *rev)
{
  char digits[20];
  guint64 generation = rev->generation;
  gsize n = 0;
  gsize length = 0;

  do
    digits[n++] = '0' + generation % 10;
  while ((generation /= 10) > 0);
  while (n > 0)
    out[length++] = digits[--n];
  out[length++] = '-';
  return length + sync_rev_write_hash (out + length, rev);
}

void
sync_rev_append (GString *out, const SyncRev *rev)
{
  char text[SYNC_REV_TEXT_MAX];

  g_string_append_len (out, text, sync_rev_write (text, rev));
}

void
sync_rev_append_hash (GString *out, const SyncRev *rev)
{
  char text[SYNC_REV_TEXT_MAX];

  g_string_append_len (out, text, sync_rev_write_hash (text, rev));
}

gboolean
sync_rev_equal (const SyncRev *a, const SyncRev *b)
{
  return a->generation == b->generation && a->length == b->length
         && memcmp (a->hash, b->hash, sync_rev_bytes (a).len) == 0;
}

int
sync_rev_compare (const SyncRev *a, const SyncRev *b)
{
  int order;

  if (a->generation != b->generation)
    return a->generation < b->generation ? -1 : 1;
  order = cs_slice_compare (sync_rev_bytes (a), sync_rev_bytes (b));
  return order != 0 ? order : (int) a->length - (int) b->length;
}

void
sync_rev_make (SyncRev *rev, const SyncRev *parent, gboolean deleted, const CsSlice *parts,
               guint n_parts, CsSlice attachments)
{
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_MD5);
  char text[SYNC_REV_TEXT_MAX];
  gsize length = DIGEST_LENGTH;
  guint8 flag = deleted != FALSE;

  g_checksum_update (checksum, &flag, 1);
  if (parent != NULL)
    g_checksum_update (checksum, (const guchar *) text, sync_rev_write (text, parent));
  g_checksum_update (checksum, (const guchar *) "\n", 1);
  for (guint i = 0; i < n_parts; i++)
    if (parts[i].len > 0)
      g_checksum_update (checksum, (const guchar *) parts[i].data, parts[i].len);
  g_checksum_update (checksum, (const guchar *) "\n", 1);
  if (attachments.len > 0)
    g_checksum_update (checksum, (const guchar *) attachments.data, attachments.len);
  rev->generation = parent != NULL ? parent->generation + 1 : 1;
  rev->length = DIGEST_LENGTH;
  g_checksum_get_digest (checksum, rev->hash, &length);
  g_checksum_free (checksum);
}
