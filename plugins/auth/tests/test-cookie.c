/* test-cookie.c: a cookie session from login to end: renewed, expired, and ended by another password.
 * SPDX-License-Identifier: Apache-2.0 */
#include "login-fixture.h"

/* The Cookie header that a Set-Cookie value asks for; g_free(). */
static char *
cookie_of (const char *set_cookie)
{
  return g_strndup (set_cookie, strcspn (set_cookie, ";"));
}

static CsStatus
show (guint worker, const char *cookie, CsAuthVerdict *verdict)
{
  CsAuthRequest request = { .size = sizeof request, .cookie = cs_slice_str (cookie),
                            .peer = "192.0.2.1:1" };

  return login_request (worker, &request, verdict);
}

/* Whose session it is; "" for nobody's. */
static void
expect_user (guint worker, const char *cookie, const char *user)
{
  CsAuthVerdict verdict;

  g_assert_cmpint (show (worker, cookie, &verdict), ==, CS_OK);
  g_assert_cmpstr (verdict.identity != NULL ? verdict.identity->user : "", ==, user);
  cs_identity_unref (verdict.identity);
  g_free (verdict.cookie);
}

/* Logs in and gives the cookie; g_free(). */
static char *
session_of (const char *name, const char *password)
{
  CsAuthRequest request = { .size = sizeof request, .peer = "192.0.2.1:1" };
  CsAuthVerdict verdict = { .size = sizeof verdict };
  g_autofree char *set_cookie = NULL;

  g_assert_cmpint (
    cs_auth_login (&login_auth->service, &request, NULL, name, password, &verdict), ==, CS_OK);
  set_cookie = cs_auth_session_cookie (&login_auth->service, &request, verdict.identity);
  cs_identity_unref (verdict.identity);
  return cookie_of (set_cookie);
}

static void
test_session (void)
{
  g_autofree char *cookie = NULL;
  g_autofree char *ended = NULL;
  CsAuthRequest request = { .size = sizeof request, .peer = "192.0.2.1:1", .secure = TRUE };
  CsAuthVerdict verdict;

  login_setup ();
  cookie = session_of ("ann", LOGIN_FIRST);
  g_assert_cmpint (show (0, cookie, &verdict), ==, CS_OK);
  g_assert_cmpstr (verdict.identity->user, ==, "ann");
  g_assert_cmpstr (verdict.identity->tenant, ==, "acme");
  g_assert_cmpstr (verdict.identity->method, ==, "cookie");
  g_assert_true (cs_identity_has_role (verdict.identity, "writer"));
  g_assert_null (verdict.cookie); /* it is fresh */
  cs_identity_unref (verdict.identity);
  expect_user (0, cookie, "ann");
  expect_user (1, cookie, "ann");
  g_assert_cmpint (login_hashed (), ==, 1);
  g_assert_cmpint (cs_harness_stat ("auth_recalled_total"), ==, 1);
  ended = cs_auth_session_cookie (&login_auth->service, &request, NULL);
  g_assert_true (g_str_has_prefix (ended, "AuthSession=; "));
  g_assert_true (g_str_has_suffix (ended, "; Secure"));
  g_assert_cmpint (show (0, "AuthSession=forged", &verdict), ==, CS_INVALID);
  g_assert_cmpstr (verdict.reason, ==, "Malformed AuthSession cookie. Please clear your cookies.");
  expect_user (0, "AuthSession=", "");
  expect_user (0, "other=1", "");
  cookie[strlen (cookie) - 9] = cookie[strlen (cookie) - 9] == 'A' ? 'B' : 'A';
  expect_user (0, cookie, "");
  login_teardown ();
}

static void
test_renewed_and_expired (void)
{
  g_autofree char *cookie = NULL;
  g_autofree char *renewed = NULL;
  CsAuthVerdict verdict;

  login_settings.session_timeout = CS_SECONDS (8);
  login_setup ();
  cookie = session_of ("ann", LOGIN_FIRST);
  g_usleep (2000 * 1000); /* more than a tenth of its life */
  g_assert_cmpint (show (0, cookie, &verdict), ==, CS_OK);
  g_assert_nonnull (verdict.cookie);
  g_assert_nonnull (strstr (verdict.cookie, "Max-Age=8;"));
  renewed = cookie_of (verdict.cookie);
  g_assert_cmpstr (renewed, !=, cookie);
  g_free (verdict.cookie);
  cs_identity_unref (verdict.identity);
  g_usleep (6100 * 1000);
  expect_user (0, cookie, "");
  expect_user (0, renewed, "ann");
  login_teardown ();
}

/* The user's hash is another one: sessions of the old one are nobody's, on every worker. */
static void
test_other_password (void)
{
  AuthUserSettings changed = { .password = (char *) login_second_hash, .tenant = (char *) "acme" };
  AuthUserSettings moved = { .password = (char *) login_second_hash, .tenant = (char *) "other" };
  const CsSection after[] = { { "ann", &changed } };
  const CsSection elsewhere[] = { { "ann", &moved } };
  g_autofree char *cookie = NULL;
  g_autofree char *new_one = NULL;

  login_setup ();
  cookie = session_of ("ann", LOGIN_FIRST);
  expect_user (0, cookie, "ann");
  expect_user (1, cookie, "ann");
  login_reload (after, 1);
  expect_user (0, cookie, "");
  expect_user (1, cookie, "");
  new_one = session_of ("ann", LOGIN_SECOND);
  expect_user (0, new_one, "ann");
  login_reload (elsewhere, 1);
  expect_user (0, new_one, ""); /* the same name in another tenant */
  login_reload (NULL, 0);
  expect_user (0, new_one, "");
  login_teardown ();
}

/* With the same secret a session outlives the process; a password in the clear is hashed anew each time. */
static void
test_survives_a_restart (void)
{
  g_autofree char *cookie = NULL;

  login_settings.admin = (char *) "root:s3cret:pw";
  login_setup ();
  cookie = session_of ("root", "s3cret:pw");
  login_teardown ();
  login_settings.admin = (char *) "root:s3cret:pw";
  login_setup ();
  expect_user (0, cookie, "root");
  login_teardown ();
  login_settings.admin = (char *) "root:another";
  login_setup ();
  expect_user (0, cookie, "");
  login_teardown ();
}

typedef struct
{
  CsIdentity *identity;
  CsStatus quick;
  CsStatus slow;
} Recheck;

static void
recheck (gpointer data)
{
  Recheck *self = data;

  self->quick = cs_auth_recheck (&login_auth->service, self->identity, FALSE);
  self->slow = cs_auth_recheck (&login_auth->service, self->identity, TRUE);
}

static void
expect_recheck (CsIdentity *identity, CsStatus quick, CsStatus slow)
{
  Recheck call = { .identity = identity };

  cs_harness_run (0, recheck, &call);
  g_assert_cmpint (call.quick, ==, quick);
  g_assert_cmpint (call.slow, ==, slow);
}

/* Whether an identity still holds costs nothing until somebody was forgotten, then one look-up. */
static void
test_recheck (void)
{
  AuthUserSettings changed = { .password = (char *) login_second_hash, .tenant = (char *) "acme" };
  const CsSection after[] = { { "ann", &changed } };
  g_autofree char *header = login_header ("ann", LOGIN_FIRST);
  CsIdentity *identity;

  login_setup ();
  g_assert_cmpint (login_authorize (0, header, &identity), ==, CS_OK);
  expect_recheck (identity, CS_OK, CS_OK);
  cs_auth_forget (&login_auth->service, NULL, "bob");
  expect_recheck (identity, CS_AGAIN, CS_OK);
  expect_recheck (identity, CS_OK, CS_OK);
  login_reload (after, 1);
  expect_recheck (identity, CS_AGAIN, CS_DENIED);
  login_reload (NULL, 0);
  expect_recheck (identity, CS_AGAIN, CS_DENIED);
  cs_identity_unref (identity);
  identity = cs_auth_anonymous (&login_auth->service);
  expect_recheck (identity, CS_OK, CS_OK);
  cs_identity_unref (identity);
  login_teardown ();
}

/* What a request says of itself goes before what the browser adds. */
static void
test_order (void)
{
  g_autofree char *cookie = NULL;
  g_autofree char *wrong = login_header ("ann", "wrong");
  CsAuthRequest request = { .size = sizeof request, .peer = "192.0.2.1:1" };
  CsAuthVerdict verdict;

  login_setup ();
  cookie = session_of ("ann", LOGIN_FIRST);
  request.cookie = cs_slice_str (cookie);
  request.authorization = cs_slice_str (wrong);
  g_assert_cmpint (login_request (0, &request, &verdict), ==, CS_DENIED);
  g_assert_cmpstr (verdict.reason, ==, "Name or password is incorrect.");
  login_teardown ();
}

/* A token or a key is no reason for a session. */
static void
test_only_of_passwords (void)
{
  CsAuthRequest request = { .size = sizeof request, .peer = "192.0.2.1:1" };
  CsIdentity *identity;

  login_setup ();
  identity = cs_auth_anonymous (&login_auth->service);
  g_assert_null (cs_auth_session_cookie (&login_auth->service, &request, identity));
  cs_identity_unref (identity);
  login_teardown ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/cookie/session", test_session);
  g_test_add_func ("/auth/cookie/renewed-and-expired", test_renewed_and_expired);
  g_test_add_func ("/auth/cookie/other-password", test_other_password);
  g_test_add_func ("/auth/cookie/survives-a-restart", test_survives_a_restart);
  g_test_add_func ("/auth/cookie/recheck", test_recheck);
  g_test_add_func ("/auth/cookie/order", test_order);
  g_test_add_func ("/auth/cookie/only-of-passwords", test_only_of_passwords);
  return g_test_run ();
}
