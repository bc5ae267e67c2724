/* fuzz-auth-hash.c: any text as a stored password hash and as auth.admin.
 * SPDX-License-Identifier: Apache-2.0 */
#include <auth-password.h>
#include <auth-pbkdf2.h>
#include <auth-scrypt.h>
#include <auth-settings.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autofree char *name = NULL;
  const char *password;
  AuthScrypt scrypt;
  AuthPbkdf2 pbkdf2;

  if (auth_scrypt_parse (text, &scrypt))
    {
      g_assert_true (auth_password_check (text, NULL));
      g_assert_cmpuint (128 * scrypt.n * scrypt.r, <=, 256 << 20);
      g_assert_true (scrypt.salt > text && scrypt.salt + scrypt.salt_len < text + strlen (text));
    }
  if (auth_pbkdf2_parse (text, &pbkdf2))
    {
      g_assert_true (auth_password_check (text, NULL));
      g_assert_cmpuint (pbkdf2.iterations, >, 0);
      g_assert_true (pbkdf2.salt > text && pbkdf2.salt + pbkdf2.salt_len < text + strlen (text));
    }
  if (auth_split_admin (text, &name, &password))
    g_assert_true (*name != '\0' && *password != '\0');
  return 0;
}
