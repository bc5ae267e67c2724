/* test-lock.c: too many failures lock a name at an address, and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#include "login-fixture.h"

static CsStatus
log_in (const char *peer, gboolean local, const char *name, const char *password,
        gboolean *locked)
{
  CsAuthRequest request = { .size = sizeof request, .peer = peer, .local = local };
  CsAuthVerdict verdict = { .size = sizeof verdict };
  CsStatus status
    = cs_auth_login (&login_auth->service, &request, NULL, name, password, &verdict);

  cs_identity_unref (verdict.identity);
  *locked = verdict.locked;
  return status;
}

static void
expect (const char *peer, gboolean local, const char *name, const char *password, CsStatus status,
        gboolean locked)
{
  gboolean was_locked;

  g_assert_cmpint (log_in (peer, local, name, password, &was_locked), ==, status);
  g_assert_true (was_locked == locked);
}

static char *admin;

static void
teardown (void)
{
  login_teardown ();
  g_clear_pointer (&admin, g_free);
}

static void
setup (gint64 max_address)
{
  login_settings.admin = admin = g_strconcat ("root:", login_second_hash, NULL);
  login_settings.remember = 0; /* each login is looked at */
  login_settings.max_waiting = 100;
  login_settings.max_wait = CS_SECONDS (30);
  login_settings.max_failures = 5;
  login_settings.max_failures_address = max_address;
  login_settings.lock_time = CS_SECONDS (60);
  login_setup ();
}

static void
fail_five (const char *peer, gboolean local, const char *name)
{
  for (guint i = 0; i < 5; i++)
    expect (peer, local, name, "wrong", CS_DENIED, FALSE);
}

static void
test_locked (void)
{
  setup (0);
  fail_five ("192.0.2.1:1", FALSE, "ann");
  expect ("192.0.2.1:2", FALSE, "ann", "wrong", CS_DENIED, TRUE);
  expect ("192.0.2.1:3", FALSE, "ann", LOGIN_FIRST, CS_DENIED, TRUE);
  g_assert_cmpint (login_hashed (), ==, 5); /* what is locked costs nothing */
  expect ("192.0.2.2:1", FALSE, "ann", LOGIN_FIRST, CS_OK, FALSE);
  expect ("192.0.2.1:4", FALSE, "nobody", "x", CS_DENIED, FALSE);
  teardown ();
}

/* An unknown name is locked as a known one, so that the lock tells nothing of names. */
static void
test_unknown_name (void)
{
  setup (0);
  fail_five ("192.0.2.1:1", FALSE, "nobody");
  expect ("192.0.2.1:2", FALSE, "nobody", "x", CS_DENIED, TRUE);
  teardown ();
}

static void
test_administrator_gets_in (void)
{
  setup (0);
  fail_five ("192.0.2.1:1", FALSE, "root");
  expect ("192.0.2.1:2", FALSE, "root", LOGIN_SECOND, CS_DENIED, TRUE);
  expect ("192.0.2.2:1", FALSE, "root", LOGIN_SECOND, CS_OK, FALSE); /* from elsewhere */
  expect ("127.0.0.1:1", TRUE, "root", LOGIN_SECOND, CS_OK, FALSE);  /* from here */
  for (guint i = 0; i < 12; i++) /* and whatever somebody on this machine tries */
    expect ("127.0.0.1:1", TRUE, "root", "wrong", CS_DENIED, FALSE);
  expect ("127.0.0.1:1", TRUE, "root", LOGIN_SECOND, CS_OK, FALSE);
  expect ("unix", TRUE, "root", LOGIN_SECOND, CS_OK, FALSE);
  fail_five ("127.0.0.1:1", TRUE, "ann"); /* others are locked here too */
  expect ("127.0.0.1:1", TRUE, "ann", LOGIN_FIRST, CS_DENIED, TRUE);
  teardown ();
}

/* Through a proxy on this machine everybody has its address, but is not local: the administrator is. */
static void
test_behind_a_proxy (void)
{
  setup (0);
  fail_five ("127.0.0.1:1", FALSE, "root");
  expect ("127.0.0.1:2", FALSE, "root", LOGIN_SECOND, CS_DENIED, TRUE);
  expect ("127.0.0.1:3", TRUE, "root", LOGIN_SECOND, CS_OK, FALSE);
  teardown ();
}

static void
test_address (void)
{
  g_autofree char *name = NULL;

  setup (8);
  for (guint i = 0; i < 8; i++)
    {
      g_free (name);
      name = g_strdup_printf ("name%u", i);
      expect ("[2001:db8::1]:1", FALSE, name, "x", CS_DENIED, FALSE);
    }
  expect ("[2001:db8::2]:1", FALSE, "ann", LOGIN_FIRST, CS_DENIED, TRUE); /* of the same /64 */
  expect ("[2001:db8:0:1::1]:1", FALSE, "ann", LOGIN_FIRST, CS_OK, FALSE);
  teardown ();
}

static void
test_right_password_begins_anew (void)
{
  setup (0);
  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < 4; i++)
        expect ("192.0.2.1:1", FALSE, "ann", "wrong", CS_DENIED, FALSE);
      expect ("192.0.2.1:1", FALSE, "ann", LOGIN_FIRST, CS_OK, FALSE);
    }
  teardown ();
}

typedef struct
{
  guint index;
  gboolean locked;
} Guess;

static gpointer
guess (gpointer data)
{
  Guess *self = data;
  g_autofree char *password = g_strdup_printf ("guess %u", self->index);

  g_assert_cmpint (log_in ("192.0.2.1:1", FALSE, "ann", password, &self->locked), ==, CS_DENIED);
  return NULL;
}

/* Guesses that come together are no way around the count. */
static void
test_together (void)
{
  GThread *threads[20];
  Guess guesses[20];
  guint looked_at = 0;

  setup (0);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      guesses[i] = (Guess){ i, FALSE };
      threads[i] = g_thread_new ("guess", guess, &guesses[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      looked_at += !guesses[i].locked;
    }
  g_assert_cmpuint (looked_at, ==, 5);
  g_assert_cmpint (login_hashed (), ==, 5);
  teardown ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/lock/locked", test_locked);
  g_test_add_func ("/auth/lock/unknown-name", test_unknown_name);
  g_test_add_func ("/auth/lock/administrator-gets-in", test_administrator_gets_in);
  g_test_add_func ("/auth/lock/behind-a-proxy", test_behind_a_proxy);
  g_test_add_func ("/auth/lock/address", test_address);
  g_test_add_func ("/auth/lock/right-password-begins-anew", test_right_password_begins_anew);
  g_test_add_func ("/auth/lock/together", test_together);
  return g_test_run ();
}
