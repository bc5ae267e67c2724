/* test-format.c: the footer and the name of an object, byte by byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void
test_footer (void)
{
  static const guint64 lengths[] = { 0, 1, CS_BLOB_PIECE - 1, CS_BLOB_PIECE, CS_BLOB_PIECE + 1,
                                     (guint64) 5 << 30 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      FilesFooter footer = { .length = lengths[i], .md5 = "0123456789abcde", .id = { "id" } };
      guint8 bytes[FILES_FOOTER_BYTES];
      FilesFooter back;

      files_footer_write (&footer, bytes);
      g_assert_true (files_footer_read (bytes, files_size (lengths[i]), &back));
      g_assert_cmpuint (back.length, ==, lengths[i]);
      g_assert_cmpmem (back.md5, 16, footer.md5, 16);
      g_assert_true (cs_blob_id_equal (&back.id, &footer.id));
      g_assert_false (files_footer_read (bytes, files_size (lengths[i]) + 1, &back));
      for (guint bit = 0; bit < FILES_FOOTER_BYTES * 8; bit++)
        {
          bytes[bit / 8] ^= 1 << bit % 8;
          g_assert_false (files_footer_read (bytes, files_size (lengths[i]), &back));
          bytes[bit / 8] ^= 1 << bit % 8;
        }
    }
}

/* What the contract says, computed the long way. */
static void
expect_name (gsize len, const char *expected)
{
  g_autoptr (GBytes) bytes = content (7, len);
  const guint8 *data = g_bytes_get_data (bytes, NULL);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 number = GUINT64_TO_BE (len);
  FilesNaming naming;
  char text[CS_BLOB_ID_TEXT];
  CsBlobId id;

  g_checksum_update (sum, (const guchar *) "cloudsync-blob-1", 16);
  files_naming_begin (&naming);
  for (gsize at = 0; at < len; at += CS_BLOB_PIECE)
    {
      gsize n = MIN (len - at, CS_BLOB_PIECE);
      guint8 hash[FILES_HASH_BYTES];
      g_autoptr (GChecksum) piece = g_checksum_new (G_CHECKSUM_SHA256);
      gsize size = 32;
      guint8 other[32];

      files_hash (data + at, n, hash);
      g_checksum_update (piece, data + at, n);
      g_checksum_get_digest (piece, other, &size);
      g_assert_cmpmem (hash, 32, other, 32);
      g_checksum_update (sum, hash, 32);
      files_naming_add (&naming, hash, 32);
    }
  g_checksum_update (sum, (const guchar *) &number, 8);
  files_naming_end (&naming, len, &id);
  cs_blob_id_text (&id, text);
  g_assert_cmpstr (text, ==, g_checksum_get_string (sum));
  if (expected != NULL)
    g_assert_cmpstr (text, ==, expected);
}

static void
test_name (void)
{
  /* printf 'cloudsync-blob-1\0\0\0\0\0\0\0\0' | sha256sum */
  expect_name (0, "8bb7f60d941088939aa732c9b04be0e897765d6d27a5abebc6c31173b2892ddf");
  expect_name (1, NULL);
  expect_name (CS_BLOB_PIECE, NULL);
  expect_name (3 * CS_BLOB_PIECE + 17, NULL);
}

static void
test_id_text (void)
{
  CsBlobId id, back;
  char text[CS_BLOB_ID_TEXT];

  for (guint i = 0; i < CS_BLOB_ID_BYTES; i++)
    id.bytes[i] = i * 37;
  cs_blob_id_text (&id, text);
  g_assert_true (cs_blob_id_parse (cs_slice_str (text), &back));
  g_assert_true (cs_blob_id_equal (&id, &back));
  g_assert_false (cs_blob_id_parse (cs_slice (text, 63), &back));
  text[3] = 'g';
  g_assert_false (cs_blob_id_parse (cs_slice_str (text), &back));
  text[3] = 'A';
  g_assert_false (cs_blob_id_parse (cs_slice_str (text), &back));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/files/format/footer", test_footer);
  g_test_add_func ("/files/format/name", test_name);
  g_test_add_func ("/files/format/id-text", test_id_text);
  return g_test_run ();
}
