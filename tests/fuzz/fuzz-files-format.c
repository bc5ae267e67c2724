/* fuzz-files-format.c: any bytes as an object's name, and as the footer of its file, with its own hash made
 * right so that what lies behind it is reached.
 * SPDX-License-Identifier: Apache-2.0 */
#include <files-format.h>

#define CHECKED 72 /* bytes before the footer's own hash */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_footer (const guint8 bytes[FILES_FOOTER_BYTES], guint64 file_size)
{
  guint8 again[FILES_FOOTER_BYTES];
  FilesFooter footer;

  if (!files_footer_read (bytes, file_size, &footer))
    return;
  g_assert_cmpuint (files_size (footer.length), ==, file_size);
  g_assert_cmpuint (footer.length, <, file_size);
  files_footer_write (&footer, again);
  g_assert_cmpmem (again, sizeof again, bytes, FILES_FOOTER_BYTES);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint8 bytes[FILES_FOOTER_BYTES];
  guint8 hash[FILES_HASH_BYTES];
  char text[CS_BLOB_ID_TEXT];
  guint64 file_size;
  CsBlobId id;

  if (cs_blob_id_parse (cs_slice (data, size), &id))
    {
      cs_blob_id_text (&id, text);
      g_assert_cmpmem (text, size, data, size);
    }
  if (size < CHECKED + sizeof file_size)
    return 0;
  memcpy (bytes, data, CHECKED);
  memcpy (&file_size, data + CHECKED, sizeof file_size);
  check_footer (bytes, file_size);
  files_hash (bytes, CHECKED, hash);
  memcpy (bytes + CHECKED, hash, FILES_FOOTER_BYTES - CHECKED);
  check_footer (bytes, file_size);
  return 0;
}
