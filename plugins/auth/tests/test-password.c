/* test-password.c: stored hashes and the settings that hold them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-password.h"
#include "auth-settings.h"
#include "harness.h"

/* Made by Python's hashlib.scrypt; the key of RFC 7914 §12's third vector. */
#define RFC_VECTOR                                                                                 \
  "scrypt:16384:8:1$SodiumChloride$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f" \
  "2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
#define KEY                                                                                        \
  "d7a90184b9b35377483c56c2786116cb17babffffb8380c1fd42155a4fc94f0a38fae0cfc60206ea3c23ce1c029753f" \
  "f0a113202508c80647f691e3da65c9f82"

static void
test_vectors (void)
{
  g_assert_true (auth_password_verify (RFC_VECTOR, "pleaseletmein"));
  g_assert_false (auth_password_verify (RFC_VECTOR, "pleaseletmeinn"));
  g_assert_true (auth_password_verify ("scrypt:4:2:2$s$" KEY, "pässwörd"));
  g_assert_false (auth_password_verify ("scrypt:4:2:2$t$" KEY, "pässwörd"));
}

static void
test_made (void)
{
  g_autofree char *hash = auth_password_hash (CS_HASH_SCRYPT, "secret");
  g_autofree char *again = auth_password_hash (CS_HASH_SCRYPT, "secret");

  g_assert_true (auth_password_check (hash, NULL));
  g_assert_cmpstr (hash, !=, again); /* the salt is random */
  g_assert_true (auth_password_verify (hash, "secret"));
  g_assert_false (auth_password_verify (hash, "Secret"));
}

/* Nobody's hash costs what a new one costs, and no password has it. */
static void
test_nobody (void)
{
  g_autofree char *hash = auth_password_hash (CS_HASH_SCRYPT, "x");
  const char *nobody = auth_password_nobody (CS_HASH_SCRYPT);
  gsize parameters = (gsize) (strchr (hash, '$') - hash);

  g_assert_true (auth_password_check (nobody, NULL));
  g_assert_cmpint (strncmp (hash, nobody, parameters + 1), ==, 0);
  g_assert_cmpuint (strlen (hash), ==, strlen (nobody));
  g_assert_false (auth_password_verify (nobody, ""));
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "",
    "plain",
    "scrypt:",
    "scrypt:4:2:2",
    "scrypt:4:2:2$$" KEY,
    "scrypt:4:2:2$s$" KEY "0",
    "scrypt:4:2:2$s$x" KEY,
    "scrypt:04:2:2$s$" KEY,
    "scrypt:+4:2:2$s$" KEY,
    "scrypt:5:2:2$s$" KEY,           /* N is no power of two */
    "scrypt:1:2:2$s$" KEY,
    "scrypt:4:2:0$s$" KEY,
    "scrypt:1048576:8:1$s$" KEY,     /* 1 GiB */
    "scrypt:16384:8:512$s$" KEY,     /* 25 seconds */
    "scrypt:4:2:99999999999$s$" KEY,
    "scrypt:18446744073709551615:1:1$s$" KEY,
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (auth_password_check (bad[i], &error));
      g_assert_error (error, CS_ERROR, CS_INVALID);
      g_assert_false (auth_password_verify (bad[i], "x"));
    }
}

/* Whoever writes the password itself must not find it in a log. */
static void
test_messages_hide_secrets (void)
{
  AuthUserSettings user = { .password = (char *) "hunter2secret" };
  AuthSettings settings = { .admin = (char *) "hunter2secret" };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) of_admin = NULL;

  g_assert_false (auth_settings_check (AUTH_USER_KIND, &user, &error));
  g_assert_null (strstr (error->message, "hunter2"));
  g_assert_nonnull (strstr (error->message, "cloudsyncctl hash"));
  g_assert_false (auth_settings_check (NULL, &settings, &of_admin));
  g_assert_null (strstr (of_admin->message, "hunter2"));
}

static void
test_settings (void)
{
  char *own_role[] = { (char *) "_admin", NULL };
  AuthUserSettings user = { .password = (char *) RFC_VECTOR };
  AuthSettings settings = { 0 };
  static const char *const bad[] = { "ann", ":x", "ann:", "a\tb:x" };
  gsize i;

  g_assert_true (auth_settings_check (NULL, &settings, NULL)); /* neither open nor any account */
  settings.admin = (char *) "ann:a:b";
  g_assert_true (auth_settings_check (NULL, &settings, NULL));
  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      settings.admin = (char *) bad[i];
      g_assert_false (auth_settings_check (NULL, &settings, NULL));
    }
  g_assert_true (auth_settings_check (AUTH_USER_KIND, &user, NULL));
  user.roles = own_role;
  g_assert_false (auth_settings_check (AUTH_USER_KIND, &user, NULL));
}

/* By Python's hashlib.pbkdf2_hmac; the first two are of RFC 6070 §2 and its SHA-256 counterpart. */
static void
test_pbkdf2 (void)
{
  static const char *const bad[] = {
    "pbkdf2:",
    "pbkdf2:md5:10$salt$00",
    "pbkdf2:sha1:0$salt$4b007901b765489abead49d926f721d065a429c1",
    "pbkdf2:sha1:010$salt$4b007901b765489abead49d926f721d065a429c1",
    "pbkdf2:sha1:6000001$salt$4b007901b765489abead49d926f721d065a429c1",
    "pbkdf2:sha1:10$$4b007901b765489abead49d926f721d065a429c1",
    "pbkdf2:sha1:10$salt",
    "pbkdf2:sha1:10$salt$4b007901b765489abead49d926f721d065a429",
    "pbkdf2:sha1:10$salt$4b007901b765489abead49d926f721d065a429cx",
    "pbkdf2:sha256:10$salt$4b007901b765489abead49d926f721d065a429c1",
  };

  g_assert_true (auth_password_verify (
    "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1", "password"));
  g_assert_true (auth_password_verify (
    "pbkdf2:sha256:4096$salt$c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a",
    "password"));
  g_assert_true (auth_password_verify (
    "pbkdf2:sha512:1000$0123$04a6bf5fcc5844456db0a818a078bf9fe3b6ecbef32fe9876bcc8020fa4ccc60c09a240833"
    "f7206bbd586b79c2bd1ed4ddefd8eb78ece89dbe2050ba4bcbbd0d",
    "pässwörd"));
  g_assert_false (auth_password_verify (
    "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1", "Password"));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_false (auth_password_check (bad[i], NULL));
      g_assert_false (auth_password_verify (bad[i], "password"));
    }
}

static void
test_pbkdf2_made (void)
{
  g_autofree char *hash = auth_password_hash (CS_HASH_PBKDF2, "secret");
  g_autofree char *again = auth_password_hash (CS_HASH_PBKDF2, "secret");
  const char *nobody = auth_password_nobody (CS_HASH_PBKDF2);

  g_assert_true (g_str_has_prefix (hash, "pbkdf2:sha256:600000$"));
  g_assert_cmpstr (hash, !=, again);
  g_assert_true (auth_password_verify (hash, "secret"));
  g_assert_false (auth_password_verify (hash, "Secret"));
  g_assert_true (auth_password_check (nobody, NULL));
  g_assert_cmpuint (strlen (nobody), ==, strlen (hash));
  g_assert_false (auth_password_verify (nobody, ""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/password/vectors", test_vectors);
  g_test_add_func ("/auth/password/made", test_made);
  g_test_add_func ("/auth/password/nobody", test_nobody);
  g_test_add_func ("/auth/password/malformed", test_malformed);
  g_test_add_func ("/auth/password/messages-hide-secrets", test_messages_hide_secrets);
  g_test_add_func ("/auth/password/settings", test_settings);
  g_test_add_func ("/auth/password/pbkdf2", test_pbkdf2);
  g_test_add_func ("/auth/password/pbkdf2-made", test_pbkdf2_made);
  return g_test_run ();
}
