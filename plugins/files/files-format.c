/* files-format.c: the footer, and the hashes that name an object.
 *
 * The footer is the magic, the length and the number of pieces in 8 bytes each, most significant first,
 * the MD5 of the content, the id, and the first 24 bytes of the SHA-256 of all that.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files-format.h"

#include <openssl/evp.h>

#define CHECKED 72 /* bytes before the footer's own hash */
#define LENGTH_MAX ((guint64) 1 << 48)

static const char magic[8] = { 'C', 'S', 'B', 'L', 'O', 'B', '0', '1' };
static const char naming_prefix[] = "cloudsync-blob-1";

static void
put_number (guint8 *at, guint64 number)
{
  number = GUINT64_TO_BE (number);
  memcpy (at, &number, sizeof number);
}

static guint64
get_number (const guint8 *at)
{
  guint64 number;

  memcpy (&number, at, sizeof number);
  return GUINT64_FROM_BE (number);
}

static void
check (gboolean done)
{
  if (G_UNLIKELY (!done))
    g_error ("OpenSSL cannot hash");
}

void
files_hash (gconstpointer data, gsize len, guint8 hash[FILES_HASH_BYTES])
{
  check (EVP_Digest (data, len, hash, NULL, EVP_sha256 (), NULL) == 1);
}

guint64
files_pieces (guint64 length)
{
  return length / CS_BLOB_PIECE + (length % CS_BLOB_PIECE > 0);
}

guint64
files_size (guint64 length)
{
  return length + files_pieces (length) * FILES_HASH_BYTES + FILES_FOOTER_BYTES;
}

void
files_footer_write (const FilesFooter *footer, guint8 bytes[FILES_FOOTER_BYTES])
{
  guint8 hash[FILES_HASH_BYTES];

  memcpy (bytes, magic, sizeof magic);
  put_number (bytes + 8, footer->length);
  put_number (bytes + 16, files_pieces (footer->length));
  memcpy (bytes + 24, footer->md5, sizeof footer->md5);
  memcpy (bytes + 40, footer->id.bytes, CS_BLOB_ID_BYTES);
  files_hash (bytes, CHECKED, hash);
  memcpy (bytes + CHECKED, hash, FILES_FOOTER_BYTES - CHECKED);
}

gboolean
files_footer_read (const guint8 bytes[FILES_FOOTER_BYTES], guint64 file_size, FilesFooter *footer)
{
  guint8 hash[FILES_HASH_BYTES];

  files_hash (bytes, CHECKED, hash);
  if (memcmp (bytes, magic, sizeof magic) != 0
      || memcmp (bytes + CHECKED, hash, FILES_FOOTER_BYTES - CHECKED) != 0)
    return FALSE;
  footer->length = get_number (bytes + 8);
  memcpy (footer->md5, bytes + 24, sizeof footer->md5);
  memcpy (footer->id.bytes, bytes + 40, CS_BLOB_ID_BYTES);
  return footer->length <= LENGTH_MAX && get_number (bytes + 16) == files_pieces (footer->length)
         && files_size (footer->length) == file_size;
}

/* ---- naming ---- */

void
files_naming_begin (FilesNaming *naming)
{
  naming->sha256 = EVP_MD_CTX_new ();
  check (naming->sha256 != NULL && EVP_DigestInit_ex (naming->sha256, EVP_sha256 (), NULL) == 1);
  files_naming_add (naming, naming_prefix, sizeof naming_prefix - 1);
}

void
files_naming_add (FilesNaming *naming, gconstpointer hashes, gsize len)
{
  check (EVP_DigestUpdate (naming->sha256, hashes, len) == 1);
}

void
files_naming_end (FilesNaming *naming, guint64 length, CsBlobId *id)
{
  guint8 number[8];

  put_number (number, length);
  files_naming_add (naming, number, sizeof number);
  check (EVP_DigestFinal_ex (naming->sha256, id->bytes, NULL) == 1);
  files_naming_clear (naming);
}

void
files_naming_clear (FilesNaming *naming)
{
  EVP_MD_CTX_free (naming->sha256);
  naming->sha256 = NULL;
}
