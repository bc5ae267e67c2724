/* test-session.c: session tokens, the cookie that carries them, and the secret they are signed with.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-base64url.h"
#include "auth-cookie.h"
#include "auth-secret.h"
#include "auth-session.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define ISSUED (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC)

static void
test_round_trip (void)
{
  AuthSessionKeys keys;
  guint8 generation[AUTH_GENERATION_LEN];
  g_autofree char *token = NULL;
  AuthSession session;

  auth_session_keys (&keys, "a secret");
  auth_generation (&keys, "scrypt:…", generation);
  token = auth_session_make (&keys, "acme", "mária", generation, ISSUED);
  g_assert_true (auth_session_parse (cs_slice_str (token), &session));
  g_assert_true (auth_session_is_genuine (&keys, &session));
  g_assert_cmpstr (session.tenant, ==, "acme");
  g_assert_cmpstr (session.name, ==, "mária");
  g_assert_cmpint (session.issued, ==, ISSUED);
  g_assert_cmpmem (session.generation, AUTH_GENERATION_LEN, generation, AUTH_GENERATION_LEN);
}

/* Whatever single character of a token is another one, it is malformed or not genuine. */
static void
test_forged (void)
{
  AuthSessionKeys keys;
  AuthSessionKeys others;
  guint8 generation[AUTH_GENERATION_LEN] = { 0 };
  g_autofree char *token = NULL;
  AuthSession session;

  auth_session_keys (&keys, "a secret");
  auth_session_keys (&others, "another secret");
  token = auth_session_make (&keys, "", "ann", generation, ISSUED);
  for (gsize i = 0; token[i] != '\0'; i++)
    {
      char was = token[i];

      token[i] = was == 'A' ? 'B' : 'A';
      g_assert_false (auth_session_parse (cs_slice_str (token), &session)
                      && auth_session_is_genuine (&keys, &session));
      token[i] = was;
    }
  g_assert_true (auth_session_parse (cs_slice_str (token), &session));
  g_assert_false (auth_session_is_genuine (&others, &session));
  g_assert_true (memcmp (keys.mac, keys.generation, sizeof keys.mac) != 0); /* one for each purpose */
}

static void
test_malformed (void)
{
  g_autofree char *huge = g_strnfill (4000, 'A');
  g_autofree char *zeros = g_strnfill (200, 'A');
  const char *const bad[] = { "", "forged", "====", "AAAA", huge, zeros };
  g_autofree char *long_name = g_strnfill (2000, 'n');
  AuthSessionKeys keys;
  guint8 generation[AUTH_GENERATION_LEN] = { 0 };
  AuthSession session;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (auth_session_parse (cs_slice_str (bad[i]), &session));
  auth_session_keys (&keys, "a secret");
  g_assert_null (auth_session_make (&keys, "", long_name, generation, ISSUED));
}

static void
test_base64url (void)
{
  static const char *const bad[] = { "A", "AB=", "AB==", "AB", "A+AA", "A/AA", "A AA", "AAAAA" };
  guint8 bytes[16];
  gsize length;

  g_assert_true (auth_base64url_decode (cs_slice_str ("_-8"), bytes, &length));
  g_assert_cmpuint (length, ==, 2);
  g_assert_cmpuint (bytes[0], ==, 0xff);
  g_assert_cmpuint (bytes[1], ==, 0xef);
  g_assert_true (auth_base64url_decode (cs_slice_str (""), bytes, &length));
  g_assert_cmpuint (length, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (auth_base64url_decode (cs_slice_str (bad[i]), bytes, &length));
}

static void
expect_cookie (const char *header, const char *expected)
{
  CsSlice value;
  gboolean found = auth_cookie_find (cs_slice_str (header), &value);

  g_test_message ("%s", header);
  g_assert_true (found == (expected != NULL));
  if (found)
    g_assert_cmpmem (value.data, value.len, expected, strlen (expected));
}

static void
test_cookie (void)
{
  g_autofree char *set = auth_cookie_make ("abc", 600, AUTH_SAME_SITE_LAX, FALSE);
  g_autofree char *safe = auth_cookie_make ("", 0, AUTH_SAME_SITE_NONE, TRUE);

  expect_cookie ("AuthSession=abc", "abc");
  expect_cookie ("a=b; AuthSession=abc; c=d", "abc");
  expect_cookie ("a=b;AuthSession = \"abc\" ;c", "abc");
  expect_cookie ("xAuthSession=abc", NULL);
  expect_cookie ("AuthSessionx=abc", NULL);
  expect_cookie ("authsession=abc", NULL);
  expect_cookie ("AuthSession=", NULL);
  expect_cookie ("AuthSession", NULL);
  expect_cookie ("", NULL);
  expect_cookie (";;=;", NULL);
  g_assert_cmpstr (set, ==,
                   "AuthSession=abc; Version=1; Max-Age=600; Path=/; HttpOnly; SameSite=Lax");
  g_assert_cmpstr (safe, ==,
                   "AuthSession=; Version=1; Max-Age=0; Path=/; HttpOnly; SameSite=None; Secure");
}

static void
test_secret (void)
{
  g_autofree char *dir = g_dir_make_tmp ("auth-secret-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "auth-secret", NULL);
  g_autofree char *first = auth_secret_load (dir, NULL);
  g_autofree char *again = auth_secret_load (dir, NULL);
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_cmpuint (strlen (first), ==, 43);
  g_assert_cmpstr (first, ==, again);
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  g_assert_null (auth_secret_load (dir, &error));
  g_assert_nonnull (strstr (error->message, "chmod 600"));
  g_assert_null (strstr (error->message, first));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "short", -1, NULL));
  g_chmod (path, 0600);
  g_assert_null (auth_secret_load (dir, &error));
  g_unlink (path);
  g_rmdir (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/session/round-trip", test_round_trip);
  g_test_add_func ("/auth/session/forged", test_forged);
  g_test_add_func ("/auth/session/malformed", test_malformed);
  g_test_add_func ("/auth/session/base64url", test_base64url);
  g_test_add_func ("/auth/session/cookie", test_cookie);
  g_test_add_func ("/auth/session/secret", test_secret);
  return g_test_run ();
}
